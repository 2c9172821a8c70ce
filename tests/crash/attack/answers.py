"""Answers: everything that a directory can be asked, and what it answered; asked again, each answer is compared."""

import collections

from kith.contacts.v1 import contacts_service_pb2
from kith.deals.v1 import deals_service_pb2
from kith.forecast.v1 import forecast_service_pb2
from kith.interactions.v1 import interactions_service_pb2
from kith.type.v1.read_pb2 import ReadOptions

from .api import METHODS, Answer
from .audit import differ, took_effect, without_secrets, without_uses
from .fold import read_events
from .ledger import send

MOMENTS = 4  # that boards, forecasts and records are asked as of
PAGE_ROWS = 50
WRONG_MAX = 20  # so many wrong answers are enough

LISTS = [
    ("ListContacts", {}), ("ListContacts", {"order_by": "display_name"}), ("ListContacts", {"order_by": "create_time"}),
    ("ListContacts", {"filter": "lifecycle_stage = LEAD"}), ("ListContacts", {"filter": 'company_name = "C3"'}),
    ("ListDeals", {}), ("ListDeals", {"order_by": "last_activity_time desc"}), ("ListDeals", {"filter": "status = WON"}),
    ("ListDeals", {"order_by": "expected_close_date"}), ("ListUsers", {}), ("ListPipelines", {}), ("ListApiKeys", {}),
    ("ListWorkspaces", {})]


def questions_of(fold):
    """(name, function of an Api that gives an Answer whose reply is comparable)."""
    last = len(fold.events)
    moments = [max(1, last * (i + 1) // MOMENTS) for i in range(MOMENTS)]
    yield "ReadEvents", lambda api: read_events(api)
    for method, query in LISTS:
        yield f"{method} {query}", lambda api, m=method, q=query: ask_pages(api, m, q)
    emails = sorted({email.address for states in fold.at.values() for contact in states.values()
                     if contact is not None and "emails" in contact.DESCRIPTOR.fields_by_name
                     for email in contact.emails})
    for email in emails[:40]:
        query = {"filter": f'email = "{email}"'}
        yield f"ListContacts {query}", lambda api, q=query: ask_pages(api, "ListContacts", q)
    for method, category in (("GetContact", "contacts"), ("GetDeal", "deals"), ("GetUser", "users"),
                             ("GetPipeline", "pipelines")):
        streams = sorted(name for name in fold.at if name.startswith(category + "/"))
        for number, name in enumerate(streams):
            yield from get_questions(method, name, None)
            yield from get_questions(method, name, moments[number % MOMENTS])
    for name in sorted(fold.interactions):
        yield from get_questions("GetInteraction", name, None)
    for record in sorted(fold.timelines):
        query = {"parent": record}
        yield f"ListTimeline {record}", lambda api, q=query: ask_pages(api, "ListTimeline", q)
    for moment in moments:
        read = ReadOptions(sequence=moment)
        for owner in ["", *sorted(fold.all("users"))[:2]]:
            request = deals_service_pb2.GetPipelineBoardRequest(read=read, owner=owner)
            yield f"GetPipelineBoard {owner} as of {moment}", lambda api, r=request: api.call("GetPipelineBoard", r)
        request = forecast_service_pb2.QueryForecastRequest(
            read=read, group_by=[forecast_service_pb2.MONTH, forecast_service_pb2.OWNER])
        yield f"QueryForecast as of {moment}", lambda api, r=request: api.call("QueryForecast", r)
    yield "GetWorkspace", lambda api: api.call("GetWorkspace")


def get_questions(method, name, moment):
    request = METHODS[method][1](name=name)
    if moment is not None:
        request.read.sequence = moment
    yield f"{method} {name} as of {moment or 'now'}", lambda api: api.call(method, request)


def ask_pages(api, method, query):
    """Every page of a list, as one reply without page tokens."""
    whole, token = METHODS[method][2](), ""
    while True:
        answer = api.call(method, METHODS[method][1](page_size=PAGE_ROWS, page_token=token, **query))
        if not answer.ok:
            return answer
        token = answer.reply.next_page_token
        whole.MergeFrom(answer.reply)
        if not token:
            whole.next_page_token = ""
            if method == "ListApiKeys":
                without_uses(whole.api_keys)
            return Answer(whole)


def plain(answer):
    """What is compared: the bytes of the reply, or the kind of refusal."""
    if not answer.ok:
        return f"{answer.code.name} {answer.reason}".encode()
    messages = answer.reply if isinstance(answer.reply, list) else [answer.reply]
    return b"".join(message.SerializeToString(deterministic=True) for message in messages)


def show(answer):
    """What is printed. Payloads of events only by their length: their types are not known to the printer."""
    if not answer.ok:
        return str(answer)
    if isinstance(answer.reply, list):
        return "\n".join(f"{event.sequence} {event.stream} {event.type} {event.ByteSize()}" for event in answer.reply)
    if "entries" in answer.reply.DESCRIPTOR.fields_by_name:
        return "\n".join(f"{entry.sequence} {entry.record} {entry.type} {entry.ByteSize()}"
                         for entry in answer.reply.entries)
    return str(answer.reply)


class Answers:
    """Recorded once, compared often."""

    def __init__(self, api, fold, ledger):
        self.questions = list(questions_of(fold))
        self.recorded = {name: api.patiently(lambda ask=ask: ask(api)) for name, ask in self.questions}
        self.repeats = [entry for entry in ledger.acknowledged() if took_effect(fold, entry)]
        self.taken = sorted({email.address for contact in fold.all("contacts").values() for email in contact.emails})

    def compare(self, api, prefix):
        """(how many answers were that data is lost, sentences about what is wrong)."""
        self.lost = collections.Counter()
        wrong = []
        for name, ask in self.questions:
            if len(wrong) > WRONG_MAX:
                return 0, wrong
            wrong += self._hold(name, api.patiently(lambda ask=ask: ask(api)), self.recorded[name])
        for entry in self.repeats:
            wrong += self._repeat(api, entry)
        for number, address in enumerate(self.taken[:20]):
            wrong += self._take(api, address, f"{prefix}.taken{number}", b"ALREADY_EXISTS EMAIL_TAKEN")
        wrong += self._take(api, f"{prefix}@new.example", f"{prefix}.new", None)
        return sum(self.lost.values()), wrong

    def _hold(self, name, answer, expected):
        if answer.code.name == "DATA_LOSS":
            self.lost[name.split()[0]] += 1
            return []
        if plain(answer) == plain(expected):
            return []
        return [f"{name} is answered otherwise than before:\n{differ(show(expected), show(answer))}"]

    def _repeat(self, api, entry):
        told = None

        def again():
            nonlocal told
            told = send(api, entry.method, entry.request)
            return told.answer
        answer = api.patiently(again)
        where = f"{entry.method} {entry.request_id}, repeated,"
        if entry.method == "IngestInteractions" and answer.ok:
            return [] if told.items == entry.items else [f"{where} names {told.items}, not {entry.items}"]
        if not answer.ok:
            return self._hold(where, answer, Answer([]))
        return self._hold(where, Answer(without_secrets(answer.reply)), Answer(without_secrets(entry.answer.reply)))

    def _take(self, api, address, request_id, expected):
        request = contacts_service_pb2.CreateContactRequest(request_id=request_id)
        request.contact.first_name = "New"
        request.contact.emails.add(address=address)
        answer = api.patiently(lambda: api.call("CreateContact", request))
        found = None if answer.ok else plain(answer)
        if answer.code.name == "DATA_LOSS":
            self.lost["CreateContact"] += 1
            return []
        return [] if found == expected else [f"a contact with {address} is answered {answer}, not {expected or 'OK'}"]
