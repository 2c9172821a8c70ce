"""The real kithd on copies of its data: nothing follows by itself there until its operator says so, and then once.

usage: restored_copy_test.py KITHD STUBS
"""

import os
import re
import shutil
import sys
import tempfile
import unittest
import urllib.request

KITHD, STUBS = sys.argv[1:3]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

from kith.contacts.v1 import contacts_service_pb2 as contacts  # noqa: E402
from kith.contacts.v1 import contacts_service_pb2_grpc  # noqa: E402
from kith.messages.v1 import messages_service_pb2 as messages  # noqa: E402
from kith.messages.v1 import messages_service_pb2_grpc  # noqa: E402
from kith.policies.v1 import policies_service_pb2 as policies  # noqa: E402
from kith.policies.v1 import policies_service_pb2_grpc  # noqa: E402
from kithd_process import Kithd  # noqa: E402
from mail_sink import Sink  # noqa: E402
from recorded import SECONDS, await_events  # noqa: E402


class RestoredCopyTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kith_copy_")
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = os.path.join(self.folder, "data")
        self.copy = os.path.join(self.folder, "copy")
        self.sink = Sink()
        self.addCleanup(self.sink.close)
        # A message that waits, as there is no mail server.
        self.start(self.data)
        self.contact = self.call(contacts_service_pb2_grpc, "ContactsService", "CreateContact",
                                 contacts.CreateContactRequest(contact={
                                     "first_name": "Ada", "emails": [{"address": "ada@example.com"}]})).name
        self.send("Before")
        self.stop()

    def start(self, data, *flags):
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.kithd = Kithd(KITHD, data, ["--metrics=127.0.0.1:0", *flags], stderr=log)
        self.addCleanup(self.stop)

    def start_with_mail(self, data):
        self.start(data, f"--smtp_url=smtp://127.0.0.1:{self.sink.port}", "--smtp_from=crm@acme.example",
                   "--smtp_tls=never")

    def stop(self):
        if self.kithd.process.poll() is None:
            self.assertEqual(self.kithd.stop(), 0)

    def restore(self, *names):
        """A copy of these, or of everything but what a backup leaves out."""
        os.mkdir(self.copy)
        for name in names or [name for name in os.listdir(self.data) if name != "views"]:
            path = os.path.join(self.data, name)
            (shutil.copytree if os.path.isdir(path) else shutil.copy2)(path, os.path.join(self.copy, name))

    def call(self, module, service, method, request):
        stub = getattr(module, f"{service}Stub")(self.kithd.channel)
        return getattr(stub, method)(request, metadata=self.kithd.metadata, timeout=SECONDS)

    def send(self, subject):
        return self.call(messages_service_pb2_grpc, "MessagesService", "SendMessage", messages.SendMessageRequest(
            contact=self.contact, subject=subject, text="How are you?")).name

    def resume(self):
        return self.call(policies_service_pb2_grpc, "PoliciesService", "ResumeRestoredCopy",
                         policies.ResumeRestoredCopyRequest())

    def await_logged(self, pattern):
        """What the log says so; it is written a moment after it is said."""
        while True:
            with open(self.log, encoding="utf-8") as log:
                found = re.search(pattern, log.read())
            if found:
                return found.group(1)

    def metric(self, name):
        port = self.await_logged(r'"metrics_port":(\d+)')
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS) as page:
            return float(re.search(rf"^{name} (\S+)$", page.read().decode(), re.MULTILINE).group(1))

    def await_glances(self, count):
        """Until the policies have had time to begin what they would."""
        until = self.metric("kith_policy_glances_total") + count
        while self.metric("kith_policy_glances_total") < until:
            pass

    def is_held(self):
        found = self.call(policies_service_pb2_grpc, "PoliciesService", "ListPolicies",
                          policies.ListPoliciesRequest(page_size=1000)).policies
        held = {policy.held for policy in found}
        self.assertEqual(len(held), 1, "all, or none")
        self.assertEqual(self.metric("kith_policies_held"), float(held == {True}))
        if held == {True}:
            self.await_logged("(the data is a copy)")
        return held == {True}

    def subjects(self):
        return sorted(mail["Subject"] for mail in self.sink.mails)

    def test_sends_nothing_until_it_is_resumed_and_then_once(self):
        self.restore()
        for _ in range(2):  # a further start changes nothing
            self.start_with_mail(self.copy)
            self.assertTrue(self.is_held())
            self.await_glances(10)
            self.stop()
        self.start_with_mail(self.copy)
        later = self.send("Later")
        self.await_glances(10)
        self.assertEqual(self.subjects(), [])
        resumed = self.resume().restored_copy
        self.assertEqual(self.await_logged(r'copy was resumed.*"store":"(\w+)","actor":"\w+"'), resumed.store)
        self.assertGreater(resumed.event_count, 2)
        self.assertTrue(resumed.HasField("last_event_time"))
        self.assertLess(resumed.last_event_time.seconds, resumed.notice_time.seconds + 1)
        await_events(self.kithd, ["message_sent"], 2, self.contact + "/messages/")
        self.assertEqual(self.subjects(), ["Before", "Later"])
        self.assertFalse(self.resume().HasField("restored_copy"))
        self.stop()
        # For good, and with nothing a second time.
        self.start_with_mail(self.copy)
        self.assertFalse(self.is_held())
        self.send("Last")
        await_events(self.kithd, ["message_sent"], 3, self.contact + "/messages/")
        self.assertEqual(self.subjects(), ["Before", "Last", "Later"])
        self.assertNotEqual(later, "")

    def test_holds_nothing_where_it_was(self):
        self.start(self.data)
        self.assertFalse(self.is_held())
        self.kithd.kill()
        os.rename(self.data, self.copy)
        self.start_with_mail(self.copy)
        self.assertFalse(self.is_held())
        await_events(self.kithd, ["message_sent"], 1, self.contact + "/messages/")
        self.assertEqual(self.subjects(), ["Before"])

    def test_knows_a_log_that_came_with_its_keys_alone(self):
        self.restore("log", "keys", "development.key")
        self.start_with_mail(self.copy)
        self.assertTrue(self.is_held())
        self.await_glances(10)
        self.assertEqual(self.subjects(), [])

    def test_knows_a_log_that_was_put_back_where_another_was(self):
        self.restore("log")
        shutil.rmtree(os.path.join(self.data, "log"))
        shutil.copytree(os.path.join(self.copy, "log"), os.path.join(self.data, "log"))
        self.start(self.data)
        self.assertTrue(self.is_held())

    def test_takes_anybodys_word_for_it(self):
        for content in "", "somebody wrote this":
            with self.subTest(content):
                mark = os.path.join(self.data, "restored")
                with open(mark, "w", encoding="utf-8") as file:
                    file.write(content)
                self.start(self.data)
                self.assertTrue(self.is_held())
                with open(mark, encoding="utf-8") as file:
                    self.assertTrue(file.read().startswith("kith restored copy 1\nstore "))
                self.resume()
                self.assertFalse(os.path.exists(mark))
                self.stop()

    def test_takes_a_damaged_home_for_a_copys(self):
        with open(os.path.join(self.data, "home"), "r+b") as file:
            file.seek(20)
            file.write(b"x")
        self.start(self.data)
        self.assertTrue(self.is_held())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
