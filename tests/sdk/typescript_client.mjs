// Checks of the client in TypeScript, in Node: what it promises, unary or over a session.
//
// usage: node typescript_client.mjs ADDRESS PROXY KEY unary|session SILENCE
//
// Prints what came of each check as JSON, {check: "ok"}, and what was wrong otherwise.

import {createServer as createHttpServer} from "node:http";
import {createConnection, createServer} from "node:net";
import {equals, toBinary} from "@bufbuild/protobuf";
import {Code, ConnectError, createClient} from "@connectrpc/connect";
import {ContactSchema} from "kith/contacts/v1/contact_pb";
import {ContactsService, CreateContactRequestSchema} from "kith/contacts/v1/contacts_service_pb";
import {EventsService} from "kith/events/v1/events_service_pb";
import {BadRequestSchema, RetryInfoSchema} from "kith/google/rpc/error_details_pb";
import {connect, errorOf} from "kith/node";
import {UsersService} from "kith/users/v1/users_service_pb";
import {create} from "@bufbuild/protobuf";

const [address, proxy, key, way, silence] = process.argv.slice(2);
const everything = [];

function expect(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
}

function open({to = address, by = way, ...options} = {}) {
  const kith = connect(`http://${to}`, {key, session: by === "session", ...options});
  everything.push(kith);
  return kith;
}

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

// Takes connections and says nothing; `use` is given its address.
async function withSilence(use) {
  const server = createServer();
  const sockets = [];
  server.on("connection", (socket) => sockets.push(socket));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`127.0.0.1:${server.address().port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

// Stands before the server. What it tells after `keep` clients do not hear; `cut` ends their connections, and the next
// ones are as before.
async function withRelay(use) {
  const [host, port] = address.split(":");
  const pairs = new Set();
  let keeps = false;
  const server = createServer((client) => {
    const upstream = createConnection(Number(port), host);
    const pair = [client, upstream];
    pairs.add(pair);
    client.pipe(upstream);
    upstream.on("data", (told) => keeps || client.write(told));
    for (const socket of pair) socket.on("error", () => {}).on("close", () => pair.forEach((one) => one.destroy()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (end) => {
    keeps = false;
    for (const [client] of pairs) client[end]();
    pairs.clear();
  };
  try {
    await use({address: `127.0.0.1:${server.address().port}`, keep: () => (keeps = true), cut});
  } finally {
    cut("destroy");
    await new Promise((resolve) => server.close(resolve));
  }
}

const checks = {
  async "what is created is read"() {
    const contacts = contactsOf(open());
    const made = await contacts.createContact({contact: {firstName: `Jürgen ${way}`}});
    expect(equals(ContactSchema, await contacts.getContact({name: made.name}), made), made.name);
  },

  async "a request is not changed"() {
    const contacts = contactsOf(open());
    const request = create(CreateContactRequestSchema, {contact: {firstName: `Same ${way}`}});
    const before = toBinary(CreateContactRequestSchema, request).join();
    const first = await contacts.createContact(request);
    expect(toBinary(CreateContactRequestSchema, request).join() === before, "the request is as it was");
    expect((await contacts.createContact(request)).name !== first.name, "each call is another request");
    const repeated = [];
    request.requestId = `typescript-${way}`;
    const onHeader = (header) => repeated.push(header.get("kith-repeated"));
    const made = await contacts.createContact(request, {onHeader});
    const again = await contacts.createContact(request, {onHeader});
    expect(again.name === made.name, "an id of the caller's counts");
    expect(repeated[0] === null && repeated[1] === "true", repeated.join());
  },

  async "what was not told takes effect once"() {
    const kith = open({to: proxy});
    for (const what of ["unavailable once", "exhausted once", "exhausted twice"]) {
      const name = `${what} ${way}`;
      const made = await contactsOf(kith).createContact({contact: {firstName: name}});
      expect((await listed(kith, name)).map((one) => one.name).join() === made.name, `${name} is there once`);
    }
  },

  async "many that were not told take effect once"() {
    const kith = open({to: proxy});
    await Promise.all(Array.from({length: 20}, async (_, number) => {
      const name = `unavailable once ${way} ${number}`;
      const made = await contactsOf(kith).createContact({contact: {firstName: name}});
      expect((await listed(kith, name)).map((one) => one.name).join() === made.name, `${name} is there once`);
    }));
  },

  async "what was lost with its connection takes effect once"() {
    await withRelay(async (relay) => {
      const kith = open({to: relay.address});
      const watcher = open();
      for (const end of ["destroy", "resetAndDestroy"]) {
        const name = `Lost ${end} ${way}`;
        await listed(kith, name); // over a connection that is there
        relay.keep();
        const call = contactsOf(kith).createContact({contact: {firstName: name}});
        while ((await listed(watcher, name)).length === 0); // until it has taken effect
        relay.cut(end);
        const made = await call;
        expect((await listed(watcher, name)).map((one) => one.name).join() === made.name, `${name} is there once`);
      }
      await kith.close();
    });
  },

  async "who closed tries nothing again"() {
    if (way !== "unary") return; // a session is closed when its calls are told
    await withSilence(async (where) => {
      const kith = open({to: where});
      const call = refused(contactsOf(kith).listContacts({}, {timeoutMs: 5_000}));
      await kith.close();
      const error = await call;
      expect(error.code === Code.Canceled, `${error.code} ${error.message}`);
    });
  },

  async "an outcome is not tried again"() {
    const contacts = contactsOf(open({to: proxy}));
    const made = await contacts.createContact({contact: {firstName: `Stale ${way}`}});
    const error = await refused(contacts.updateContact({contact: {...made, etag: "7"}}));
    expect(error.code === Code.Aborted && error.reason === "ETAG_MISMATCH" && error.domain === "kith.type.v1", error.message);
    expect(error.metadata.actual === "1", JSON.stringify(error.metadata));
  },

  async "an error has its details"() {
    const error = await refused(contactsOf(open()).createContact({contact: {emails: [{address: "nowhere"}]}}));
    expect(error.code === Code.InvalidArgument && error.reason === "INVALID_FIELD", error.reason);
    const fields = error.detail(BadRequestSchema).fieldViolations.map((violation) => violation.field);
    expect(fields.join() === "contact.emails[0].address", fields.join());
    expect(error.detail(RetryInfoSchema) === undefined, "nothing is to be tried again");
  },

  async "both ways come to the same"() {
    const clients = [contactsOf(open({by: "unary"})), contactsOf(open({by: "session"}))];
    const made = await clients[1].createContact({contact: {firstName: `Both ${way}`}});
    const positions = [];
    const onHeader = (header) => positions.push(header.get("kith-token").split(".")[0]);
    for (const client of clients) {
      expect(equals(ContactSchema, await client.getContact({name: made.name}, {onHeader}), made), made.name);
      const error = await refused(client.getContact({name: "contacts/nobody"}));
      expect(error.code === Code.NotFound && error.reason === "CONTACT_NOT_FOUND", error.reason);
      expect(error.message === (await refused(clients[0].getContact({name: "contacts/nobody"}))).message, error.message);
    }
    expect(positions.length === 2 && positions[0] === positions[1], positions.join());
  },

  async "what caused a change is recorded"() {
    const contacts = contactsOf(open());
    let token = "";
    const request = {contact: {firstName: `Cause ${way}`}};
    const cause = await contacts.createContact(request, {onHeader: (header) => (token = header.get("kith-token"))});
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const effect = await contacts.createContact(request, {headers: {"kith-cause": token, traceparent}});
    const revisionOf = async ({name}) => (await contacts.listContactRevisions({name})).revisions[0].revision;
    const [first, second] = [await revisionOf(cause), await revisionOf(effect)];
    expect(first.sequence > 0n && second.causationSequence === first.sequence, `${second.causationSequence}`);
    expect(second.correlationId === traceparent.split("-")[1], second.correlationId);
    const error = await refused(contacts.createContact(request, {headers: {"kith-on-behalf-of": "nobody"}}));
    expect(error.reason === "ON_BEHALF_OF_NOBODY", error.reason);
  },

  async "own changes are read"() {
    const kith = open({reads: "own"});
    let name;
    for (let number = 0; number < 50; ++number) {
      name = `Own ${way} ${number}`;
      const made = await contactsOf(kith).createContact({contact: {firstName: name}});
      expect(kith.token !== "", "a change leaves a token");
      expect((await listed(kith, name)).map((one) => one.name).join() === made.name, name);
    }
    const other = open({reads: "own"});
    other.token = kith.token;
    expect((await listed(other, name)).length === 1, "a token is for other clients, too");
    kith.token = "of nobody";
    const error = await refused(listed(kith, name));
    expect(error.reason === "INVALID_TOKEN", "what is read must be as fresh as the token says");
  },

  async "of changes at once no token is kept"() {
    const kith = open({reads: "own"});
    const users = createClient(UsersService, kith);
    const made = await Promise.all(Array.from({length: 100}, (_, number) =>
      users.createUser({user: {displayName: `U ${number}`}})));
    expect(kith.token === "", kith.token);
    const found = new Set((await users.listUsers({pageSize: 1000})).users.map((user) => user.name));
    expect(made.every((user) => found.has(user.name)), "all are read");
  },

  async "many at once"() {
    const contacts = contactsOf(open());
    const made = await Promise.all(Array.from({length: 500}, (_, number) =>
      contacts.createContact({contact: {firstName: `Many ${number}`, notes: "n".repeat(5_000)}})));
    expect(new Set(made.map((contact) => contact.name)).size === 500, "each is another contact");
  },

  async "a wrong key is refused"() {
    const kith = open({key: "kith_wrong"});
    expect((await refused(listed(kith, "x"))).code === Code.Unauthenticated, "unary");
    const stream = createClient(EventsService, kith).readEvents({});
    expect((await refused((async () => { for await (const _ of stream); })())).code === Code.Unauthenticated, "streams");
  },

  async "streams have the key"() {
    const sequences = [];
    for await (const {events} of createClient(EventsService, open()).readEvents({limit: 3n})) {
      sequences.push(...events.map((event) => event.sequence));
    }
    expect(sequences.join() === "1,2,3", sequences.join());
  },

  async "patience ends"() {
    let nobody;
    await withSilence(async (where) => (nobody = where)); // and then nobody listens there
    const error = await refused(listed(open({to: nobody, patienceMs: 300}), "x"));
    expect(error.code === Code.Unavailable, error.code);
  },

  async "a deadline holds"() {
    await withSilence(async (where) => {
      const kith = open({to: where});
      const error = await refused(contactsOf(kith).listContacts({}, {timeoutMs: 200}));
      expect(error.code === Code.DeadlineExceeded, `${error.code} ${error.message}`);
      await kith.close(); // though nobody answers
    });
  },

  async "a deadline that nobody answers within says why"() {
    let nobody;
    await withSilence(async (where) => (nobody = where)); // and then nobody listens there
    const error = await refused(contactsOf(open({to: nobody})).listContacts({}, {timeoutMs: 300}));
    expect(error.message.includes("ECONNREFUSED"), error.message);
  },

  async "who tells nothing is told again"() {
    if (way !== "session") return;
    const contacts = contactsOf(open({to: silence, silenceMs: 1_000}));
    // More than a connection takes of which nothing is read.
    const made = await Promise.all(Array.from({length: 100}, (_, number) =>
      contacts.createContact({contact: {firstName: `Swallowed ${number}`, notes: "n".repeat(15_000)}})));
    expect(new Set(made.map((contact) => contact.name)).size === 100, "each is another contact");
  },

  async "who tells nothing is given up"() {
    if (way !== "session") return;
    await withSilence(async (where) => {
      const error = await refused(listed(open({to: where, patienceMs: 300, silenceMs: 200}), "x"));
      expect(error.code === Code.Unavailable && error.message.includes("told nothing"), error.message);
    });
  },

  // Its error is told, and ends no process.
  async "a server that speaks HTTP/1.1 alone is named"() {
    if (way !== "session") return;
    const server = createHttpServer((_, response) => response.end("not this one"));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const error = await refused(listed(open({to: `127.0.0.1:${server.address().port}`}), "x"));
    expect(error.code === Code.Unimplemented && error.message.includes("gRPC port"), error.message);
    await new Promise((resolve) => server.close(resolve));
  },

  async "a call is given up"() {
    await withSilence(async (where) => {
      const giveUp = new AbortController();
      const call = contactsOf(open({to: where})).listContacts({}, {signal: giveUp.signal});
      giveUp.abort();
      expect((await refused(call)).code === Code.Canceled, "at once");
    });
  },
};

const results = {};
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    results[name] = "ok";
  } catch (error) {
    results[name] = `${error instanceof ConnectError ? error : error.stack}`;
  }
}
await Promise.all(everything.map((kith) => kith.close()));
console.log(JSON.stringify(results));
