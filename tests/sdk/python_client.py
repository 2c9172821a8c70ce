"""Checks of the client in Python: what it promises, unary or over a session.

usage: python_client.py ADDRESS PROXY KEY unary|session SILENCE   (the package is found on PYTHONPATH)

Prints what came of each check as JSON, {check: "ok"}, and what was wrong otherwise.
"""
import json
import socket
import sys

import grpc
import kith
from google.rpc import error_details_pb2
from kith.contacts.v1 import contact_pb2, contacts_service_pb2 as contacts
from kith.contacts.v1.contacts_service_pb2_grpc import ContactsServiceStub
from kith.events.v1 import events_service_pb2
from kith.events.v1.events_service_pb2_grpc import EventsServiceStub
from kith.users.v1 import user_pb2, users_service_pb2
from kith.users.v1.users_service_pb2_grpc import UsersServiceStub

ADDRESS, PROXY, KEY, WAY, SILENCE = sys.argv[1:6]
CHECKS = {}


def check(function):
    CHECKS[function.__name__.replace("_", " ")] = function
    return function


def expect(holds, what):
    if not holds:
        raise AssertionError(f"not so: {what}")


def connect(address=ADDRESS, key=KEY, way=WAY, **options):
    return kith.connect(address, key=key, session=way == "session", **options)


def created(channel, first_name, **fields):
    request = contacts.CreateContactRequest(contact=contact_pb2.Contact(first_name=first_name, **fields))
    return ContactsServiceStub(channel).CreateContact(request)


def listed(channel, first_name):
    request = contacts.ListContactsRequest(filter=f'display_name = "{first_name}"')
    return ContactsServiceStub(channel).ListContacts(request).contacts


def refused(call):
    try:
        call()
    except grpc.RpcError as failure:
        return kith.Error.of(failure)
    raise AssertionError("the call was not refused")


@check
def what_is_created_is_read():
    with connect() as channel:
        made = created(channel, f"Jürgen {WAY}")
        got = ContactsServiceStub(channel).GetContact(contacts.GetContactRequest(name=made.name))
        expect(got == made, got)


@check
def a_request_is_not_changed():
    with connect() as channel:
        request = contacts.CreateContactRequest(contact=contact_pb2.Contact(first_name=f"Same {WAY}"))
        before = request.SerializeToString()
        first = ContactsServiceStub(channel).CreateContact(request)
        expect(request.SerializeToString() == before, "the request is as it was")
        expect(ContactsServiceStub(channel).CreateContact(request).name != first.name, "each call is another request")
        request.request_id = f"python-{WAY}"
        first, call = ContactsServiceStub(channel).CreateContact.with_call(request)
        expect("kith-repeated" not in dict(call.initial_metadata()), "it is done")
        again, call = ContactsServiceStub(channel).CreateContact.with_call(request)
        expect(again.name == first.name, "an id of the caller's counts")
        expect(dict(call.initial_metadata())["kith-repeated"] == "true", "it is told as repeated")


@check
def what_was_not_told_takes_effect_once():
    for what in ("unavailable once", "exhausted once", "exhausted twice"):
        with connect(PROXY) as channel:
            name = f"{what} {WAY}"
            made = created(channel, name)
            expect([one.name for one in listed(channel, name)] == [made.name], f"{name} is there once")


@check
def a_future_takes_effect_once_too():
    with connect(PROXY) as channel:
        stub = ContactsServiceStub(channel)
        names = [f"unavailable once {WAY} {number}" for number in range(20)]
        calls = [stub.CreateContact.future(contacts.CreateContactRequest(contact=contact_pb2.Contact(first_name=name)))
                 for name in names]
        for name, call in zip(names, calls):
            made = call.result(60)
            expect([one.name for one in listed(channel, name)] == [made.name], f"{name} is there once")


@check
def an_outcome_is_not_tried_again():
    with connect(PROXY) as channel:
        made = created(channel, f"Stale {WAY}")
        made.etag = "7"
        error = refused(lambda: ContactsServiceStub(channel).UpdateContact(contacts.UpdateContactRequest(contact=made)))
        expect((error.code, error.reason, error.domain) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "kith.type.v1"), error)
        expect(error.metadata["actual"] == "1", error.metadata)


@check
def an_error_has_its_details():
    with connect() as channel:
        error = refused(lambda: created(channel, "", emails=[contact_pb2.EmailAddress(address="nowhere")]))
        expect(error.code == grpc.StatusCode.INVALID_ARGUMENT and error.reason == "INVALID_FIELD", error)
        violations = error.detail(error_details_pb2.BadRequest).field_violations
        expect([one.field for one in violations] == ["contact.emails[0].address"], violations)
        expect(error.detail(error_details_pb2.RetryInfo) is None, "nothing is to be tried again")
        expect(str(error) == f"INVALID_ARGUMENT: {error.message} [INVALID_FIELD]", error)


@check
def both_ways_come_to_the_same():
    with connect(way="unary") as unary, connect(way="session") as session:
        made = created(session, f"Both {WAY}")
        request = contacts.GetContactRequest(name=made.name)
        replies = [ContactsServiceStub(channel).GetContact.with_call(request) for channel in (unary, session)]
        expect(replies[0][0] == replies[1][0], replies)
        positions = [dict(call.initial_metadata())["kith-token"].split(".")[0] for _, call in replies]
        expect(positions[0] == positions[1], positions)
        missing = contacts.GetContactRequest(name="contacts/nobody")
        errors = [refused(lambda: ContactsServiceStub(channel).GetContact(missing)) for channel in (unary, session)]
        expect(errors[0] == errors[1] and errors[0].reason == "CONTACT_NOT_FOUND", errors)


@check
def what_caused_a_change_is_recorded():
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with connect() as channel:
        stub = ContactsServiceStub(channel)
        request = contacts.CreateContactRequest(contact=contact_pb2.Contact(first_name=f"Cause {WAY}"))
        cause, call = stub.CreateContact.with_call(request)
        token = dict(call.initial_metadata())["kith-token"]
        effect = stub.CreateContact(request, metadata=(("kith-cause", token), ("traceparent", traceparent)))
        revisions = [stub.ListContactRevisions(contacts.ListContactRevisionsRequest(name=one.name)).revisions[0].revision
                     for one in (cause, effect)]
        expect(revisions[1].causation_sequence == revisions[0].sequence > 0, revisions)
        expect(revisions[1].correlation_id == traceparent.split("-")[1], revisions)
        error = refused(lambda: stub.CreateContact(request, metadata=(("kith-on-behalf-of", "nobody"),)))
        expect(error.reason == "ON_BEHALF_OF_NOBODY", error)


@check
def own_changes_are_read():
    with connect(reads="own") as channel:
        for number in range(50):
            name = f"Own {WAY} {number}"
            made = created(channel, name)
            expect(channel.token != "", "a change leaves a token")
            expect([one.name for one in listed(channel, name)] == [made.name], name)
        with connect(reads="own") as other:
            other.token = channel.token
            expect(len(listed(other, name)) == 1, "a token is for other clients, too")
        channel.token = "of nobody"
        error = refused(lambda: listed(channel, name))
        expect(error.reason == "INVALID_TOKEN", "what is read must be as fresh as the token says")


@check
def of_changes_at_once_no_token_is_kept():
    with connect(reads="own") as channel:
        stub = UsersServiceStub(channel)
        calls = [stub.CreateUser.future(users_service_pb2.CreateUserRequest(user=user_pb2.User(display_name=f"U {number}")))
                 for number in range(100)]
        made = {call.result(60).name for call in calls}
        found = {user.name for user in stub.ListUsers(users_service_pb2.ListUsersRequest(page_size=1000)).users}
        expect(made <= found, "all are read")


@check
def many_at_once():
    with connect() as channel:
        stub = ContactsServiceStub(channel)
        calls = [stub.CreateContact.future(contacts.CreateContactRequest(
            contact=contact_pb2.Contact(first_name=f"Many {number}", notes="n" * 5_000))) for number in range(500)]
        expect(len({call.result(60).name for call in calls}) == 500, "each is another contact")


@check
def a_wrong_key_is_refused():
    with connect(key="kith_wrong") as channel:
        expect(refused(lambda: listed(channel, "x")).code == grpc.StatusCode.UNAUTHENTICATED, "unary")
        stream = EventsServiceStub(channel).ReadEvents(events_service_pb2.ReadEventsRequest())
        expect(refused(lambda: list(stream)).code == grpc.StatusCode.UNAUTHENTICATED, "streams")


@check
def streams_have_the_key():
    with connect() as channel:
        stream = EventsServiceStub(channel).ReadEvents(events_service_pb2.ReadEventsRequest(limit=3))
        expect([event.sequence for message in stream for event in message.events] == [1, 2, 3], "the first events")


@check
def patience_ends():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and nobody listens
        with connect(f"127.0.0.1:{nobody.getsockname()[1]}", patience=0.3) as channel:
            expect(refused(lambda: listed(channel, "x")).code == grpc.StatusCode.UNAVAILABLE, "it is told in the end")


@check
def a_deadline_holds():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        nobody.listen()  # and nobody answers, which does not keep the channel from closing
        with connect(f"127.0.0.1:{nobody.getsockname()[1]}") as channel:
            error = refused(lambda: ContactsServiceStub(channel).ListContacts(contacts.ListContactsRequest(), timeout=0.2))
            expect(error.code == grpc.StatusCode.DEADLINE_EXCEEDED, error)
            call = ContactsServiceStub(channel).ListContacts.future(contacts.ListContactsRequest(), timeout=0.2)
            expect(refused(lambda: call.result(60)).code == grpc.StatusCode.DEADLINE_EXCEEDED, "so it does of a future")


@check
def who_tells_nothing_is_told_again():
    if WAY == "session":
        with connect(SILENCE, silence=1) as channel:
            stub = ContactsServiceStub(channel)
            # More than a connection takes of which nothing is read.
            calls = [stub.CreateContact.future(contacts.CreateContactRequest(
                contact=contact_pb2.Contact(first_name=f"Swallowed {number}", notes="n" * 15_000))) for number in range(100)]
            expect(len({call.result(60).name for call in calls}) == 100, "each is another contact")


@check
def who_tells_nothing_is_given_up():
    if WAY == "session":
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            nobody.listen()
            with connect(f"127.0.0.1:{nobody.getsockname()[1]}", patience=0.3, silence=0.2) as channel:
                error = refused(lambda: listed(channel, "x"))
                expect(error.code == grpc.StatusCode.UNAVAILABLE and "told nothing" in error.message, error)


def main():
    results = {}
    for name, function in CHECKS.items():
        try:
            function()
            results[name] = "ok"
        except Exception as error:  # what went wrong is the result
            results[name] = repr(error)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
