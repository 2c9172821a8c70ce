#!/usr/bin/env python3
"""A public sample of 8,800 sales opportunities, loaded with `kith import` and read back over gRPC.

What is read back must give the totals of the data: counts by status, won revenue, the year by close quarter, what each
agent won, what each account is worth, whose subsidiary it is, and the mean sales cycle. A second import changes nothing,
and one of a later file changes what that says of the same opportunities.

usage: sales_import_test.py KITHD KITH STUBS MAPPINGS DATA    (skipped where the folder DATA is absent)
"""

import collections
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

KITHD, KITH, STUBS, MAPPINGS, DATA = sys.argv[1:6]
sys.path.insert(0, STUBS)

import grpc  # noqa: E402
from google.type.date_pb2 import Date  # noqa: E402
from kith.companies.v1 import companies_service_pb2, companies_service_pb2_grpc  # noqa: E402
from kith.deals.v1 import deal_pb2, deals_service_pb2, deals_service_pb2_grpc  # noqa: E402
from kith.events.v1 import events_service_pb2, events_service_pb2_grpc  # noqa: E402
from kith.forecast.v1 import forecast_service_pb2, forecast_service_pb2_grpc  # noqa: E402
from kith.users.v1 import users_service_pb2, users_service_pb2_grpc  # noqa: E402
from kithd_process import Kithd  # noqa: E402


def import_file(kithd, collection, mapping, path):
    return subprocess.run([KITH, "--address", kithd.address, "--key", kithd.key, "import", collection, "--mapping",
                           os.path.join(MAPPINGS, mapping), path],
                          check=True, stdout=subprocess.PIPE, text=True).stdout


@unittest.skipUnless(os.path.isdir(DATA), f"the sales data is not at {DATA}")
class SalesImportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="kith-sales-")
        cls.kithd = Kithd(KITHD, cls.folder)
        began = time.monotonic()
        cls.first = cls.run_import()
        print(f"imported in {time.monotonic() - began:.1f} s: {cls.first.strip()}", file=sys.stderr)

    @classmethod
    def tearDownClass(cls):
        code = cls.kithd.stop()
        shutil.rmtree(cls.folder)
        assert code == 0, f"kithd ended with {code}"

    @classmethod
    def run_import(cls):
        said = ""
        for collection, mapping, file in (("companies", "sales-accounts.json", "accounts.csv"),
                                          ("deals", "sales-opportunities.json", "sales_pipeline.csv")):
            said += import_file(cls.kithd, collection, mapping, os.path.join(DATA, file))
        return said

    def call(self, stub, method, request):
        return getattr(stub(self.kithd.channel), method)(request, metadata=self.kithd.metadata)

    def deals(self):
        token, deals = "", []
        while True:
            page = self.call(deals_service_pb2_grpc.DealsServiceStub, "ListDeals",
                             deals_service_pb2.ListDealsRequest(page_size=1000, page_token=token))
            deals += page.deals
            token = page.next_page_token
            if not token:
                return deals

    def companies(self):
        return self.call(companies_service_pb2_grpc.CompaniesServiceStub, "ListCompanies",
                         companies_service_pb2.ListCompaniesRequest(page_size=1000)).companies

    def summary(self, company):
        return self.call(companies_service_pb2_grpc.CompaniesServiceStub, "SummarizeCompany",
                         companies_service_pb2.SummarizeCompanyRequest(company=company.name))

    def forecast(self, **query):
        return self.call(forecast_service_pb2_grpc.ForecastServiceStub, "QueryForecast",
                         forecast_service_pb2.QueryForecastRequest(**query))

    def last_sequence(self):
        replies = self.call(events_service_pb2_grpc.EventsServiceStub, "ReadEvents",
                            events_service_pb2.ReadEventsRequest(backwards=True, limit=1))
        return next(iter(replies)).events[0].sequence

    def test_counts_revenue_and_cycle(self):
        deals = self.deals()
        status = collections.Counter(deal_pb2.DealStatus.Name(deal.status) for deal in deals)
        self.assertEqual(status, {"WON": 4238, "LOST": 2473, "OPEN": 1589 + 500})
        stages = collections.Counter(deal.stage for deal in deals if deal.status == deal_pb2.OPEN)
        self.assertEqual(sorted(stages.values()), [500, 1589])
        won = [deal for deal in deals if deal.status == deal_pb2.WON]
        lost = [deal for deal in deals if deal.status == deal_pb2.LOST]
        self.assertEqual(sum(deal.amount.units for deal in won), 10_005_534)

        def days(some):
            return [(deal.close_time.seconds - deal.create_time.seconds) / 86400 for deal in some]
        self.assertEqual(sum(days(won)), 219_452)
        self.assertAlmostEqual(sum(days(won)) / len(won), 51.7819726, places=6)
        self.assertEqual((min(days(won)), max(days(won))), (1, 138))
        self.assertAlmostEqual(sum(days(lost)) / len(lost), 41.4791751, places=6)
        self.assertEqual(sum(1 for deal in deals if not deal.company_name), 1425)
        self.assertEqual(sum(1 for deal in deals if not deal.company), 1425)
        names = {company.name: company.display_name for company in self.companies()}
        self.assertTrue(all(deal.company_name == names[deal.company] for deal in deals if deal.company))
        self.assertNotIn("GTXPro", {deal.product for deal in deals})

    def test_deals_have_the_ids_of_the_file(self):
        with open(os.path.join(DATA, "sales_pipeline.csv"), encoding="utf-8") as file:
            expected = sorted(line["opportunity_id"] for line in csv.DictReader(file))
        ids = [(one.system, one.id) for deal in self.deals() for one in deal.external_ids]
        self.assertEqual(sorted(ids), [("sales-opportunities", one) for one in expected])
        found = self.call(deals_service_pb2_grpc.DealsServiceStub, "ListDeals", deals_service_pb2.ListDealsRequest(
            filter=f'external_id = "sales-opportunities:{expected[0]}"')).deals
        self.assertEqual([one.id for deal in found for one in deal.external_ids], [expected[0]])

    def test_the_year_by_close_quarter(self):
        year = self.forecast(**{"from": Date(year=2017, month=1, day=1), "to": Date(year=2018, month=1, day=1),
                                "group_by": [forecast_service_pb2.QUARTER]})
        quarters = collections.defaultdict(lambda: [0, 0, 0])
        for row in year.rows:  # lost deals have no amount, and so a row of their own
            for i, value in enumerate((row.won_count, row.lost_count, row.won_amount.units)):
                quarters[row.quarter][i] += value
        self.assertEqual(dict(quarters), {
            "2017-Q1": [531, 116, 1_134_672], "2017-Q2": [1254, 778, 3_086_111],
            "2017-Q3": [1257, 790, 2_982_255], "2017-Q4": [1196, 789, 2_802_496]})

    def test_won_by_agent(self):
        users = self.call(users_service_pb2_grpc.UsersServiceStub, "ListUsers",
                          users_service_pb2.ListUsersRequest(page_size=1000)).users
        names = {user.name: user.display_name for user in users}
        by_owner = self.forecast(group_by=[forecast_service_pb2.OWNER])
        won = {names[row.owner]: (row.won_count, row.won_amount.units) for row in by_owner.rows if row.won_count}
        expected = collections.defaultdict(lambda: (0, 0))
        with open(os.path.join(DATA, "sales_pipeline.csv"), encoding="utf-8") as file:
            for line in csv.DictReader(file):
                if line["deal_stage"] == "Won":
                    count, revenue = expected[line["sales_agent"]]
                    expected[line["sales_agent"]] = count + 1, revenue + int(line["close_value"])
        self.assertEqual(len(expected), 30)
        self.assertEqual(won, dict(expected))

    def test_accounts_and_their_parents(self):
        companies = self.companies()
        with open(os.path.join(DATA, "accounts.csv"), encoding="utf-8") as file:
            accounts = {line["account"]: line for line in csv.DictReader(file)}
        names = {company.name: company.display_name for company in companies}
        self.assertEqual(len(companies), 85)
        self.assertEqual({company.display_name: names.get(company.parent_company, "") for company in companies},
                         {account: line["subsidiary_of"] for account, line in accounts.items()})
        self.assertEqual(sum(1 for company in companies if company.parent_company), 15)
        self.assertEqual({company.display_name: company.employee_count for company in companies},
                         {account: int(line["employees"]) for account, line in accounts.items()})
        self.assertNotIn("technolgy", {company.industry for company in companies})

    def test_what_each_account_is_worth(self):
        expected = collections.defaultdict(lambda: [0, 0, 0, 0])
        with open(os.path.join(DATA, "sales_pipeline.csv"), encoding="utf-8") as file:
            for line in csv.DictReader(file):
                if not line["account"]:
                    continue
                row = expected[line["account"]]
                row[{"Won": 1, "Lost": 2}.get(line["deal_stage"], 0)] += 1
                row[3] += int(line["close_value"] or 0)
        found = {}
        for company in self.companies():
            summary = self.summary(company)
            won = sum(amount.won_amount.units for amount in summary.amounts)
            found[company.display_name] = [summary.open_deal_count, summary.won_deal_count, summary.lost_deal_count, won]
        self.assertEqual(found, dict(expected))
        self.assertEqual(sum(sum(row[:3]) for row in found.values()), 8800 - 1425)

    def test_a_second_import_changes_nothing(self):
        before = self.last_sequence()
        self.run_import()
        replies = self.call(events_service_pb2_grpc.EventsServiceStub, "ReadEvents",
                            events_service_pb2.ReadEventsRequest(sequence=before))
        since = [event for reply in replies for event in reply.events if event.sequence > before]
        self.assertGreater(len(since), 0)  # that there was an import
        self.assertEqual({event.stream.split("/")[0] for event in since}, {"importJobs"})


@unittest.skipUnless(os.path.isdir(DATA), f"the sales data is not at {DATA}")
class LaterFileTest(unittest.TestCase):
    def test_moves_and_wins_the_deals_that_are_there(self):
        with open(os.path.join(DATA, "sales_pipeline.csv"), encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        prospect, engaged = (next(line for line in lines if line["deal_stage"] == stage)
                             for stage in ("Prospecting", "Engaging"))
        with tempfile.TemporaryDirectory(prefix="kith-sales-") as folder:
            shutil.copy(os.path.join(DATA, "sales_teams.csv"), folder)
            path = os.path.join(folder, "sales_pipeline.csv")
            kithd = Kithd(KITHD, os.path.join(folder, "data"))

            def run_import():
                with open(path, "w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, lines[0].keys())
                    writer.writeheader()
                    writer.writerows([prospect, engaged])
                return import_file(kithd, "deals", "sales-opportunities.json", path)

            self.assertIn("deals: 2 created, 0 updated, 0 unchanged, 0 rejected", run_import())
            prospect.update(deal_stage="Engaging", engage_date="2017-12-01")
            engaged.update(deal_stage="Won", close_date="2017-12-31", close_value="4514")
            self.assertIn("deals: 0 created, 2 updated, 0 unchanged, 0 rejected", run_import())
            self.assertIn("deals: 0 created, 0 updated, 2 unchanged, 0 rejected", run_import())
            deals = deals_service_pb2_grpc.DealsServiceStub(kithd.channel).ListDeals(
                deals_service_pb2.ListDealsRequest(), metadata=kithd.metadata).deals
            self.assertEqual({deal.external_ids[0].id: (deal.status, deal.stage, deal.amount.units) for deal in deals}, {
                prospect["opportunity_id"]: (deal_pb2.OPEN, "pipelines/default/stages/contacted", 0),
                engaged["opportunity_id"]: (deal_pb2.WON, "pipelines/default/stages/closed-won", 4514)})
            self.assertEqual(kithd.stop(), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[6:])
