// Deciders of visitors: which visit a page view is of, that it counts once, and who a visitor is.
#include "services/visitors/visitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "kith/visitors/v1/visitors_errors.pb.h"
#include "tests/testing/decider_spec.h"

namespace kith::visitors {
namespace {

using testing::ChangesNothing;
using ::testing::ElementsAre;
using testing::IsRejectedWith;
using ::testing::SizeIs;

constexpr char kName[] = "visitors/01HQ0000000000000000000000";

// One visitor, commanded again and again at `spec.now`, and folded after each command.
class VisitorTest : public ::testing::Test {
 protected:
  VisitorTest() {
    site_.lifecycle = Lifecycle::kActive;
    site_.resource.set_name("sites/1");
    site_.resource.set_owner("users/1");
    contact_.lifecycle = Lifecycle::kActive;
  }

  // A view `minutes` before now.
  v1::PageView View(const std::string& id, double minutes = 0,
                    const std::string& url = "https://www.example.com/") {
    v1::PageView view;
    view.set_id(id);
    view.set_url(url);
    *view.mutable_view_time() = ToTimestamp(spec_.now - absl::Minutes(minutes));
    return view;
  }
  Decision Try(const std::vector<v1::PageView>& views,
               const char* actor = "policies/visitor_pages") {
    v1::RecordPageViewsRequest command;
    command.set_name(kName);
    command.set_site("sites/1");
    for (const v1::PageView& view : views) *command.add_page_views() = view;
    CommandContext context = spec_.context();
    context.actor = actor;
    return Decide(state_, site_, command, context);
  }
  // The events of page views that came of it.
  std::vector<v1::VisitorPagesViewed> Record(const std::vector<v1::PageView>& views) {
    return Fold(Try(views));
  }
  Decision TryIdentify(const std::string& contact) {
    v1::IdentifyVisitorRequest command;
    command.set_name(kName);
    command.set_contact(contact);
    return Decide(state_, contact_, command);
  }
  v1::VisitorIdentified Identify(const std::string& contact) {
    const Decision decision = TryIdentify(contact);
    EXPECT_THAT(decision->list(), SizeIs(1));
    const auto& event = static_cast<const v1::VisitorEvent&>(*decision->list().front().event);
    const v1::VisitorIdentified identified = event.visitor_identified();
    Fold(decision);
    return identified;
  }
  std::vector<v1::VisitorPagesViewed> Fold(const Decision& decision) {
    std::vector<v1::VisitorPagesViewed> viewed;
    EXPECT_TRUE(decision.ok()) << decision.status();
    if (!decision.ok()) return viewed;
    for (const Change& change : decision->list()) {
      const auto& event = static_cast<const v1::VisitorEvent&>(*change.event);
      state_ = Evolve(std::move(state_),
                      Recorded<v1::VisitorEvent>{event, Revision(++revision_),
                                                 change.occurred.value_or(spec_.now), spec_.now});
      if (event.has_visitor_pages_viewed()) viewed.push_back(event.visitor_pages_viewed());
    }
    return viewed;
  }

  testing::DeciderSpec spec_;
  SiteNow site_;
  LinkedRecord contact_;
  VisitorNow state_;
  uint64_t revision_ = 0;
};

TEST_F(VisitorTest, ComesIntoBeingWithItsFirstPages) {
  const auto events =
      Record({View("b", 1), View("a", 2, "https://www.example.com/?utm_source=x&e=1")});
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].visit(), 1);
  EXPECT_TRUE(events[0].visit_begins());
  EXPECT_EQ(events[0].subject(), kName);
  EXPECT_EQ(events[0].touch().utm_source(), "x");
  ASSERT_EQ(events[0].personal().page_views_size(), 2);
  EXPECT_EQ(events[0].personal().page_views(0).url(), "https://www.example.com/?utm_source=x");
  EXPECT_EQ(state_.resource.site(), "sites/1");
  EXPECT_EQ(state_.resource.owner(), "users/1");
  EXPECT_EQ(state_.resource.visit_count(), 1);
  EXPECT_EQ(state_.resource.page_view_count(), 2);
  EXPECT_EQ(state_.resource.first_touch().utm_source(), "x");
}

TEST_F(VisitorTest, IsMadeByTheServersOwnPortOnly) {
  EXPECT_THAT(Try({View("a")}, "apiKeys/1"), IsRejectedWith(v1::VISITORS_ERROR_VISITOR_NOT_FOUND));
  site_.lifecycle = Lifecycle::kDeleted;
  EXPECT_THAT(Try({View("a")}), IsRejectedWith(v1::VISITORS_ERROR_SITE_NOT_FOUND));
}

TEST_F(VisitorTest, CountsEachViewOnceHoweverOftenItComes) {
  Record({View("a"), View("a")});
  EXPECT_EQ(state_.resource.page_view_count(), 1);
  EXPECT_THAT(Try({View("a", 7)}), ChangesNothing());
  const auto events = Record({View("a"), View("b")});
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].page_view_count(), 1);
}

TEST_F(VisitorTest, BeginsAnotherVisitAfterHalfAnHour) {
  Record({View("a")});
  spec_.now += absl::Minutes(30);
  EXPECT_FALSE(Record({View("b")})[0].visit_begins());
  spec_.now += absl::Minutes(30) + absl::Seconds(1);
  const auto events = Record({View("c", 0, "https://www.example.com/?gclid=1")});
  EXPECT_TRUE(events[0].visit_begins());
  EXPECT_EQ(events[0].visit(), 2);
  EXPECT_EQ(state_.resource.latest_touch().source(), leads::v1::AD);
  EXPECT_EQ(state_.resource.first_touch().source(), leads::v1::WEB_SITE);
}

TEST_F(VisitorTest, PutsWhatComesLateIntoItsVisit) {
  Record({View("a")});
  spec_.now += absl::Hours(3);
  Record({View("b")});
  // Ten minutes after the first, ten before it, and between both visits.
  const auto events = Record(
      {View("c", 170), View("d", 190, "https://www.example.com/?utm_source=n"), View("e", 90)});
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].visit(), 1);
  EXPECT_EQ(events[0].page_view_count(), 2);
  // What is earlier than the first page says how the visit came to be.
  EXPECT_EQ(events[0].touch().utm_source(), "n");
  EXPECT_EQ(events[1].visit(), 3);
  EXPECT_EQ(state_.resource.first_touch().utm_source(), "n");
  EXPECT_EQ(state_.resource.visit_count(), 3);
}

TEST_F(VisitorTest, RefusesWhatIsAheadAndTakesWhatIsLongAgo) {
  EXPECT_EQ(Record({View("x", 30 * 24 * 60)}).size(), 1u);
  const Decision decision = Try({View("a"), View("b", -4), View("c", -6)});
  ASSERT_FALSE(decision.ok());
  EXPECT_THAT(testing::ViolatedFields(decision.status()), ElementsAre("page_views[2].view_time"));
}

TEST_F(VisitorTest, LooksAtSoManyPagesInADay) {
  spec_.now = absl::FromUnixSeconds(1'700'000'000);  // late in the evening
  std::vector<v1::PageView> views;
  for (int i = 0; i < 512; ++i) views.push_back(View(absl::StrCat(i)));
  Record(views);
  EXPECT_THAT(Try({View("more")}), IsRejectedWith(v1::VISITORS_ERROR_TOO_MANY_PAGE_VIEWS));
  EXPECT_THAT(Try({View("0"), View("511")}), ChangesNothing());
  spec_.now += absl::Hours(24);
  Record({View("more")});
  EXPECT_EQ(state_.resource.page_view_count(), 513);
}

// What another system recorded is brought in at once, each day with as many as a day may have.
TEST_F(VisitorTest, LooksAtPagesOnTheDaysTheyAreToldOf) {
  constexpr int kMinutesADay = 24 * 60;
  spec_.now = absl::FromUnixSeconds(1'700'000'000);
  for (int day = 20; day > 0; --day) {
    std::vector<v1::PageView> views;
    for (int i = 0; i < 300; ++i) {
      views.push_back(View(absl::StrCat(day, "-", i), kMinutesADay * day + 1 - i / 300.0));
    }
    Record(views);
  }
  EXPECT_EQ(state_.resource.page_view_count(), 20 * 300);
  std::vector<v1::PageView> more;
  for (int i = 0; i < 213; ++i) more.push_back(View(absl::StrCat("m", i), kMinutesADay * 7));
  EXPECT_THAT(Try(more), IsRejectedWith(v1::VISITORS_ERROR_TOO_MANY_PAGE_VIEWS));
  more.pop_back();
  Record(more);
  EXPECT_THAT(Try({View("one", kMinutesADay * 7)}),
              IsRejectedWith(v1::VISITORS_ERROR_TOO_MANY_PAGE_VIEWS));
  Record({View("one", kMinutesADay * 6.0)});
}

TEST_F(VisitorTest, LooksAtNothingLongerAgoThanIsTaken) {
  Record({View("a", 3'650.0 * 24 * 60)});
  const Decision decision = Try({View("b", 3'650.0 * 24 * 60 + 1)});
  ASSERT_FALSE(decision.ok());
  EXPECT_THAT(testing::ViolatedFields(decision.status()), ElementsAre("page_views[0].view_time"));
}

TEST_F(VisitorTest, MakesSoManyVisits) {
  for (int i = 0; i < kVisitsMax; ++i) {
    Record({View(absl::StrCat(i))});
    spec_.now += absl::Hours(1);
  }
  EXPECT_THAT(Try({View("more")}), IsRejectedWith(v1::VISITORS_ERROR_TOO_MANY_PAGE_VIEWS));
  EXPECT_LE(state_.recent_visits.size(), kRecentVisitsMax);
  EXPECT_LE(state_.recent_views.size(), kRecentViewsMax);
}

TEST_F(VisitorTest, IsWhomItIsIdentifiedAsWithAllThatWasBefore) {
  Record({View("a")});
  spec_.now += absl::Hours(2);
  Record({View("b")});
  const v1::VisitorIdentified identified = Identify("contacts/1");
  EXPECT_EQ(identified.from_visit(), 1);
  EXPECT_EQ(identified.visit_count(), 2);
  EXPECT_THAT(TryIdentify("contacts/1"), ChangesNothing());
  // The visit goes on, under the contact's key.
  const auto events = Record({View("c")});
  EXPECT_EQ(events[0].visit(), 2);
  EXPECT_EQ(events[0].contact(), "contacts/1");
  EXPECT_EQ(events[0].subject(), "contacts/1");
}

TEST_F(VisitorTest, IsSomebodyElseFromThenOn) {
  Record({View("a")});
  Identify("contacts/1");
  const v1::VisitorIdentified identified = Identify("contacts/2");
  EXPECT_EQ(identified.previous_contact(), "contacts/1");
  EXPECT_GT(identified.from_visit(), identified.visit_count());
  // Also in the midst of a visit.
  const auto events = Record({View("b")});
  EXPECT_TRUE(events[0].visit_begins());
  EXPECT_EQ(events[0].visit(), 2);
  EXPECT_EQ(events[0].subject(), "contacts/2");
  EXPECT_THAT(state_.resource.previous_contacts(), ElementsAre("contacts/1"));
}

TEST_F(VisitorTest, IsNotEverybody) {
  Record({View("a")});
  for (int i = 0; i <= kPreviousContactsMax; ++i) Identify(absl::StrCat("contacts/", i));
  EXPECT_THAT(TryIdentify("contacts/more"), IsRejectedWith(v1::VISITORS_ERROR_TOO_MANY_CONTACTS));
  contact_.lifecycle = Lifecycle::kDeleted;
  EXPECT_THAT(TryIdentify("contacts/gone"),
              IsRejectedWith(v1::VISITORS_ERROR_LINKED_RECORD_NOT_FOUND));
  state_.lifecycle = Lifecycle::kDeleted;
  EXPECT_THAT(TryIdentify("contacts/1"), IsRejectedWith(v1::VISITORS_ERROR_VISITOR_NOT_FOUND));
}

}  // namespace
}  // namespace kith::visitors
