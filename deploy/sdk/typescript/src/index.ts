// A client of Kith: a transport that every client of Connect's takes. `kith/node` and `kith/web` make one.
//
//   import {createClient} from "@connectrpc/connect";
//   import {connect} from "kith/node";
//   import {ContactsService} from "kith/contacts/v1/contacts_service_pb";
//
//   const kith = connect("http://127.0.0.1:7447", {key, session: true});
//   const contact = await createClient(ContactsService, kith).getContact({name: "contacts/01J…"});
//
// Calls through it carry the key. One that changes something and has no request id is given one; what was not available,
// or what the server says to try again, is tried again with the same request, so that it takes effect once. With
// `session`, which is Node's alone, unary calls share one stream, which carries several times as many, and with no other
// code. A call that fails throws ConnectError, of which `errorOf` tells the reason and the details.

export {errorOf, type KithError} from "./error.js";
export {ClientTransport, type ClientOptions} from "./transport.js";
