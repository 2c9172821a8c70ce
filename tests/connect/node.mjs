// Runs the calls with connect-node; prints what came of each, as JSON: {"proto": {check: "ok"}, …}.
//
// usage: node node.mjs URL KEY

import {compressionGzip, createConnectTransport} from "@connectrpc/connect-node";
import {runAll, types, withKey} from "./calls.mjs";

const [baseUrl, key] = process.argv.slice(2);
const results = {};
for (const [name, options] of Object.entries({
  proto: {useBinaryFormat: true},
  json: {useBinaryFormat: false},
  gzip: {useBinaryFormat: false, sendCompression: compressionGzip, compressMinBytes: 0},
})) {
  const transport = (interceptors) =>
    createConnectTransport({baseUrl, httpVersion: "1.1", jsonOptions: {registry: types}, interceptors, ...options});
  results[name] = await runAll({transport: transport([withKey(key)]), nobody: transport([]), run: `node-${name}`});
}
console.log(JSON.stringify(results));
