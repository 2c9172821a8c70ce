"""A clock that jumps an hour either way, under load and while the server is stopped.

Before each jump it is written down what was true then; after it, the same is asked again as of that event, and of its
time.
"""

import os
import signal
import struct
import time

from kith.contacts.v1 import contacts_service_pb2
from kith.deals.v1 import deals_service_pb2
from kith.type.v1.read_pb2 import ReadOptions

HOUR_SECONDS = 3600
NOTICE_SECONDS = 2.5


class Clock:
    """What a kithd believes to be the time of day. `environment` is for that kithd."""

    def __init__(self, library, page):
        self.page = page
        self.hours = 0
        self.jump(0)
        self.environment = {"LD_PRELOAD": library, "KITH_CLOCK_PAGE": page}

    def jump(self, hours):
        self.hours += hours
        # In place, because the server sees the file's memory.
        with open(self.page, "r+b" if os.path.exists(self.page) else "wb") as file:
            file.write(struct.pack("<q", self.hours * HOUR_SECONDS * 10**9))


class Past:
    """Answers as of a moment, to be asked again."""

    def __init__(self, house):
        self.api = house.server.api
        made = self.api.call("CreateContact", contacts_service_pb2.CreateContactRequest(
            contact={"first_name": "Before"}))
        found = self.api.call("ListContacts", contacts_service_pb2.ListContactsRequest(page_size=1))
        if not made.ok or not found.ok:
            raise RuntimeError(f"nothing to remember: {made}, {found}")
        # There is an event of this number: each contact is more than one.
        self.moments = [ReadOptions(sequence=len(house.witness.kept)), ReadOptions(time=made.reply.create_time)]
        house.witness.await_round()
        self.answers = [self._ask(method, request) for method, request in self._questions()]

    def _questions(self):
        for read in self.moments:
            yield "ListContacts", contacts_service_pb2.ListContactsRequest(page_size=50, read=read)
            yield "ListDeals", deals_service_pb2.ListDealsRequest(page_size=50, read=read)
            yield "GetPipelineBoard", deals_service_pb2.GetPipelineBoardRequest(read=read)

    def _ask(self, method, request):
        answer = self.api.patiently(lambda: self.api.call(method, request))
        if answer.ok and hasattr(answer.reply, "next_page_token"):
            answer.reply.next_page_token = ""
        return str(answer.reply if answer.ok else answer)

    def compare(self, api):
        self.api = api
        return [f"{method} as of {request.read} is {now}, and was {then}"
                for (method, request), then in zip(self._questions(), self.answers)
                if (now := self._ask(method, request)) != then]


def _await_notice(house):
    """Until the server has seen what time it is. A process may go on with what it knew of the time for two seconds."""
    end = time.monotonic() + NOTICE_SECONDS
    while time.monotonic() < end:
        house.witness.await_round()
    house.witness.may_time_out = 0


def jumps(clock):
    """The attack, with the clock that the house was started with."""

    def attack(house):
        for hours in house.scale.jumps:
            past = Past(house)
            house.witness.await_round()
            # The one call that is under way may be told that its deadline has passed.
            house.witness.may_time_out = 1
            clock.jump(hours)
            _await_notice(house)
            yield f"{hours:+} h while it runs", past.compare(house.server.api)
        for hours in house.scale.jumps_stopped:
            past = Past(house)
            house.leave()
            for sentence in house.witness.take_wrong()[0]:
                yield "others before a stop", [sentence]
            code = house.server.stop(signal.SIGTERM if hours % 2 else signal.SIGKILL)
            clock.jump(hours)
            house.open()
            yield f"{hours:+} h while it is stopped", past.compare(house.server.api) + (
                [] if code in (0, -signal.SIGKILL) else [f"kithd ended with {code}"])
        yield "what was acknowledged", house.witness.audit(house.server.api)
    return attack
