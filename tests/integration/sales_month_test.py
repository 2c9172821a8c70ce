"""A month of a sales team, by a clock that is moved, over the real kithd and a real SMTP server: welcome mails, follow-ups
three days after a call, check-ins thirty days after a win, and what people are told. It is lived twice, the second time
with kithd killed after every step. Both months come to the same.

usage: sales_month_test.py KITHD STUBS CLOCK
"""

import collections
import os
import shutil
import struct
import sys
import tempfile
import threading
import time
import unittest

KITHD, STUBS, CLOCK = sys.argv[1:4]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

from kith.contacts.v1 import contacts_service_pb2 as contacts  # noqa: E402
from kith.contacts.v1 import contacts_service_pb2_grpc  # noqa: E402
from kith.deals.v1 import deals_service_pb2 as deals  # noqa: E402
from kith.deals.v1 import deals_service_pb2_grpc  # noqa: E402
from kith.events.v1 import events_service_pb2 as events  # noqa: E402
from kith.events.v1 import events_service_pb2_grpc  # noqa: E402
from kith.interactions.v1 import interaction_pb2  # noqa: E402
from kith.interactions.v1 import interactions_service_pb2 as interactions  # noqa: E402
from kith.interactions.v1 import interactions_service_pb2_grpc  # noqa: E402
from kith.mail_templates.v1 import mail_templates_service_pb2 as templates  # noqa: E402
from kith.mail_templates.v1 import mail_templates_service_pb2_grpc  # noqa: E402
from kith.notifications.v1 import notification_pb2  # noqa: E402
from kith.notifications.v1 import notifications_service_pb2 as notifications  # noqa: E402
from kith.notifications.v1 import notifications_service_pb2_grpc  # noqa: E402
from kith.policies.v1 import policies_service_pb2 as policies  # noqa: E402
from kith.policies.v1 import policies_service_pb2_grpc  # noqa: E402
from kith.tasks.v1 import task_pb2  # noqa: E402
from kith.tasks.v1 import tasks_service_pb2 as tasks  # noqa: E402
from kith.tasks.v1 import tasks_service_pb2_grpc  # noqa: E402
from kith.users.v1 import users_service_pb2 as users  # noqa: E402
from kith.users.v1 import users_service_pb2_grpc  # noqa: E402
from kith.workflows.v1 import workflow_run_pb2  # noqa: E402
from kith.workflows.v1 import workflow_runs_service_pb2 as runs  # noqa: E402
from kith.workflows.v1 import workflow_runs_service_pb2_grpc  # noqa: E402
from kith.workflows.v1 import workflows_service_pb2 as workflows  # noqa: E402
from kith.workflows.v1 import workflows_service_pb2_grpc  # noqa: E402
from kithd_process import Kithd  # noqa: E402
from mail_sink import Sink  # noqa: E402

SECONDS = 60  # within which everything happens that is due
DAY = 24
STUBS_OF = {"Contacts": contacts_service_pb2_grpc, "Deals": deals_service_pb2_grpc, "Users": users_service_pb2_grpc,
            "Interactions": interactions_service_pb2_grpc, "MailTemplates": mail_templates_service_pb2_grpc,
            "Notifications": notifications_service_pb2_grpc, "Policies": policies_service_pb2_grpc,
            "Tasks": tasks_service_pb2_grpc, "WorkflowRuns": workflow_runs_service_pb2_grpc,
            "Workflows": workflows_service_pb2_grpc, "Events": events_service_pb2_grpc}


class Month:
    """A kithd, its clock and its mail server, and what people do with it."""

    def __init__(self, folder, killed):
        self.page = os.path.join(folder, "clock.page")
        self.hours = 0
        self.write_page()
        self.sink = Sink()
        self.kithd = Kithd(KITHD, os.path.join(folder, "data"),
                           [f"--smtp_url=smtp://127.0.0.1:{self.sink.port}", "--smtp_from=Acme <crm@acme.example>",
                            "--smtp_tls=never", "--smtp_per_second_per_domain=0"],
                           env={**os.environ, "LD_PRELOAD": CLOCK, "KITH_CLOCK_PAGE": self.page})
        self.killed = killed
        self.kills = 0

    def end(self):
        if self.kithd.process.poll() is None:
            self.kithd.stop()
        self.sink.close()

    def pass_time(self, hours):
        """Until kithd knows it, which looks at the clock every few seconds and counts in between."""
        self.hours += hours
        self.write_page()
        request = deals.GetPipelineBoardRequest()
        until = time.time() + self.hours * 3600
        while self.call("Deals", "GetPipelineBoard", request).read_time.seconds < until - 60:
            pass

    def write_page(self):
        # In place, because kithd sees the file's memory.
        with open(self.page, "r+b" if os.path.exists(self.page) else "wb") as file:
            file.write(struct.pack("<q", self.hours * 3600 * 10**9))

    def call(self, service, method, request):
        stub = getattr(STUBS_OF[service], f"{service}ServiceStub")(self.kithd.channel)
        return getattr(stub, method)(request, metadata=self.kithd.metadata, timeout=SECONDS)

    def step(self, service, method, request):
        """What somebody does; in the month of the kills, kithd does not live to do what follows from it."""
        answer = self.call(service, method, request)
        if self.killed:
            self.kithd.kill()
            self.kithd.start()
            self.kills += 1
        return answer

    def await_quiet(self):
        """Until all is done that is due, which events tell of."""
        told = threading.Condition()
        count = 0

        def listen(stream):
            nonlocal count
            try:
                for _ in stream:
                    with told:
                        count += 1
                        told.notify_all()
            except Exception:  # pylint: disable=broad-except
                pass  # it was cancelled

        stub = events_service_pb2_grpc.EventsServiceStub(self.kithd.channel)
        stream = stub.SubscribeEvents(events.SubscribeEventsRequest(), metadata=self.kithd.metadata)
        thread = threading.Thread(target=listen, args=[stream])
        thread.start()
        try:
            while True:
                before = count
                found = self.call("Policies", "ListPolicies", policies.ListPoliciesRequest()).policies
                if any(policy.parked for policy in found):
                    raise AssertionError(f"parked: {[policy for policy in found if policy.parked]}")
                if not any(policy.due_count for policy in found):
                    return
                with told:
                    if not told.wait_for(lambda: count > before, timeout=SECONDS):
                        raise AssertionError(f"nothing more happens: {found}")
        finally:
            stream.cancel()
            thread.join()

    def work(self, definition, **trigger):
        """A workflow that is active."""
        request = workflows.CreateWorkflowRequest(workflow=definition)
        for field, value in trigger.items():
            setattr(request.workflow.trigger, field, value)
        name = self.step("Workflows", "CreateWorkflow", request).name
        self.step("Workflows", "ActivateWorkflow", workflows.ActivateWorkflowRequest(name=name))

    def live(self):
        ada = self.step("Users", "CreateUser", users.CreateUserRequest(user={"display_name": "Ada"})).name
        ben = self.step("Users", "CreateUser", users.CreateUserRequest(user={"display_name": "Ben"})).name
        template = self.step("MailTemplates", "CreateMailTemplate", templates.CreateMailTemplateRequest(mail_template={
            "display_name": "Welcome", "subject": "Welcome, {{contact.first_name}}", "text": "It is good to meet you."})).name
        self.work({"display_name": "Welcome mail", "trigger": {"resource": "contacts", "change": "CREATED"}, "steps": [
            {"id": "mail", "call": {"method": "SendMessage", "request":
                                    '{"contact": "{{record.name}}", "mail_template": "%s"}' % template}}]})
        self.work({"display_name": "Follow up", "trigger": {"resource": "interactions", "condition": "kind = CALL"}, "steps": [
            {"id": "wait", "wait": {"duration": "3d"}},
            {"id": "task", "call": {"method": "CreateTask", "request":
                                    '{"task": {"display_name": "Call {{record.first_name}} again", "owner": "%s",'
                                    ' "contacts": ["{{record.name}}"]}}' % ada}}]})
        self.work({"display_name": "Check in", "trigger": {"resource": "deals", "change": "UPDATED",
                                                           "condition": "status = WON"}, "steps": [
            {"id": "wait", "wait": {"duration": "30d"}},
            {"id": "task", "call": {"method": "CreateTask", "request":
                                    '{"task": {"display_name": "Ask how {{record.display_name}} goes",'
                                    ' "deal": "{{record.name}}"}}'}}]})
        met = []
        for first_name in ("Carla", "Dora", "Eve"):
            met.append(self.step("Contacts", "CreateContact", contacts.CreateContactRequest(contact={
                "first_name": first_name, "emails": [{"address": f"{first_name.lower()}@example.com"}]})).name)
            self.pass_time(DAY)
        for contact in met[:2]:
            self.step("Interactions", "RecordInteraction", interactions.RecordInteractionRequest(
                parent=contact, interaction={"kind": interaction_pb2.CALL, "subject": "First talk"}))
            self.pass_time(DAY)
        for deal, owner in (("atlas", ada), ("birch", ben)):
            self.step("Deals", "CreateDeal", deals.CreateDealRequest(
                deal_id=deal, deal={"display_name": deal.title(), "owner": owner}))
        self.pass_time(DAY)
        self.step("Deals", "MoveDeal", deals.MoveDealRequest(name="deals/atlas",
                                                             stage="pipelines/default/stages/negotiation"))
        self.step("Deals", "UpdateDeal", deals.UpdateDealRequest(deal={"name": "deals/birch", "owner": ada}))
        self.pass_time(2 * DAY)
        self.step("Deals", "WinDeal", deals.WinDealRequest(name="deals/atlas"))
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
                      self.call("Tasks", "ListTasks", tasks.ListTasksRequest(page_size=100)).tasks],
            "notifications": [
                (notification_pb2.NotificationKind.Name(told.kind), told.display_name) for told in
                self.call("Notifications", "ListNotifications",
                          notifications.ListNotificationsRequest(page_size=100)).notifications],
            "runs": [(run.display_name, state(run.state), tuple(outcome.step for outcome in run.outcomes)) for run in
                     self.call("WorkflowRuns", "ListWorkflowRuns", runs.ListWorkflowRunsRequest(page_size=100)).workflow_runs],
        }
        return {kind: collections.Counter(map(tuple, found)) for kind, found in listed.items()}


class SalesMonthTest(unittest.TestCase):

    maxDiff = None

    def month(self, killed):
        folder = tempfile.mkdtemp(prefix="kith_month_")
        self.addCleanup(shutil.rmtree, folder)
        month = Month(folder, killed)
        self.addCleanup(month.end)
        month.live()
        return month

    def test_a_month_in_which_everything_breaks_comes_to_the_same(self):
        calm = self.month(killed=False)
        outcome = calm.outcome()
        self.assertEqual(outcome["mails"], {(f"{name.lower()}@example.com", f"Welcome, {name}"): 1
                                            for name in ("Carla", "Dora", "Eve")})
        told = {task[0]: count for task, count in outcome["tasks"].items()}
        self.assertEqual(told, {"Call Carla again": 1, "Call Dora again": 1, "Ask how Atlas goes": 1})
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
