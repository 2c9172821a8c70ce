"""A client of Kith: a channel that every generated stub takes.

    import kith
    from kith.contacts.v1.contacts_service_pb2 import GetContactRequest
    from kith.contacts.v1.contacts_service_pb2_grpc import ContactsServiceStub

    with kith.connect("127.0.0.1:7447", key=key, session=True) as channel:
        contact = ContactsServiceStub(channel).GetContact(GetContactRequest(name="contacts/01J…"))

Calls through it carry the key. One that changes something and has no request id is given one; what was not available, or
what the server says to try again, is tried again with the same bytes, so that it takes effect once. With `session` unary
calls share one stream, which carries more of them for who makes many at once (`stub.GetContact.future(request)`), and
with no other code. A failed call raises grpc.RpcError, of which `Error.of` tells the reason and the details.
"""
import os
import sys

# google.rpc and google.type can be imported from here on. Who has them from another package has those, which come first.
sys.path.append(os.path.join(os.path.dirname(__file__), "_google"))

from kith._channel import Channel, connect  # noqa: E402
from kith._error import Error  # noqa: E402

__all__ = ["Channel", "Error", "connect"]
