"""Sessions that are rude: unread, of garbage, with ids that repeat and calls that name one another, cancelled in floods,
closed by half, and left."""

import random

import grpc
from kith.contacts.v1 import contacts_service_pb2
from kith.sessions.v1 import sessions_service_pb2

from attack.api import Answer, Api, reason_of

from .calls import NO_TAG, methods
from .readers import SMALL_BUFFER, furnish, whisper
from .wire import Wire, drive, message, reset, vanish
from .witness import DEADLINE_SECONDS, OWN_CONNECTION

RUN = "/kith.sessions.v1.SessionsService/RunSession"
CREATE = "kith.contacts.v1.ContactsService/CreateContact"
GET = "kith.contacts.v1.ContactsService/GetContact"
LIST = "kith.contacts.v1.ContactsService/ListContacts"
CALLS_A_MESSAGE = 500  # that it may have
NAMES_A_SESSION = 200  # of methods
OK, CANCELLED, INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED = 0, 1, 3, 5, 7, 8
NOBODY = contacts_service_pb2.GetContactRequest(name="contacts/01J00000000000000000000000").SerializeToString()


def _request(calls=(), names=(), cancel=()):
    """`calls` are (id, the method's number, bytes) and maybe ids to wait for."""
    request = sessions_service_pb2.RunSessionRequest(methods=names, cancel=cancel)
    for ident, method, payload, *after in calls:
        request.calls.add(id=ident, method=method, request=payload, after=after[0] if after else ())
    return request


def _run(house, requests):
    """A session of these, ended then: (all outcomes, how it ended). Fails by its deadline where something hangs."""
    api = Api(house.address, house.guest, OWN_CONNECTION)
    run = api.channel.stream_stream(
        RUN, request_serializer=lambda request: request if isinstance(request, bytes) else request.SerializeToString(),
        response_deserializer=sessions_service_pb2.RunSessionResponse.FromString)
    outcomes = []
    try:
        for response in run(iter(requests), metadata=api.metadata, timeout=DEADLINE_SECONDS):
            outcomes.extend(response.outcomes)
        return outcomes, Answer()
    except grpc.RpcError as error:
        return outcomes, Answer(None, error.code(), reason_of(error), error.details())
    finally:
        api.close()


def _told(outcomes, ids):
    """Sentences where not exactly these were told."""
    told = sorted(outcome.id for outcome in outcomes)
    return [] if told == sorted(ids) else [f"{len(told)} outcomes were told of {len(ids)} calls"]


def _settled(ended, outcomes, ids, *codes):
    """Sentences where the session, or one of its calls, came to something else; a call may find its key at its limits."""
    codes += (RESOURCE_EXHAUSTED,)
    wrong = [] if ended.ok else [f"it ended with {ended}"]
    wrong += _told(outcomes, ids)
    others = {outcome.status.code: outcome.status.message for outcome in outcomes if outcome.status.code not in codes}
    return wrong + [f"a call is answered {code}: {text}" for code, text in others.items()]


def unread(house):
    """Calls with large outcomes, and many with small ones, whose outcomes nobody reads."""
    furnish(house)
    page = contacts_service_pb2.ListContactsRequest(page_size=1000).SerializeToString()
    lists = message(_request([(i, 0, page) for i in range(CALLS_A_MESSAGE)], [LIST]).SerializeToString())
    refused = message(_request([(i, 9, b"") for i in range(CALLS_A_MESSAGE)]).SerializeToString())
    for greedy in (False, True):
        for name, body in (("of lists", lists), ("of calls that fail", refused * 10)):
            wires = [Wire(house.address, greedy, SMALL_BUFFER) for _ in range(house.scale.sessions)]
            for wire in wires:
                wire.ask(RUN, house.guest, body * house.scale.session_messages, end=False)
            whisper(wires, greedy)
            house.witness.await_round()
            yield f"{name}{', without bounds' if greedy else ''}", []
            for wire in wires:
                reset(wire.socket)


def garbage(house):
    """Messages and requests that are none, methods that there are not, ids that repeat, calls that wait for one another."""
    rng = random.Random(f"{house.scale.seed}.sessions")
    for _ in range(house.scale.garbage):
        yield from _bad_messages(house, rng)
        yield from _bad_calls(house, rng)
        yield from _tangled(house, rng)


def _bad_messages(house, rng):
    """Each ends its session; what came before is told."""
    first = _request([(1, 0, NOBODY)], [GET])
    tries = {"random bytes": NO_TAG + rng.randbytes(rng.randrange(1, 5000)),
             "too many calls": _request([(i, 0, NOBODY) for i in range(CALLS_A_MESSAGE + 1)]),
             "too many to cancel": _request(cancel=range(CALLS_A_MESSAGE + 1)),
             "too many to wait for": _request([(2, 0, NOBODY, range(CALLS_A_MESSAGE + 1))]),
             "too many names": _request(names=["n"] * NAMES_A_SESSION),
             "a long name": _request(names=["n" * 100_000])}
    for name, second in tries.items():
        outcomes, ended = _run(house, [first, second])
        wrong = [] if ended.code == grpc.StatusCode.INVALID_ARGUMENT and ended.reason else [f"it ended with {ended}"]
        yield name, wrong + _told(outcomes, [1])


def _bad_calls(house, rng):
    """Each is refused for itself."""
    names = [method.path[1:] for method in methods()]
    ends = {"random bytes as requests": names, "methods that there are not": [name + "x" for name in names],
            "no names": []}
    for name, named in ends.items():
        calls = [(i, rng.randrange(len(names) + 2), NO_TAG + rng.randbytes(rng.randrange(200)))
                 for i in range(CALLS_A_MESSAGE)]
        outcomes, ended = _run(house, [_request(calls, named)])
        ids = range(CALLS_A_MESSAGE)
        yield name, _settled(ended, outcomes, ids, INVALID_ARGUMENT, PERMISSION_DENIED)


def _tangled(house, rng):
    """Ids that repeat, and that come after themselves, one another and nobody: everything is told."""
    ids = [rng.randrange(20) for _ in range(CALLS_A_MESSAGE)]
    calls = [(ident, 0, NOBODY, [rng.randrange(25) for _ in range(rng.randrange(4))]) for ident in ids]
    outcomes, ended = _run(house, [_request(calls[:250], [GET]), _request(calls[250:])])
    yield "ids that repeat", _settled(ended, outcomes, ids, NOT_FOUND)
    ids = range(CALLS_A_MESSAGE)
    circle = [(i, 0, NOBODY, [(i + 1) % CALLS_A_MESSAGE, i, i - 1 if i else 0]) for i in ids]
    outcomes, ended = _run(house, [_request(circle, [GET])])
    yield "circles", _settled(ended, outcomes, ids, NOT_FOUND)


def cancels(house):
    """Floods of cancellations, of calls that there are and of others, before them and along with them."""
    rng = random.Random(f"{house.scale.seed}.cancels")
    create = contacts_service_pb2.CreateContactRequest(contact={"first_name": "Unwanted"}).SerializeToString()
    requests, ids = [_request(names=[CREATE, GET])], []
    for number in range(house.scale.cancels):
        count = 20 if number % 10 == 0 else 0
        calls = [(len(ids) + i, i % 2, create if i % 2 == 0 else NOBODY) for i in range(count)]
        ids += [call[0] for call in calls]
        requests.append(_request(calls, cancel=[rng.randrange(len(ids) + 50) for _ in range(CALLS_A_MESSAGE)]))
    outcomes, ended = _run(house, requests)
    yield "are heard", _settled(ended, outcomes, ids, OK, CANCELLED, NOT_FOUND)


def half_closed(house):
    """Ended at once, before anything is told; ended in the middle of a message; never ended, and idle."""
    for count in (0, 1, CALLS_A_MESSAGE):
        outcomes, ended = _run(house, [_request([(i, 0, NOBODY) for i in range(count)], [GET])])
        yield f"after {count} calls", _settled(ended, outcomes, range(count), NOT_FOUND)
    body = message(_request([(1, 0, NOBODY)], [GET]).SerializeToString())
    wires = [Wire(house.address) for _ in range(4)]
    for cut, wire in enumerate(wires):
        wire.ask(RUN, house.guest, body + body[:len(body) // (cut + 2)])
    drive(wires, lambda: all(wire.closed or wire.ended for wire in wires), quiet_seconds=DEADLINE_SECONDS)
    left = sum(not wire.closed and not wire.ended for wire in wires)
    yield "within a message", [] if left == 0 else [f"{left} sessions have no end"]
    idle = [Wire(house.address) for _ in range(house.scale.sessions)]
    for wire in idle:
        wire.ask(RUN, house.guest, body, end=False)
    drive(idle, quiet_seconds=0.3)
    house.witness.await_round()
    yield "never", []
    for wire in [*wires, *idle]:
        reset(wire.socket)


def vanishing(house):
    """Clients that go away in the middle of a session, at any byte, with calls on their way that wait for others."""
    rng = random.Random(f"{house.scale.seed}.vanishing sessions")
    page = contacts_service_pb2.ListContactsRequest(page_size=1000).SerializeToString()
    create = contacts_service_pb2.CreateContactRequest(contact={"first_name": "Gone"}).SerializeToString()
    payloads = {0: create, 1: NOBODY, 2: page}
    for _ in range(house.scale.vanishing * 10):
        wire = Wire(house.address)
        for _ in range(rng.randrange(1, 4)):
            calls = [(i, method, payloads[method], [rng.randrange(i + 1)] if rng.random() < 0.5 else [])
                     for i, method in enumerate(rng.choices((0, 1, 2), k=rng.randrange(1, 100)))]
            body = message(_request(calls, [CREATE, GET, LIST], cancel=range(0, 100, 7)).SerializeToString())
            wire.ask(RUN, house.guest, body * rng.randrange(1, 4), rng.random() < 0.3)
        vanish(wire, rng)
    yield "within sessions", [] if house.alive else ["kithd ended"]
