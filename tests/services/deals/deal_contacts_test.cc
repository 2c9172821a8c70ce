// Which of a deal's contacts is the primary one, and what a closed deal is told besides: vectors
// DU-7 and PL-9.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/services/deals/deal_world.h"
#include "tests/testing/decider_spec.h"

namespace kith::deals {
namespace {

using ::testing::ElementsAre;
using testing::ViolatedFields;

// "a", or "a!" of one that is marked.
void AddContacts(const std::vector<std::string>& contacts, v1::Deal& deal) {
  for (const std::string& contact : contacts) {
    v1::DealContact& added = *deal.add_contacts();
    added.set_contact(absl::StrCat("contacts/", contact.substr(0, 1)));
    added.set_primary(absl::EndsWith(contact, "!"));
  }
}

v1::CreateDealRequest CreateWith(const std::vector<std::string>& contacts) {
  v1::CreateDealRequest command = Create();
  AddContacts(contacts, *command.mutable_deal());
  return command;
}

v1::UpdateDealRequest Name(const std::vector<std::string>& contacts) {
  v1::UpdateDealRequest command;
  command.mutable_deal()->set_name(kDeal);
  AddContacts(contacts, *command.mutable_deal());
  command.mutable_update_mask()->add_paths("contacts");
  return command;
}

v1::UpdateDealRequest Estimate(int percent) {
  v1::UpdateDealRequest command;
  command.mutable_deal()->set_name(kDeal);
  command.mutable_deal()->set_probability(percent);
  return command;
}

DealWorld World() {
  return WithPipeline().With("contacts/a").With("contacts/b").With("contacts/c");
}

std::vector<std::string> ContactsOf(const DealWorld& world) {
  std::vector<std::string> contacts;
  for (const v1::DealContact& contact : world.deal().contacts()) {
    const std::string id = contact.contact().substr(contact.contact().size() - 1);
    contacts.push_back(absl::StrCat(id, contact.primary() ? "!" : ""));
  }
  return contacts;
}

TEST(PrimaryContact, IsTheFirstWhereNoneIsMarked) {
  EXPECT_THAT(ContactsOf(World().Do(CreateWith({"a", "b"}))), ElementsAre("a!", "b"));
  EXPECT_THAT(ContactsOf(World().Do(CreateWith({"a", "b!"}))), ElementsAre("a", "b!"));
}

TEST(PrimaryContact, IsOneOnly) {
  const Decision refused = World().Try(CreateWith({"a!", "b!"}));
  EXPECT_THAT(ViolatedFields(refused.status()), ElementsAre("deal.contacts[1].primary"));
  DealWorld world = World().Do(CreateWith({"a", "b", "c"}));
  EXPECT_EQ(OutcomeOf(world.Try(Name({"a", "b!", "c!"}))), "INVALID_FIELD");
}

TEST(PrimaryContact, MovesToAnotherThatIsMarked) {
  DealWorld world = World().Do(CreateWith({"a", "b"}));
  EXPECT_THAT(ContactsOf(world.Do(Name({"a!", "b!"}))), ElementsAre("a", "b!"));
  EXPECT_THAT(ContactsOf(world.Do(Name({"a!", "b"}))), ElementsAre("a!", "b"));
}

TEST(PrimaryContact, StaysWhereTheOthersChange) {
  DealWorld world = World().Do(CreateWith({"a", "b!"}));
  EXPECT_THAT(ContactsOf(world.Do(Name({"c", "a", "b"}))), ElementsAre("c", "a", "b!"));
}

TEST(PrimaryContact, IsTheFirstThatIsLeftWhereItIsRemoved) {
  DealWorld world = World().Do(CreateWith({"a", "b", "c!"}));
  EXPECT_THAT(ContactsOf(world.Do(Name({"b", "a"}))), ElementsAre("b!", "a"));
  EXPECT_THAT(ContactsOf(world.Do(Name({}))), ElementsAre());
  EXPECT_THAT(ContactsOf(world.Do(Name({"c"}))), ElementsAre("c!"));
}

TEST(LoseDeal, NeedsNotesWhereTheReasonIsOther) {
  DealWorld world = WithPipeline().Do(Create());
  EXPECT_THAT(ViolatedFields(world.Try(Lose(v1::OTHER_REASON)).status()), ElementsAre("notes"));
  v1::LoseDealRequest own = Lose(v1::LOST_REASON_UNSPECIFIED);
  own.set_pipeline_lost_reason("pipelines/default/lostReasons/other-reason");
  EXPECT_THAT(ViolatedFields(world.Try(own).status()), ElementsAre("notes"));
  own.set_notes("They moved away.");
  EXPECT_EQ(OutcomeOf(world.Try(own)), "events");
  EXPECT_EQ(OutcomeOf(world.Try(Lose(v1::PRICING))), "events") << "which says it itself";
}

TEST(WonDeal, TakesNoProbabilityBut100) {
  DealWorld world = WithPipeline().Do(Create()).Do(Estimate(100));
  EXPECT_EQ(world.deal().status(), v1::OPEN) << "100 wins nothing";
  world.Do(Estimate(40)).Do(Win());
  EXPECT_EQ(OutcomeOf(world.Try(Lose())), "DEAL_CLOSED");
  EXPECT_THAT(ViolatedFields(world.Try(Estimate(99)).status()), ElementsAre("deal.probability"));
  EXPECT_EQ(OutcomeOf(world.Try(Rename("Another"))), "events") << "what was said before stays";
  world.Do(Estimate(100)).Do(Reopen());
  EXPECT_EQ(OutcomeOf(world.Try(Estimate(99))), "events");
}

}  // namespace
}  // namespace kith::deals
