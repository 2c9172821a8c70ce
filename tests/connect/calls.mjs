// What a client of the Connect protocol does with Kith, whatever carries it: in Node and in a browser.

import {createRegistry} from "@bufbuild/protobuf";
import {Code, ConnectError, createClient} from "@connectrpc/connect";
import {ContactsService} from "./kith/contacts/v1/contacts_service_pb.js";
import {EventsService} from "./kith/events/v1/events_service_pb.js";
import {file_kith_contacts_v1_contact_events} from "./kith/contacts/v1/contact_events_pb.js";
import {file_kith_deals_v1_deal_events} from "./kith/deals/v1/deal_events_pb.js";
import {file_kith_deals_v1_pipeline_events} from "./kith/deals/v1/pipeline_events_pb.js";
import {file_kith_interactions_v1_interaction_events} from "./kith/interactions/v1/interaction_events_pb.js";
import {file_kith_users_v1_user_events} from "./kith/users/v1/user_events_pb.js";
import {file_kith_workspaces_v1_workspace_events} from "./kith/workspaces/v1/workspace_events_pb.js";
import {BadRequestSchema, ErrorInfoSchema} from "./google/rpc/error_details_pb.js";

// The events, whose types the JSON of an event's payload names.
export const types = createRegistry(
  file_kith_contacts_v1_contact_events,
  file_kith_deals_v1_deal_events,
  file_kith_deals_v1_pipeline_events,
  file_kith_interactions_v1_interaction_events,
  file_kith_users_v1_user_events,
  file_kith_workspaces_v1_workspace_events,
);

function expect(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
}

// The error that the call ends with.
async function refused(call) {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("the call was not refused");
}

async function all(stream) {
  const messages = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

export function withKey(key) {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
}

// Each throws where something is not as it should be. `transport` has the key of an operator, `nobody` none; `run` is
// another word each time.
const checks = {
  async "a contact is created once, and read behind it"({transport, run}) {
    const contacts = createClient(ContactsService, transport);
    let token = "";
    const request = {
      contact: {firstName: "Jürgen", emails: [{address: `${run}@example.com`}]},
      requestId: `connect-${run}`,
    };
    const made = await contacts.createContact(request, {onHeader: (headers) => (token = headers.get("kith-token"))});
    expect(/^contacts\//.test(made.name), made.name);
    expect(token !== "" && token !== null, "a token came with the reply");
    const got = await contacts.getContact({name: made.name, read: {freshness: {case: "atLeast", value: token}}});
    expect(got.firstName === "Jürgen", got.firstName);
    expect(got.createTime.seconds > 1_700_000_000n, "it has the time of its creation");
    const repeated = await contacts.createContact(request);
    expect(repeated.name === made.name, "a request id takes effect once");
  },

  async "errors have their details"({transport}) {
    const contacts = createClient(ContactsService, transport);
    const missing = await refused(contacts.getContact({name: "contacts/nobody"}));
    expect(missing.code === Code.NotFound, `code ${missing.code}`);
    expect(missing.findDetails(ErrorInfoSchema)[0].reason === "CONTACT_NOT_FOUND", "its reason is told");
    const invalid = await refused(contacts.createContact({contact: {emails: [{address: "nowhere"}]}}));
    expect(invalid.code === Code.InvalidArgument, `code ${invalid.code}`);
    const violation = invalid.findDetails(BadRequestSchema)[0].fieldViolations[0];
    expect(violation.field === "contact.emails[0].address", violation.field);
  },

  async "who has no key is refused"({nobody}) {
    const unary = await refused(createClient(ContactsService, nobody).listContacts({}));
    expect(unary.code === Code.Unauthenticated, `code ${unary.code}`);
    const stream = await refused(all(createClient(EventsService, nobody).readEvents({})));
    expect(stream.code === Code.Unauthenticated, `code ${stream.code}`);
  },

  async "events are streamed"({transport}) {
    const events = createClient(EventsService, transport);
    const read = await all(events.readEvents({limit: 3n}));
    const sequences = read.flatMap((message) => message.events.map((event) => event.sequence));
    expect(sequences.join() === "1,2,3", sequences.join());
  },

  async "an event has its payload"({transport}) {
    const [first] = (await all(createClient(EventsService, transport).readEvents({limit: 1n})))[0].events;
    expect(types.getMessage(first.payload.typeUrl.split("/").pop()) !== undefined, first.payload.typeUrl);
  },

  async "a subscription is told what happens, until it is given up"({transport, run}) {
    const contacts = createClient(ContactsService, transport);
    const giveUp = new AbortController();
    let caughtUp = false;
    let told = false;
    const ended = await refused((async () => {
      const stream = createClient(EventsService, transport).subscribeEvents({}, {signal: giveUp.signal});
      for await (const {message} of stream) {
        if (message.case === "caughtUp" && !caughtUp) {
          caughtUp = true;
          await contacts.createContact({contact: {firstName: `Follows ${run}`}});
        } else if (message.case === "events" && caughtUp) {
          told = true;
          giveUp.abort();
        }
      }
    })());
    expect(ended.code === Code.Canceled, `code ${ended.code}`);
    expect(told, "the event came");
  },

  async "many calls at once"({transport, run}) {
    const contacts = createClient(ContactsService, transport);
    const made = await Promise.all(Array.from({length: 100}, (_, i) =>
      contacts.createContact({contact: {firstName: `Many ${i}`, notes: "n".repeat(2_000)}, requestId: `${run}-${i}`})));
    expect(new Set(made.map((contact) => contact.name)).size === 100, "each is another contact");
    const page = await contacts.listContacts({pageSize: 100});
    expect(page.contacts.length === 100, `${page.contacts.length} are listed`);
  },
};

// {check: "ok" or what was wrong}
export async function runAll(world) {
  const results = {};
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check(world);
      results[name] = "ok";
    } catch (error) {
      results[name] = `${error}`;
    }
  }
  return results;
}
