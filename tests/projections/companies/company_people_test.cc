#include "projections/companies/company_people.h"

#include <gtest/gtest.h>

#include "eventstore/base/proto_time.h"
#include "kith/companies/v1/company_events.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "projections/companies/company_activity.h"
#include "projections/contacts/contact_directory.h"
#include "services/core/date.h"
#include "tests/testing/view_spec.h"

namespace kith::companies {
namespace {

using contacts::v1::Contact;
using testing::GivenOptions;
using testing::ViewSpec;

constexpr char kAcme[] = "companies/acme";
constexpr char kBolt[] = "companies/bolt";

class CompanyPeopleTest : public ::testing::Test {
 protected:
  // A company of a contact, until a day of November 2023, 0: without end.
  static void Add(const std::string& company, int last_day, Contact& contact) {
    contacts::v1::ContactCompany& added = *contact.add_companies();
    added.set_company(company);
    if (last_day > 0) *added.mutable_end_date() = DateOf(absl::CivilDay(2023, 11, last_day));
  }
  void GivenContact(const std::string& name, const std::vector<std::pair<const char*, int>>& stays,
                    int day = 1) {
    contacts::v1::ContactCreated created;
    created.set_name(name);
    for (const auto& [company, last] : stays) Add(company, last, *created.mutable_contact());
    Given(name, created, day);
  }
  void GivenStays(const std::string& name, const std::vector<std::pair<const char*, int>>& stays,
                  int day) {
    contacts::v1::ContactUpdated updated;
    updated.set_name(name);
    updated.mutable_update_mask()->add_paths("companies");
    for (const auto& [company, last] : stays) Add(company, last, *updated.mutable_contact());
    Given(name, updated, day);
  }
  void GivenInteraction(const std::string& parent, int day,
                        const std::vector<std::string>& links = {}) {
    interactions::v1::InteractionRecorded recorded;
    recorded.set_name(parent + "/interactions/1");
    for (const std::string& link : links) recorded.mutable_interaction()->add_links(link);
    Given(parent + "/interactions", recorded, day);
  }
  template <class Event>
  void Given(const std::string& stream, const Event& event, int day) {
    spec_.Given(stream, event,
                GivenOptions{.occur_time = absl::FromCivil(absl::CivilHour(2023, 11, day, 12),
                                                           absl::UTCTimeZone())});
  }
  // "3 + 1": who is there on a day, and who was before.
  std::string People(const projections::ViewSnapshot& snapshot, const std::string& company,
                     int day) {
    const auto people = CountPeople(snapshot, spec_.workspace(), {std::string(company)},
                                    absl::CivilDay(2023, 11, day));
    EXPECT_TRUE(people.ok()) << people.status();
    return absl::StrCat(people->present, " + ", people->former);
  }
  // The day of November of the last activity; -1 where there is none.
  int LastDay(const projections::ViewSnapshot& snapshot, const std::string& company) {
    const absl::Time time = *LastActivity(snapshot, spec_.workspace(), company);
    return time == absl::InfinitePast() ? -1 : absl::ToCivilDay(time, absl::UTCTimeZone()).day();
  }

  ViewSpec spec_ = ViewSpec::Of<CompanyPeople, contacts::ContactDirectory>()
                       .Takes<contacts::v1::ContactEvent>("contacts")
                       .Takes<v1::CompanyEvent>("companies")
                       .Takes<interactions::v1::InteractionEvent>("interactions");
};

TEST_F(CompanyPeopleTest, CountsWhoIsThereAndWhoWas) {
  GivenContact("contacts/1", {{kAcme, 0}});
  GivenContact("contacts/2", {{kAcme, 20}, {kBolt, 0}});
  GivenContact("contacts/3", {{kAcme, 10}});
  GivenContact("contacts/4", {});
  const auto then = spec_.Then();
  EXPECT_EQ(People(then, kAcme, 10), "3 + 0");  // the last day is one there
  EXPECT_EQ(People(then, kAcme, 11), "2 + 1");
  EXPECT_EQ(People(then, kAcme, 21), "1 + 2");
  EXPECT_EQ(People(then, kBolt, 21), "1 + 0");
  EXPECT_EQ(People(then, "companies/none", 1), "0 + 0");
}

TEST_F(CompanyPeopleTest, CountsOneWhoCameBackOnce) {
  GivenContact("contacts/1", {{kAcme, 0}, {kAcme, 5}});
  GivenContact("contacts/2", {{kAcme, 5}, {kAcme, 9}});
  const auto then = spec_.Then();
  EXPECT_EQ(People(then, kAcme, 7), "2 + 0");
  EXPECT_EQ(People(then, kAcme, 10), "1 + 1");
}

TEST_F(CompanyPeopleTest, FollowsWhatContactsSay) {
  GivenContact("contacts/1", {{kAcme, 0}});
  GivenStays("contacts/1", {{kBolt, 0}, {kAcme, 3}}, 4);
  const Position moved = spec_.last();
  GivenStays("contacts/1", {}, 5);
  const Position out = spec_.last();
  GivenStays("contacts/1", {{kAcme, 0}}, 6);
  Given("contacts/1", contacts::v1::ContactDeleted(), 7);
  const Position deleted = spec_.last();
  Given("contacts/1", contacts::v1::ContactUndeleted(), 8);
  const auto then = spec_.Then();
  EXPECT_EQ(People(spec_.As(moved), kAcme, 4), "0 + 1");
  EXPECT_EQ(People(spec_.As(moved), kBolt, 4), "1 + 0");
  EXPECT_EQ(People(spec_.As(out), kAcme, 4), "0 + 0");
  EXPECT_EQ(People(spec_.As(deleted), kAcme, 7), "0 + 0");
  EXPECT_EQ(People(then, kAcme, 8), "1 + 0");
}

TEST_F(CompanyPeopleTest, KnowsWhenSomethingLastHappened) {
  v1::CompanyCreated created;
  created.mutable_company()->set_display_name("Acme");
  Given(kAcme, created, 2);
  const Position by_itself = spec_.last();
  GivenInteraction(kAcme, 3);
  const Position on_it = spec_.last();
  GivenInteraction("deals/1", 4, {kAcme});
  const Position linked = spec_.last();
  GivenContact("contacts/1", {{kAcme, 6}, {kBolt, 0}}, 5);
  GivenInteraction("contacts/1", 6);
  const Position with_somebody = spec_.last();
  GivenInteraction("contacts/1", 7);  // who is there no more
  GivenInteraction("contacts/2", 8);
  const auto then = spec_.Then();
  EXPECT_EQ(LastDay(spec_.As(by_itself), kAcme), 2);
  EXPECT_EQ(LastDay(spec_.As(on_it), kAcme), 3);
  EXPECT_EQ(LastDay(spec_.As(linked), kAcme), 4);
  EXPECT_EQ(LastDay(spec_.As(with_somebody), kAcme), 6);
  EXPECT_EQ(LastDay(then, kAcme), 6);
  EXPECT_EQ(LastDay(then, kBolt), 7);
  EXPECT_EQ(LastDay(then, "companies/none"), -1);
}

}  // namespace
}  // namespace kith::companies
