// Checks of the client for pages, kith/web, in Node, whose fetch is that of browsers.
//
// usage: node typescript_web.mjs HTTP_ADDRESS KEY
//
// Prints what came of each check as JSON, {check: "ok"}, and what was wrong otherwise.

import {createServer} from "node:http";
import {Code, createClient} from "@connectrpc/connect";
import {ContactsService} from "kith/contacts/v1/contacts_service_pb";
import {EventsService} from "kith/events/v1/events_service_pb";
import {BadRequestSchema} from "kith/google/rpc/error_details_pb";
import {connect, errorOf} from "kith/web";

const [address, key] = process.argv.slice(2);

function expect(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
}

const open = ({to = address, ...options} = {}) => connect(`http://${to}`, {key, ...options});
const contactsOf = (kith) => createClient(ContactsService, kith);
const listed = async (kith, name) => (await contactsOf(kith).listContacts({filter: `display_name = "${name}"`})).contacts;

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return errorOf(error);
  }
  throw new Error("the call was not refused");
}

// Hands on what comes, and the first time that a request comes, tells 503 or breaks the connection when it was carried out.
async function withRelay(use) {
  const seen = new Map();
  const relay = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const times = (seen.get(body.toString("hex")) ?? 0) + 1;
    seen.set(body.toString("hex"), times);
    const {authorization, "content-type": type} = request.headers;
    const told = await fetch(`http://${address}${request.url}`, {
      method: "POST", body, headers: {authorization, "content-type": type, "connect-protocol-version": "1"},
    });
    const reply = Buffer.from(await told.arrayBuffer());
    if (times === 1 && body.includes("breaks once")) return response.destroy();
    if (times === 1) return response.writeHead(503).end();
    response.writeHead(told.status, {"content-type": told.headers.get("content-type")}).end(reply);
  });
  await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
  try {
    await use(`127.0.0.1:${relay.address().port}`);
  } finally {
    relay.closeAllConnections();
    await new Promise((resolve) => relay.close(resolve));
  }
  return [...seen.values()];
}

const checks = {
  async "what is created is read"() {
    const kith = open();
    const made = await contactsOf(kith).createContact({contact: {firstName: "Jürgen"}});
    expect((await contactsOf(kith).getContact({name: made.name})).firstName === "Jürgen", made.name);
  },

  async "what was not told takes effect once"() {
    const times = await withRelay(async (to) => {
      const kith = open({to});
      for (const name of ["unavailable once", "breaks once"]) {
        const made = await contactsOf(kith).createContact({contact: {firstName: name}});
        expect((await listed(kith, name)).map((one) => one.name).join() === made.name, `${name} is there once`);
      }
    });
    expect(times.join() === "2,2,2,2", times.join());
  },

  async "an error has its details"() {
    const error = await refused(contactsOf(open()).createContact({contact: {emails: [{address: "nowhere"}]}}));
    expect(error.code === Code.InvalidArgument && error.reason === "INVALID_FIELD", error.reason);
    expect(error.detail(BadRequestSchema).fieldViolations[0].field === "contact.emails[0].address", error.message);
  },

  async "own changes are read"() {
    const kith = open({reads: "own"});
    const made = await contactsOf(kith).createContact({contact: {firstName: "Own"}});
    expect(kith.token !== "", "a change leaves a token");
    expect((await listed(kith, "Own")).map((one) => one.name).join() === made.name, made.name);
    kith.token = "of nobody";
    expect((await refused(listed(kith, "Own"))).reason === "INVALID_TOKEN", "it is sent");
  },

  async "a wrong key is refused"() {
    expect((await refused(listed(open({key: "kith_wrong"}), "x"))).code === Code.Unauthenticated, "at once");
  },

  async "streams have the key"() {
    const sequences = [];
    for await (const {events} of createClient(EventsService, open()).readEvents({limit: 3n})) {
      sequences.push(...events.map((event) => event.sequence));
    }
    expect(sequences.join() === "1,2,3", sequences.join());
  },
};

const results = {};
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    results[name] = "ok";
  } catch (error) {
    results[name] = `${error.stack}`;
  }
}
console.log(JSON.stringify(results));
