"""From a stranger to a customer in thirty days, by a clock that is moved, over the real kithd, its HTTP port and a real
SMTP server: somebody looks at our pages, sends a form, becomes a contact and a lead, is welcomed by mail and called, gets an offer, buys, and
is asked after a month how it goes. Everything is read back from where people look. It is lived twice, the second time with
kithd killed after every step; both come to the same, and what is folded anew sends nothing again.

usage: thirty_days_test.py KITHD STUBS CLOCK
"""

import json
import os
import re
import shutil
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

KITHD, STUBS, CLOCK = sys.argv[1:4]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

from kith.assignment_rules.v1 import assignment_rule_pb2  # noqa: E402
from kith.deals.v1 import deal_pb2  # noqa: E402
from kith.forms.v1 import form_pb2  # noqa: E402
from kith.interactions.v1 import interaction_pb2  # noqa: E402
from kith.leads.v1 import lead_pb2  # noqa: E402
from kith.notifications.v1 import notification_pb2  # noqa: E402
from kith.scoring_models.v1 import scoring_model_pb2  # noqa: E402
from kith.workflows.v1 import workflow_run_pb2  # noqa: E402
from simulated_month import Month, shipped  # noqa: E402

DAY = 24


class ThirtyDays(Month):

    def __init__(self, folder, killed):
        self.log = open(os.path.join(folder, "log"), "a", encoding="utf-8")
        super().__init__(KITHD, CLOCK, folder, killed, ["--http=127.0.0.1:0"], stderr=self.log)

    def end(self):
        super().end()
        self.log.close()

    def live(self):
        self.prepare()
        # Day 1: a stranger looks at three pages, and sends the form.
        browser = re.search(r'fresh = "([\w-]+)"', self.fetch(self.site + "/kith.js")).group(1)
        for number, page in enumerate(("/?utm_source=google&utm_medium=cpc&email=c%40example.com", "/prices", "/contact")):
            view = {"id": f"view-{number}", "url": "https://www.acme.example" + page}
            # What is told twice is one view.
            for _ in range(2):
                self.fetch(self.site, json.dumps({"visitor": browser, "views": [view]}).encode())
                self.end_of_step()
        self.post(self.page_of_form, first_name="Carla", email="carla@example.com", need="SEO services",
                  kith_visitor=browser, kith_page="https://www.acme.example/contact")
        self.end_of_step()
        self.await_quiet()
        self.contact = self.call("Contacts", "ListContacts").contacts[0].name
        self.lead = self.call("Leads", "ListLeads").leads[0].name
        self.pass_time(DAY)
        # Day 2: the first call, which a task follows three days later.
        self.step("Interactions", "RecordInteraction", parent=self.contact, interaction={
            "kind": interaction_pb2.CALL, "direction": interaction_pb2.OUTBOUND, "subject": "First talk"})
        self.await_quiet()
        self.step("Leads", "QualifyLead", name=self.lead)
        self.deal = self.step("Leads", "ConvertLead", name=self.lead, create_deal=True, deal_display_name="SEO",
                              amount={"currency_code": "EUR", "units": 12000}).converted_deal
        self.pass_time(3 * DAY)
        # Day 5: they look at the proposal, which moves the deal by itself.
        self.await_quiet()
        self.step("Interactions", "RecordInteraction", parent=self.contact, interaction={
            "kind": interaction_pb2.DOCUMENT_VIEW, "channel": "proposal", "links": [self.deal]})
        self.await_quiet()
        self.pass_time(5 * DAY)
        # Day 10: it is won.
        self.step("Deals", "WinDeal", name=self.deal)
        self.await_quiet()
        # Day 30: whoever looks after them is reminded.
        self.pass_time(20 * DAY)
        self.await_quiet()

    def prepare(self):
        self.reps = [self.step("Users", "CreateUser", user={"display_name": name, "email": f"{name.lower()}@acme.example"}).name
                     for name in ("Ada", "Ben")]
        rule = self.step("AssignmentRules", "CreateAssignmentRule", assignment_rule={
            "display_name": "Who is next", "resource": "contacts", "strategy": assignment_rule_pb2.ROUND_ROBIN,
            "members": [{"user": rep} for rep in self.reps]}).name
        template = self.step("MailTemplates", "CreateMailTemplate", mail_template={
            "display_name": "Welcome", "subject": "Welcome, {{contact.first_name}}", "text": "We call you."}).name
        self.model = self.step("ScoringModels", "CreateScoringModel", scoring_model={
            "display_name": "Interest", "target": scoring_model_pb2.CONTACTS,
            "rules": [{"id": "form", "points": 30, "event": {"kind": interaction_pb2.FORM_SUBMISSION}},
                      {"id": "call", "points": 15, "event": {"kind": interaction_pb2.CALL}}],
            "thresholds": [{"id": "warm", "display_name": "Warm", "value": 40}]}).name
        self.work({"display_name": "Welcome", "trigger": {"resource": "contacts", "change": "CREATED"}, "steps": [
            {"id": "mail", "call": {"method": "SendMessage", "request":
                                    '{"contact": "{{record.name}}", "mail_template": "%s"}' % template}}]})
        self.work({"display_name": "Follow up", "trigger": {"resource": "interactions", "condition": "kind = CALL"}, "steps": [
            {"id": "wait", "wait": {"duration": "3d"}},
            {"id": "task", "call": {"method": "CreateTask", "request":
                                    '{"task": {"display_name": "Follow up",'
                                    ' "owner": "{{record.owner}}", "contacts": ["{{record.name}}"]}}'}}]})
        self.work({"display_name": "Check in", "trigger": {"resource": "deals", "change": "UPDATED",
                                                           "condition": "status = WON"}, "steps": [
            {"id": "wait", "wait": {"duration": "20d"}},
            {"id": "task", "call": {"method": "CreateTask", "request":
                                    '{"task": {"display_name": "Ask how {{record.display_name}} goes",'
                                    ' "owner": "{{record.owner}}", "deal": "{{record.name}}"}}'}}]})
        self.work(shipped("Proposals move their deals"))
        form = self.step("Forms", "CreateForm", form={
            "display_name": "Ask about SEO", "assignment_rule": rule, "contact_source": "web form", "creates_lead": True,
            "fields": [
                {"key": "first_name", "label": "First name", "maps_to": "contact.first_name", "required": True},
                {"key": "email", "label": "E-mail", "kind": form_pb2.EMAIL, "maps_to": "contact.emails", "required": True},
                {"key": "need", "label": "What for?", "kind": form_pb2.PARAGRAPH}]}).name
        self.step("Forms", "PublishForm", name=form)
        self.page_of_form = self.call("Forms", "GetFormEmbedding", name=form).path
        site = self.step("Sites", "CreateSite", site={
            "display_name": "Our pages", "allowed_origins": ["https://www.acme.example"]}).name
        self.site = "/v/" + self.call("Sites", "GetSiteEmbedding", name=site).public_id

    def post(self, path, **fields):
        """What a browser sends of a page's form; answers the page that it shows then."""
        return self.fetch(path, urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def fetch(self, path, body=None, content_type="text/plain"):
        """What a browser on one of our pages is answered, as it asks, or posts the body."""
        ports = []
        while len(ports) <= self.kills:  # each start tells one, maybe after it is ready
            with open(self.log.name, encoding="utf-8") as lines:
                ports = re.findall(r'"http_port":(\d+)', lines.read())
        asks = urllib.request.Request(f"http://127.0.0.1:{ports[-1]}{path}", body, {
            "origin": "https://www.acme.example", "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/115.0",
            **({} if body is None else {"content-type": content_type})})
        with urllib.request.urlopen(asks, timeout=60) as reply:
            return reply.read().decode()

    def outcome(self):
        """What the month came to, from where people look, without what chance and time made of it."""
        contact = self.call("Contacts", "GetContact", name=self.contact)
        lead = self.call("Leads", "GetLead", name=self.lead)
        deal = self.call("Deals", "GetDeal", name=self.deal)
        board = self.call("Deals", "GetPipelineBoard")
        owners = {rep: name for rep, name in zip(self.reps, ("Ada", "Ben"))}
        kind = notification_pb2.NotificationKind.Name
        state = workflow_run_pb2.RunState.Name
        return {
            "contact": (contact.first_name, contact.source, owners[contact.owner]),
            "lead": (lead_pb2.LeadStatus.Name(lead.status), lead.inquiry, owners[lead.owner],
                     lead.HasField("first_response_time"), lead.converted_contact == self.contact),
            "found us": (lead_pb2.LeadSource.Name(lead.first_touch.source), lead.first_touch.utm_source,
                         lead_pb2.LeadSource.Name(lead.latest_touch.source)),
            "deal": (deal.display_name, deal_pb2.DealStatus.Name(deal.status), deal.amount.units, owners[deal.owner],
                     [interval.stage.rsplit("/", 1)[1] for interval in deal.stage_intervals]),
            "score": self.call("Scores", "GetScore", model=self.model, record=self.contact).score,
            "reached": list(self.call("Scores", "GetScore", model=self.model, record=self.contact).reached),
            "timeline": sorted(interaction_pb2.InteractionKind.Name(entry.interaction.kind)
                               for entry in self.call("Interactions", "ListTimeline", parent=self.contact,
                                                      page_size=100).entries
                               if entry.HasField("interaction")),
            "visits": [(visit.landing_page, visit.page_view_count, visit.touch.utm_source)
                       for visit in self.call("Visitors", "ListVisits", parent=self.contact).visits],
            "visited": [entry.visit.page_view_count for entry in
                        self.call("Interactions", "ListTimeline", parent=self.contact, page_size=100).entries
                        if entry.HasField("visit")],
            "board": {stage.stage.rsplit("/", 1)[1]: stage.count for stage in board.stages if stage.count},
            "mails": sorted((mail["To"], mail["Subject"]) for mail in
                            {mail["Message-ID"]: mail for mail in self.sink.mails}.values()),
            "tasks": sorted((task.display_name, owners[task.owner])
                            for task in self.call("Tasks", "ListTasks", page_size=100).tasks),
            "told": sorted((kind(told.kind), owners[told.owner])
                           for told in self.call("Notifications", "ListNotifications", page_size=100).notifications),
            "runs": sorted((run.display_name, state(run.state)) for run in
                           self.call("WorkflowRuns", "ListWorkflowRuns", page_size=100).workflow_runs),
        }


class ThirtyDaysTest(unittest.TestCase):

    maxDiff = None

    def month(self, killed):
        folder = tempfile.mkdtemp(prefix="kith_thirty_days_")
        self.addCleanup(shutil.rmtree, folder)
        month = ThirtyDays(folder, killed)
        self.addCleanup(month.end)
        month.live()
        return month

    def test_a_stranger_becomes_a_customer_whatever_breaks(self):
        outcome = self.month(killed=False).outcome()
        self.assertEqual(outcome["contact"], ("Carla", "web form", "Ada"))
        self.assertEqual(outcome["lead"], ("CONVERTED", "What for?: SEO services", "Ada", True, True))
        self.assertEqual(outcome["found us"], ("AD", "google", "WEB_FORM"))
        self.assertEqual(outcome["visits"],
                         [("https://www.acme.example/?utm_source=google&utm_medium=cpc", 3, "google")])
        self.assertEqual(outcome["visited"], [3])
        self.assertEqual(outcome["deal"][:4], ("SEO", "WON", 12000, "Ada"))
        self.assertEqual(outcome["deal"][4], ["new-lead", "proposal-sent", "closed-won"])
        self.assertEqual(outcome["board"], {"closed-won": 1})
        self.assertEqual(outcome["score"], 45)
        self.assertEqual(outcome["reached"], ["warm"])
        self.assertEqual(outcome["mails"], [("carla@example.com", "Welcome, Carla")])
        self.assertEqual(outcome["tasks"], [("Ask how SEO goes", "Ada"), ("Follow up", "Ada")])
        self.assertIn(("SCORE_THRESHOLD", "Ada"), outcome["told"])
        self.assertIn(("ASSIGNMENT", "Ada"), outcome["told"])
        self.assertEqual(outcome["timeline"], ["CALL", "DOCUMENT_VIEW", "FORM_SUBMISSION"])
        self.assertEqual(outcome["runs"], [("Check in", "DONE"), ("Follow up", "DONE"), ("Proposals move their deals", "DONE"),
                                           ("Welcome", "DONE")])
        broken = self.month(killed=True)
        self.assertGreater(broken.kills, 15)
        self.assertEqual(broken.outcome(), outcome)
        # What is folded anew does nothing again.
        broken.kithd.kill()
        shutil.rmtree(os.path.join(broken.kithd.data, "views"))
        broken.kithd.start()
        broken.await_quiet()
        self.assertEqual(broken.outcome(), outcome)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
