"""The row about profiles: what somebody waits for who asks for all of a contact, beside its slowest part."""

import contextlib
import http.client
import json
import statistics
import time

from . import worlds
from .results import Result, Row
from .rounds import Sample, alternate, ratios

PEOPLE, DEALS, INTERACTIONS = 100, 10_000, 200_000
CALLS = 20  # of each in a round

PROFILE = ("kith.profiles.v1.ProfilesService/GetContactProfile", {"name": "$name"})
# The parts that take longest: those that look at many rows, or at the log.
PARTS = [
    ("kith.interactions.v1.InteractionsService/SummarizeTimeline", {"parent": "$name"}),
    ("kith.interactions.v1.InteractionsService/ListTimeline", {"parent": "$name", "pageSize": 10}),
    ("kith.contacts.v1.ContactsService/ListContactRevisions", {"name": "$name", "pageSize": 5}),
    ("kith.deals.v1.DealsService/ListDeals",
     {"filter": 'contact = "$name" status = OPEN', "orderBy": "expected_close_date", "pageSize": 10,
      "summary": {"totalSize": True, "sums": ["amount"]}}),
    ("kith.tasks.v1.TasksService/ListTasks",
     {"filter": 'contacts = "$name" state in (OPEN, IN_PROGRESS)', "orderBy": "due_time", "pageSize": 10,
      "summary": {"totalSize": True}}),
]


class Caller:
    """Calls over one HTTP connection."""

    def __init__(self, kithd):
        self.connection = http.client.HTTPConnection(kithd.http_address())
        self.headers = {"authorization": f"Bearer {kithd.key}", "content-type": "application/json"}

    def close(self):
        self.connection.close()

    def call(self, method, request):
        self.connection.request("POST", f"/{method}", json.dumps(request), self.headers)
        reply = self.connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{method}: {body.decode()}")
        return json.loads(body)

    def median_ms(self, method, request, names):
        """How long one call takes, of one record after the other."""
        taken = []
        for number in range(CALLS):
            text = json.dumps(request).replace("$name", names[number % len(names)])
            began = time.perf_counter()
            self.call(method, json.loads(text))
            taken.append((time.perf_counter() - began) * 1e3)
        return statistics.median(taken)


def profile(bench):
    kithd = worlds.serve(bench, "profiles", worlds.fill(bench, "profiles", contacts=PEOPLE, deals=DEALS,
                                                        interactions=INTERACTIONS)[0])
    with contextlib.closing(Caller(kithd)) as caller:
        listed = caller.call("kith.contacts.v1.ContactsService/ListContacts", {"pageSize": 10})
        names = [contact["name"] for contact in listed["contacts"]]
        sides = [lambda asked=asked: caller.median_ms(*asked, names) for asked in (PROFILE, *PARTS)]
        for side in sides:
            side()  # warms up
        whole, *parts = alternate(bench.settings.rounds, *sides)
    kithd.drop()
    slowest = [max(of_round) for of_round in zip(*parts)]
    return [Result.at_most("GetContactProfile / the slowest of its parts", 1.5, ratios(whole, slowest),
                           detail=f"{Sample(whole).median:.1f} ms, {INTERACTIONS // PEOPLE:,} interactions each",
                           numbers={"profile_ms": whole, "slowest_ms": slowest})]


ROWS = [Row("S11p", "a profile and its slowest part", profile)]
