#!/usr/bin/env python3
"""An agency's month with one client, against the real kithd, in Python: the stubs are made from the protos.

Day 1 a lead comes in, day 2 a call, day 5 a proposal, day 10 the deal is won. Then: the same history as of each day, the
errors a client meets, the events as an auditor reads them, and everything again after kill -9.

usage: agency_test.py KITHD STUBS    (STUBS: the folder with the generated modules)
"""

import shutil
import sys
import tempfile
import unittest
from datetime import datetime, timedelta, timezone

KITHD, STUBS = sys.argv[1:3]
sys.path.insert(0, STUBS)

import grpc  # noqa: E402
from google.protobuf.field_mask_pb2 import FieldMask  # noqa: E402
from google.protobuf.timestamp_pb2 import Timestamp  # noqa: E402
from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from google.type.date_pb2 import Date  # noqa: E402
from google.type.money_pb2 import Money  # noqa: E402
from kith.contacts.v1 import contact_pb2, contacts_service_pb2, contacts_service_pb2_grpc  # noqa: E402
from kith.deals.v1 import deal_pb2, deals_service_pb2, deals_service_pb2_grpc  # noqa: E402
from kith.events.v1 import events_service_pb2, events_service_pb2_grpc  # noqa: E402
from kith.forecast.v1 import forecast_service_pb2, forecast_service_pb2_grpc  # noqa: E402
from kith.interactions.v1 import interaction_pb2, interactions_service_pb2, interactions_service_pb2_grpc  # noqa: E402
from kith.type.v1 import read_pb2  # noqa: E402
from kithd_process import Kithd  # noqa: E402

STAGES = "pipelines/default/stages/"


def day(number):
    """Noon of a day of March 2026, in UTC."""
    stamp = Timestamp()
    stamp.FromDatetime(datetime(2026, 3, 1, 12, tzinfo=timezone.utc) + timedelta(days=number - 1))
    return stamp


def details(error, kind):
    """The detail of a type in a failed call, or None."""
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            for any_detail in status_pb2.Status.FromString(value).details:
                if any_detail.Is(kind.DESCRIPTOR):
                    detail = kind()
                    any_detail.Unpack(detail)
                    return detail
    return None


class AgencyTest(unittest.TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp(prefix="kith-agency-")
        self.kithd = Kithd(KITHD, self.data)

    def tearDown(self):
        if self.kithd.process.poll() is None:
            self.assertEqual(self.kithd.stop(), 0, "kithd stops cleanly on SIGTERM")
        shutil.rmtree(self.data)

    def call(self, stub, method, request):
        """The reply, and the token of the moment it reflects."""
        reply, call = getattr(stub(self.kithd.channel), method).with_call(request, metadata=self.kithd.metadata)
        return reply, dict(call.initial_metadata()).get("kith-token")

    def contacts(self, method, request):
        return self.call(contacts_service_pb2_grpc.ContactsServiceStub, method, request)[0]

    def deals(self, method, request):
        return self.call(deals_service_pb2_grpc.DealsServiceStub, method, request)[0]

    def refused(self, code, function, *args):
        with self.assertRaises(grpc.RpcError) as caught:
            function(*args)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception

    def win_a_client(self):
        ada = self.contacts("CreateContact", contacts_service_pb2.CreateContactRequest(
            contact=contact_pb2.Contact(first_name="Ada", last_name="Muster", emails=[
                contact_pb2.EmailAddress(address="Ada@Muster.example")]),
            occur_time=day(1), request_id="form-1"))
        deal = self.deals("CreateDeal", deals_service_pb2.CreateDealRequest(
            deal=deal_pb2.Deal(display_name="Website", amount=Money(currency_code="EUR", units=12000),
                               contacts=[deal_pb2.DealContact(contact=ada.name)],
                               expected_close_date=Date(year=2026, month=3, day=31)),
            occur_time=day(1)))
        call = interactions_service_pb2_grpc.InteractionsServiceStub(self.kithd.channel).RecordInteraction(
            interactions_service_pb2.RecordInteractionRequest(
                parent=ada.name, interaction=interaction_pb2.Interaction(
                    kind=interaction_pb2.CALL, subject="First talk", links=[deal.name], occur_time=day(2))),
            metadata=self.kithd.metadata)
        self.assertTrue(call.name.startswith(ada.name + "/interactions/"))
        for at, stage in ((2, "contacted"), (5, "proposal-sent")):
            deal = self.deals("MoveDeal", deals_service_pb2.MoveDealRequest(
                name=deal.name, stage=STAGES + stage, etag=deal.etag, occur_time=day(at)))
        proposal = self.call(deals_service_pb2_grpc.DealsServiceStub, "GetDeal",
                             deals_service_pb2.GetDealRequest(name=deal.name))
        won = self.deals("WinDeal", deals_service_pb2.WinDealRequest(name=deal.name, occur_time=day(10)))
        return ada, won, proposal

    def test_a_month_of_an_agency(self):
        ada, won, (proposed, proposal_token) = self.win_a_client()
        self.assertEqual(won.status, deal_pb2.WON)
        self.assertEqual(won.close_time, day(10))
        self.assertEqual(proposed.stage, STAGES + "proposal-sent")

        with self.subTest("the deal as of the proposal is the deal that was read then"):
            then = self.deals("GetDeal", deals_service_pb2.GetDealRequest(
                name=won.name, read=read_pb2.ReadOptions(token=proposal_token)))
            self.assertEqual(then, proposed)

        with self.subTest("a change names the moment after it"):
            _, token = self.call(deals_service_pb2_grpc.DealsServiceStub, "UpdateDeal",
                                 deals_service_pb2.UpdateDealRequest(
                                     deal=deal_pb2.Deal(name=won.name, next_step="Invoice")))
            then = self.deals("GetDeal", deals_service_pb2.GetDealRequest(
                name=won.name, read=read_pb2.ReadOptions(token=token)))
            self.assertEqual(then.next_step, "Invoice")

        with self.subTest("the board now and as of the proposal"):
            def counts(read):
                board = self.deals("GetPipelineBoard", deals_service_pb2.GetPipelineBoardRequest(read=read))
                return {stage.stage.rsplit("/", 1)[1]: stage.count for stage in board.stages if stage.count}
            self.assertEqual(counts(None), {"closed-won": 1})
            self.assertEqual(counts(read_pb2.ReadOptions(token=proposal_token)), {"proposal-sent": 1})

        with self.subTest("the forecast as of the proposal is weighted, now it is actual"):
            def march(read):
                forecast, _ = self.call(forecast_service_pb2_grpc.ForecastServiceStub, "QueryForecast",
                                        forecast_service_pb2.QueryForecastRequest(
                                            to=Date(year=2026, month=4, day=1), read=read))
                total, = forecast.totals
                return total.weighted_amount.units, total.won_amount.units
            self.assertEqual(march(read_pb2.ReadOptions(token=proposal_token)), (7200, 0))
            self.assertEqual(march(None), (0, 12000))

        with self.subTest("the timeline of the contact and of the deal, newest first"):
            def types(parent):
                timeline, _ = self.call(interactions_service_pb2_grpc.InteractionsServiceStub, "ListTimeline",
                                        interactions_service_pb2.ListTimelineRequest(parent=parent))
                return [entry.type for entry in timeline.entries]
            self.assertEqual(types(ada.name), ["interaction_recorded", "contact_created"])
            self.assertEqual(types(won.name), ["deal_updated", "deal_won", "deal_stage_changed", "deal_stage_changed",
                                               "interaction_recorded", "deal_created"])

        with self.subTest("found by e-mail, in any case"):
            found = self.contacts("ListContacts", contacts_service_pb2.ListContactsRequest(
                filter='email = "ADA@muster.example"'))
            self.assertEqual([contact.name for contact in found.contacts], [ada.name])

    def test_everything_acknowledged_survives_kill(self):
        ada, won, _ = self.win_a_client()
        before = list(events_service_pb2_grpc.EventsServiceStub(self.kithd.channel).ReadEvents(
            events_service_pb2.ReadEventsRequest(), metadata=self.kithd.metadata))
        self.kithd.kill()
        self.kithd.start()
        self.assertEqual(self.deals("GetDeal", deals_service_pb2.GetDealRequest(name=won.name)).status, deal_pb2.WON)
        after = list(events_service_pb2_grpc.EventsServiceStub(self.kithd.channel).ReadEvents(
            events_service_pb2.ReadEventsRequest(), metadata=self.kithd.metadata))
        flat = lambda replies: [event for reply in replies for event in reply.events]  # noqa: E731
        self.assertEqual([event.SerializeToString() for event in flat(after)],
                         [event.SerializeToString() for event in flat(before)])
        self.assertEqual([event.sequence for event in flat(after)], list(range(1, len(flat(after)) + 1)))
        with self.subTest("the first request again gives the same contact"):
            again = self.contacts("CreateContact", contacts_service_pb2.CreateContactRequest(
                contact=contact_pb2.Contact(first_name="Ada", last_name="Muster", emails=[
                    contact_pb2.EmailAddress(address="Ada@Muster.example")]),
                occur_time=day(1), request_id="form-1"))
            self.assertEqual(again, ada)
        with self.subTest("and its id for another request is refused"):
            self.refused(grpc.StatusCode.ALREADY_EXISTS, self.contacts, "CreateContact",
                         contacts_service_pb2.CreateContactRequest(
                             contact=contact_pb2.Contact(first_name="Bob"), request_id="form-1"))

    def test_errors_say_what_is_wrong(self):
        error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.contacts, "CreateContact",
                             contacts_service_pb2.CreateContactRequest(contact=contact_pb2.Contact(
                                 first_name="x" * 200, owner="deals/1", emails=[
                                     contact_pb2.EmailAddress(address="nobody")])))
        violations = details(error, error_details_pb2.BadRequest).field_violations
        self.assertEqual(sorted(violation.field for violation in violations),
                         ["contact.emails[0].address", "contact.first_name", "contact.owner"])
        self.refused(grpc.StatusCode.NOT_FOUND, self.contacts, "GetContact",
                     contacts_service_pb2.GetContactRequest(name="contacts/01J00000000000000000000000"))
        error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.contacts, "ListContacts",
                             contacts_service_pb2.ListContactsRequest(filter='shoe_size = 44'))
        self.assertIn("shoe_size", error.details())
        ada, won, _ = self.win_a_client()
        error = self.refused(grpc.StatusCode.FAILED_PRECONDITION, self.deals, "MoveDeal",
                             deals_service_pb2.MoveDealRequest(name=won.name, stage=STAGES + "contacted"))
        info = details(error, error_details_pb2.ErrorInfo)
        self.assertEqual((info.reason, info.domain), ("DEAL_CLOSED", "kith.deals.v1"))
        error = self.refused(grpc.StatusCode.ABORTED, self.contacts, "UpdateContact",
                             contacts_service_pb2.UpdateContactRequest(
                                 contact=contact_pb2.Contact(name=ada.name, etag="99", notes="n"),
                                 update_mask=FieldMask(paths=["notes"])))
        self.assertEqual(details(error, error_details_pb2.ErrorInfo).reason, "ETAG_MISMATCH")
        with self.assertRaises(grpc.RpcError) as caught:
            contacts_service_pb2_grpc.ContactsServiceStub(self.kithd.channel).GetContact(
                contacts_service_pb2.GetContactRequest(name=ada.name))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
