// Runs the calls with connect-web, in the browser that opened page.html, and tells where it came from what came of each.

import {createConnectTransport} from "@connectrpc/connect-web";
import {runAll, types, withKey} from "./calls.mjs";

const parameters = new URLSearchParams(location.search);
const results = {};
for (const [name, useBinaryFormat] of [["proto", true], ["json", false]]) {
  const transport = (interceptors) =>
    createConnectTransport({
      baseUrl: parameters.get("url"),
      useBinaryFormat,
      jsonOptions: {registry: types},
      interceptors,
    });
  results[name] = await runAll({
    transport: transport([withKey(parameters.get("key"))]),
    nobody: transport([]),
    run: `page-${name}`,
  });
}
document.body.textContent = JSON.stringify(results, null, 2);
await fetch("/result", {method: "POST", body: JSON.stringify(results)});
