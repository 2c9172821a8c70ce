"""The real kithd and a real HTTPS server: what webhooks ask for is told, through everything that can go wrong on the way.

usage: webhook_test.py KITHD STUBS
"""

import os
import shutil
import sys
import tempfile
import threading
import unittest

KITHD, STUBS = sys.argv[1:3]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

import grpc  # noqa: E402
from kith.deals.v1 import deals_service_pb2 as deals  # noqa: E402
from kith.deals.v1 import deals_service_pb2_grpc  # noqa: E402
from kith.events.v1 import events_service_pb2 as events  # noqa: E402
from kith.events.v1 import events_service_pb2_grpc  # noqa: E402
from kith.webhooks.v1 import webhook_deliveries_service_pb2 as deliveries  # noqa: E402
from kith.webhooks.v1 import webhook_deliveries_service_pb2_grpc  # noqa: E402
from kith.webhooks.v1 import webhook_delivery_pb2 as delivery  # noqa: E402
from kith.webhooks.v1 import webhook_pb2  # noqa: E402
from kith.webhooks.v1 import webhooks_service_pb2 as webhooks  # noqa: E402
from kith.webhooks.v1 import webhooks_service_pb2_grpc  # noqa: E402
from certificate import certificate  # noqa: E402
from kithd_process import Kithd  # noqa: E402
from recorded import SECONDS, await_events  # noqa: E402
from webhook_sink import Cut, Sink  # noqa: E402

LOOPBACK = "--webhook_allow=127.0.0.0/8"


class WebhookTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kith_webhook_")
        self.addCleanup(shutil.rmtree, self.folder)
        self.tls, self.authority = certificate(self.folder)
        self.sink = Sink(self.tls)
        self.addCleanup(self.sink.close)
        self.kithd = None
        self.secret = None

    def start(self, *flags, allow=LOOPBACK, trust=True):
        """kithd, which tries again at once."""
        trusted = [f"--webhook_ca_file={self.authority}"] if trust else []
        self.kithd = Kithd(KITHD, os.path.join(self.folder, "data"),
                           ["--webhook_retry_first=20ms", "--webhook_retry_most=20ms", allow, *trusted, *flags],
                           stderr=open(os.path.join(self.folder, "log"), "a", encoding="utf-8"))
        self.addCleanup(self.end, self.kithd)

    @staticmethod
    def end(kithd):
        kithd.options["stderr"].close()
        if kithd.process.poll() is None:
            kithd.stop()

    def call(self, module, service, method, request):
        stub = getattr(module, f"{service}Stub")(self.kithd.channel)
        return getattr(stub, method)(request, metadata=self.kithd.metadata, timeout=SECONDS)

    def webhook(self, url=None, resource="deals"):
        """An active one."""
        request = webhooks.CreateWebhookRequest()
        request.webhook.display_name = "Ledger"
        request.webhook.url = url or self.sink.url()
        request.webhook.events.add(resource=resource)
        name = self.call(webhooks_service_pb2_grpc, "WebhooksService", "CreateWebhook", request).name
        self.secret = self.activate(name).secret
        return name

    def activate(self, name):
        return self.call(webhooks_service_pb2_grpc, "WebhooksService", "ActivateWebhook",
                         webhooks.ActivateWebhookRequest(name=name))

    def get(self, name):
        return self.call(webhooks_service_pb2_grpc, "WebhooksService", "GetWebhook", webhooks.GetWebhookRequest(name=name))

    def deal(self, name="Big one"):
        request = deals.CreateDealRequest()
        request.deal.display_name = name
        return self.call(deals_service_pb2_grpc, "DealsService", "CreateDeal", request).name

    def rename(self, deal, name):
        request = deals.UpdateDealRequest()
        request.deal.name = deal
        request.deal.display_name = name
        self.call(deals_service_pb2_grpc, "DealsService", "UpdateDeal", request)

    def list(self, **request):
        return list(self.call(webhook_deliveries_service_pb2_grpc, "WebhookDeliveriesService", "ListWebhookDeliveries",
                              deliveries.ListWebhookDeliveriesRequest(order_by="create_time", **request))
                    .webhook_deliveries)

    def await_ends(self, count):
        """The deliveries, once so many have ended: replayed ones count again."""
        await_events(self.kithd, ["webhook_delivery_ended"], count)
        return self.list()

    def test_tells_it_to_who_can_prove_that_it_was_kith(self):
        self.start()
        name = self.webhook()
        deal = self.deal("Grüße")
        (one,) = self.await_ends(1)
        self.assertEqual((one.state, one.reply_status, one.attempts), (delivery.DELIVERED, 200, 1))
        (post,) = self.sink.posts
        self.assertEqual((post.path, one.name), ("/kith", f"webhookDeliveries/{post.id}"))
        self.assertEqual((one.webhook, one.record), (name, deal))
        self.assertTrue(post.is_signed_by(self.secret))
        self.assertFalse(post.is_signed_by(self.secret[:-1] + "x"))
        self.assertEqual(post.event["stream"], deal)
        self.assertEqual(post.event["payload"]["deal"]["display_name"], "Grüße")
        # By name, too, which the certificate has to be for.
        self.webhook(self.sink.url("localhost", "/named"))
        self.deal()
        self.await_ends(3)
        self.assertEqual(sorted(post.path for post in self.sink.posts), ["/kith", "/kith", "/named"])

    def test_tells_nothing_to_who_has_not_the_right_certificate(self):
        self.start("--webhook_give_up=40ms", trust=False)
        self.webhook()
        self.deal()
        (one,) = self.await_ends(1)
        self.assertEqual((one.state, one.failure, one.reply_status), (delivery.FAILED, delivery.GAVE_UP, 0))
        self.assertEqual(one.attempts, 3)
        self.assertEqual(self.sink.posts, [])

    def test_reaches_nothing_behind_the_server(self):
        plain = Sink()
        self.addCleanup(plain.close)
        sinks = (self.sink, plain)
        literal = ("127.0.0.1", "2130706433", "[::ffff:127.0.0.1]")
        urls = [sink.url(host) for sink in sinks for host in ("localhost", *literal)]
        # Some of them were saved while the operator allowed it.
        self.start()
        for url in urls:
            self.webhook(url)
        self.kithd.stop()
        self.start(allow="--webhook_allow=")
        self.deal()
        ended = self.await_ends(len(urls))
        self.assertEqual([one.failure for one in ended], [delivery.ADDRESS_REFUSED] * len(urls))
        self.assertEqual(self.sink.posts + plain.posts, [])
        for url in [sink.url(host) for sink in sinks for host in literal]:
            with self.assertRaises(grpc.RpcError) as refused:
                self.webhook(url)
            self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)

    def test_goes_on_in_order_once_the_receiver_is_up(self):
        self.start()
        self.webhook()
        self.sink.shut()
        deal = self.deal("0")
        for i in range(1, 5):
            self.rename(deal, str(i))
        other = self.deal("other")
        await_events(self.kithd, ["webhook_delivery_created"], 6)
        self.assertEqual([one.state for one in self.list()], [delivery.PENDING] * 6)
        self.sink.open()
        ended = self.await_ends(6)
        self.assertEqual({one.state for one in ended}, {delivery.DELIVERED})
        told = [post.event["payload"]["deal"]["display_name"] for post in self.sink.posts
                if post.event["stream"] == deal]
        self.assertEqual(told, ["0", "1", "2", "3", "4"])
        self.assertEqual(sum(post.event["stream"] == other for post in self.sink.posts), 1)

    def test_tries_again_what_was_not_taken(self):
        self.start()
        self.webhook()
        answers = [500, 429, 404, 302, Cut, 204]

        def answer(post):
            one = answers.pop(0)
            if one is Cut:
                raise Cut
            return (302, {"Location": self.sink.url(path="/elsewhere")}, b"") if one == 302 else one

        self.sink.on_post = answer
        self.deal()
        (one,) = self.await_ends(1)
        self.assertEqual((one.state, one.reply_status), (delivery.DELIVERED, 204))
        # What broke off over a connection that was kept is sent again at once, by the client of HTTP itself.
        self.assertIn(one.attempts, (5, 6))
        self.assertEqual({post.id for post in self.sink.posts}, {self.sink.posts[0].id})
        self.assertEqual({post.path for post in self.sink.posts}, {"/kith"})
        self.assertTrue(all(post.is_signed_by(self.secret) for post in self.sink.posts))

    def test_waits_no_longer_than_it_may_for_a_slow_receiver(self):
        self.start("--webhook_timeout=2s")
        self.webhook()
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        self.sink.on_post = lambda post: go_on.wait(SECONDS) and 200 if len(self.sink.posts) == 1 else 200
        self.deal()
        (one,) = self.await_ends(1)
        self.assertEqual(one.state, delivery.DELIVERED)
        self.assertGreater(one.attempts, 1)  # more than two where the machine was too busy, too
        self.assertEqual(self.sink.posts[0].id, self.sink.posts[1].id)

    def test_reads_no_more_of_an_answer_than_it_may(self):
        self.start()
        self.webhook()
        self.sink.on_post = lambda post: (200, {}, b"x" * (8 << 20))
        self.deal()
        (one,) = self.await_ends(1)
        self.assertEqual((one.state, one.reply_status), (delivery.DELIVERED, 200))

    def test_tells_it_again_under_the_same_id_after_a_kill_between_the_yes_and_the_outcome(self):
        self.start()
        self.webhook()
        process = self.kithd.process  # another one later
        answered = threading.Event()

        def kill(post):
            answered.wait(SECONDS)
            process.kill()
            process.wait()
            return 200

        self.sink.on_post = kill
        self.deal()
        answered.set()
        (first,) = self.sink.await_posts(1)
        process.wait()
        self.kithd.channel.close()
        self.kithd.process.stdout.close()
        self.sink.on_post = None
        self.kithd.start()
        (one,) = self.await_ends(1)
        self.assertEqual(one.state, delivery.DELIVERED)
        self.assertEqual([post.id for post in self.sink.posts], [first.id] * 2)
        self.assertEqual(self.sink.posts[0].body, self.sink.posts[1].body)
        self.assertTrue(self.sink.posts[1].is_signed_by(self.secret))

    def test_tells_nothing_again_once_the_outcome_is_recorded(self):
        self.start()
        self.webhook()
        for round_ in range(3):
            self.deal(str(round_))
            self.await_ends(round_ + 1)
            self.kithd.kill()  # before the policy has noted it, in most rounds
            if round_ == 1:  # new views fold the log anew
                shutil.rmtree(os.path.join(self.folder, "data", "views"))
            self.kithd.start()
        self.deal("last")
        self.await_ends(4)
        told = [post.event["payload"]["deal"]["display_name"] for post in self.sink.posts]
        self.assertEqual(told, ["0", "1", "2", "last"])

    def test_pauses_a_webhook_that_takes_nothing_and_goes_on_when_it_is_activated(self):
        self.start("--webhook_give_up=1ms")
        name = self.webhook()
        self.sink.on_post = lambda post: 503
        for _ in range(10):
            self.deal()
        self.await_ends(10)
        webhook = self.get(name)
        self.assertEqual((webhook.state, webhook.pause_reason), (webhook_pb2.PAUSED, webhook_pb2.FAILING))
        read = events.ReadEventsRequest(stream=name, backwards=True, limit=1, payload_as_json=True)
        stub = events_service_pb2_grpc.EventsServiceStub(self.kithd.channel)
        (last,) = [event for response in stub.ReadEvents(read, metadata=self.kithd.metadata, timeout=SECONDS)
                   for event in response.events]
        self.assertEqual(last.type, "webhook_stopped")
        self.assertIn('"reply_status":503', last.payload_json)
        self.deal("while it is paused")
        self.sink.on_post = None
        self.assertEqual(self.activate(name).secret, "")
        (failed, *_) = self.list(filter="state = FAILED", page_size=1)
        self.call(webhook_deliveries_service_pb2_grpc, "WebhookDeliveriesService", "ReplayWebhookDelivery",
                  deliveries.ReplayWebhookDeliveryRequest(name=failed.name))
        self.deal("again")
        ended = self.await_ends(12)
        self.assertEqual(len(ended), 11)
        self.assertEqual(sum(one.state == delivery.DELIVERED for one in ended), 2)
        self.assertEqual(sum(post.id in failed.name for post in self.sink.posts), 3)

    def test_keeps_its_secret_nowhere(self):
        self.start()
        self.webhook()
        self.deal()
        self.await_ends(1)
        self.kithd.stop()
        looked_at = 0
        for folder, _, files in os.walk(os.path.join(self.folder, "data")):
            for file in files:
                with open(os.path.join(folder, file), "rb") as kept:
                    content = kept.read()
                self.assertNotIn(self.secret[7:].encode(), content, file)
                self.assertNotIn(bytes.fromhex(self.secret[7:]), content, file)
                looked_at += 1
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
            self.assertNotIn(self.secret, log.read())
        self.assertGreater(looked_at, 5)

    def test_posts_nothing_where_policies_do_not_run(self):
        self.start("--policies=false")
        self.webhook()
        self.deal()
        self.assertEqual(self.kithd.stop(), 0)
        self.assertEqual(self.sink.posts, [])
        self.start()
        (one,) = self.await_ends(1)
        self.assertEqual(one.state, delivery.DELIVERED)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
