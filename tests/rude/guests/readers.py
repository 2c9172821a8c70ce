"""Readers that do not read: of lists, of events, of what became of a bulk load. And clients that vanish."""

import random

from kith.contacts.v1 import contacts_service_pb2
from kith.events.v1 import events_service_pb2
from kith.interactions.v1 import interactions_service_pb2

from attack.api import Api

from .calls import methods
from .messages import INGEST, LIST
from .wire import Wire, drive, message, reset, vanish
from .witness import OWN_CONNECTION

READ_EVENTS = "/kith.events.v1.EventsService/ReadEvents"
SUBSCRIBE = "/kith.events.v1.EventsService/SubscribeEvents"
STREAMS_A_WIRE = 20
SMALL_BUFFER = 4096  # of the kernel, for what we do not read
NOTES_BYTES = 6000


def furnish(house):
    """Enough that one answer is large. Returns a contact."""
    api = Api(house.address, house.guest, OWN_CONNECTION)
    for number in range(house.scale.furniture):
        made = api.call("CreateContact", contacts_service_pb2.CreateContactRequest(
            contact={"first_name": f"Big{number}", "notes": "n" * NOTES_BYTES}, request_id=f"furniture-{number}"))
        if not made.ok:
            raise RuntimeError(f"no furniture: {made}")
    api.close()
    return made.reply.name


def _ingest_of(contact, items):
    request = interactions_service_pb2.IngestInteractionsRequest()
    for number in range(items):
        request.items.add(parent=contact, interaction={"kind": "NOTE", "body": f"{number} " + "b" * 200})
    return request.SerializeToString()


def unread(house):
    """Calls with large answers, whose answers nobody reads, on connections that would let the server send any amount."""
    contact = furnish(house)
    page = contacts_service_pb2.ListContactsRequest(page_size=1000).SerializeToString()
    everything = events_service_pb2.ReadEventsRequest(sequence=1).SerializeToString()
    follow = events_service_pb2.SubscribeEventsRequest(sequence=1).SerializeToString()
    many = message(_ingest_of(contact, 100)) * house.scale.ingests
    kinds = [("lists", LIST, message(page), True), ("reads of events", READ_EVENTS, message(everything), True),
             ("subscriptions", SUBSCRIBE, message(follow), True), ("bulk loads", INGEST, many, False)]
    for greedy in (False, True):
        for name, path, body, end in kinds:
            wires = []
            for number in range(house.scale.unread):
                if number % STREAMS_A_WIRE == 0:
                    wires.append(Wire(house.address, greedy, SMALL_BUFFER))
                wires[-1].ask(path, house.guest, body, end)
            whisper(wires, greedy)
            house.witness.await_round()
            yield f"{name}{', without bounds' if greedy else ''}", []
            for wire in wires:
                reset(wire.socket)


def whisper(wires, greedy):
    """Everything is asked, and nothing read; but for what says that more may be sent, where that is needed to ask."""
    if greedy:
        drive(wires, quiet_seconds=0.5, read=False)
        return
    # The server's answer to the greeting, and its first windows.
    drive(wires, lambda: all(wire.closed or not wire.unsent and not wire.out for wire in wires), quiet_seconds=0.3)


def vanishing(house):
    """Clients that go away in the middle of every kind of call, at any byte of it, or when they are answered."""
    rng = random.Random(f"{house.scale.seed}.vanishing")
    contact = furnish(house)
    bodies = {
        "CreateContact": contacts_service_pb2.CreateContactRequest(contact={"first_name": "Gone", "notes": "g" * 2000}),
        "UpdateContact": contacts_service_pb2.UpdateContactRequest(
            contact={"name": contact, "notes": "h" * 2000}, update_mask={"paths": ["notes"]}),
        "GetContact": contacts_service_pb2.GetContactRequest(name=contact),
        "ListContacts": contacts_service_pb2.ListContactsRequest(page_size=1000),
        "RecordInteraction": interactions_service_pb2.RecordInteractionRequest(
            parent=contact, interaction={"kind": "NOTE", "body": "gone"}),
        "ListTimeline": interactions_service_pb2.ListTimelineRequest(parent=contact),
        "ReadEvents": events_service_pb2.ReadEventsRequest(sequence=1),
        "SubscribeEvents": events_service_pb2.SubscribeEventsRequest(sequence=1)}
    bodies = {name: body.SerializeToString() for name, body in bodies.items()}
    bodies["IngestInteractions"] = _ingest_of(contact, 50)
    for method in methods():
        body = message(bodies.get(method.name, b""))
        for _ in range(house.scale.vanishing):
            _vanish(house, method, body * (3 if method.takes_stream else 1), rng)
        yield method.name, [] if house.alive else ["kithd ended"]


def _vanish(house, method, body, rng):
    try:
        wire = Wire(house.address)
    except OSError:
        return
    for _ in range(rng.randrange(1, 6)):
        wire.ask(method.path, house.guest, body, rng.random() < 0.7)
    vanish(wire, rng)
