#include "projections/tables/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_format.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/projections/tables/table_fixture.h"

namespace kith::projections {
namespace {

using deals::v1::Deal;
using eventstore::ReadTier;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Deal ClosingOn(Deal deal, int year, int month, int day) {
  deal.mutable_expected_close_date()->set_year(year);
  deal.mutable_expected_close_date()->set_month(month);
  deal.mutable_expected_close_date()->set_day(day);
  return deal;
}

Deal With(Deal deal, const std::vector<std::string>& contacts) {
  for (const std::string& contact : contacts) deal.add_contacts()->set_contact(contact);
  return deal;
}

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

class ListTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<std::string>> List(absl::string_view filter,
                                                absl::string_view order_by = "") {
    return ListAll(fixture_.Latest(), {.filter = filter, .order_by = order_by, .page_size = 2});
  }
  void ExpectRefused(absl::string_view filter, absl::string_view order_by,
                     const std::string& because) {
    const auto listed = List(filter, order_by);
    EXPECT_TRUE(IsError(listed.status(), type::v1::ERROR_INVALID_FILTER)) << listed.status();
    EXPECT_THAT(MessageOf(listed.status()), HasSubstr(because));
  }

  TableFixture fixture_;
};

TEST(Table, GivesBackWhatWasPutAtItsPosition) {
  TableFixture fixture;
  fixture.Put(MakeDeal("deals/1", "users/a", "Crane"));
  fixture.Put(MakeDeal("deals/1", "users/a", "Tower crane"));
  const auto now = TestDeals().Get(fixture.Latest(), kWorkspace, "deals/1", ReadTier::kDisk);
  EXPECT_EQ((*now)->display_name(), "Tower crane");
  const auto then =
      TestDeals().Get(fixture.At(Position(1)), kWorkspace, "deals/1", ReadTier::kDisk);
  EXPECT_EQ((*then)->display_name(), "Crane");
  const auto before =
      TestDeals().Get(fixture.At(Position(0)), kWorkspace, "deals/1", ReadTier::kDisk);
  EXPECT_FALSE(before->has_value());
}

TEST(Table, ShowsARowOnlyInItsWorkspace) {
  TableFixture fixture;
  fixture.Put(MakeDeal("deals/1", "users/a", "Crane"));
  const WorkspaceId other(kWorkspace.value() + 1);
  EXPECT_FALSE(TestDeals().Get(fixture.Latest(), other, "deals/1", ReadTier::kDisk)->has_value());
  EXPECT_THAT(TestDeals().List(fixture.Latest(), other, {.filter = "owner = users/a"})->rows,
              IsEmpty());
}

TEST(Table, WritesNothingWhenNothingChanges) {
  TableFixture fixture;
  const Deal deal = MakeDeal("deals/1", "users/a", "Crane");
  fixture.Put(deal);
  fixture.Fold([&](ViewBatch& batch) {
    KITH_RETURN_IF_ERROR(TestDeals().Put(batch, kWorkspace, deal));
    KITH_RETURN_IF_ERROR(TestDeals().Delete(batch, kWorkspace, "deals/none"));
    batch.Keep();
    EXPECT_TRUE(batch.kept().empty());
    return absl::OkStatus();
  });
}

TEST(Table, SeesItsOwnWritesWithinAnEvent) {
  TableFixture fixture;
  fixture.Fold([&](ViewBatch& batch) {
    KITH_RETURN_IF_ERROR(
        TestDeals().Put(batch, kWorkspace, MakeDeal("deals/1", "users/a", "Crane")));
    KITH_RETURN_IF_ERROR(
        TestDeals().Put(batch, kWorkspace, MakeDeal("deals/1", "users/b", "Crane")));
    const auto row = TestDeals().Get(batch, kWorkspace, "deals/1");
    EXPECT_EQ((*row)->owner(), "users/b");
    return absl::OkStatus();
  });
  EXPECT_THAT(*ListAll(fixture.Latest(), {.filter = "owner = users/a"}), IsEmpty());
  EXPECT_THAT(*ListAll(fixture.Latest(), {.filter = "owner = users/b"}), ElementsAre("deals/1"));
}

TEST(Table, ScansRowsAndIndexesWithinARange) {
  TableFixture fixture;
  for (const char* name : {"deals/1", "deals/2", "deals/3"}) {
    fixture.Put(With(MakeDeal(name, "users/a", name), {"contacts/x"}));
  }
  std::vector<std::string> names;
  const auto collect = [&](const Deal& deal) {
    names.push_back(deal.name());
    return names.size() < 2;
  };
  ASSERT_TRUE(
      TestDeals().Scan(fixture.Latest(), kWorkspace, KeyRange::Prefix("deals/"), collect).ok());
  EXPECT_THAT(names, ElementsAre("deals/1", "deals/2"));
  names.clear();
  const KeyRange backwards =
      KeyRange::Prefix(KeyOf("contacts/x"), eventstore::Direction::kBackwards);
  ASSERT_TRUE(TestDeals().ScanIndex(fixture.Latest(), kWorkspace, 3, backwards, collect).ok());
  EXPECT_THAT(names, ElementsAre("deals/3", "deals/2"));
}

TEST(Table, SaysWhetherARowMayHaveAValue) {
  TableFixture fixture;
  fixture.Put(With(MakeDeal("deals/1", "users/a", "Crane"), {"contacts/ab"}));
  const Position there = fixture.position();
  fixture.Put(MakeDeal("deals/1", "users/a", "Crane"));
  const auto may = [&](Position at, const std::vector<absl::string_view>& fields,
                       const std::vector<std::string>& values) {
    return *TestDeals().core().MayHaveAny(fixture.At(at), kWorkspace, fields, values);
  };
  EXPECT_TRUE(may(there, {"display_name", "contact"}, {"contacts/x", "contacts/ab"}));
  EXPECT_FALSE(may(there, {"contact"}, {"contacts/x", "contacts/a", "contacts/abc"}));
  EXPECT_FALSE(may(fixture.position(), {"display_name", "contact"}, {"contacts/ab"}));
  EXPECT_TRUE(may(fixture.position(), {"display_name"}, {"CRANE"})) << "as filters compare";
  EXPECT_TRUE(may(fixture.position(), {"contact", "product"}, {"contacts/ab"})) << "no index";
}

TEST_F(ListTest, FindsByEqualityOnAnIndex) {
  fixture_.Put(MakeDeal("deals/1", "users/a", "Crane"));
  fixture_.Put(MakeDeal("deals/2", "users/b", "Digger"));
  fixture_.Put(MakeDeal("deals/3", "users/a", "Dozer"));
  EXPECT_THAT(*List("owner = \"users/a\""), ElementsAre("deals/1", "deals/3"));
  EXPECT_THAT(*List("owner = users/c"), IsEmpty());
  EXPECT_THAT(*List(""), ElementsAre("deals/1", "deals/2", "deals/3"));
}

TEST_F(ListTest, OrdersByTheIndexBehindAnEquality) {
  fixture_.Put(ClosingOn(MakeDeal("deals/1", "users/a", "Crane"), 2026, 3, 1));
  fixture_.Put(ClosingOn(MakeDeal("deals/2", "users/a", "Digger"), 2026, 1, 31));
  fixture_.Put(ClosingOn(MakeDeal("deals/3", "users/b", "Dozer"), 2026, 2, 1));
  fixture_.Put(MakeDeal("deals/4", "users/a", "Drill"));
  EXPECT_THAT(*List("owner = users/a", "expected_close_date"),
              ElementsAre("deals/4", "deals/2", "deals/1"));
  EXPECT_THAT(*List("owner = users/a", "expected_close_date desc"),
              ElementsAre("deals/1", "deals/2", "deals/4"));
  EXPECT_THAT(*List("owner = users/a AND expected_close_date >= 2026-01-01 AND "
                    "(expected_close_date < \"2026-03-01\")"),
              ElementsAre("deals/2"));
  EXPECT_THAT(*List("owner = users/a AND expected_close_date:*", "expected_close_date"),
              ElementsAre("deals/2", "deals/1"));
}

TEST_F(ListTest, FindsPrefixesOfNormalisedText) {
  fixture_.Put(MakeDeal("deals/1", "users/a", "Crane"));
  fixture_.Put(MakeDeal("deals/2", "users/a", "crank"));
  fixture_.Put(MakeDeal("deals/3", "users/a", "Drill"));
  EXPECT_THAT(*List("display_name = \"CRAN*\""), ElementsAre("deals/1", "deals/2"));
  EXPECT_THAT(*List("display_name = crank"), ElementsAre("deals/2"));
  EXPECT_THAT(*List("display_name = \"*\""), ElementsAre("deals/1", "deals/2", "deals/3"));
}

TEST_F(ListTest, ShowsARowWithSeveralMatchingValuesOnce) {
  fixture_.Put(With(MakeDeal("deals/1", "users/a", "Crane"), {"contacts/ada", "contacts/adele"}));
  fixture_.Put(With(MakeDeal("deals/2", "users/a", "Digger"), {"contacts/adam", "contacts/bo"}));
  EXPECT_THAT(*List("contact = \"contacts/ad*\""), ElementsAre("deals/1", "deals/2"));
  EXPECT_THAT(*List("contact:contacts/bo"), ElementsAre("deals/2"));
  EXPECT_THAT(*List("contact = contacts/ada AND contact = contacts/adele"), ElementsAre("deals/1"));
  EXPECT_THAT(*List("contact != contacts/bo"), ElementsAre("deals/1"));
  EXPECT_THAT(*List("contact:*"), ElementsAre("deals/1", "deals/2"));
}

TEST_F(ListTest, ComparesEnumsNumbersTimesAndDates) {
  Deal deal = MakeDeal("deals/1", "users/a", "Crane");
  deal.set_status(deals::v1::WON);
  deal.set_probability(40);
  deal.mutable_amount()->set_units(-5);
  deal.mutable_create_time()->set_seconds(1'767'225'600);  // 2026-01-01
  fixture_.Put(deal);
  EXPECT_THAT(*List("status = WON AND stage = \"\" AND probability > 39"), ElementsAre("deals/1"));
  EXPECT_THAT(*List("probability >= 41"), IsEmpty());
  EXPECT_THAT(*List("units < 0 AND units > -6"), ElementsAre("deals/1"));
  EXPECT_THAT(*List("create_time = \"2026-01-01T00:00:00Z\""), ElementsAre("deals/1"));
  EXPECT_THAT(*List("create_time >= 2026-01-01"), ElementsAre("deals/1"));
  EXPECT_THAT(*List("create_time < \"2026-01-01T01:00:00+01:00\""), IsEmpty());
  EXPECT_THAT(*List("expected_close_date = \"\""), ElementsAre("deals/1"));
}

TEST_F(ListTest, JoinsByOrAndNegates) {
  fixture_.Put(MakeDeal("deals/1", "users/a", "Crane"));
  fixture_.Put(MakeDeal("deals/2", "users/b", "Digger"));
  fixture_.Put(MakeDeal("deals/3", "", "Drill"));
  EXPECT_THAT(*List("owner = users/a OR display_name = digger"), ElementsAre("deals/1", "deals/2"));
  EXPECT_THAT(*List("owner = users/a OR owner = users/b AND display_name = digger"),
              ElementsAre("deals/2"));
  EXPECT_THAT(*List("(owner = users/a AND display_name = x) OR display_name = \"d*\""),
              ElementsAre("deals/2", "deals/3"));
  EXPECT_THAT(*List("owner in (users/b, users/a, users/b)"), ElementsAre("deals/1", "deals/2"));
  EXPECT_THAT(*List("-owner = users/a"), ElementsAre("deals/2", "deals/3")) << "also without one";
  EXPECT_THAT(*List("NOT (owner = users/a OR owner = users/b)"), ElementsAre("deals/3"));
  EXPECT_THAT(*List("NOT owner:*"), ElementsAre("deals/3"));
  EXPECT_THAT(*List("contains(display_name, \"RI\")"), ElementsAre("deals/3"));
  EXPECT_THAT(*List("owner:* display_name:*", "display_name desc"),
              ElementsAre("deals/2", "deals/1"));
}

// The same row through two of the stretches, and stretches in one order that end at different rows.
TEST_F(ListTest, MergesStretchesInOrder) {
  for (int i = 0; i < 40; ++i) {
    const std::string owner = absl::StrCat("users/", i % 4);
    fixture_.Put(
        ClosingOn(MakeDeal(absl::StrFormat("deals/%02d", i), owner, "x"), 2026, 1, 1 + i % 28));
  }
  constexpr char kEither[] = "owner in (users/0, users/1) OR owner in (users/1, users/2)";
  std::vector<std::pair<int, std::string>> expected;
  for (int i = 0; i < 40; ++i) {
    if (i % 4 != 3) expected.emplace_back(i % 28, absl::StrFormat("deals/%02d", i));
  }
  std::sort(expected.begin(), expected.end());
  std::vector<std::string> names;
  for (const auto& [day, name] : expected) names.push_back(name);
  EXPECT_EQ(*List(kEither, "expected_close_date"), names);
  std::reverse(names.begin(), names.end());
  EXPECT_EQ(*List(kEither, "expected_close_date desc"), names);
}

TEST_F(ListTest, TellsWhoHasNoValues) {
  fixture_.Put(With(MakeDeal("deals/1", "users/a", "Crane"), {"contacts/a"}));
  fixture_.Put(MakeDeal("deals/2", "users/a", "Digger"));
  EXPECT_THAT(*List("contact = \"\""), ElementsAre("deals/2"));
  EXPECT_THAT(*List("contact != \"\""), ElementsAre("deals/1"));
  EXPECT_THAT(*List("NOT contact:*"), ElementsAre("deals/2"));
  EXPECT_THAT(*List("NOT contact = contacts/a"), ElementsAre("deals/2"));
}

// What holds of every row that may be seen, whatever is asked for.
TEST_F(ListTest, StaysWithinWhatIsHandedIn) {
  for (const char* name : {"deals/1", "deals/2", "deals/3"}) {
    fixture_.Put(MakeDeal(name, absl::StrCat("users/", name[6] - '0'), "Crane"));
  }
  const auto scope = ParseFilter("owner in (users/1, users/3)");
  ASSERT_TRUE(scope.ok());
  ListQuery query{.filter = "display_name = crane OR owner = users/2", .page_size = 1};
  query.within = &*scope;
  EXPECT_THAT(*ListAll(fixture_.Latest(), query), ElementsAre("deals/1", "deals/3"));
  const auto page = TestDeals().List(fixture_.Latest(), kWorkspace, query);
  const auto other = ParseFilter("owner in (users/1, users/2)");
  query.within = &*other;
  query.page_token = page->next_page_token;
  EXPECT_TRUE(IsError(TestDeals().List(fixture_.Latest(), kWorkspace, query).status(),
                      type::v1::ERROR_INVALID_PAGE_TOKEN));
}

// Goal: who sees the records of hundreds of others has lists, however many records there are of
// more.
TEST_F(ListTest, StaysWithinManyOwnersBesideMoreRowsThanMayBeLookedAt) {
  for (size_t i = 0; i < kScanRowsMax + 50; ++i) {
    fixture_.Put(MakeDeal(absl::StrCat("deals/a", i), "users/hidden", "Crane"));
  }
  Expression within{Expression::Kind::kAny, {}, {}};
  for (int owner = 0; owner < 300; ++owner) {
    Expression one{Expression::Kind::kComparison, {}, {}};
    one.comparison.field = "owner";
    one.comparison.literal = absl::StrCat("users/", owner);
    within.parts.push_back(one);
    if (owner % 100 == 0) {
      fixture_.Put(MakeDeal(absl::StrCat("deals/b", owner), one.comparison.literal, "Crane"));
    }
  }
  ListQuery query{.page_size = 2};
  query.within = &within;
  EXPECT_THAT(*ListAll(fixture_.Latest(), query),
              ElementsAre("deals/b0", "deals/b100", "deals/b200"));
}

// Where a row stands tells nothing of what whoever asks may not read.
TEST_F(ListTest, StandsInTheOrderOfNoMaskedField) {
  for (const int day : {1, 2, 3}) {
    Deal deal = MakeDeal(absl::StrCat("deals/", 4 - day), "users/a", "Crane");
    deal.mutable_expected_close_date()->set_year(2026);
    deal.mutable_expected_close_date()->set_month(5);
    deal.mutable_expected_close_date()->set_day(day);
    fixture_.Put(deal);
  }
  const std::function<bool(const Field&)> masked = [](const Field& field) {
    return field.name == "expected_close_date";
  };
  ListQuery query{.filter = "owner = users/a", .page_size = 2};
  EXPECT_THAT(*ListAll(fixture_.Latest(), query), ElementsAre("deals/3", "deals/2", "deals/1"));
  query.masked = &masked;
  EXPECT_THAT(*ListAll(fixture_.Latest(), query), ElementsAre("deals/1", "deals/2", "deals/3"));
}

TEST_F(ListTest, SortsAFewRowsThatNoIndexHasInOrder) {
  for (const auto& [name, product] : {std::pair("deals/1", "b"), std::pair("deals/2", "a"),
                                      std::pair("deals/3", "c"), std::pair("deals/4", "a")}) {
    Deal deal = MakeDeal(name, "users/a", name);
    deal.set_product(product);
    fixture_.Put(deal);
  }
  EXPECT_THAT(*List("", "product"), ElementsAre("deals/2", "deals/4", "deals/1", "deals/3"));
  EXPECT_THAT(*List("owner = users/a", "product desc, display_name"),
              ElementsAre("deals/3", "deals/1", "deals/2", "deals/4"));
}

TEST_F(ListTest, PinsThePositionOverAllPages) {
  for (int i = 0; i < 5; ++i) fixture_.Put(MakeDeal(absl::StrCat("deals/", i), "users/a", "Crane"));
  const auto first = TestDeals().List(fixture_.Latest(), kWorkspace, {.page_size = 2});
  const auto pinned = PagePosition(first->next_page_token);
  ASSERT_TRUE(pinned.ok());
  EXPECT_EQ(*pinned, fixture_.position());
  fixture_.Delete("deals/3");
  fixture_.Put(MakeDeal("deals/25", "users/a", "Crane"));
  const auto second = TestDeals().List(fixture_.At(**pinned), kWorkspace,
                                       {.page_token = first->next_page_token, .page_size = 10});
  EXPECT_THAT(NamesOf(second->rows), ElementsAre("deals/2", "deals/3", "deals/4"));
  EXPECT_EQ(second->next_page_token, "");
  // The same token read elsewhere.
  const auto elsewhere =
      TestDeals().List(fixture_.Latest(), kWorkspace, {.page_token = first->next_page_token});
  EXPECT_TRUE(IsError(elsewhere.status(), type::v1::ERROR_INVALID_PAGE_TOKEN));
}

TEST_F(ListTest, RefusesATokenOfAnotherQuery) {
  for (int i = 0; i < 5; ++i) fixture_.Put(MakeDeal(absl::StrCat("deals/", i), "users/a", "Crane"));
  const ViewSnapshot snapshot = fixture_.Latest();
  const ListQuery asked{.filter = "owner = users/a", .page_size = 2};
  const std::string token = TestDeals().List(snapshot, kWorkspace, asked)->next_page_token;
  const auto with = [&](ListQuery query) {
    query.page_token = token;
    return TestDeals().List(snapshot, kWorkspace, query).status();
  };
  EXPECT_TRUE(with(asked).ok());
  for (const ListQuery& other :
       {ListQuery{.filter = ""}, ListQuery{.filter = "owner = users/b"},
        ListQuery{.filter = "owner = users/a", .order_by = "expected_close_date"}}) {
    EXPECT_TRUE(IsError(with(other), type::v1::ERROR_INVALID_PAGE_TOKEN)) << other.filter;
  }
  ListQuery query = asked;
  query.page_token = token;
  EXPECT_TRUE(IsError(TestDeals().List(snapshot, WorkspaceId(9), query).status(),
                      type::v1::ERROR_INVALID_PAGE_TOKEN));
}

TEST_F(ListTest, BoundsThePageSize) {
  fixture_.Fold([](ViewBatch& batch) {
    for (int i = 0; i < 1'100; ++i) {
      KITH_RETURN_IF_ERROR(
          TestDeals().Put(batch, kWorkspace, MakeDeal(absl::StrCat("deals/", i), "a", "x")));
    }
    return absl::OkStatus();
  });
  const auto rows = [&](int page_size) {
    return TestDeals().List(fixture_.Latest(), kWorkspace, {.page_size = page_size})->rows.size();
  };
  EXPECT_EQ(rows(0), 50u);
  EXPECT_EQ(rows(7), 7u);
  EXPECT_EQ(rows(5'000), 1'000u);
  const auto negative = TestDeals().List(fixture_.Latest(), kWorkspace, {.page_size = -1});
  EXPECT_TRUE(IsError(negative.status(), type::v1::ERROR_INVALID_FIELD));
}

// Walking an index and sorting what a filter leaves end a page at the same row.
TEST_F(ListTest, EndsAPageByItsBytes) {
  constexpr int kRows = 10;
  for (int i = 0; i < kRows; ++i) {
    Deal deal = MakeDeal(absl::StrCat("deals/", i), "users/a", "Crane");
    deal.set_product(std::string(i == 4 ? 2 * kPageBytesMax : kPageBytesMax / 3, 'x'));
    fixture_.Put(deal);
  }
  for (const char* order_by : {"", "create_time"}) {
    std::vector<size_t> sizes;
    std::set<std::string> names;
    std::string token;
    do {
      const auto page =
          TestDeals().List(fixture_.Latest(), kWorkspace,
                           {.order_by = order_by, .page_token = token, .page_size = 1'000});
      ASSERT_TRUE(page.ok()) << page.status();
      sizes.push_back(page->rows.size());
      for (const Deal& deal : page->rows) EXPECT_TRUE(names.insert(deal.name()).second);
      token = page->next_page_token;
    } while (!token.empty());
    EXPECT_THAT(sizes, ElementsAre(2, 2, 1, 2, 2, 1)) << order_by;
    EXPECT_EQ(names.size(), static_cast<size_t>(kRows));
  }
}

// Under a guard every kind of read ends with its error: a scan, a walk of an index, of the rows and
// of a current index, and a sort.
TEST_F(ListTest, EndsWithItsGuardsError) {
  for (int i = 0; i < 5; ++i) fixture_.Put(MakeDeal(absl::StrCat("deals/", i), "users/a", "Crane"));
  const auto going = [] { return absl::OkStatus(); };
  const auto refused = [](const absl::Status& status) {
    return IsError(status, type::v1::ERROR_LIMIT_REACHED);
  };
  for (const ListQuery& query :
       {ListQuery{}, ListQuery{.filter = "owner = users/a"}, ListQuery{.order_by = "create_time"},
        ListQuery{.order_by = "last_activity_time"}}) {
    ReadGuard guard(going, {.rows = 3});
    const auto page = TestDeals().List(fixture_.Latest().Guarded(guard), kWorkspace, query);
    EXPECT_TRUE(refused(page.status())) << query.filter << query.order_by << page.status();
  }
  ReadGuard guard(going, {.rows = 3});
  EXPECT_TRUE(refused(TestDeals().Scan(fixture_.Latest().Guarded(guard), kWorkspace,
                                       KeyRange::Prefix(""), [](const Deal&) { return true; })));
}

TEST_F(ListTest, SumsAmountsAndWholeNumbersOnly) {
  Deal deal = MakeDeal("deals/1", "users/a", "Crane");
  deal.mutable_amount()->set_currency_code("EUR");
  deal.mutable_amount()->set_units(std::numeric_limits<int64_t>::max());
  fixture_.Put(deal);
  type::v1::SummaryOptions summarise;
  type::v1::ListSummary summary;
  const auto list = [&](const std::vector<std::string>& fields) {
    summarise.mutable_sums()->Assign(fields.begin(), fields.end());
    return TestDeals()
        .List(fixture_.Latest(), kWorkspace, {.summarise = &summarise, .summary = &summary})
        .status();
  };
  EXPECT_TRUE(list({"amount", "probability"}).ok());
  EXPECT_EQ(summary.sums(0).amounts(0).units(), deal.amount().units());
  EXPECT_EQ(summary.sums(1).number(), 0);
  EXPECT_FALSE(summary.has_total_size());
  for (const char* field :
       {"display_name", "contact", "units", "amount.units", "create_time", "nothing", ""}) {
    const absl::Status refused = list({"amount", field});
    EXPECT_TRUE(IsError(refused, type::v1::ERROR_INVALID_FIELD)) << field;
    EXPECT_THAT(MessageOf(refused),
                HasSubstr("but amount, annual_contract_value, annual_recurring_revenue, "
                          "earlier_stage_interval_count, monthly_recurring_revenue, "
                          "pending_approval.amount, probability."))
        << field;
  }
  EXPECT_TRUE(IsError(list(std::vector<std::string>(11, "amount")), type::v1::ERROR_INVALID_FIELD));
  deal.set_name("deals/2");
  fixture_.Put(deal);
  EXPECT_TRUE(IsError(list({"amount"}), type::v1::ERROR_OUT_OF_RANGE));
}

TEST_F(ListTest, CountsAsFarAsItMayLookAndSaysSo) {
  fixture_.Fold([](ViewBatch& batch) {
    for (size_t i = 0; i < kCountRowsMax + 50; ++i) {
      const Deal deal =
          MakeDeal(absl::StrCat("deals/", i), i < 20 ? "users/few" : "users/many", "");
      KITH_RETURN_IF_ERROR(TestDeals().Put(batch, kWorkspace, deal));
    }
    return absl::OkStatus();
  });
  type::v1::SummaryOptions summarise;
  summarise.set_total_size(true);
  summarise.set_explain(true);
  type::v1::ListSummary summary;
  ViewSnapshot snapshot = fixture_.Latest();
  const auto list = [&](absl::string_view filter) {
    const absl::Status listed =
        TestDeals()
            .List(snapshot, kWorkspace,
                  {.filter = filter, .page_size = 10, .summarise = &summarise, .summary = &summary})
            .status();
    EXPECT_TRUE(listed.ok()) << listed;
  };
  for (const char* const filter : {"", "status != WON"}) {  // by entries, and by their rows
    list(filter);
    EXPECT_EQ(summary.total_size(), 100'000) << filter;
    EXPECT_TRUE(summary.total_size_is_at_least()) << filter;
    EXPECT_EQ(summary.plan().looked_at(), 11) << filter;
  }
  list("owner = users/few");
  EXPECT_EQ(summary.total_size(), 20);
  EXPECT_FALSE(summary.total_size_is_at_least());
  ASSERT_EQ(summary.plan().stretches_size(), 1);
  EXPECT_EQ(summary.plan().stretches(0).index_fields(0), "owner");
  EXPECT_EQ(summary.plan().stretches(0).equal_fields(), 1);
  EXPECT_FALSE(summary.plan().stretches(0).asks_rows());
  EXPECT_EQ(summary.plan().wanted_index(), "");
  list("owner = users/few AND product = x");
  EXPECT_EQ(summary.total_size(), 0);
  EXPECT_TRUE(summary.plan().stretches(0).asks_rows());
  EXPECT_EQ(summary.plan().wanted_index(), "(owner, product)");
  summarise.add_sums("probability");
  list("");
  EXPECT_TRUE(summary.sums_are_partial());
  list("owner = users/few");
  EXPECT_FALSE(summary.sums_are_partial());
  // What a read may look at in all ends a count, and not the list.
  const auto going = [] { return absl::OkStatus(); };
  ReadGuard guard(going, {.rows = 500});
  snapshot = fixture_.Latest().Guarded(guard);
  list("");
  EXPECT_TRUE(summary.total_size_is_at_least());
  EXPECT_TRUE(summary.sums_are_partial());
}

TEST_F(ListTest, RefusesToLookAtTooManyRowsAndNamesTheIndexThatWouldHelp) {
  fixture_.Fold([](ViewBatch& batch) {
    for (int i = 0; i < 10'050; ++i) {
      Deal deal = MakeDeal(absl::StrCat("deals/", i), i < 20 ? "users/few" : "users/many", "x");
      deal.set_product(absl::StrCat("product ", i));
      KITH_RETURN_IF_ERROR(TestDeals().Put(batch, kWorkspace, deal));
    }
    for (int i = 0; i < 300; ++i) {
      const Deal deal = MakeDeal(absl::StrCat("deals/last-", i), "users/some", "a");
      KITH_RETURN_IF_ERROR(TestDeals().Put(batch, kWorkspace, deal));
    }
    return absl::OkStatus();
  });
  ExpectRefused("product = none", "", "(product)");
  ExpectRefused("owner = users/many AND product = none", "", "(owner, product)");
  ExpectRefused("owner = users/many", "product", "(owner, product)");
  ExpectRefused("", "create_time", "(create_time)");
  // How far it came, and what would narrow it.
  ExpectRefused("product = none", "", "of the first 10000, 0 match");
  ExpectRefused("", "create_time", "of the first 10000, 10000 match");
  ExpectRefused("product = none", "", "index: owner, display_name, contact, status, words.");
  // Of two stretches.
  ExpectRefused("owner in (users/few, users/many)", "product", "of the first 10000, 10000 match");
  ExpectRefused("owner in (users/few, users/many) AND product = \"product 3\"", "", "0, 1 match");
  const auto refused =
      TestDeals().List(fixture_.Latest(), kWorkspace, {.filter = "product = none"}).status();
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(WireError(refused)->details(0).UnpackTo(&info));
  EXPECT_EQ(info.metadata().at("looked_at"), "10000");
  EXPECT_EQ(info.metadata().at("matched"), "0");
  EXPECT_EQ(info.metadata().at("narrowing_fields"), "owner, display_name, contact, status, words");
  // But not to who may not see all of them.
  const auto scope = ParseFilter("owner != users/none");
  const absl::Status told =
      TestDeals()
          .List(fixture_.Latest(), kWorkspace, {.filter = "product = none", .within = &*scope})
          .status();
  EXPECT_THAT(told.message(), HasSubstr("would have to be looked at. Narrow the filter by"));
  ASSERT_TRUE(WireError(told)->details(0).UnpackTo(&info));
  EXPECT_EQ(info.metadata().count("looked_at") + info.metadata().count("matched"), 0u);
  // Few enough on the way of another index.
  EXPECT_THAT(List("owner = users/few", "product")->size(), 20u);
  EXPECT_THAT(List("owner = users/few AND product > \"product 5\"")->size(), 4u);
  // Each of two ways is narrow, and together they are.
  EXPECT_THAT(
      List("owner = users/few OR (contact = contacts/x AND product = y)", "product")->size(), 20u);
  EXPECT_THAT(List("owner in (users/few, users/none)", "display_name desc")->size(), 20u);
  ExpectRefused("owner = users/none OR contains(product, \"none\")", "", "More than 10000");
  EXPECT_THAT(List("owner in (users/few, users/many)", "expected_close_date")->size(), 10'050u);
  // An order whose index would pass over too many rows first: the filter's index finds them, and
  // they are sorted.
  EXPECT_THAT(List("owner = users/few", "display_name desc")->size(), 20u);
  // What the walk looked at before it gave up does not count against what is gathered.
  EXPECT_THAT(List("owner = users/some", "display_name desc")->size(), 300u);
}

// Fields that nobody declared: texts as names are compared, enums, times, amounts, and those one
// step down.
TEST_F(ListTest, FiltersAndOrdersByEveryField) {
  const auto amount = [](Deal& deal, const std::string& currency, int64_t units, int32_t nanos) {
    deal.mutable_amount()->set_currency_code(currency);
    deal.mutable_amount()->set_units(units);
    deal.mutable_amount()->set_nanos(nanos);
  };
  Deal deal = With(MakeDeal("deals/1", "users/a", "Crane"), {"contacts/a"});
  amount(deal, "EUR", 100, 500'000'000);
  deal.set_source("Trade  FAIR");
  deal.set_lost_reason(deals::v1::BUDGET);
  deal.mutable_contacts(0)->set_role(deals::v1::CHAMPION);
  deal.mutable_update_time()->set_seconds(1'767'225'600);
  fixture_.Put(deal);
  deal = MakeDeal("deals/2", "users/a", "Digger");
  amount(deal, "EUR", 99, 0);
  deal.set_type(deals::v1::RENEWAL);
  fixture_.Put(deal);
  deal = MakeDeal("deals/3", "users/a", "Drill");
  amount(deal, "USD", 5, 0);
  fixture_.Put(deal);
  fixture_.Put(MakeDeal("deals/4", "users/a", "Dozer"));

  EXPECT_THAT(*List("source = \"trade fair\""), ElementsAre("deals/1"));
  EXPECT_THAT(*List("lost_reason = BUDGET OR type = RENEWAL"), ElementsAre("deals/1", "deals/2"));
  EXPECT_THAT(*List("contacts.role = CHAMPION"), ElementsAre("deals/1"));
  EXPECT_THAT(*List("contacts.contact = contacts/a"), ElementsAre("deals/1"));
  EXPECT_THAT(*List("update_time:*"), ElementsAre("deals/1"));
  EXPECT_THAT(*List("name in (deals/2, deals/4)"), ElementsAre("deals/2", "deals/4"));
  EXPECT_THAT(*List("amount > \"99.99 EUR\""), ElementsAre("deals/1"));
  EXPECT_THAT(*List("amount <= \"EUR 99\""), ElementsAre("deals/2")) << "no dollars, nothing unset";
  EXPECT_THAT(*List("amount = \"100.5 EUR\""), ElementsAre("deals/1"));
  EXPECT_THAT(*List("NOT amount:*"), ElementsAre("deals/4"));
  EXPECT_THAT(*List("amount != \"5 USD\""), ElementsAre("deals/1", "deals/2", "deals/4"));
  EXPECT_THAT(*List("amount.units < 100 AND amount.currency_code = EUR"), ElementsAre("deals/2"));
  EXPECT_THAT(*List("", "amount"), ElementsAre("deals/4", "deals/2", "deals/1", "deals/3"));
  EXPECT_THAT(*List("", "amount desc"), ElementsAre("deals/3", "deals/1", "deals/2", "deals/4"));
  EXPECT_THAT(*List("", "source desc, name desc"),
              ElementsAre("deals/1", "deals/4", "deals/3", "deals/2"));
  ExpectRefused("", "contacts.role", "may have many values");
}

TEST_F(ListTest, FindsWordsByTheirBeginnings) {
  fixture_.Put(MakeDeal("deals/1", "users/a", "Anna-Lena Müller"));
  fixture_.Put(MakeDeal("deals/2", "users/a", "MULLERSON & Anna"));
  fixture_.Put(MakeDeal("deals/3", "users/b", "Kamil Muller"));
  EXPECT_THAT(*List("muller"), ElementsAre("deals/1", "deals/3", "deals/2"));
  EXPECT_THAT(*List("MÜLL*", "name"), ElementsAre("deals/1", "deals/2", "deals/3"));
  EXPECT_THAT(*List("\"lena mü\""), ElementsAre("deals/1"));
  EXPECT_THAT(*List("anna muller owner = users/a"), ElementsAre("deals/1", "deals/2"));
  EXPECT_THAT(*List("mil"), IsEmpty()) << "no beginning";
  EXPECT_THAT(*List("lena OR kamil"), ElementsAre("deals/1", "deals/3"));
  EXPECT_THAT(*List("-\"anna muller\""), ElementsAre("deals/3"));
  EXPECT_THAT(*List("words = müller"), ElementsAre("deals/1", "deals/3"));
  const Table<Deal> nameless =
      TableBuilder<Deal>(1).Key([](const Deal& deal) { return deal.name(); }).Build();
  const auto refused = nameless.List(fixture_.Latest(), kWorkspace, {.filter = "crane"});
  EXPECT_TRUE(IsError(refused.status(), type::v1::ERROR_INVALID_FILTER));
  EXPECT_THAT(MessageOf(refused.status()), HasSubstr("has no names"));
}

// What no longer holds, or does not yet, is not counted.
TEST_F(ListTest, CountsOnlyWhatHeldAtItsMoment) {
  constexpr int kMoves = 10'050;
  ViewBatch batch(fixture_.families(), {});
  for (int i = 1; i <= kMoves; ++i) {
    batch.Begin(Position(i));
    const std::string name = absl::StrCat("name ", i);
    ASSERT_TRUE(TestDeals().Put(batch, kWorkspace, MakeDeal("deals/1", "users/a", name)).ok());
    batch.Keep();
  }
  ASSERT_TRUE(batch.Write(batch.position(), /*with_checkpoint=*/true).ok());
  for (const int moment : {1, kMoves / 2, kMoves}) {
    for (const char* order : {"display_name", "display_name desc"}) {
      const auto page =
          TestDeals().List(fixture_.At(Position(moment)), kWorkspace, {.order_by = order});
      ASSERT_TRUE(page.ok()) << page.status();
      ASSERT_EQ(page->rows.size(), 1u);
      EXPECT_EQ(page->rows[0].display_name(), absl::StrCat("name ", moment));
    }
  }
}

TEST_F(ListTest, NamesWhatIsNotDeclared) {
  ExpectRefused("colour = red", "", "There is no field colour");
  ExpectRefused("ownr = users/a", "", " fields the most like it are owner, ");
  ExpectRefused("", "colour", "There is no field colour");
  ExpectRefused("", "contact", "may have many values");
  ExpectRefused("stage = pipelines/p/stages/s", "stage desc, position",
                "at a time, with stage = …");
  ExpectRefused("status = GONE", "", "one of DEAL_STATUS_UNSPECIFIED, OPEN");
  ExpectRefused("probability = many", "", "\"many\" is not a whole number");
  ExpectRefused("name = x", "", "\"x\" can be no value: it must be a name like deals/{deal}");
  ExpectRefused("name in (deals/1, users/1)", "", "at character 19");
  ExpectRefused("expected_close_date = 2026-02-30", "", "is not a date");
  ExpectRefused("create_time > sometime", "", "is not a time");
  ExpectRefused("create_time > word", "", "at character 15");
  ExpectRefused("colour = red", "", "the help of the list tells all), at character 1.");
  ExpectRefused("ownr = users/a", "", "did you mean owner?");
  ExpectRefused("role = CHAMPION", "", "did you mean contacts.role?");
  ExpectRefused("status = OPN", "", "did you mean OPEN");
  ExpectRefused("owner = Moses", "", "\"Moses\" is not a name like users/{user}");
  ExpectRefused("owner in (users/a, \"Moses Frase\")", "", "at character 20");
  ExpectRefused("stage = \"new-lead\"", "", "a name like pipelines/{pipeline}/stages/{stage}");
  ExpectRefused("owner = \"user*\" AND owner = \"usr*\"", "", "beginning of a name like users/{");
  ExpectRefused("contains(probability, \"4\")", "", "contains() goes with text only");
  ExpectRefused("owner = now()", "", "now() goes with days and times");
  ExpectRefused("\"-\"", "", "There is no letter or digit in");
  ExpectRefused("amount > 100", "", "an amount with its currency like");
  ExpectRefused("amount > \"100 Euro\"", "", "an amount with its currency like");
  ExpectRefused("probability = 4*", "", "goes with text only");
}

TEST(TableDeathTest, AbortsOnAMistakenDeclaration) {
  const auto declare = [](auto change) {
    TableBuilder<Deal> builder(1);
    builder.Key([](const Deal& deal) { return deal.name(); }).Field("owner");
    change(builder);
    builder.Build();
  };
  EXPECT_DEATH(declare([](auto& builder) { builder.Field("colour"); }), "");
  EXPECT_DEATH(declare([](auto& builder) { builder.Field("owner"); }), "");
  EXPECT_DEATH(declare([](auto& builder) { builder.Index(1, {"colour"}); }), "");
  EXPECT_DEATH(declare([](auto& builder) { builder.Index(1, {"owner"}).Index(1, {"owner"}); }), "");
  EXPECT_DEATH(TableBuilder<Deal>(1).Field("owner").Build(), "");
}

}  // namespace
}  // namespace kith::projections
