"""The real kithd and a real SMTP server: what is queued is sent, through everything that can go wrong on the way.

And what comes back is known.

usage: mail_test.py KITHD STUBS
"""

import datetime
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

KITHD, STUBS = sys.argv[1:3]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

import grpc  # noqa: E402
from kith.contacts.v1 import contacts_service_pb2 as contacts  # noqa: E402
from kith.contacts.v1 import contacts_service_pb2_grpc  # noqa: E402
from kith.forms.v1 import forms_service_pb2 as forms  # noqa: E402
from kith.forms.v1 import forms_service_pb2_grpc  # noqa: E402
from kith.mail_templates.v1 import mail_templates_service_pb2 as templates  # noqa: E402
from kith.mail_templates.v1 import mail_templates_service_pb2_grpc  # noqa: E402
from kith.meetings.v1 import meetings_service_pb2 as meetings  # noqa: E402
from kith.meetings.v1 import meetings_service_pb2_grpc  # noqa: E402
from kith.messages.v1 import message_pb2  # noqa: E402
from kith.messages.v1 import messages_service_pb2 as messages  # noqa: E402
from kith.messages.v1 import messages_service_pb2_grpc  # noqa: E402
from kith.notifications.v1 import notification_pb2  # noqa: E402
from kith.notifications.v1 import notification_preferences_pb2 as preferences_pb2  # noqa: E402
from kith.notifications.v1 import notifications_service_pb2 as notifications  # noqa: E402
from kith.notifications.v1 import notifications_service_pb2_grpc  # noqa: E402
from kith.policies.v1 import policies_service_pb2 as policies  # noqa: E402
from kith.policies.v1 import policies_service_pb2_grpc  # noqa: E402
from kith.received_mails.v1 import received_mail_pb2  # noqa: E402
from kith.received_mails.v1 import received_mails_service_pb2 as received_mails  # noqa: E402
from kith.received_mails.v1 import received_mails_service_pb2_grpc  # noqa: E402
from kith.users.v1 import users_service_pb2 as users  # noqa: E402
from kith.users.v1 import users_service_pb2_grpc  # noqa: E402
from kith.visitors.v1 import sites_service_pb2 as sites  # noqa: E402
from kith.visitors.v1 import sites_service_pb2_grpc  # noqa: E402
from kith.workspaces.v1 import workspaces_service_pb2 as workspaces  # noqa: E402
from kith.workspaces.v1 import workspaces_service_pb2_grpc  # noqa: E402
from certificate import certificate  # noqa: E402
from kithd_process import Kithd  # noqa: E402
from mail_sink import Sink  # noqa: E402
from recorded import SECONDS, await_events  # noqa: E402

SENT, FAILED, QUEUED = message_pb2.SENT, message_pb2.FAILED, message_pb2.QUEUED
ENDS = ["message_sent", "message_failed"]


class Log:
    """What a kithd logs, read as it comes."""

    def __init__(self, descriptor):
        self.lines = []
        self.told = threading.Condition()
        threading.Thread(target=self.read, args=[descriptor], daemon=True).start()

    def read(self, descriptor):
        with open(descriptor, encoding="utf-8") as log:
            for line in log:
                with self.told:
                    self.lines.append(line)
                    self.told.notify_all()

    def wait(self, text):
        with self.told:
            if not self.told.wait_for(lambda: any(text in line for line in self.lines), timeout=SECONDS):
                raise AssertionError(f"the log does not say: {text}")


class MailTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kith_mail_")
        self.addCleanup(shutil.rmtree, self.folder)
        self.kithd = None
        self.sink = None

    def start(self, *flags, sink=None, tls="never"):
        """kithd with a sink, which tries again at once."""
        self.sink = sink or Sink()
        self.addCleanup(self.sink.close)
        self.start_kithd(f"--smtp_url=smtp://127.0.0.1:{self.sink.port}", "--smtp_from=Acme, Inc. <crm@acme.example>",
                         f"--smtp_tls={tls}", "--smtp_retry_first=20ms", "--smtp_retry_most=20ms",
                         "--smtp_per_second_per_domain=0", "--smtp_connect_timeout=5s", *flags)

    def start_kithd(self, *flags):
        read, write = os.pipe()
        self.log = Log(read)
        self.kithd = Kithd(KITHD, os.path.join(self.folder, "data"), flags, stderr=write)
        os.close(write)
        self.addCleanup(self.end, self.kithd)

    @staticmethod
    def end(kithd):
        if kithd.process.poll() is None:
            kithd.stop()

    def start_again(self):
        """The same kithd, after it was killed."""
        self.kithd.options["stderr"] = subprocess.DEVNULL
        self.kithd.start()

    def call(self, module, service, method, request):
        stub = getattr(module, f"{service}Stub")(self.kithd.channel)
        return getattr(stub, method)(request, metadata=self.kithd.metadata, timeout=SECONDS)

    def contact(self, address="ada@example.com", **fields):
        request = contacts.CreateContactRequest()
        request.contact.first_name = "Ada"
        request.contact.emails.add(address=address)
        for field, value in fields.items():
            setattr(request.contact, field, value)
        return self.call(contacts_service_pb2_grpc, "ContactsService", "CreateContact", request).name

    def send(self, contact, subject="Hello", **fields):
        request = messages.SendMessageRequest(contact=contact, subject=subject, text="How are you?", **fields)
        return self.call(messages_service_pb2_grpc, "MessagesService", "SendMessage", request).name

    def get(self, name):
        return self.call(messages_service_pb2_grpc, "MessagesService", "GetMessage",
                         messages.GetMessageRequest(name=name))

    def await_end(self, name):
        """The message, once it is sent or has failed."""
        await_events(self.kithd, ENDS, prefix=name)
        return self.get(name)

    def await_sent(self, contact, count):
        """Until so many messages to the contact were sent."""
        await_events(self.kithd, ["message_sent"], count, contact + "/messages/")

    def ask(self, method, path, body=None):
        """What the HTTP port answers: the status and the headers."""
        self.log.wait('"http_port":')
        port = next(int(found.group(1)) for found in map(re.compile(r'"http_port":(\d+)').search, self.log.lines) if found)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        connection.request(method, path, body, {"user-agent": "Mozilla/5.0 (X11; Linux) Thunderbird/115"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}

    def user(self, address="ada@example.com", **preferences):
        """Somebody who wants a mail for everything."""
        request = users.CreateUserRequest()
        request.user.display_name = "Ada"
        request.user.email = address
        wanted = request.user.notification_preferences
        wanted.kinds.add(mail=preferences_pb2.AT_ONCE)
        for field, value in preferences.items():
            setattr(wanted, field, value)
        return self.call(users_service_pb2_grpc, "UsersService", "CreateUser", request).name

    def notify(self, owner, text="The task is due.", record=""):
        request = notifications.CreateNotificationRequest()
        request.notification.owner = owner
        request.notification.display_name = text
        request.notification.kind = notification_pb2.OVERDUE
        request.notification.record = record
        return self.call(notifications_service_pb2_grpc, "NotificationsService", "CreateNotification", request).name

    def await_mailed(self, name):
        """The notification, once a mail told of it, or none is to."""
        await_events(self.kithd, ["notification_mailed", "notification_not_mailed"], prefix=name)
        return self.call(notifications_service_pb2_grpc, "NotificationsService", "GetNotification",
                         notifications.GetNotificationRequest(name=name))

    def test_tells_users_of_notifications(self):
        self.start()
        ada = self.user("Ada@müller.example")
        contact = self.contact()
        told = self.await_mailed(self.notify(ada, "Grüße: it is due.", contact))
        self.assertEqual(told.mail_state, notification_pb2.MAILED, told)
        (mail,) = self.sink.mails
        self.assertEqual(mail.recipients, ["Ada@xn--mller-kva.example"])
        self.assertEqual(mail["Subject"], "Grüße: it is due.")
        self.assertEqual(mail["Message-ID"], told.mail_message_id)
        self.assertEqual(mail.parsed.get_content(), f"Grüße: it is due.\n{contact}\n")

    def test_tells_of_a_notification_under_one_message_id(self):
        self.start()
        ada = self.user()
        name, first = self.kill_after_the_yes(lambda: self.notify(ada))
        told = self.await_mailed(name)
        self.assertEqual(told.mail_state, notification_pb2.MAILED, told)
        self.assertEqual([mail["Message-ID"] for mail in self.sink.mails], [first["Message-ID"]] * 2)
        self.assertEqual(told.mail_message_id, first["Message-ID"])

    def test_tells_users_of_nothing_where_sending_is_stopped(self):
        self.start()
        request = workspaces.UpdateWorkspaceRequest()
        request.workspace.name = "workspaces/1"
        request.workspace.sending_stopped = True
        self.call(workspaces_service_pb2_grpc, "WorkspacesService", "UpdateWorkspace", request)
        told = self.await_mailed(self.notify(self.user()))
        self.assertEqual((told.mail_state, told.mail_failure),
                         (notification_pb2.NOT_MAILED, notification_pb2.SENDING_STOPPED), told)
        self.assertEqual(self.sink.mails, [])

    def test_sends_what_was_said(self):
        self.start()
        request = templates.CreateMailTemplateRequest()
        request.mail_template.display_name = "Hello"
        request.mail_template.subject = "Grüße, {{contact.first_name}}"
        request.mail_template.text = "Dear {{contact.first_name}},\n.\nyours"
        request.mail_template.html = "<p>{{contact.company_name}}</p>"
        template = self.call(mail_templates_service_pb2_grpc, "MailTemplatesService", "CreateMailTemplate", request)
        ada = self.contact("ada@müller.example", company_name="Harrow & <Sons>\nBcc: x@example.com")
        name = self.call(messages_service_pb2_grpc, "MessagesService", "SendMessage",
                         messages.SendMessageRequest(contact=ada, mail_template=template.name)).name
        message = self.await_end(name)
        self.assertEqual(message.state, SENT, message)
        (mail,) = self.sink.mails
        self.assertEqual((mail.sender, mail.recipients), ("crm@acme.example", ["ada@xn--mller-kva.example"]))
        self.assertEqual(mail["Subject"], "Grüße, Ada")
        self.assertEqual(mail["From"], '"Acme, Inc." <crm@acme.example>')
        self.assertEqual(mail["Message-ID"], message.message_id)
        self.assertRegex(message.message_id, r"^<1-\d+-0\.[0-9a-f]{16}\.[0-9a-f]{32}@acme\.example>$")
        self.assertIsNotNone(mail["Date"].datetime)
        self.assertIsNone(mail["Bcc"])
        self.assertEqual(mail.parsed.get_content_type(), "multipart/alternative")
        plain, html = mail.parsed.iter_parts()
        self.assertEqual(plain.get_content(), "Dear Ada,\n.\nyours")
        self.assertEqual(html.get_content().replace("\r\n", "\n"),
                         "<p>Harrow &amp; &lt;Sons&gt;\nBcc: x@example.com</p>")

    def test_tells_what_became_of_mail(self):
        self.start("--http=127.0.0.1:0", "--public_url=https://crm.example.com/")
        ada = self.contact()
        html = '<body><a href="https://a.example/?x=1&amp;y=2">a</a></body>'
        name = self.send(ada, html=html)
        self.assertTrue(self.await_end(name).tracked)
        (mail,) = self.sink.mails
        self.assertEqual(mail["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        address = r"https://crm\.example\.com(/m/{}/[\w-]+)"
        (unsubscribe,) = re.findall(f"^<{address.format('u')}>$", mail["List-Unsubscribe"])
        plain, sent = (part.get_content() for part in mail.parsed.iter_parts())
        self.assertEqual(plain, f"How are you?\n\nUnsubscribe: https://crm.example.com{unsubscribe}\n")
        (link,) = re.findall(f'<a href="{address.format("c")}">a</a>', sent)
        (image,) = re.findall(f'<img src="{address.format("o")}"', sent)
        self.assertEqual(self.get(name).html, html)
        self.assertEqual(self.ask("GET", image)[0], 200)
        status, headers = self.ask("GET", link)
        self.assertEqual((status, headers["location"]), (302, "https://a.example/?x=1&y=2"))
        self.assertEqual(self.ask("GET", unsubscribe)[0], 200)
        self.assertFalse(self.get(name).HasField("unsubscribe_time"))
        self.assertEqual(self.ask("POST", unsubscribe, "List-Unsubscribe=One-Click")[0], 200)
        self.assertTrue(self.get(name).HasField("unsubscribe_time"))
        with self.assertRaises(grpc.RpcError) as refused:
            self.send(ada)
        self.assertEqual(refused.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)

    def test_puts_into_pages_what_leads_where_mail_leads(self):
        self.start("--http=127.0.0.1:0", "--public_url=https://crm.example.com/")
        service = (forms_service_pb2_grpc, "FormsService")
        form = self.call(*service, "CreateForm", forms.CreateFormRequest(form={"display_name": "Ours"})).name
        told = self.call(*service, "GetFormEmbedding", forms.GetFormEmbeddingRequest(name=form))
        self.assertEqual(told.html, f'<script src="https://crm.example.com{told.path}.js" async></script>')
        self.assertEqual((told.url, told.warning), (f"https://crm.example.com{told.path}", ""))
        service = (sites_service_pb2_grpc, "SitesService")
        site = self.call(*service, "CreateSite", sites.CreateSiteRequest(site={
            "display_name": "Ours", "public_url": "https://www.example.com"})).name
        told = self.call(*service, "GetSiteEmbedding", sites.GetSiteEmbeddingRequest(name=site))
        self.assertEqual(told.html, f'<script src="https://www.example.com{told.path}" async></script>')

    def test_leaves_out_of_mail_what_is_not_to_be_in_it(self):
        self.start("--http=127.0.0.1:0", "--public_url=https://crm.example.com")
        name = self.send(self.contact(), html="<a href='https://a.example/'>a</a>", transactional=True)
        self.assertFalse(self.await_end(name).tracked)
        (mail,) = self.sink.mails
        self.assertIsNone(mail["List-Unsubscribe"])
        self.assertNotIn("crm.example.com", mail.parsed.as_string())
        self.assertEqual([part.get_content().rstrip() for part in mail.parsed.iter_parts()],
                         ["How are you?", "<a href='https://a.example/'>a</a>"])

    def test_says_once_that_mail_is_not_tracked(self):
        self.start()
        ada = self.contact()
        for _ in range(2):
            self.assertFalse(self.await_end(self.send(ada, html="<p>x</p>")).tracked)
        self.log.wait("no public address of the HTTP port was named")
        self.assertEqual(sum("no public address" in line for line in self.log.lines), 1)
        self.assertNotIn("<img", self.sink.mails[0].parsed.as_string())

    def test_invites_to_meetings(self):
        self.start()
        organizer = self.call(users_service_pb2_grpc, "UsersService", "CreateUser", users.CreateUserRequest(
            user={"display_name": "Ben", "email": "ben@acme.example", "roles": ["roles/admin"]})).name
        ada = self.contact()
        request = meetings.CreateMeetingRequest(meeting={
            "display_name": "Grüße", "owner": organizer, "send_invitations": True, "attendees": [{"attendee": ada}]})
        request.meeting.start_time.FromDatetime(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1))
        meeting = self.call(meetings_service_pb2_grpc, "MeetingsService", "CreateMeeting", request).name
        self.await_sent(ada, 1)
        self.call(meetings_service_pb2_grpc, "MeetingsService", "CancelMeeting", meetings.CancelMeetingRequest(name=meeting))
        self.await_sent(ada, 2)
        told = []
        for mail in self.sink.mails:
            self.assertEqual(mail.recipients, ["ada@example.com"])
            plain, calendar = mail.parsed.iter_parts()
            self.assertIn("Grüße", plain.get_content())
            self.assertEqual(calendar.get_content_type(), "text/calendar")
            lines = calendar.get_content().replace("\r\n", "\n").replace("\n ", "").split("\n")
            self.assertIn(f"UID:{meeting.split('/')[1]}@kith", lines)
            self.assertIn(f"METHOD:{calendar.get_param('method')}", lines)
            self.assertTrue(any("mailto:ben@acme.example" in line for line in lines), lines)
            told += [(mail["Subject"], calendar.get_param("method"), line) for line in lines
                     if line.startswith("SEQUENCE")]
        self.assertEqual(told, [("Invitation: Grüße", "REQUEST", "SEQUENCE:0"), ("Cancelled: Grüße", "CANCEL", "SEQUENCE:1")])

    def test_sends_over_connections_that_are_kept(self):
        self.start("--smtp_in_flight=1")
        ada = self.contact()
        for _ in range(5):
            self.assertEqual(self.await_end(self.send(ada)).state, SENT)
        self.assertEqual(len({mail.peer for mail in self.sink.mails}), 1)

    def test_waits_while_there_is_no_mail_server(self):
        self.start_kithd()
        ada = self.contact()
        names = [self.send(ada, f"Message {i}") for i in range(3)]
        policy = self.call(policies_service_pb2_grpc, "PoliciesService", "GetPolicy",
                           policies.GetPolicyRequest(name="policies/mail_delivery"))
        self.assertEqual((policy.due_count, policy.refused_count), (3, 0))
        self.assertEqual([self.get(name).state for name in names], [QUEUED] * 3)
        self.assertEqual(self.kithd.stop(), 0)
        self.start()
        self.assertEqual([self.await_end(name).state for name in names], [SENT] * 3)
        self.assertEqual(sorted(mail["Subject"] for mail in self.sink.mails), [f"Message {i}" for i in range(3)])

    def test_tries_again_until_the_server_is_up(self):
        self.start()
        self.sink.shut()
        name = self.send(self.contact())
        self.log.wait("a message was not sent yet")
        self.assertEqual(self.get(name).state, QUEUED)
        self.sink.open()
        self.assertEqual(self.await_end(name).state, SENT)
        self.assertEqual(len(self.sink.mails), 1)

    def test_takes_a_refusal_that_may_pass_for_one(self):
        for step, refusal in [("on_mail", "421 4.3.2 closing"), ("on_rcpt", "450 4.2.1 greylisted"),
                              ("on_data", "452 4.3.1 no room")]:
            with self.subTest(refusal):
                self.start()
                refusals = [refusal, refusal]
                setattr(self.sink, step, lambda *_: refusals.pop() if refusals else None)
                self.assertEqual(self.await_end(self.send(self.contact())).state, SENT)
                self.assertEqual(len(self.sink.mails), 1)
                self.kithd.stop()

    def test_takes_a_definite_refusal_for_one(self):
        self.start()
        self.sink.on_rcpt = lambda server, address: "550 5.1.1 <ada@example.com> is unknown"
        name = self.send(self.contact())
        message = self.await_end(name)
        self.assertEqual((message.state, message.failure), (FAILED, message_pb2.REJECTED))
        self.assertEqual(message.failure_reply, "550 5.1.1")
        # Others are sent as before.
        self.sink.on_rcpt = None
        self.sink.on_data = lambda server, mail: "554 5.7.1 spam" if mail["Subject"] == "Spam" else None
        ada = self.contact("eve@example.com")
        self.assertEqual(self.await_end(self.send(ada, "Spam")).failure_reply, "554 5.7.1")
        self.assertEqual(self.await_end(self.send(ada)).state, SENT)

    def test_gives_up_in_the_end(self):
        self.start("--smtp_give_up=60ms")
        tries = []
        self.sink.on_rcpt = lambda server, address: tries.append(address) or "450 4.2.1 later"
        message = self.await_end(self.send(self.contact()))
        self.assertEqual((message.state, message.failure), (FAILED, message_pb2.GAVE_UP))
        self.assertEqual(message.failure_reply, "450 4.2.1")
        self.assertEqual(len(tries), 4)

    def test_sends_the_same_again_where_the_connection_breaks_in_the_middle(self):
        self.start()
        cut = []

        def cut_once(server, mail):
            if cut:
                return None
            cut.append(mail)
            server.transport.abort()
            return "250 never told"

        self.sink.on_data = cut_once
        message = self.await_end(self.send(self.contact()))
        self.assertEqual(message.state, SENT)
        (mail,) = self.sink.mails
        self.assertEqual(cut[0]["Message-ID"], mail["Message-ID"])
        self.assertEqual(message.message_id, mail["Message-ID"])

    def test_waits_no_longer_than_it_may_for_a_slow_server(self):
        self.start("--smtp_timeout=2s")
        go_on = self.sink.event()
        slow = []

        async def wait_once(server, mail):
            if not slow:
                slow.append(mail)
                await go_on.wait()
                return "451 4.4.2 too late"
            return None

        self.sink.on_data = wait_once
        message = self.await_end(self.send(self.contact()))
        self.sink.set(go_on)
        self.assertEqual(message.state, SENT)
        self.assertEqual(slow[0]["Message-ID"], self.sink.mails[0]["Message-ID"])

    def test_sends_as_many_at_once_as_it_may(self):
        self.start("--smtp_in_flight=2")
        at_once, most = [0], [0]

        async def count(server, mail):
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
            await go_on.wait()
            at_once[0] -= 1

        go_on = self.sink.event()
        self.sink.on_data = count
        ada = self.contact()
        names = [self.send(ada) for _ in range(6)]
        self.sink.set(go_on)
        for name in names:
            self.assertEqual(self.await_end(name).state, SENT)
        self.assertLessEqual(most[0], 2)

    def test_uses_tls_and_a_password(self):
        context, authority = certificate(self.folder)
        password = os.path.join(self.folder, "password")
        with open(password, "w", encoding="utf-8") as file:
            file.write("s3cret\n")
        user = ["--smtp_user=kith", f"--smtp_password_file={password}"]
        self.start(f"--smtp_ca_file={authority}", *user, tls="required",
                   sink=Sink(tls=context, users={"kith": "s3cret"}))
        self.assertEqual(self.await_end(self.send(self.contact())).state, SENT)
        self.assertTrue(self.sink.mails[0].is_tls)
        self.assertEqual(set(self.sink.logins), {"PLAIN"})

    def test_logs_in_by_what_the_server_has(self):
        password = os.path.join(self.folder, "password")
        with open(password, "w", encoding="utf-8") as file:
            file.write("s3cret\n")
        sink = Sink(users={"kith": "s3cret"}, without=["PLAIN"])
        self.start("--smtp_user=kith", f"--smtp_password_file={password}", sink=sink)
        self.assertEqual(self.await_end(self.send(self.contact())).state, SENT)
        self.assertEqual(set(sink.logins), {"LOGIN"})

    def test_tells_nobody_else_who_has_not_the_right_certificate_or_password(self):
        context, _ = certificate(self.folder)
        self.start("--smtp_give_up=40ms", tls="required", sink=Sink(tls=context))
        message = self.await_end(self.send(self.contact()))
        self.assertEqual((message.failure, message.failure_reply), (message_pb2.GAVE_UP, "220"))
        self.kithd.stop()
        # A server without TLS is none, where TLS is required; nor is a wrong password the mail's fault.
        self.start("--smtp_give_up=40ms", tls="required")
        self.assertEqual(self.await_end(self.send(self.contact())).failure, message_pb2.GAVE_UP)
        self.assertEqual(self.sink.mails, [])
        self.kithd.stop()
        password = os.path.join(self.folder, "password")
        with open(password, "w", encoding="utf-8") as file:
            file.write("wrong\n")
        self.start("--smtp_give_up=40ms", "--smtp_user=kith", f"--smtp_password_file={password}",
                   sink=Sink(users={"kith": "s3cret"}))
        self.assertEqual(self.await_end(self.send(self.contact())).failure, message_pb2.GAVE_UP)
        self.assertEqual(self.sink.mails, [])
        self.assertTrue(self.sink.logins)

    def kill_after_the_yes(self, send):
        """What `send` answers, and its mail, after a kill between the server's yes and the outcome."""
        process = self.kithd.process  # another one later
        answered = threading.Event()

        def kill(server, mail):
            answered.wait(SECONDS)
            process.kill()
            process.wait()
            self.sink.take(mail)
            return "250 yes"

        self.sink.on_data = kill
        sent = send()
        answered.set()
        (first,) = self.sink.await_mails(1)
        self.kithd.channel.close()
        self.kithd.process.stdout.close()
        self.sink.on_data = None
        self.start_again()
        return sent, first

    def test_sends_the_same_again_after_a_kill_between_the_yes_and_the_outcome(self):
        self.start()
        name, first = self.kill_after_the_yes(lambda: self.send(self.contact()))
        message = self.await_end(name)
        self.assertEqual(message.state, SENT)
        self.assertEqual([mail["Message-ID"] for mail in self.sink.mails], [first["Message-ID"]] * 2)
        self.assertEqual(message.message_id, first["Message-ID"])

    def test_sends_nothing_again_once_the_outcome_is_recorded(self):
        self.start()
        ada = self.contact()
        for round_ in range(3):
            self.assertEqual(self.await_end(self.send(ada, f"Round {round_}")).state, SENT)
            self.kithd.kill()  # before the policy has noted it, in most rounds
            if round_ == 1:  # new views fold the log anew
                shutil.rmtree(os.path.join(self.folder, "data", "views"))
            self.start_again()
        self.assertEqual(self.await_end(self.send(ada, "Last")).state, SENT)
        self.assertEqual([mail["Subject"] for mail in self.sink.mails], ["Round 0", "Round 1", "Round 2", "Last"])

    def test_does_not_send_what_must_not_be_sent_any_more(self):
        self.start()
        self.sink.shut()
        stopped = self.send(self.contact())
        opted_out = self.contact("eve@example.com")
        suppressed = self.send(opted_out)
        gone = self.contact("bob@example.com")
        deleted = self.send(gone)
        request = contacts.UpdateContactRequest()
        request.contact.name = opted_out
        request.contact.do_not_email = True
        self.call(contacts_service_pb2_grpc, "ContactsService", "UpdateContact", request)
        self.call(contacts_service_pb2_grpc, "ContactsService", "DeleteContact",
                  contacts.DeleteContactRequest(name=gone))
        self.assertEqual(self.await_end(suppressed).failure, message_pb2.SUPPRESSED)
        self.assertEqual(self.await_end(deleted).failure, message_pb2.CONTACT_GONE)
        change = workspaces.UpdateWorkspaceRequest()
        change.workspace.name = "workspaces/1"
        change.workspace.sending_stopped = True
        self.call(workspaces_service_pb2_grpc, "WorkspacesService", "UpdateWorkspace", change)
        self.assertEqual(self.await_end(stopped).failure, message_pb2.SENDING_STOPPED)
        with self.assertRaises(grpc.RpcError) as refused:
            self.send(self.contact("joe@example.com"))
        self.assertEqual(refused.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)

    def change(self, name, **fields):
        request = contacts.UpdateContactRequest(contact={"name": name, **fields})
        request.update_mask.paths.extend(fields)
        self.call(contacts_service_pb2_grpc, "ContactsService", "UpdateContact", request)

    def unsubscribe(self, name, address):
        self.call(messages_service_pb2_grpc, "MessagesService", "RecordMessageUnsubscribed",
                  messages.RecordMessageUnsubscribedRequest(name=name, email=address))

    def merge(self, name, merged):
        self.call(contacts_service_pb2_grpc, "ContactsService", "MergeContacts",
                  contacts.MergeContactsRequest(name=name, merged=[merged]))

    def test_does_not_send_to_an_address_that_another_contact_has_by_now(self):
        self.start()
        self.sink.shut()
        opt_outs = {
            "unsubscribed": lambda theirs, earlier, address: self.unsubscribe(earlier, address),
            "opted_out": lambda theirs, _, address: self.change(theirs, emails=[{"address": address, "opted_out": True}]),
            "do_not_email": lambda theirs, *_: self.change(theirs, do_not_email=True),
        }
        for kind, opt_out in opt_outs.items():
            with self.subTest(kind):
                address = f"{kind}@example.com"
                theirs = self.contact(address)
                earlier = self.send(theirs)
                own = f"ada.{kind}@example.com"
                ada = self.contact(own)
                self.merge(ada, theirs)
                self.change(ada, emails=[{"address": own}, {"address": address, "primary": True}])
                queued = self.send(ada)
                self.assertEqual(self.get(queued).address, address)
                self.call(contacts_service_pb2_grpc, "ContactsService", "UnmergeContact",
                          contacts.UnmergeContactRequest(name=theirs))
                opt_out(theirs, earlier, address)
                self.assertEqual(self.await_end(queued).failure, message_pb2.SUPPRESSED)
        self.assertEqual(self.sink.mails, [])

    def test_knows_an_address_that_wants_no_more_by_its_normal_form(self):
        self.start()
        self.sink.shut()
        typed = self.contact("FC@Example.com")
        queued = self.send(typed)
        ada = self.contact("fc@example.com")
        self.merge(ada, typed)
        self.unsubscribe(self.send(ada), "fc@example.com")
        self.assertEqual(self.await_end(queued).failure, message_pb2.SUPPRESSED)
        retyped = self.contact("GC@Example.com")
        queued = self.send(retyped)
        self.change(retyped, emails=[{"address": "gc@example.com", "opted_out": True}])
        self.assertEqual(self.await_end(queued).failure, message_pb2.SUPPRESSED)
        self.assertEqual(self.sink.mails, [])

    def test_does_not_send_to_an_address_that_was_taken_away_and_unsubscribed_by_another_message(self):
        self.start()
        self.sink.shut()
        eve = self.contact("eve@example.com")
        queued = self.send(eve)
        twin = self.contact("Eve@example.com")
        of_twin = self.send(twin)
        self.change(eve, emails=[{"address": "new@example.com"}])
        self.unsubscribe(of_twin, "Eve@example.com")
        self.assertEqual(self.await_end(queued).failure, message_pb2.SUPPRESSED)
        self.assertEqual(self.await_end(of_twin).failure, message_pb2.SUPPRESSED)
        # What is nobody's any more is sent, and what the contact has, whatever another one wants who has it, too.
        bob = self.contact("bob@example.com")
        sent = [self.send(bob)]
        self.change(bob, emails=[{"address": "other@example.com"}])
        self.contact("other@example.com", do_not_email=True)
        sent.append(self.send(bob))
        self.sink.open()
        self.assertEqual([self.await_end(name).state for name in sent], [SENT] * 2)
        self.assertEqual(sorted(mail.recipients for mail in self.sink.mails),
                         [["bob@example.com"], ["other@example.com"]])

    def deliver(self, name, mail):
        """As a mail server delivers into a maildir."""
        path = os.path.join(self.maildir, "tmp", name)
        with open(path, "wb") as file:
            file.write(mail)
        os.rename(path, os.path.join(self.maildir, "new", name))

    def await_received(self, count):
        """The mails that came in, once there are so many; the oldest first."""
        await_events(self.kithd, count=count, prefix="receivedMails/")
        request = received_mails.ListReceivedMailsRequest(order_by="create_time")
        return list(self.call(received_mails_service_pb2_grpc, "ReceivedMailsService", "ListReceivedMails",
                              request).received_mails)

    def test_takes_what_comes_back_from_a_maildir(self):
        """A message that comes back is known again, and a bounce of it marks the address: once, also over a kill."""
        self.maildir = os.path.join(self.folder, "maildir")
        for part in ("tmp", "new", "cur"):
            os.makedirs(os.path.join(self.maildir, part))
        self.start(f"--maildir={self.maildir}",
                   f"--maildir_key_file={os.path.join(self.folder, 'data', 'development.key')}")
        ada = self.contact()
        message = self.await_end(self.send(ada))
        (sent,) = self.sink.mails
        self.deliver("1.copy", sent.parsed.as_bytes())
        (copy,) = self.await_received(1)
        self.assertEqual((copy.keep_reason, copy.message, copy.contact),
                         (received_mail_pb2.OWN_MAIL, message.name, ada))
        bounce = ("From: MAILER-DAEMON@mx.example\r\nMessage-ID: <2@mx.example>\r\n"
                  "Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n"
                  "--r\r\nContent-Type: text/plain\r\n\r\nNobody is called so.\r\n"
                  "--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
                  "Final-Recipient: rfc822; ada@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
                  f"--r\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message.message_id}\r\n\r\n--r--\r\n")
        self.deliver("2.bounce", bounce.encode())
        back = self.await_received(2)[1]
        self.assertEqual((back.kind, back.message), (received_mail_pb2.BOUNCE, message.name))
        with self.assertRaises(grpc.RpcError) as refused:
            self.send(ada)
        self.assertIn("came back", refused.exception.details())
        self.kithd.kill()
        for name in os.listdir(os.path.join(self.maildir, "cur")):  # as if it had been killed before they were moved
            os.rename(os.path.join(self.maildir, "cur", name), os.path.join(self.maildir, "new", name.split(":")[0]))
        self.start_again()
        self.deliver("3.new", b"From: ada@example.com\r\nMessage-ID: <3@example.com>\r\n\r\nHello\r\n")
        received = self.await_received(3)
        self.assertEqual(len(received), 3)
        self.assertEqual(received[2].contact, ada)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
