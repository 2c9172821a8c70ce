// Creates a contact, finds it, and meets an error.
//
// usage: node example.mjs URL KEY

import {createClient} from "@connectrpc/connect";
import {ContactsService} from "kith/contacts/v1/contacts_service_pb";
import {connect, errorOf} from "kith/node";

const [url, key] = process.argv.slice(2);
const kith = connect(url, {key, session: true});
const contacts = createClient(ContactsService, kith);
const ada = await contacts.createContact({contact: {firstName: "Ada", lastName: "Node"}});
const listed = await contacts.listContacts({filter: 'display_name = "Ada Node"'});
console.log(ada.displayName, listed.contacts.some((contact) => contact.name === ada.name));
try {
  await contacts.getContact({name: "contacts/nobody"});
} catch (error) {
  console.log(errorOf(error).reason);
}
await kith.close();
