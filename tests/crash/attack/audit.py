"""Audit: what a server says after an attack, held against what its clients were told and what its events say.

Every function gives sentences about what is wrong; none means that all is right.
"""

import difflib

from kith.deals.v1 import deals_service_pb2
from kith.events.v1 import events_service_pb2
from kith.interactions.v1 import interactions_service_pb2

from .api import METHODS, Api
from .fold import Fold, addresses, money_in_minor_units, read_events
from .ledger import send
from .load import SHARED_ADDRESSES, shared_address

# These may be answered without an event: what they ask for was so already.
MAY_CHANGE_NOTHING = {"MoveDeal", "WinDeal", "LoseDeal", "DeleteContact", "DeleteDeal", "UpdateWorkspace",
                      "UpdateStage"}


def differ(told, found):
    """Where two texts or messages differ, in lines."""
    return "\n".join(line for line in difflib.unified_diff(
        str(told).splitlines(), str(found).splitlines(), lineterm="", n=1) if not line.startswith(("---", "+++")))


def settle(api, ledger):
    """Repeats what has an unknown outcome, with its request id, until it is known."""
    wrong = []
    for entry in ledger.unknown():
        def again(entry=entry):
            told = send(api, entry.method, entry.request)
            entry.items = told.items
            return told.answer
        entry.answer = api.patiently(again)
        if not entry.known:
            wrong.append(f"{entry.method} {entry.request_id} cannot be settled: {entry.answer}")
    return wrong


def without_secrets(reply):
    """A key's secret is told once only."""
    if "secret" in reply.DESCRIPTOR.fields_by_name:
        copy = type(reply)()
        copy.CopyFrom(reply)
        copy.ClearField("secret")
        return copy
    return reply


def without_uses(rows):
    """On which day a key was used last is no event, and may be lost."""
    for row in rows:
        if "last_use_date" in row.DESCRIPTOR.fields_by_name:
            row.ClearField("last_use_date")


def check_repeats(api, entries):
    """What was acknowledged is acknowledged again, with the same reply."""
    wrong = []
    for entry in entries:
        told = send(api, entry.method, entry.request)
        if not told.answer.ok:
            wrong.append(f"{entry.method} {entry.request_id} was acknowledged; repeated: {told.answer}")
        elif entry.method == "IngestInteractions":
            if any(name is not None and name != again for name, again in zip(entry.items, told.items)):
                wrong.append(f"{entry.method} {entry.request_id}: {entry.items}; repeated: {told.items}")
        elif without_secrets(told.answer.reply) != without_secrets(entry.answer.reply):
            wrong.append(f"{entry.method} {entry.request_id} has another reply when repeated:\n"
                         f"{differ(entry.answer.reply, told.answer.reply)}")
    return wrong


class History:
    """The events of a workspace as they were read, round after round: what was read once stays as it was."""

    def __init__(self):
        self.fold = Fold()
        self.bytes = []

    def copy(self):
        other = History()
        for bytes_ in self.bytes:
            other.keep(events_service_pb2.Event.FromString(bytes_))
        return other

    def keep(self, event):
        self.bytes.append(event.SerializeToString(deterministic=True))
        self.fold.apply(event)

    def read(self, api):
        answer = api.patiently(lambda: read_events(api))
        if not answer.ok:
            return [f"the events cannot be read: {answer}"]
        wrong = []
        if len(answer.reply) < len(self.bytes):
            wrong.append(f"{len(self.bytes)} events were read before, now {len(answer.reply)}")
        for event, before in zip(answer.reply, self.bytes):
            if event.SerializeToString(deterministic=True) != before:
                wrong.append(f"event {event.sequence} is not what it was")
        for event in answer.reply[len(self.bytes):]:
            self.keep(event)
        wrong += self.fold.broken
        return wrong


def check_requests(fold, ledger):
    """Every acknowledged change has its events, once; every refused one has none; and every event was asked for."""
    wrong = []
    outcomes = {}
    for entry in ledger.entries:
        outcomes.setdefault(entry.request_id, []).append(entry)
    for request_id, entries in outcomes.items():
        acknowledged = [entry for entry in entries if entry.answer.ok]
        if entries[0].method == "IngestInteractions":
            wrong += check_ingested(fold, request_id, entries)
        elif acknowledged:
            wrong += check_acknowledged(fold, request_id, acknowledged)
        elif fold.by_request.get(request_id) and all(entry.known for entry in entries):
            wrong.append(f"{entries[0].method} {request_id} was refused ({entries[-1].answer}) and has an event")
    for request_id in fold.by_request:
        if request_id not in outcomes and request_id.rsplit("/", 1)[0] not in outcomes:
            wrong.append(f"an event is of a request that nobody made: {request_id}")
    return wrong


def check_unique(fold, ledger):
    """Nobody is given an address that another has, by a change sent after the setting was acknowledged."""
    wrong = []
    by_id = {}
    for entry in ledger.entries:
        by_id.setdefault(entry.request_id, entry)
    for event, setting, holder in fold.shared:
        change, set_by = by_id.get(event.request_id), by_id.get(setting.request_id)
        if change is not None and set_by is not None and change.sent > set_by.answered:
            wrong.append(f"event {event.sequence} gives {event.stream} an address that {holder} has")
    return wrong


def check_ingested(fold, request_id, entries):
    """Each item is a change of its own."""
    wrong = []
    for index in range(len(entries[0].request.items)):
        names = {entry.items[index] for entry in entries if len(entry.items) > index and entry.items[index]}
        events = fold.by_request.get(f"{request_id}/{index}", [])
        if len(names) > 1 or len(events) > 1:
            wrong.append(f"item {index} of {request_id} took effect more than once: {names}, {len(events)} events")
        elif names and not events:
            wrong.append(f"item {index} of {request_id} was acknowledged and is lost: {names}")
        elif names and next(iter(names)) not in fold.interactions:
            wrong.append(f"item {index} of {request_id}: no event has the name that was told, {names}")
        elif events and not names and all(entry.known for entry in entries):
            wrong.append(f"item {index} of {request_id} was refused and has an event")
    return wrong


def check_acknowledged(fold, request_id, entries):
    wrong = []
    entry = entries[-1]
    events = fold.by_request.get(request_id, [])
    types = [event.type for event in events]
    if entry.method == "CreateWorkspace":
        return wrong  # its events are in the workspace it made
    if not events and entry.method not in MAY_CHANGE_NOTHING:
        return [f"{entry.method} {request_id} was acknowledged and is lost"]
    if len(events) > 1 and types != ["deal_updated", "deal_won"]:
        wrong.append(f"{entry.method} {request_id} took effect more than once: {types}")
    if entry.method == "WinDeal" and events and types[-1] != "deal_won":
        wrong.append(f"WinDeal {request_id} is there in half: {types}")
    if [event.sequence for event in events] != list(range(events[0].sequence, events[0].sequence + len(events))
                                                    if events else []):
        wrong.append(f"the events of {entry.method} {request_id} do not stand together")
    for other in entries:
        wrong += check_reply(fold, other, events)
    return wrong


def took_effect(fold, entry):
    """Whether the change made events. One that had nothing to change is not remembered, but decided anew."""
    if entry.method not in MAY_CHANGE_NOTHING:
        return True
    events = fold.by_request.get(entry.request_id)
    return bool(events) and getattr(entry.answer.reply, "etag", str(events[-1].revision)) == str(events[-1].revision)


def check_reply(fold, entry, events):
    """The reply is what the events make of the record, after them."""
    reply = entry.answer.reply
    where = f"{entry.method} {entry.request_id}"
    if entry.method.startswith("Delete"):
        gone = entry.request.name not in fold.live
        return [] if gone else [f"{where} was acknowledged, and {entry.request.name} is there"]
    if entry.method in ("RecordInteraction", "AmendInteraction"):
        expected = fold.interactions_at[reply.name].get(reply.etag)
    else:
        expected = fold.at[reply.name].get(int(reply.etag))
        if took_effect(fold, entry) and events[-1].revision != int(reply.etag):
            return [f"{where} was told etag {reply.etag}, its event has {events[-1].revision}"]
    if expected is None:
        return [f"{where} was told {reply.name} with etag {getattr(reply, 'etag', '')}, which is lost"]
    expected = as_told(expected)
    return [] if expected == reply else [f"{where} was told other than its events say:\n{differ(reply, expected)}"]


def as_told(resource):
    """What a reply to a change leaves out: the stays of a deal."""
    if "stage_intervals" not in resource.DESCRIPTOR.fields_by_name:
        return resource
    told = type(resource)()
    told.CopyFrom(resource)
    told.ClearField("stage_intervals")
    told.ClearField("earlier_stage_interval_count")
    return told


def list_all(api, method, field, **query):
    found, token = [], ""
    while True:
        request = METHODS[method][1](page_size=500, page_token=token, **query)
        answer = api.patiently(lambda request=request: api.call(method, request))
        if not answer.ok:
            return None, [f"{method} {query}: {answer}"]
        found += getattr(answer.reply, field)
        without_uses(found)
        token = answer.reply.next_page_token
        if not token:
            return found, []


def difference(what, expected, found):
    """Two dictionaries of messages or values, and in which names they differ."""
    wrong = []
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            wrong.append(f"{what} lacks {name}")
        elif name not in expected:
            wrong.append(f"{what} has {name}, which is not there")
        elif expected[name] != found[name]:
            wrong.append(f"{what} is wrong about {name}, against its events:\n{differ(expected[name], found[name])}")
    return wrong[:5]


def check_list(api, method, field, expected, **query):
    rows, wrong = list_all(api, method, field, **query)
    if rows is None:
        return wrong
    if len({row.name for row in rows}) != len(rows):
        wrong.append(f"{method} {query} has a row twice")
    return wrong + difference(f"{method} {query}", expected, {row.name: row for row in rows})


def check_views(api, fold, rng):
    """Lists, gets, boards, forecasts and timelines say what the fold says."""
    contacts = fold.all("contacts")
    deals = {name: fold.deal_as_read(name) for name in fold.all("deals")}
    wrong = check_list(api, "ListContacts", "contacts", contacts)
    wrong += check_list(api, "ListDeals", "deals", deals, order_by="last_activity_time desc")
    wrong += check_list(api, "ListUsers", "users", fold.all("users"))
    wrong += check_list(api, "ListPipelines", "pipelines", fold.all("pipelines"))
    wrong += check_list(api, "ListApiKeys", "api_keys", fold.api_keys)
    for number in range(SHARED_ADDRESSES):
        address = shared_address(number).lower()
        holders = {name: contact for name, contact in contacts.items() if address in addresses(contact)}
        wrong += check_list(api, "ListContacts", "contacts", holders, filter=f'email = "{address}"')
    for method, rows in (("GetContact", contacts), ("GetDeal", deals), ("GetPipeline", fold.all("pipelines"))):
        wrong += check_gets(api, method, rows, rng)
    answer = api.call("GetWorkspace")
    if not answer.ok or answer.reply != fold.live["workspaces/1"]:
        wrong.append(f"GetWorkspace says {answer.reply or answer}, the events {fold.live['workspaces/1']}")
    return wrong + check_board(api, fold) + check_forecast(api, fold) + check_timelines(api, fold, rng)


def some(names, rng, most):
    names = sorted(names)
    return names if len(names) <= most else rng.sample(names, most)


def check_gets(api, method, rows, rng, most=15):
    found = {}
    chosen = some(rows, rng, most)
    for name in chosen:
        answer = api.patiently(lambda name=name: api.call(method, METHODS[method][1](name=name)))
        found[name] = answer.reply if answer.ok else str(answer)
    return difference(method, {name: rows[name] for name in chosen}, found)


def check_board(api, fold):
    answer = api.patiently(lambda: api.call("GetPipelineBoard", deals_service_pb2.GetPipelineBoardRequest()))
    if not answer.ok:
        return [f"GetPipelineBoard: {answer}"]
    found = {stage.stage: (stage.count, {money.currency_code: money_in_minor_units(money) for money in stage.amount})
             for stage in answer.reply.stages if stage.count}
    return difference("GetPipelineBoard", fold.board(), found)


def check_forecast(api, fold):
    answer = api.patiently(lambda: api.call("QueryForecast"))
    if not answer.ok:
        return [f"QueryForecast: {answer}"]
    deals = fold.all("deals").values()
    expected = {name: sum(1 for deal in deals if deal.status == status)
                for status, name in ((1, "open"), (2, "won"))}
    found = {"open": sum(row.open_count for row in answer.reply.rows),
             "won": sum(row.won_count for row in answer.reply.rows)}
    return difference("QueryForecast", expected, found)


def check_timelines(api, fold, rng, most=12):
    wrong = []
    for record in some(fold.timelines, rng, most):
        entries, failed = list_all(api, "ListTimeline", "entries", parent=record)
        if failed:
            wrong += failed
            continue
        expected = fold.timeline(record)
        found = [entry.sequence for entry in entries]
        if found != expected:
            wrong.append(f"the timeline of {record} is {found}, by the events {expected}")
        for entry in entries:
            if entry.HasField("interaction") and entry.interaction != fold.interactions.get(entry.interaction.name):
                wrong.append(f"the timeline of {record} shows {entry.interaction.name} otherwise than its event")
        names = [entry.interaction.name for entry in entries if entry.HasField("interaction")]
        wrong += check_interactions(api, fold, some(names, rng, 3))
    return wrong


def check_interactions(api, fold, names):
    found = {}
    for name in names:
        answer = api.patiently(lambda name=name: api.call(
            "GetInteraction", interactions_service_pb2.GetInteractionRequest(name=name)))
        found[name] = answer.reply if answer.ok else str(answer)
    return difference("GetInteraction", {name: fold.interactions[name] for name in names}, found)


def check_other_workspaces(server, ledger):
    """Each that was acknowledged is there once and whole: itself, its first key, its pipeline."""
    made = {}
    for entry in ledger.acknowledged():
        if entry.method == "CreateWorkspace":
            name = entry.answer.reply.workspace.name
            made[name] = made.get(name) or entry.answer.reply.secret  # told the first time only
    listed, wrong = list_all(server.api, "ListWorkspaces", "workspaces")
    names = sorted(workspace.name for workspace in listed or ())
    if names != sorted({"workspaces/1", *made}):
        wrong.append(f"ListWorkspaces has {names}; told were {sorted(made)}")
    for name, secret in made.items():
        if secret:
            wrong += check_workspace(Api(server.kithd.address, secret), name)
    return wrong


def check_workspace(api, name):
    history = History()
    wrong = history.read(api)
    types = [event.type for event in history.fold.events]
    if types != ["workspace_created", "api_key_created", "pipeline_created"]:
        wrong.append(f"{name} was told, and its events are {types}")
    api.close()
    return wrong


def audit(server, ledger, history, rng, repeats=25):
    """Everything; settles what is unknown first, so that it is known afterwards."""
    api = server.api
    wrong = settle(api, ledger)
    wrong += history.read(api)
    if wrong:
        return wrong
    fold = history.fold
    wrong += check_requests(fold, ledger) + check_unique(fold, ledger)
    before = len(fold.events)
    acknowledged = [entry for entry in ledger.acknowledged() if took_effect(fold, entry)]
    wrong += check_repeats(api, acknowledged if len(acknowledged) <= repeats else rng.sample(acknowledged, repeats))
    wrong += history.read(api)
    if len(fold.events) != before:
        wrong.append(f"repeated requests took effect again: {before} events became {len(fold.events)}")
    wrong += check_views(api, fold, rng)
    wrong += check_other_workspaces(server, ledger)
    return wrong
