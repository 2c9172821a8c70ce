"""Creates a contact, finds it, and meets an error.

usage: example.py ADDRESS KEY
"""
import sys

import grpc
import kith
from kith.contacts.v1.contact_pb2 import Contact
from kith.contacts.v1.contacts_service_pb2 import CreateContactRequest, GetContactRequest, ListContactsRequest
from kith.contacts.v1.contacts_service_pb2_grpc import ContactsServiceStub

address, key = sys.argv[1:]
with kith.connect(address, key=key, session=True) as channel:
    contacts = ContactsServiceStub(channel)
    ada = contacts.CreateContact(CreateContactRequest(contact=Contact(first_name="Ada", last_name="Python")))
    listed = contacts.ListContacts(ListContactsRequest(filter='display_name = "Ada Python"'))
    print(ada.display_name, ada in listed.contacts)
    try:
        contacts.GetContact(GetContactRequest(name="contacts/nobody"))
    except grpc.RpcError as failure:
        print(kith.Error.of(failure).reason)
