"""A kithd whose clock is moved, and a real SMTP server: what tests of what takes weeks are lived with. The stubs have to
be on the path."""

import importlib
import json
import os
import re
import struct
import threading
import time

from google.protobuf import json_format
from kith.deals.v1 import deals_service_pb2 as deals
from kith.events.v1 import events_service_pb2 as events
from kith.events.v1 import events_service_pb2_grpc
from kith.policies.v1 import policies_service_pb2 as policies
from kith.workflows.v1 import workflow_pb2
from kithd_process import Kithd
from mail_sink import Sink

SECONDS = 60  # within which everything happens that is due
# Those of services that are not called as their packages are.
PACKAGES = {"WorkflowRuns": "workflows", "WebhookDeliveries": "webhooks", "Scores": "scoring_models",
            "Sites": "visitors"}


def part_of(service, part):
    """The generated module of a service, "MailTemplates": its messages, or its stub."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", service).lower()
    return importlib.import_module(f"kith.{PACKAGES.get(service, name)}.v1.{name}_service_{part}")


def request(service, method, **fields):
    """The request of a method, of its fields as messages, dicts and values."""
    return getattr(part_of(service, "pb2"), f"{method}Request")(**fields)


def shipped(display_name):
    """The workflow of the sample that is called so."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "sample", "workflows.json")
    with open(path, encoding="utf-8") as file:
        definitions = [one["workflow"] for one in json.load(file)["requests"]]
    found, = (one for one in definitions if one["display_name"] == display_name)
    return json_format.ParseDict(found, workflow_pb2.Workflow())


class Month:
    """A kithd, its clock and its mail server, and what people do with it."""

    def __init__(self, kithd, clock, folder, killed, flags=(), **options):
        self.page = os.path.join(folder, "clock.page")
        self.hours = 0
        self.write_page()
        self.sink = Sink()
        self.kithd = Kithd(kithd, os.path.join(folder, "data"),
                           [f"--smtp_url=smtp://127.0.0.1:{self.sink.port}", "--smtp_from=Acme <crm@acme.example>",
                            "--smtp_tls=never", "--smtp_per_second_per_domain=0", *flags],
                           env={**os.environ, "LD_PRELOAD": clock, "KITH_CLOCK_PAGE": self.page}, **options)
        self.killed = killed
        self.kills = 0

    def end(self):
        if self.kithd.process.poll() is None:
            self.kithd.stop()
        self.sink.close()

    def pass_time(self, hours):
        """Until kithd knows it, which looks at the clock every few seconds and counts in between, and all is done that it
        sets off. Where kithd is killed, it is so before it knows. What was due before is done before, or it would be done
        on one day or another."""
        self.await_quiet()
        self.hours += hours
        self.write_page()
        self.end_of_step()
        board = deals.GetPipelineBoardRequest()
        until = time.time() + self.hours * 3600
        while self.send("Deals", "GetPipelineBoard", board).read_time.seconds < until - 60:
            pass
        self.await_quiet()

    def write_page(self):
        # In place, because kithd sees the file's memory.
        with open(self.page, "r+b" if os.path.exists(self.page) else "wb") as file:
            file.write(struct.pack("<q", self.hours * 3600 * 10**9))

    def send(self, service, method, message):
        stub = getattr(part_of(service, "pb2_grpc"), f"{service}ServiceStub")(self.kithd.channel)
        return getattr(stub, method)(message, metadata=self.kithd.metadata, timeout=SECONDS)

    def call(self, service, method, **fields):
        return self.send(service, method, request(service, method, **fields))

    def step(self, service, method, **fields):
        """What somebody does; where kithd is killed, it does not live to do what follows from it."""
        answer = self.call(service, method, **fields)
        self.end_of_step()
        return answer

    def end_of_step(self):
        if self.killed:
            self.kithd.kill()
            self.kithd.start()
            self.kills += 1

    def work(self, definition):
        """A workflow that is active."""
        name = self.step("Workflows", "CreateWorkflow", workflow=definition).name
        self.step("Workflows", "ActivateWorkflow", name=name)

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
                found = self.send("Policies", "ListPolicies", policies.ListPoliciesRequest()).policies
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
