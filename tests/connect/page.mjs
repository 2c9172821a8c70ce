// Runs the calls with connect-web, in the browser that opened page.html, and tells where it came from what came of each.

import {createConnectTransport} from "@connectrpc/connect-web";
import {runAll, types, withKey} from "./calls.mjs";

function row(kind, texts) {
  const made = document.createElement("tr");
  for (const [column, text] of texts.entries()) {
    const cell = document.createElement(kind);
    cell.textContent = text;
    if (kind === "td" && column > 0 && text !== "ok") cell.className = "wrong";
    made.append(cell);
  }
  return made;
}

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
const ways = Object.keys(results);
const table = document.getElementById("results");
table.replaceChildren(row("th", ["", ...ways]));
for (const check of Object.keys(results[ways[0]])) table.append(row("td", [check, ...ways.map((way) => results[way][check])]));
await fetch("/result", {method: "POST", body: JSON.stringify(results)});
