"""Witness: a client with a key of its own that does nothing wrong, all the time, and may never be refused."""

import threading
import time

import grpc
from kith.contacts.v1 import contacts_service_pb2
from kith.deals.v1 import deals_service_pb2
from kith.interactions.v1 import interaction_pb2, interactions_service_pb2
from kith.type.v1 import read_pb2

from attack.api import Answer, Api

DEADLINE_SECONDS = 60  # much longer than it takes, however busy the machine is
SERVING = b"\x08\x01"
OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]  # channels of a process share connections otherwise
STAGES = "pipelines/default/stages/"


def ask_health(channel, timeout=DEADLINE_SECONDS):
    """What the standard health service says of the server as a whole."""
    try:
        reply = channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=timeout)
    except grpc.RpcError as error:
        return Answer(None, error.code(), "", error.details())
    return Answer(reply) if reply == SERVING else Answer(None, grpc.StatusCode.UNAVAILABLE, "", f"it says {reply}")


class Witness:
    """One connection. `start` and `stop` once."""

    def __init__(self, address, key, name):
        self.api = Api(address, key, OWN_CONNECTION)
        self.name = name
        self.lock = threading.Lock()
        self.wrong = []  # since `take_wrong`
        self.slowest = 0.0  # seconds, since `take_wrong`
        self.rounds = 0
        self.may_time_out = 0  # so many calls may be told that their deadline has passed
        self.kept = {}  # contact → its last name, of what was acknowledged
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join()
        self.api.close()

    def take_wrong(self):
        """(what went wrong, the longest wait for an answer), since this was asked last."""
        with self.lock:
            wrong, slowest = self.wrong, self.slowest
            self.wrong, self.slowest = [], 0.0
        return wrong, slowest

    def await_round(self):
        """Until one round began and ended after now."""
        target = self.rounds + 2
        while self.rounds < target and self.thread.is_alive():
            self.thread.join(0.02)

    def _run(self):
        while not self.stopping.is_set():
            self._round(self.rounds)
            self.rounds += 1
            self.stopping.wait(0.01)

    def _ask(self, what, ask):
        """The reply, or None where there is none, which is noted."""
        began = time.monotonic()
        answer = ask()
        seconds = time.monotonic() - began
        with self.lock:
            self.slowest = max(self.slowest, seconds)
            if answer.code == grpc.StatusCode.DEADLINE_EXCEEDED and self.may_time_out > 0:
                self.may_time_out -= 1
            elif not answer.ok:
                self.wrong.append(f"others are affected: {what} is answered {answer} after {seconds:.1f} s")
        return answer.reply

    def _call(self, method, request):
        return self._ask(method, lambda: self.api.call(method, request, timeout=DEADLINE_SECONDS))

    def _expect(self, holds, sentence):
        if not holds:
            with self.lock:
                self.wrong.append(sentence)

    def _round(self, number):
        self._ask("Health", lambda: ask_health(self.api.channel))
        create = contacts_service_pb2.CreateContactRequest(request_id=f"{self.name}-c{number}")
        create.contact.last_name = f"{self.name}-{number}"
        create.contact.emails.add(address=f"{self.name}{number}@calm.example")
        contact = self._call("CreateContact", create)
        if contact is None:
            return
        self.kept[contact.name] = contact.last_name
        found = self._call("GetContact", contacts_service_pb2.GetContactRequest(name=contact.name))
        self._expect(found is None or found.last_name == contact.last_name, f"{contact.name} is read as {found}")
        self._list(contact)
        self._record(contact, number)
        if number % 8 == 0:
            self._move(number)

    def _list(self, contact):
        request = contacts_service_pb2.ListContactsRequest(filter=f'email = "{contact.emails[0].address}"')
        listed = self._call("ListContacts", request)
        self._expect(listed is None or [one.name for one in listed.contacts] == [contact.name],
                     f"the list of {contact.emails[0].address} is {listed}")

    def _record(self, contact, number):
        record = interactions_service_pb2.RecordInteractionRequest(
            parent=contact.name, request_id=f"{self.name}-i{number}",
            interaction=interaction_pb2.Interaction(kind="NOTE", body="calm " * 20))
        made = self._call("RecordInteraction", record)
        if made is None:
            return
        found = self._call("GetInteraction", interactions_service_pb2.GetInteractionRequest(name=made.name))
        self._expect(found is None or found.body == record.interaction.body, f"{made.name} is read as {found}")
        timeline = self._call("ListTimeline", interactions_service_pb2.ListTimelineRequest(parent=contact.name))
        self._expect(timeline is None or made.name in [entry.interaction.name for entry in timeline.entries],
                     f"the timeline of {contact.name} has no {made.name}")

    def _move(self, number):
        """A deal goes through stages, whose times may not run back."""
        create = deals_service_pb2.CreateDealRequest(request_id=f"{self.name}-d{number}")
        create.deal.display_name = f"{self.name}-{number}"
        deal = self._call("CreateDeal", create)
        for stage in ("contacted", "negotiation") if deal is not None else ():
            self._call("MoveDeal", deals_service_pb2.MoveDealRequest(
                name=deal.name, stage=STAGES + stage, request_id=f"{self.name}-{stage}{number}"))
        self._call("GetPipelineBoard", deals_service_pb2.GetPipelineBoardRequest(read=read_pb2.ReadOptions()))

    def audit(self, api):
        """Whether everything that it was told is there. Ends with the first thing that is not."""
        for name, last_name in list(self.kept.items()):
            answer = api.patiently(
                lambda name=name: api.call("GetContact", contacts_service_pb2.GetContactRequest(name=name)))
            if not answer.ok or answer.reply.last_name != last_name:
                return [f"{name}, which was acknowledged, is answered {answer}"]
        return []
