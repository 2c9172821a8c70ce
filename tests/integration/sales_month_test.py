"""A month of a sales team, by a clock that is moved, over the real kithd and a real SMTP server: welcome mails, follow-ups
three days after a call, check-ins thirty days after a win, and what people are told. It is lived twice, the second time
with kithd killed after every step. Both months come to the same.

usage: sales_month_test.py KITHD STUBS CLOCK
"""

import collections
import os
import shutil
import sys
import tempfile
import unittest

KITHD, STUBS, CLOCK = sys.argv[1:4]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

from kith.interactions.v1 import interaction_pb2  # noqa: E402
from kith.notifications.v1 import notification_pb2  # noqa: E402
from kith.tasks.v1 import task_pb2  # noqa: E402
from kith.workflows.v1 import workflow_run_pb2  # noqa: E402
from simulated_month import Month  # noqa: E402

DAY = 24


class SalesMonth(Month):

    def live(self):
        ada = self.step("Users", "CreateUser", user={"display_name": "Ada"}).name
        ben = self.step("Users", "CreateUser", user={"display_name": "Ben"}).name
        template = self.step("MailTemplates", "CreateMailTemplate", mail_template={
            "display_name": "Welcome", "subject": "Welcome, {{contact.first_name}}", "text": "It is good to meet you."}).name
        self.work({"display_name": "Welcome mail", "trigger": {"resource": "contacts", "change": "CREATED"}, "steps": [
            {"id": "mail", "call": {"method": "SendMessage", "request":
                                    '{"contact": "{{record.name}}", "mail_template": "%s"}' % template}}]})
        self.work({"display_name": "Follow up", "trigger": {"resource": "interactions", "condition": "kind = CALL"}, "steps": [
            {"id": "wait", "wait": {"duration": "3d"}},
            {"id": "task", "call": {"method": "CreateTask", "request":
                                    '{"task": {"display_name": "Call again", "owner": "%s",'
                                    ' "contacts": ["{{record.name}}"]}}' % ada}}]})
        self.work({"display_name": "Check in", "trigger": {"resource": "deals", "change": "UPDATED",
                                                           "condition": "status = WON"}, "steps": [
            {"id": "wait", "wait": {"duration": "30d"}},
            {"id": "task", "call": {"method": "CreateTask", "request":
                                    '{"task": {"display_name": "Ask how {{record.display_name}} goes",'
                                    ' "deal": "{{record.name}}"}}'}}]})
        met = []
        for first_name in ("Carla", "Dora", "Eve"):
            met.append(self.step("Contacts", "CreateContact", contact={
                "first_name": first_name, "emails": [{"address": f"{first_name.lower()}@example.com"}]}).name)
            self.pass_time(DAY)
        for contact in met[:2]:
            self.step("Interactions", "RecordInteraction", parent=contact,
                      interaction={"kind": interaction_pb2.CALL, "subject": "First talk"})
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
            self.await_quiet()

    def outcome(self):
        """What the month came to, without what chance and time made of it."""
        state = workflow_run_pb2.RunState.Name
        listed = {
            "mails": [(mail["To"], mail["Subject"]) for mail in
                      {mail["Message-ID"]: mail for mail in self.sink.mails}.values()],
            "tasks": [(task.display_name, task_pb2.TaskState.Name(task.state), bool(task.owner)) for task in
                      self.call("Tasks", "ListTasks", page_size=100).tasks],
            "notifications": [
                (notification_pb2.NotificationKind.Name(told.kind), told.display_name) for told in
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
        self.assertEqual(outcome["mails"], {(f"{name.lower()}@example.com", f"Welcome, {name}"): 1
                                            for name in ("Carla", "Dora", "Eve")})
        told = {task[0]: count for task, count in outcome["tasks"].items()}
        self.assertEqual(told, {"Call again": 2, "Ask how Atlas goes": 1})
        self.assertEqual({run[:2] for run in outcome["runs"]},
                         {("Welcome mail", "DONE"), ("Follow up", "DONE"), ("Check in", "DONE")})
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
