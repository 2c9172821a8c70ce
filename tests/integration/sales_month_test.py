"""A month of a sales team, by a clock that is moved, over the real kithd and a real SMTP server, with the workflows of the
sample: welcome mails, calls to who does not answer, follow-ups, check-ins thirty days after a win, deals that nobody
touches, and what people are told. It is lived twice, the second time with kithd killed after every step, and between a
passing of time and what that sets off. Both months come to the same.

usage: sales_month_test.py KITHD STUBS CLOCK
"""

import collections
import os
import re
import shutil
import sys
import tempfile
import time
import unittest

KITHD, STUBS, CLOCK = sys.argv[1:4]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

from kith.interactions.v1 import interaction_pb2  # noqa: E402
from kith.notifications.v1 import notification_pb2  # noqa: E402
from kith.tasks.v1 import task_pb2  # noqa: E402
from kith.workflows.v1 import workflow_run_pb2  # noqa: E402
from simulated_month import Month, shipped  # noqa: E402

DAY = 24
SHIPPED = ("Welcome mail", "Follow up on calls", "Check in after a win", "Stale deals")


def hours_until_monday():
    """Until noon of a Monday, so that weekdays are the same whenever this is run."""
    now = time.gmtime()
    return (-now.tm_wday * DAY + 12 - now.tm_hour) % (7 * DAY)


class SalesMonth(Month):

    def live(self):
        self.pass_time(hours_until_monday())
        ada = self.step("Users", "CreateUser", user={"display_name": "Ada"}).name
        ben = self.step("Users", "CreateUser", user={"display_name": "Ben"}).name
        for workflow in SHIPPED:
            self.work(shipped(workflow))
        met = []
        for first_name in ("Carla", "Dora", "Eve"):
            met.append(self.step("Contacts", "CreateContact", contact={
                "first_name": first_name, "emails": [{"address": f"{first_name.lower()}@example.com"}],
                "lifecycle_stage": "LEAD", "owner": ada}).name)
            self.pass_time(DAY)
        # One of them answers the welcome, so nobody has to call her for that.
        self.await_quiet()
        self.step("Interactions", "RecordInteraction", parent=met[0], interaction={
            "kind": interaction_pb2.EMAIL, "direction": interaction_pb2.INBOUND, "subject": "Thank you"})
        for contact in met[:2]:
            self.step("Interactions", "RecordInteraction", parent=contact, interaction={
                "kind": interaction_pb2.CALL, "direction": interaction_pb2.OUTBOUND, "subject": "First talk"})
            self.pass_time(DAY)
        for deal, owner in (("atlas", ada), ("birch", ben)):
            self.step("Deals", "CreateDeal", deal_id=deal, deal={"display_name": deal.title(), "owner": owner})
        self.pass_time(DAY)
        self.step("Deals", "MoveDeal", name="deals/atlas", stage="pipelines/default/stages/negotiation")
        self.step("Deals", "UpdateDeal", deal={"name": "deals/birch", "owner": ada})
        self.pass_time(2 * DAY)
        self.step("Deals", "WinDeal", name="deals/atlas")
        for days in (1, 3, 27, 2):
            self.pass_time(days * DAY)

    def outcome(self):
        """What the month came to, without what chance and time made of it."""
        state = workflow_run_pb2.RunState.Name
        listed = {
            "mails": [(mail["To"], mail["Subject"]) for mail in
                      {mail["Message-ID"]: mail for mail in self.sink.mails}.values()],
            "tasks": [(task.display_name, task_pb2.TaskState.Name(task.state), bool(task.owner)) for task in
                      self.call("Tasks", "ListTasks", page_size=100).tasks],
            "notifications": [
                (notification_pb2.NotificationKind.Name(told.kind),
                 re.sub(r" \(told .*? late\)", "", told.display_name)) for told in
                self.call("Notifications", "ListNotifications", page_size=100).notifications],
            "runs": [(run.display_name, state(run.state), tuple(outcome.step for outcome in run.outcomes)) for run in
                     self.call("WorkflowRuns", "ListWorkflowRuns", page_size=100).workflow_runs],
        }
        return {kind: collections.Counter(map(tuple, found)) for kind, found in listed.items()}


class SalesMonthTest(unittest.TestCase):

    maxDiff = None

    def month(self, killed):
        folder = tempfile.mkdtemp(prefix="kith_month_")
        self.addCleanup(shutil.rmtree, folder)
        month = SalesMonth(KITHD, CLOCK, folder, killed)
        self.addCleanup(month.end)
        month.live()
        return month

    def test_a_month_in_which_everything_breaks_comes_to_the_same(self):
        calm = self.month(killed=False)
        outcome = calm.outcome()
        self.assertEqual(outcome["mails"], {(f"{name}@example.com", "Welcome"): 1 for name in ("carla", "dora", "eve")})
        told = {task[0]: count for task, count in outcome["tasks"].items()}
        self.assertEqual(told, {"Follow up on the call": 2, "Call whoever has not answered": 2, "Check in about Atlas": 1,
                                "Take Birch up again, or give it up": 1})
        self.assertEqual({run[:2] for run in outcome["runs"]}, {(workflow, "DONE") for workflow in SHIPPED})
        self.assertIn(("ASSIGNMENT", "The deal Birch is yours now."), outcome["notifications"])
        broken = self.month(killed=True)
        self.assertGreater(broken.kills, 15)
        self.assertEqual(broken.outcome(), outcome)
        # What is folded anew does nothing again.
        before = len(broken.sink.mails)
        broken.kithd.kill()
        shutil.rmtree(os.path.join(broken.kithd.data, "views"))
        broken.kithd.start()
        broken.await_quiet()
        self.assertEqual(broken.outcome(), outcome)
        self.assertEqual(len(broken.sink.mails), before)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
