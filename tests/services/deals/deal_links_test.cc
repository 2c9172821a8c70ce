// The records that a deal names are those that its proto declares.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/services/deals/deal_world.h"
#include "tests/testing/decider_spec.h"

namespace kith::deals {
namespace {

using ::testing::ElementsAre;
using testing::ViolatedFields;

v1::CreateDealRequest CreateFor(const std::string& owner,
                                const std::vector<std::string>& contacts) {
  v1::CreateDealRequest command = Create();
  command.mutable_deal()->set_owner(owner);
  for (const std::string& contact : contacts) {
    command.mutable_deal()->add_contacts()->set_contact(contact);
  }
  return command;
}

v1::UpdateDealRequest Change(const std::string& owner, const std::vector<std::string>& contacts,
                             const std::vector<std::string>& mask) {
  v1::UpdateDealRequest command;
  *command.mutable_deal() = CreateFor(owner, contacts).deal();
  command.mutable_deal()->set_name(kDeal);
  for (const std::string& path : mask) command.mutable_update_mask()->add_paths(path);
  return command;
}

TEST(DealLinks, LetsADealNameWhoIsThere) {
  DealWorld world = WithPipeline().With("users/u").With("contacts/a").With("contacts/b");
  EXPECT_EQ(OutcomeOf(world.Try(CreateFor("users/u", {"contacts/a", "contacts/b"}))), "events");
  EXPECT_EQ(OutcomeOf(world.Try(CreateFor("", {}))), "events");
}

TEST(DealLinks, NamesEveryRecordThatIsNotThereAtOnce) {
  DealWorld world = WithPipeline().With("contacts/a").With("contacts/gone", Lifecycle::kDeleted);
  const Decision refused =
      world.Try(CreateFor("users/none", {"contacts/a", "contacts/none", "contacts/gone"}));
  EXPECT_EQ(OutcomeOf(refused), "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(ViolatedFields(refused.status()),
              ElementsAre("deal.contacts[1].contact", "deal.contacts[2].contact", "deal.owner"));
}

TEST(DealLinks, RefusesAnUpdateThatNamesARecordThatIsNotThere) {
  DealWorld world = WithPipeline().With("users/u").With("contacts/a");
  world.Do(CreateFor("users/u", {"contacts/a"}));
  const Decision refused =
      world.Try(Change("users/none", {"contacts/a", "contacts/none"}, {"owner", "contacts"}));
  EXPECT_EQ(OutcomeOf(refused), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(ViolatedFields(refused.status()),
              ElementsAre("deal.contacts[1].contact", "deal.owner"));
  EXPECT_EQ(OutcomeOf(world.Try(Change("users/none", {"contacts/none"}, {}))),
            "LINKED_RECORD_NOT_FOUND")
      << "without a mask the fields that are set count";
}

// A deal outlives those it names, and can still be changed.
TEST(DealLinks, AsksOnlyForRecordsThatTheUpdateAdds) {
  DealWorld world = WithPipeline().With("users/u").With("contacts/a").With("contacts/b");
  world.Do(CreateFor("users/u", {"contacts/a"}));
  world.With("users/u", Lifecycle::kDeleted).With("contacts/a", Lifecycle::kDeleted);
  EXPECT_EQ(OutcomeOf(world.Try(Rename("Another"))), "events");
  v1::UpdateDealRequest rename = Change("users/none", {"contacts/none"}, {"display_name"});
  rename.mutable_deal()->set_display_name("Another");
  EXPECT_EQ(OutcomeOf(world.Try(rename)), "events") << "the mask leaves out who is not there";
  EXPECT_EQ(OutcomeOf(world.Try(Change("users/u", {"contacts/b", "contacts/a"}, {"contacts"}))),
            "events");
  EXPECT_EQ(OutcomeOf(world.Try(Change("", {}, {"owner", "contacts"}))), "events");
}

}  // namespace
}  // namespace kith::deals
