#include "projections/interactions/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/ulid.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "kith/visitors/v1/visitor_events.pb.h"
#include "projections/tables/table_core.h"
#include "tests/testing/histories.h"
#include "tests/testing/view_spec.h"

namespace kith::projections {
namespace {

using contacts::v1::ContactCreated;
using contacts::v1::ContactDeleted;
using contacts::v1::ContactUpdated;
using deals::v1::DealCreated;
using deals::v1::DealStageChanged;
using deals::v1::DealWon;
using interactions::v1::InteractionAmended;
using interactions::v1::InteractionKind;
using interactions::v1::InteractionRecorded;
using ::testing::ElementsAre;
using testing::GivenOptions;
using ::testing::IsEmpty;
using testing::ViewFixture;
using testing::ViewSpec;

constexpr WorkspaceId kWorkspace{1};

ViewSpec NewSpec() {
  return ViewSpec::Of<Timeline>()
      .Takes<contacts::v1::ContactEvent>("contacts")
      .Takes<deals::v1::DealEvent>("deals")
      .Takes<interactions::v1::InteractionEvent>("interactions")
      .Takes<visitors::v1::VisitorEvent>("visitors");
}

absl::Time At(int minute) { return absl::FromUnixSeconds(1'700'000'000) + absl::Minutes(minute); }

struct TimelinePage {
  std::vector<Position> events;
  std::string next_page_token;
};

// A page on which no more than `events_max` find room.
absl::StatusOr<TimelinePage> PageOf(const ViewSnapshot& view, const TimelineQuery& query,
                                    size_t events_max = kPageSizeMax) {
  TimelinePage page;
  const auto take = [&](const TimelineEvent& at) -> absl::StatusOr<bool> {
    if (page.events.size() == events_max) return false;
    page.events.push_back(at.recorded);
    return true;
  };
  KITH_ASSIGN_OR_RETURN(page.next_page_token, ListTimeline(view, query, take));
  return page;
}

class TimelineTest : public ::testing::Test {
 protected:
  // Records an interaction that happened at `time`; its name.
  std::string Record(const std::string& parent, absl::Time time,
                     std::vector<std::string> links = {},
                     InteractionKind kind = interactions::v1::CALL) {
    InteractionRecorded recorded;
    recorded.set_name(Name(parent, time));
    recorded.mutable_interaction()->set_kind(kind);
    for (std::string& link : links) recorded.mutable_interaction()->add_links(std::move(link));
    Record(parent, time, recorded);
    return recorded.name();
  }
  void Record(const std::string& parent, absl::Time time, const InteractionRecorded& recorded) {
    spec_.Given(absl::StrCat(parent, "/interactions"), recorded,
                {.workspace = kWorkspace, .occur_time = time});
  }
  // A name whose id tells this time.
  std::string Name(const std::string& parent, absl::Time time) {
    // A number in the random part, as 26 characters of which the first ten are the time.
    const std::string id = absl::StrCat("0000000000", absl::Dec(++drawn_, absl::kZeroPad16));
    return absl::StrCat(parent, "/interactions/", UlidAt(time, id));
  }
  // The last event's position.
  Position last() const { return spec_.last(); }

  static TimelinePage List(const ViewSnapshot& view, const TimelineQuery& query) {
    const auto page = PageOf(view, query);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.value_or(TimelinePage());
  }
  static std::vector<Position> All(const ViewSnapshot& view, absl::string_view record,
                                   std::vector<InteractionKind> kinds = {}) {
    return List(view, {.workspace = kWorkspace,
                       .records = {std::string(record)},
                       .kinds = std::move(kinds)})
        .events;
  }
  static std::vector<Position> Find(const ViewSnapshot& view, absl::string_view name) {
    const auto found = FindInteraction(view, kWorkspace, name);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<Position> positions;
    if (found.ok()) {
      for (const TimelineEvent& at : *found) positions.push_back(at.recorded);
    }
    return positions;
  }

  ViewSpec spec_ = NewSpec();
  int drawn_ = 0;
};

TEST_F(TimelineTest, ShowsVisitsOfWhomTheVisitorIsFoundToBe) {
  const auto view_pages = [&](int visit, bool begins, const std::string& contact, int minute) {
    visitors::v1::VisitorPagesViewed viewed;
    viewed.set_name("visitors/1");
    viewed.set_contact(contact);
    viewed.set_visit(visit);
    viewed.set_visit_begins(begins);
    spec_.Given("visitors/1", viewed, {.occur_time = At(minute)});
  };
  const auto identify = [&](const std::string& contact, int from, int count) {
    visitors::v1::VisitorIdentified identified;
    identified.set_name("visitors/1");
    identified.set_contact(contact);
    identified.set_from_visit(from);
    identified.set_visit_count(count);
    spec_.Given("visitors/1", identified, {.occur_time = At(100)});
  };
  view_pages(1, true, "", 0);
  view_pages(1, false, "", 5);
  view_pages(2, true, "", 60);
  Record("contacts/1", At(30));
  EXPECT_THAT(All(spec_.Then(), "contacts/1"), ElementsAre(Position(4)));
  identify("contacts/1", 1, 2);
  view_pages(2, false, "contacts/1", 65);
  view_pages(3, true, "contacts/1", 120);
  identify("contacts/2", 4, 3);
  view_pages(4, true, "contacts/2", 121);
  const ViewSnapshot view = spec_.Then();
  EXPECT_THAT(All(view, "contacts/1"),
              ElementsAre(Position(7), Position(3), Position(4), Position(1)));
  EXPECT_THAT(All(view, "contacts/2"), ElementsAre(Position(9)));
  EXPECT_THAT(All(view, "contacts/1", {interactions::v1::PAGE_VIEW}),
              ElementsAre(Position(7), Position(3), Position(1)));
  EXPECT_THAT(
      List(view, {.workspace = kWorkspace, .records = {"contacts/1"}, .visits = false}).events,
      ElementsAre(Position(4)));
  const auto counts = CountKinds(view, kWorkspace, {"contacts/1"}, 100);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->kinds.size(), 1u);
}

TEST_F(TimelineTest, ShowsARecordsOwnChangesAndItsInteractionsNewestFirst) {
  spec_.Given("contacts/1", ContactCreated(), {.occur_time = At(0)});
  Record("contacts/1", At(1));
  spec_.Given("contacts/1", ContactUpdated(), {.occur_time = At(2)});
  spec_.Given("contacts/2", ContactCreated(), {.occur_time = At(3)});
  const ViewSnapshot view = spec_.Then();
  EXPECT_THAT(All(view, "contacts/1"), ElementsAre(Position(3), Position(2), Position(1)));
  EXPECT_THAT(All(view, "contacts/2"), ElementsAre(Position(4)));
}

TEST_F(TimelineTest, ShowsTheChangesOfADeal) {
  spec_.Given("deals/1", DealCreated(), {.occur_time = At(0)})
      .Given("deals/1", DealStageChanged(), {.occur_time = At(1)})
      .Given("deals/1", DealWon(), {.occur_time = At(2)});
  EXPECT_THAT(All(spec_.Then(), "deals/1"), ElementsAre(Position(3), Position(2), Position(1)));
}

TEST_F(TimelineTest, ShowsAnInteractionWithEveryRecordItConcerns) {
  Record("contacts/1", At(0), {"contacts/2", "deals/1"});
  const ViewSnapshot view = spec_.Then();
  for (const char* record : {"contacts/1", "contacts/2", "deals/1"}) {
    EXPECT_THAT(All(view, record), ElementsAre(Position(1))) << record;
  }
}

TEST_F(TimelineTest, SortsWhatWasRecordedLateByWhenItHappened) {
  Record("contacts/1", At(10));
  Record("contacts/1", At(5));
  Record("contacts/1", At(7));
  EXPECT_THAT(All(spec_.Then(), "contacts/1"), ElementsAre(Position(1), Position(3), Position(2)));
}

TEST_F(TimelineTest, SortsWhatHappenedAtOneTimeByItsSequence) {
  for (int i = 0; i < 3; ++i) Record("contacts/1", At(0));
  EXPECT_THAT(All(spec_.Then(), "contacts/1"), ElementsAre(Position(3), Position(2), Position(1)));
}

TEST_F(TimelineTest, SortsWhatHappenedBefore1970Last) {
  Record("contacts/1", absl::FromUnixSeconds(-100));
  Record("contacts/1", absl::UnixEpoch());
  Record("contacts/1", absl::FromUnixSeconds(-200));
  EXPECT_THAT(All(spec_.Then(), "contacts/1"), ElementsAre(Position(2), Position(1), Position(3)));
}

TEST_F(TimelineTest, StaysWhenTheRecordIsDeleted) {
  spec_.Given("contacts/1", ContactCreated(), {.occur_time = At(0)})
      .Given("contacts/1", ContactDeleted(), {.occur_time = At(1)});
  EXPECT_THAT(All(spec_.Then(), "contacts/1"), ElementsAre(Position(2), Position(1)));
}

TEST_F(TimelineTest, KeepsWorkspacesApart) {
  spec_.Given("contacts/1", ContactCreated(), {.workspace = WorkspaceId(2)});
  const ViewSnapshot view = spec_.Then();
  EXPECT_THAT(All(view, "contacts/1"), IsEmpty());
  EXPECT_EQ(*HasTimeline(view, kWorkspace, {"contacts/1"}), false);
  EXPECT_EQ(*HasTimeline(view, WorkspaceId(2), {"contacts/1"}), true);
}

TEST_F(TimelineTest, DoesNotTakeANameForAnotherThatBeginsWithIt) {
  spec_.Given("contacts/1", ContactCreated()).Given("contacts/11", ContactCreated());
  EXPECT_THAT(All(spec_.Then(), "contacts/1"), ElementsAre(Position(1)));
}

TEST_F(TimelineTest, FiltersByKind) {
  spec_.Given("contacts/1", ContactCreated(), {.occur_time = At(0)});
  Record("contacts/1", At(1), {}, interactions::v1::CALL);
  Record("contacts/1", At(2), {}, interactions::v1::EMAIL);
  Record("contacts/1", At(3), {}, interactions::v1::NOTE);
  const ViewSnapshot view = spec_.Then();
  EXPECT_THAT(All(view, "contacts/1", {interactions::v1::CALL}), ElementsAre(Position(2)));
  EXPECT_THAT(All(view, "contacts/1", {interactions::v1::NOTE, interactions::v1::CALL}),
              ElementsAre(Position(4), Position(2)));
  EXPECT_THAT(All(view, "contacts/1", {interactions::v1::PURCHASE}), IsEmpty());
}

TEST_F(TimelineTest, CountsItsKindsAndSaysWhenTheLastOfEachWas) {
  Record("contacts/a", At(1));
  Record("contacts/a", At(9));
  Record("contacts/a", At(5));
  Record("contacts/b", At(6), {"contacts/a"}, interactions::v1::NOTE);
  Record("contacts/b", absl::FromUnixSeconds(-5), {"contacts/a"}, interactions::v1::MEETING);
  const ViewSnapshot view = spec_.Then();
  const auto counts = [&](size_t entries_max) {
    const auto counted = CountKinds(view, kWorkspace, {"contacts/a"}, entries_max);
    EXPECT_TRUE(counted.ok()) << counted.status();
    return *counted;
  };
  const auto all = counts(5);
  EXPECT_FALSE(all.at_least);
  ASSERT_EQ(all.kinds.size(), 3U);
  EXPECT_EQ(all.kinds[0].kind, interactions::v1::CALL);
  EXPECT_EQ(all.kinds[0].count, 3);
  EXPECT_EQ(all.kinds[0].last, At(9));
  EXPECT_EQ(all.kinds[1].kind, interactions::v1::NOTE);
  EXPECT_EQ(all.kinds[1].last, At(6));
  EXPECT_EQ(all.kinds[2].last, absl::FromUnixSeconds(-5));
  EXPECT_TRUE(counts(4).at_least);
  EXPECT_EQ(counts(4).kinds.size(), 2U);
  EXPECT_EQ(counts(2).kinds[0].count, 1);
}

TEST_F(TimelineTest, PagesWithoutGapOrRepetitionWhateverIsRecordedMeanwhile) {
  for (int i = 0; i < 7; ++i) Record("contacts/1", At(i));
  const ViewSnapshot view = spec_.Then();
  TimelineQuery query = {.workspace = kWorkspace, .records = {"contacts/1"}, .page_size = 3};
  const TimelinePage first = List(view, query);
  EXPECT_THAT(first.events, ElementsAre(Position(7), Position(6), Position(5)));
  Record("contacts/1", At(3));  // does not shift the next page
  spec_.Then();
  const ViewSnapshot pinned = spec_.As(view.position());
  query.page_token = first.next_page_token;
  const TimelinePage second = List(pinned, query);
  EXPECT_THAT(second.events, ElementsAre(Position(4), Position(3), Position(2)));
  query.page_token = second.next_page_token;
  const TimelinePage third = List(pinned, query);
  EXPECT_THAT(third.events, ElementsAre(Position(1)));
  EXPECT_EQ(third.next_page_token, "");
}

TEST_F(TimelineTest, EndsWithAFullPageWithoutANextOne) {
  for (int i = 0; i < 3; ++i) Record("contacts/1", At(i));
  const TimelinePage page =
      List(spec_.Then(), {.workspace = kWorkspace, .records = {"contacts/1"}, .page_size = 3});
  EXPECT_EQ(page.events.size(), 3u);
  EXPECT_EQ(page.next_page_token, "");
}

TEST_F(TimelineTest, EndsAPageWhereThereIsNoMoreRoomAndGoesOnThere) {
  for (int i = 0; i < 3; ++i) Record("contacts/1", At(i));
  const ViewSnapshot view = spec_.Then();
  TimelineQuery query = {.workspace = kWorkspace, .records = {"contacts/1"}};
  const auto first = PageOf(view, query, 2);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(first->events, ElementsAre(Position(3), Position(2)));
  query.page_token = first->next_page_token;
  const auto second = PageOf(view, query, 2);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(second->events, ElementsAre(Position(1)));
  EXPECT_EQ(second->next_page_token, "");
}

TEST_F(TimelineTest, LeavesTheChangesOutWhereTheyAreNotWanted) {
  spec_.Given("contacts/1", ContactCreated(), {.occur_time = At(0)});
  Record("contacts/1", At(1));
  spec_.Given("contacts/1", ContactUpdated(), {.occur_time = At(2)});
  const TimelinePage page =
      List(spec_.Then(), {.workspace = kWorkspace, .records = {"contacts/1"}, .changes = false});
  EXPECT_THAT(page.events, ElementsAre(Position(2)));
}

TEST_F(TimelineTest, RefusesAPageTokenOfAnotherQuery) {
  for (int i = 0; i < 3; ++i) Record("contacts/1", At(i), {"contacts/2"});
  const ViewSnapshot view = spec_.Then();
  const TimelineQuery asked = {.workspace = kWorkspace, .records = {"contacts/1"}, .page_size = 1};
  const std::string token = List(view, asked).next_page_token;
  TimelineQuery other_record = asked;
  other_record.records = {"contacts/2"};
  TimelineQuery other_kinds = asked;
  other_kinds.kinds = {interactions::v1::CALL};
  TimelineQuery other_workspace = asked;
  other_workspace.workspace = WorkspaceId(2);
  for (TimelineQuery query : {other_record, other_kinds, other_workspace}) {
    query.page_token = token;
    EXPECT_TRUE(IsError(PageOf(view, query).status(), type::v1::ERROR_INVALID_PAGE_TOKEN));
  }
}

TEST_F(TimelineTest, RefusesANegativePageSize) {
  const ViewSnapshot view = spec_.Then();
  const TimelineQuery query = {.workspace = kWorkspace, .records = {"contacts/1"}, .page_size = -1};
  EXPECT_TRUE(IsError(PageOf(view, query).status(), type::v1::ERROR_INVALID_FIELD));
}

TEST_F(TimelineTest, FindsAnInteractionByItsName) {
  const std::string one = Record("contacts/1", At(0), {"contacts/2"});
  const std::string other = Record("contacts/1", At(0));  // in the same millisecond
  const std::string old = Record("contacts/1", absl::FromUnixSeconds(-1));
  const ViewSnapshot view = spec_.Then();
  EXPECT_THAT(Find(view, one), ElementsAre(Position(1)));
  EXPECT_THAT(Find(view, other), ElementsAre(Position(2)));
  EXPECT_THAT(Find(view, old), ElementsAre(Position(3)));
}

// Goal: interactions whose id tells a time that is not theirs are found, too. Kith recorded such
// while it read the clock once for the id and again for the event.
TEST_F(TimelineTest, FindsAnInteractionThatHappenedAtAnotherTimeThanItsIdTells) {
  std::vector<std::string> names;
  for (const absl::Duration late :
       {absl::Milliseconds(1), absl::Milliseconds(-1), absl::Hours(30), absl::Hours(-500'000)}) {
    InteractionRecorded recorded;
    recorded.set_name(Name("contacts/1", At(0)));
    recorded.mutable_interaction()->set_kind(interactions::v1::CALL);
    recorded.mutable_interaction()->add_links("contacts/2");
    Record("contacts/1", At(0) + late, recorded);
    names.push_back(recorded.name());
  }
  const ViewSnapshot view = spec_.Then();
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_THAT(Find(view, names[i]), ElementsAre(Position(i + 1))) << names[i];
  }
  EXPECT_THAT(Find(spec_.As(Position(1)), names[1]), IsEmpty());
  EXPECT_THAT(All(view, "contacts/1"),
              ElementsAre(Position(3), Position(1), Position(2), Position(4)));
}

TEST_F(TimelineTest, FindsNothingUnderANameThatNothingHas) {
  const std::string name = Record("contacts/1", At(0));
  const ViewSnapshot view = spec_.Then();
  EXPECT_THAT(Find(view, absl::StrCat(name.substr(0, name.size() - 1), "Z")), IsEmpty());
  EXPECT_THAT(Find(view, "contacts/9" + name.substr(10)), IsEmpty());
  for (const char* nonsense : {"", "contacts/1", "contacts/1/interactions/x", "/"}) {
    EXPECT_THAT(Find(view, nonsense), IsEmpty()) << nonsense;
  }
}

TEST_F(TimelineTest, ShowsAtAnEarlierPositionWhatWasRecordedByThen) {
  const std::string early = Record("contacts/1", At(5));
  const std::string late = Record("contacts/1", At(1));
  spec_.Then();
  const ViewSnapshot before = spec_.As(Position(1));
  EXPECT_THAT(All(before, "contacts/1"), ElementsAre(Position(1)));
  EXPECT_THAT(Find(before, late), IsEmpty());
  EXPECT_THAT(Find(before, early), ElementsAre(Position(1)));
}

// Goal: a page looks at a bounded number of rows, and the pages of few among many still give them
// all.
TEST_F(TimelineTest, EndsAPageEarlyRatherThanLookAtTooMany) {
  Record("contacts/1", At(-1), {}, interactions::v1::PURCHASE);
  ViewFixture& fixture = spec_.fixture();
  InteractionRecorded view;
  view.mutable_interaction()->set_kind(interactions::v1::PAGE_VIEW);
  view.set_name("contacts/1/interactions/x");
  for (size_t i = 0; i < kScanRowsMax; ++i) {
    fixture.Append("contacts/1/interactions", view, {.occur_time = At(0)});
  }
  const auto store = fixture.Open("many");
  projections::View& timeline = store->Find(Timeline::kName);
  ASSERT_TRUE(testing::WaitFor(timeline, fixture.log().head()).ok());
  const ViewSnapshot snapshot = timeline.Latest();
  TimelineQuery query = {
      .workspace = kWorkspace, .records = {"contacts/1"}, .kinds = {interactions::v1::PURCHASE}};
  const TimelinePage first = List(snapshot, query);
  EXPECT_THAT(first.events, IsEmpty());
  ASSERT_NE(first.next_page_token, "");
  query.page_token = first.next_page_token;
  const TimelinePage second = List(snapshot, query);
  EXPECT_THAT(second.events, ElementsAre(Position(1)));
  EXPECT_EQ(second.next_page_token, "");
}

// Goal: whatever happens in whatever order, the timeline is what sorting the log gives, and a
// rebuilt one is equal. Method: random histories against that sorting, read in pages of a random
// size.
void SortsARandomHistory() {
  ViewFixture fixture([] {
    std::vector<std::unique_ptr<Projection>> projections;
    projections.push_back(std::make_unique<Timeline>());
    return projections;
  });
  fixture.Register<contacts::v1::ContactEvent>("contacts");
  fixture.Register<interactions::v1::InteractionEvent>("interactions");
  const auto live = fixture.Open("live");
  std::map<std::string, std::vector<std::pair<absl::Time, Position>>> expected;
  // What was recorded: its name, when it happened, and where it stands.
  std::vector<std::tuple<std::string, absl::Time, Position>> made;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 12), rc::gen::inRange(-3, 4)));
  for (const auto& [what, minute] : steps) {
    const absl::Time time = absl::UnixEpoch() + absl::Minutes(minute);
    if (what >= 9) {  // it comes to concern the deal, or does not any more, or stays as it is
      if (made.empty()) continue;
      const auto& [name, happened, at] = made[static_cast<size_t>(minute + 3) % made.size()];
      auto& of_deal = expected["deals/1"];
      const auto entry = std::find(of_deal.begin(), of_deal.end(), std::pair(happened, at));
      const bool is_linked = entry != of_deal.end();
      InteractionAmended amended;
      amended.set_name(name);
      amended.set_recorded_sequence(static_cast<int64_t>(at.value()));
      *amended.mutable_interaction()->mutable_occur_time() = ToTimestamp(happened);
      amended.mutable_interaction()->set_kind(interactions::v1::NOTE);
      if (what != 10 && (is_linked || what == 9))
        amended.mutable_interaction()->add_links("deals/1");
      if (what == 10 && is_linked) {
        amended.add_removed_links("deals/1");
        of_deal.erase(entry);
      } else if (what == 9 && !is_linked) {
        of_deal.emplace_back(happened, at);
      }
      fixture.Append(name, amended, {.occur_time = time + absl::Hours(1)});
      continue;
    }
    const std::string record = absl::StrCat("contacts/", what % 3);
    const bool interaction = what >= 3;
    const bool linked = what >= 6;
    InteractionRecorded recorded;
    recorded.set_name(absl::StrCat(record, "/interactions/", made.size()));
    recorded.mutable_interaction()->set_kind(interactions::v1::NOTE);
    if (linked) recorded.mutable_interaction()->add_links("deals/1");
    const GivenOptions options = {.occur_time = time};
    const Position position =
        interaction ? fixture.Append(absl::StrCat(record, "/interactions"), recorded, options)
                    : fixture.Append(record, ContactUpdated(), options);
    if (interaction) made.emplace_back(recorded.name(), time, position);
    expected[record].emplace_back(time, position);
    if (linked) expected["deals/1"].emplace_back(time, position);
  }

  View& view = live->Find(Timeline::kName);
  const Position head = fixture.log().head();
  RC_ASSERT(testing::WaitFor(view, head).ok());
  const auto rebuilt = fixture.Open("rebuilt");
  RC_ASSERT(testing::WaitFor(rebuilt->Find(Timeline::kName), head).ok());
  RC_ASSERT(*rebuilt->Find(Timeline::kName).Digest(head) == *view.Digest(head));
  const int page_size = *rc::gen::inRange(1, 5);
  for (auto& [record, entries] : expected) {
    std::sort(entries.rbegin(), entries.rend());
    std::vector<Position> sorted;
    for (const auto& [time, position] : entries) sorted.push_back(position);
    std::vector<Position> listed;
    std::string token;
    do {
      const auto page = PageOf(view.At(head), {.workspace = kWorkspace,
                                               .records = {std::string(record)},
                                               .page_size = page_size,
                                               .page_token = token});
      RC_ASSERT(page.ok());
      listed.insert(listed.end(), page->events.begin(), page->events.end());
      token = page->next_page_token;
    } while (!token.empty());
    RC_ASSERT(listed == sorted);
  }
}

TEST(TimelineHistory, IsTheLogSortedByTimeAndSequence) {
  EXPECT_TRUE(testing::HoldsForHistories("the timeline is the log, sorted", SortsARandomHistory));
}

}  // namespace
}  // namespace kith::projections
