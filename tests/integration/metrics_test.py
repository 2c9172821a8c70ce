"""The metrics of a real kithd under load: their form, their truth, and that alerts and dashboard ask for nothing else.

usage: metrics_test.py KITHD STUBS MONITORING ALLOCATOR

ALLOCATOR is jemalloc where that KITHD is linked to it: only then it tells what the allocator counts.
"""

import json
import os
import re
import socket
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

KITHD, STUBS, MONITORING, ALLOCATOR = sys.argv[1:5]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

import grpc  # noqa: E402
from kith.contacts.v1 import contacts_service_pb2 as contacts  # noqa: E402
from kith.contacts.v1 import contacts_service_pb2_grpc  # noqa: E402
from kithd_process import Kithd  # noqa: E402

CALLS = 50
OF_JEMALLOC = {"kith_memory_allocated_bytes"}

# Words of PromQL, and labels that expressions group by.
NO_METRICS = {"sum", "by", "rate", "increase", "histogram_quantile", "predict_linear", "or", "and", "on", "le", "up",
              "label_values", "time"}


def promtool(*arguments, text=None):
    """What promtool says, and whether it found anything wrong."""
    done = subprocess.run(["promtool", *arguments], input=text, text=True, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def samples(page):
    """{"name{labels}": value} of a page."""
    pairs = (line.rsplit(" ", 1) for line in page.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def names_in(expression):
    """The metrics that an expression of PromQL names, without the labels and numbers in it."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", " ", expression)
    bare = re.sub(r"\b(by|on)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"\b[a-z][a-z_0-9]*\b", bare)) - NO_METRICS


class MetricsTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="kith_metrics_")
        cls.log = os.path.join(cls.folder, "stderr")
        with open(cls.log, "w", encoding="utf-8") as log:
            cls.kithd = Kithd(KITHD, os.path.join(cls.folder, "data"), ["--metrics=127.0.0.1:0"], stderr=log)
        stub = contacts_service_pb2_grpc.ContactsServiceStub(cls.kithd.channel)
        for i in range(CALLS):
            request = contacts.CreateContactRequest()
            request.contact.first_name = f"Ada {i}"
            stub.CreateContact(request, metadata=cls.kithd.metadata)
        try:
            stub.GetContact(contacts.GetContactRequest(name="contacts/01M842D8ARKKGN3MB7GYD26GXX"),
                            metadata=cls.kithd.metadata)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND, error
        cls.page = cls.scrape()
        cls.samples = samples(cls.page)

    @classmethod
    def tearDownClass(cls):
        cls.kithd.stop()
        shutil.rmtree(cls.folder)

    @classmethod
    def scrape(cls, log=None):
        """The page of the kithd that writes this log. It may be ready a moment before its log says where."""
        started, until = None, time.monotonic() + 60
        while started is None:
            with open(log or cls.log, encoding="utf-8") as file:
                whole = [json.loads(line) for line in file if line.endswith("\n")]
            started = next((line for line in whole if line["message"] == "started"), None)
            assert started or time.monotonic() < until, "kithd did not log that it started"
        with urllib.request.urlopen(f"http://127.0.0.1:{started['metrics_port']}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def test_the_page_is_as_prometheus_wants_it(self):
        code, said = promtool("check", "metrics", text=self.page)
        self.assertEqual((code, said), (0, ""))

    def test_calls_are_counted_by_method_and_how_they_ended(self):
        create = 'kith_call_seconds_count{method="kith.contacts.v1.ContactsService/CreateContact",type="unary"}'
        self.assertEqual(self.samples[create], CALLS)
        refused = 'kith_calls_failed_total{method="kith.contacts.v1.ContactsService/GetContact",code="NOT_FOUND"}'
        self.assertEqual(self.samples[refused], 1)
        # Faults of ours are there before the first one, or no alert would see it rise.
        for code in ("INTERNAL", "DATA_LOSS", "RESOURCE_EXHAUSTED"):
            name = f'kith_calls_failed_total{{method="kith.contacts.v1.ContactsService/GetContact",code="{code}"}}'
            self.assertEqual(self.samples[name], 0)

    def test_every_method_is_there(self):
        methods = set(re.findall(r'kith_call_seconds_count\{method="([^"]+)",', self.page))
        self.assertIn("kith.events.v1.EventsService/SubscribeEvents", methods)
        self.assertIn("kith.interactions.v1.InteractionsService/IngestInteractions", methods)
        self.assertGreater(len(methods), 40)

    def test_the_log_and_the_views_are_told(self):
        self.assertGreaterEqual(self.samples["kith_commit_events_total"], CALLS)
        self.assertGreaterEqual(self.samples["kith_log_position"], CALLS)
        self.assertEqual(self.samples["kith_log_takes_writes"], 1)
        self.assertGreater(self.samples["kith_disk_free_bytes"], 0)
        views = re.findall(r'kith_view_state\{view="([^"]+)",state="live"\}', self.page)
        self.assertIn("contact_directory", views)
        for db in ("log", "views"):
            self.assertIn(f'kith_rocksdb_memtable_bytes{{db="{db}"}}', self.samples)

    def test_rules_and_configuration_are_valid(self):
        for check in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
            code, said = promtool("check", check[0], os.path.join(MONITORING, check[1]))
            self.assertEqual(code, 0, said)

    def test_alerts_and_dashboard_ask_for_what_there_is(self):
        told = {name.split("{")[0] for name in self.samples}
        self.assertEqual(told & OF_JEMALLOC, OF_JEMALLOC if ALLOCATOR == "jemalloc" else set())
        told |= OF_JEMALLOC | {name.split("{")[0] for name in samples(self.page_with_tls())}
        with open(os.path.join(MONITORING, "dashboard.json"), encoding="utf-8") as file:
            dashboard = json.load(file)
        asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        with open(os.path.join(MONITORING, "alerts.yml"), encoding="utf-8") as file:
            asked += re.findall(r"^\s*expr: (.*)$", file.read(), re.MULTILINE)
        self.assertGreater(len(asked), 40)
        for expression in asked:
            names = names_in(expression)
            self.assertTrue(names or 'up{job="kith"}' in expression, expression)
            self.assertEqual(names - told, set(), f"nobody tells what this asks for: {expression}")

    def page_with_tls(self):
        """What another kithd tells, which has TLS."""
        cert, key, log = (os.path.join(self.folder, name) for name in ("cert.pem", "key.pem", "stderr_with_tls"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=kith", "-keyout", key, "-out", cert], check=True, capture_output=True)
        keys = os.path.join(self.folder, "client_keys")
        with open(keys, "w", encoding="utf-8") as file:
            file.write("# nobody\n")
        with open(log, "w", encoding="utf-8") as file:
            kithd = Kithd(KITHD, os.path.join(self.folder, "with_tls"),
                          ["--metrics=127.0.0.1:0", f"--tls_cert={cert}", f"--tls_key={key}", f"--tls_client_ca={cert}",
                           f"--tls_client_keys={keys}"], stderr=file)
        try:
            return self.scrape(log)
        finally:
            kithd.stop()

    def test_every_alert_is_explained(self):
        with open(os.path.join(MONITORING, "alerts.yml"), encoding="utf-8") as file:
            alerts = re.findall(r"alert: (\w+)", file.read())
        with open(os.path.join(MONITORING, "..", "..", "README.md"), encoding="utf-8") as file:
            readme = file.read()
        self.assertEqual([alert for alert in alerts if f"`{alert}`" not in readme], [])


class NoMetricsTest(unittest.TestCase):

    def test_a_port_that_is_taken_keeps_no_server_from_its_work(self):
        with tempfile.TemporaryDirectory(prefix="kith_metrics_") as folder, socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            with open(os.path.join(folder, "stderr"), "w+", encoding="utf-8") as log:
                kithd = Kithd(KITHD, os.path.join(folder, "data"), [f"--metrics={address}"], stderr=log)
                self.assertEqual(kithd.stop(), 0)
                self.assertRegex("".join(kithd.told), f"goes without: metrics cannot be told at {address}: .*--metrics")
                log.seek(0)
                self.assertIn(f"metrics cannot be told at {address}", log.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
