// Goal: a list in the order of a current index keeps the promise of table.h, however the rows move
// between its pages, and a view whose two families are at different positions folds again to where
// it was. Lists as of a moment are checked with the others, in table_model_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/projections/tables/table_fixture.h"
#include "tests/testing/histories.h"

namespace kith::projections {
namespace {

using deals::v1::Deal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kByActivity[] = "last_activity_time";
constexpr char kByActivityDescending[] = "last_activity_time desc";

Deal ActiveAt(const std::string& name, int64_t second, const std::string& owner = "users/a") {
  Deal deal = MakeDeal(name, owner, name);
  deal.mutable_last_activity_time()->set_seconds(second);
  return deal;
}

class CurrentIndexTest : public ::testing::Test {
 protected:
  std::vector<std::string> Listed(const ViewSnapshot& snapshot, const ListQuery& query) {
    const auto names = ListAll(snapshot, query);
    EXPECT_TRUE(names.ok()) << names.status();
    return names.ok() ? *names : std::vector<std::string>();
  }
  // One page of two; its token is kept for the next.
  std::vector<std::string> NextPage(const ViewSnapshot& snapshot, ListQuery query) {
    query.page_token = token_;
    query.page_size = 2;
    const auto page = TestDeals().List(snapshot, kWorkspace, query);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return {};
    token_ = page->next_page_token;
    return NamesOf(page->rows);
  }
  // The entries of current indexes.
  std::set<std::string> Entries() {
    std::set<std::string> entries;
    const absl::Status scanned =
        fixture_.families().index->ScanCurrent({"\1", ""}, [&](absl::string_view entry) {
          entries.emplace(entry);
          return true;
        });
    EXPECT_TRUE(scanned.ok()) << scanned;
    return entries;
  }

  TableFixture fixture_;
  std::string token_;
};

TEST_F(CurrentIndexTest, OrdersByWhatHoldsNow) {
  fixture_.Put(ActiveAt("deals/1", 10));
  fixture_.Put(ActiveAt("deals/2", 20));
  fixture_.Put(ActiveAt("deals/3", 30, "users/b"));
  fixture_.Put(ActiveAt("deals/1", 40));
  const ViewSnapshot now = fixture_.Latest();
  EXPECT_THAT(Listed(now, {.order_by = kByActivity}), ElementsAre("deals/2", "deals/3", "deals/1"));
  EXPECT_THAT(Listed(now, {.order_by = kByActivityDescending}),
              ElementsAre("deals/1", "deals/3", "deals/2"));
  EXPECT_THAT(Listed(now, {.filter = "owner = users/a", .order_by = kByActivity}),
              ElementsAre("deals/2", "deals/1"));
  EXPECT_THAT(Listed(now, {.filter = "last_activity_time > \"1970-01-01T00:00:20Z\"",
                           .order_by = kByActivity}),
              ElementsAre("deals/3", "deals/1"));
  EXPECT_THAT(Listed(now, {.filter = "last_activity_time <= \"1970-01-01T00:00:30Z\""}),
              ElementsAre("deals/2", "deals/3"));
}

TEST_F(CurrentIndexTest, KeepsOneEntryOfARowHoweverOftenItMoves) {
  for (int second = 0; second < 50; ++second) fixture_.Put(ActiveAt("deals/1", second));
  EXPECT_EQ(Entries().size(), 2u) << "one in each of the two current indexes";
  fixture_.Delete("deals/1");
  EXPECT_THAT(Entries(), IsEmpty());
}

// What a fold writes for one event may be taken back by the next of the same batch.
TEST_F(CurrentIndexTest, WritesOnlyWhatIsLeftOfABatch) {
  fixture_.Put(ActiveAt("deals/1", 1));
  const std::set<std::string> before = Entries();
  ViewBatch batch(fixture_.families(), {fixture_.position(), fixture_.position()});
  for (const int64_t second : {2, 3, 1}) {
    batch.Begin(batch.position() < fixture_.position() ? fixture_.position().Next()
                                                       : batch.position().Next());
    ASSERT_TRUE(TestDeals().Put(batch, kWorkspace, ActiveAt("deals/1", second)).ok());
    batch.Keep();
  }
  ASSERT_TRUE(batch.Write(batch.position(), /*with_checkpoint=*/false).ok());
  EXPECT_EQ(Entries(), before);
  const absl::Status scanned = fixture_.families().index->ScanSpans([&](const IndexSpan& span) {
    EXPECT_FALSE(span.to.has_value()) << "a current index keeps nothing that was";
    return true;
  });
  EXPECT_TRUE(scanned.ok()) << scanned;
  EXPECT_EQ(*fixture_.families().index->Checkpoint(), batch.position())
      << "the moments in between were others";
}

TEST_F(CurrentIndexTest, DiscardsWhatAFailedEventMadeOfIt) {
  ViewBatch batch(fixture_.families(), {});
  batch.Begin(Position(1));
  ASSERT_TRUE(TestDeals().Put(batch, kWorkspace, ActiveAt("deals/1", 1)).ok());
  batch.Discard();
  batch.Begin(Position(2));
  batch.Keep();
  EXPECT_TRUE(batch.kept_entries().empty());
}

TEST_F(CurrentIndexTest, ShowsRowsAsOfTheFirstPageInTheOrderOfNow) {
  for (int i = 1; i <= 4; ++i) fixture_.Put(ActiveAt(absl::StrCat("deals/", i), i));
  const ViewSnapshot first = fixture_.Latest();
  EXPECT_THAT(NextPage(first, {.order_by = kByActivity}), ElementsAre("deals/1", "deals/2"));
  Deal moved = ActiveAt("deals/1", 9);
  moved.set_display_name("renamed since");
  fixture_.Put(moved);
  fixture_.Put(ActiveAt("deals/5", 8));  // not there at the first page's position
  fixture_.Delete("deals/3");
  ListQuery rest{.order_by = kByActivity, .page_token = token_, .page_size = 10};
  const auto page = TestDeals().List(first, kWorkspace, rest);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(NamesOf(page->rows), ElementsAre("deals/4", "deals/1")) << "it moved ahead: again";
  EXPECT_EQ(page->rows[1].display_name(), "deals/1");
  EXPECT_EQ(page->rows[1].last_activity_time().seconds(), 1);
}

TEST_F(CurrentIndexTest, LeavesOutWhatMovedBehindTheReader) {
  for (int i = 1; i <= 4; ++i) fixture_.Put(ActiveAt(absl::StrCat("deals/", i), i));
  const ViewSnapshot first = fixture_.Latest();
  EXPECT_THAT(NextPage(first, {.order_by = kByActivityDescending}),
              ElementsAre("deals/4", "deals/3"));
  fixture_.Put(ActiveAt("deals/2", 9));
  EXPECT_THAT(NextPage(first, {.order_by = kByActivityDescending}), ElementsAre("deals/1"));
}

// The filter must hold for the row that is shown, not only for its entry.
TEST_F(CurrentIndexTest, ChecksTheFilterOnTheRowThatIsShown) {
  fixture_.Put(ActiveAt("deals/1", 1, "users/b"));
  fixture_.Put(ActiveAt("deals/2", 2, "users/a"));
  const ViewSnapshot then = fixture_.Latest();
  fixture_.Put(ActiveAt("deals/1", 3, "users/a"));
  EXPECT_THAT(Listed(then, {.filter = "owner = users/a", .order_by = kByActivity}),
              ElementsAre("deals/2"));
}

TEST_F(CurrentIndexTest, IsExactAsOfAMoment) {
  for (int i = 1; i <= 4; ++i) fixture_.Put(ActiveAt(absl::StrCat("deals/", i), i));
  const ViewSnapshot then = fixture_.Latest();
  const ListQuery asked{.order_by = kByActivityDescending, .as_of = true};
  // From the index at first, then, when it has moved on, by sorting.
  EXPECT_THAT(NextPage(then, asked), ElementsAre("deals/4", "deals/3"));
  fixture_.Put(ActiveAt("deals/2", 9));
  fixture_.Delete("deals/1");
  ListQuery rest = asked;
  rest.as_of = false;  // the token says it
  EXPECT_THAT(NextPage(then, rest), ElementsAre("deals/2", "deals/1"));
  EXPECT_THAT(Listed(then, asked), ElementsAre("deals/4", "deals/3", "deals/2", "deals/1"));
}

TEST_F(CurrentIndexTest, RefusesToSortTooManyRowsAsOfAMomentAndSaysWhy) {
  fixture_.Fold([](ViewBatch& batch) {
    for (int i = 0; i < 10'050; ++i) {
      KITH_RETURN_IF_ERROR(TestDeals().Put(
          batch, kWorkspace,
          ActiveAt(absl::StrCat("deals/", i), i, i < 20 ? "users/few" : "users/many")));
    }
    return absl::OkStatus();
  });
  const ViewSnapshot then = fixture_.Latest();
  const ListQuery asked{.order_by = kByActivityDescending, .page_size = 2, .as_of = true};
  const auto page = TestDeals().List(then, kWorkspace, asked);
  ASSERT_TRUE(page.ok()) << "the index has not moved on: " << page.status();
  EXPECT_THAT(NamesOf(page->rows), ElementsAre("deals/10049", "deals/10048"));

  fixture_.Put(ActiveAt("deals/10049", 20'000, "users/many"));
  const auto refused = TestDeals().List(then, kWorkspace, asked);
  EXPECT_TRUE(IsError(refused.status(), type::v1::ERROR_INVALID_FILTER)) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("(last_activity_time) is kept for the present only"));
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("of the first 10000, 10000 match"));
  // Few enough through an index of then; and the present costs a page.
  ListQuery narrowed = asked;
  narrowed.filter = "owner = users/few";
  EXPECT_EQ(Listed(then, narrowed).size(), 20u);
  ListQuery now = asked;
  now.as_of = false;
  EXPECT_TRUE(TestDeals().List(fixture_.Latest(), kWorkspace, now).ok());
}

TEST_F(CurrentIndexTest, TakesNoTokenOfAnotherOrder) {
  for (int i = 1; i <= 4; ++i) fixture_.Put(ActiveAt(absl::StrCat("deals/", i), i));
  NextPage(fixture_.Latest(), {.order_by = kByActivity});
  const auto other = TestDeals().List(fixture_.Latest(), kWorkspace,
                                      {.order_by = kByActivityDescending, .page_token = token_});
  EXPECT_TRUE(IsError(other.status(), type::v1::ERROR_INVALID_PAGE_TOKEN)) << other.status();
}

// Goal: in rising order of a time that only rises, a reader that pages while rows move sees each
// row at least once; in falling order at most once. Method: random moves between the pages.
TEST(CurrentIndexModel, LosesNothingRisingAndRepeatsNothingFalling) {
  const bool held = testing::HoldsForHistories("a reader sees each row as often as promised", [] {
    TableFixture fixture;
    int64_t second = 0;
    const int rows = *rc::gen::inRange(1, 12);
    const auto touch = [&](int row) {
      fixture.Put(ActiveAt(absl::StrCat("deals/", row), ++second));
    };
    for (int row = 0; row < rows; ++row) touch(row);
    for (const bool falling : {false, true}) {
      const ViewSnapshot first = fixture.Latest();
      std::map<std::string, int> seen;
      std::string token;
      int pages = 0;
      do {
        const auto page =
            TestDeals().List(first, kWorkspace,
                             {.order_by = falling ? kByActivityDescending : kByActivity,
                              .page_token = token,
                              .page_size = *rc::gen::inRange(1, 5)});
        RC_ASSERT(page.ok());
        for (const Deal& deal : page->rows) ++seen[deal.name()];
        token = page->next_page_token;
        // A reader that is slower than what moves would never reach the end.
        if (++pages < 20) touch(*rc::gen::inRange(0, rows));
      } while (!token.empty());
      for (int row = 0; row < rows; ++row) {
        const int times = seen[absl::StrCat("deals/", row)];
        RC_ASSERT((falling ? times <= 1 : times >= 1));
      }
    }
  });
  EXPECT_TRUE(held);
}

// What is on disk after a crash: each family as of a position of its own.
class TwoFamilies {
 public:
  TwoFamilies() { Reopen(); }

  void Reopen() {
    families_ = {};
    store_.reset();
    auto store = VersionedStore::Open({.path = folder_ / "views", .flush_on_close = false});
    KITH_CHECK(store.ok());
    store_ = *std::move(store);
    auto rows = store_->OpenOrCreate("test_deals.1");
    auto index = store_->OpenOrCreateIndex("test_deals.1.index");
    KITH_CHECK(rows.ok() && index.ok());
    families_ = {*std::move(rows), *std::move(index)};
  }
  const ViewFamilies& families() const { return families_; }
  ViewSnapshot At(Position position) const {
    return ViewSnapshot(families_.rows, families_.index, position);
  }

 private:
  testing::TempFolder folder_;
  std::unique_ptr<VersionedStore> store_;
  ViewFamilies families_;
};

using History = std::vector<std::optional<Deal>>;  // nullopt: the deal of the same place goes

std::string NameAt(size_t event) { return absl::StrCat("deals/", event % 4); }

std::string RowOf(const ViewSnapshot& snapshot, const std::string& name) {
  const auto row = TestDeals().Get(snapshot, kWorkspace, name, eventstore::ReadTier::kDisk);
  KITH_CHECK(row.ok());
  return row->has_value() ? (*row)->SerializeAsString() : "none";
}

// Folds the events after `from`, `batch_events` in a batch; after each batch asks `done`, by the
// position reached.
template <class Done>
void Fold(const History& history, ViewBatch& batch, size_t from, size_t batch_events, Done done) {
  for (size_t event = from; event < history.size(); ++event) {
    batch.Begin(Position(event + 1));
    const absl::Status applied = history[event].has_value()
                                     ? TestDeals().Put(batch, kWorkspace, *history[event])
                                     : TestDeals().Delete(batch, kWorkspace, NameAt(event));
    KITH_CHECK(applied.ok());
    batch.Keep();
    if ((event + 1) % batch_events != 0 && event + 1 != history.size()) continue;
    KITH_CHECK(batch.Write(Position(event + 1), /*with_checkpoint=*/true).ok());
    done(event + 1);
  }
}

// Goal: wherever a crash left the two families, folding again from the lower one gives rows and
// entries that were never interrupted, and the row of any moment in between.
TEST(CurrentIndexModel, FoldsAgainFromTheFamilyThatIsBehind) {
  const bool held = testing::HoldsForHistories("both families converge", [] {
    History history;
    const size_t events = *rc::gen::inRange<size_t>(1, 24);
    for (size_t event = 0; event < events; ++event) {
      if (*rc::gen::inRange(0, 4) == 0) {
        history.push_back(std::nullopt);
      } else {
        history.push_back(ActiveAt(NameAt(event), *rc::gen::inRange(0, 6),
                                   *rc::gen::elementOf(std::vector<std::string>{"a", "b"})));
      }
    }
    const size_t rows_flushed = *rc::gen::inRange<size_t>(0, events + 1);
    const size_t current_flushed = *rc::gen::inRange<size_t>(0, events + 1);
    const size_t batch_events = *rc::gen::inRange<size_t>(1, 5);

    TwoFamilies crashed;
    {
      ViewBatch batch(crashed.families(), {});
      Fold(history, batch, 0, 1, [&](size_t folded) {
        if (folded == rows_flushed) KITH_CHECK(crashed.families().rows->Flush(true).ok());
        if (folded == current_flushed) KITH_CHECK(crashed.families().index->Flush(true).ok());
      });
    }
    TwoFamilies whole;
    ViewBatch whole_batch(whole.families(), {});
    Fold(history, whole_batch, 0, 1, [](size_t) {});

    crashed.Reopen();
    const auto kept = crashed.families().index->Checkpoint();
    RC_ASSERT(kept.ok() && kept->value() == current_flushed);
    {
      ViewBatch batch(crashed.families(), {Position(rows_flushed), *kept});
      Fold(history, batch, std::min(rows_flushed, current_flushed), batch_events, [&](size_t) {
        // What is there already is left alone, also while the other family catches up.
        for (size_t i = 0; i < 4; ++i) {
          const Position at(rows_flushed);
          RC_ASSERT(RowOf(crashed.At(at), NameAt(i)) == RowOf(whole.At(at), NameAt(i)));
        }
      });
    }

    for (const char* order :
         {kByActivity, kByActivityDescending, "owner, last_activity_time",
          "owner, expected_close_date", "owner desc, expected_close_date desc"}) {
      for (size_t at = 0; at <= events; ++at) {
        const ListQuery query{.order_by = order, .page_size = 3, .as_of = at < events};
        const auto expected = ListAll(whole.At(Position(at)), query);
        const auto got = ListAll(crashed.At(Position(at)), query);
        RC_ASSERT(expected.ok() && got.ok());
        RC_ASSERT(*got == *expected);
      }
    }
  });
  EXPECT_TRUE(held);
}

TEST(CurrentIndexDeathTest, AbortsOnAMistakenDeclaration) {
  // RocksDB's threads may hold locks at the moment of a fork.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(TableBuilder<Deal>(1)
                   .Key([](const Deal& deal) { return deal.name(); })
                   .Field("contact", {.path = "contacts.contact"})
                   .CurrentIndex(1, {"contact"})
                   .Build(),
               "");
  TableFixture fixture;
  ViewBatch without({fixture.families().rows, nullptr}, {});
  without.Begin(Position(1));
  EXPECT_DEATH(TestDeals().Put(without, kWorkspace, ActiveAt("deals/1", 1)).IgnoreError(), "");
}

}  // namespace
}  // namespace kith::projections
