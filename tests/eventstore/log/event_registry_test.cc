#include "eventstore/log/event_registry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "eventstore/seal/key_store.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "tests/testing/seeded_random.h"

namespace kith::eventstore {
namespace {

using contacts::v1::ContactEvent;
using google::protobuf::util::MessageDifferencer;

constexpr WorkspaceId kWorkspace(1);
constexpr char kName[] = "contacts/01ARZ3NDEKTSV4RRFFQ69G5FAV";

ContactEvent Created() {
  ContactEvent event;
  contacts::v1::ContactCreated& created = *event.mutable_contact_created();
  created.set_name(kName);
  created.mutable_contact()->set_owner("users/7");
  created.mutable_personal()->set_display_name("Ada Lovelace");
  return event;
}

class EventRegistryTest : public ::testing::Test {
 protected:
  EventRegistryTest() {
    registry_.Register<ContactEvent>("contacts");
    registry_.Register<deals::v1::DealEvent>("deals");
    registry_.Register<interactions::v1::InteractionEvent>("interactions");
  }

  // The event as it would stand in the log.
  std::shared_ptr<Record> Recorded(const std::string& stream, const NewEvent& event) {
    auto record = std::make_shared<Record>();
    record->header.workspace = kWorkspace;
    record->header.position = Position(42);
    record->header.stream = stream;
    record->header.type = event.type;
    record->payload = event.payload;
    for (const PersonalPart& part : event.personal) {
      record->sealed.push_back(*keys_->Seal(kWorkspace, part, ReadTier::kDisk));
    }
    return record;
  }
  absl::Status DecodeStatus(std::shared_ptr<const Record> record) {
    return registry_.Decode(std::move(record), *keys_).status();
  }

  EventRegistry registry_;
  testing::SeededRandom random_{1};
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
};

TEST_F(EventRegistryTest, KeepsPersonalFieldsOutOfThePayload) {
  const NewEvent event = registry_.Encode("contacts", Created());
  EXPECT_EQ(event.type, EventType(1));
  EXPECT_FALSE(absl::StrContains(event.payload, "Ada"));
  EXPECT_TRUE(absl::StrContains(event.payload, "users/7"));
  ASSERT_EQ(event.personal.size(), 1u);
  EXPECT_EQ(event.personal[0].subject, kName);
  contacts::v1::ContactCreated personal;
  ASSERT_TRUE(personal.ParseFromString(event.personal[0].payload));
  EXPECT_EQ(personal.personal().display_name(), "Ada Lovelace");
  EXPECT_FALSE(personal.has_contact());
  EXPECT_TRUE(personal.name().empty());
}

TEST_F(EventRegistryTest, DecodesWhatItEncoded) {
  const auto decoded =
      registry_.Decode(Recorded(kName, registry_.Encode("contacts", Created())), *keys_);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*(*decoded)->event, Created()));
  EXPECT_FALSE((*decoded)->erased);
  EXPECT_EQ((*decoded)->header().position, Position(42));
}

TEST_F(EventRegistryTest, DecodesAnErasedPersonsEventWithoutTheirFields) {
  const auto record = Recorded(kName, registry_.Encode("contacts", Created()));
  ASSERT_EQ(keys_->Destroy(kWorkspace, kName), absl::OkStatus());
  const auto decoded = registry_.Decode(record, *keys_);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ContactEvent expected = Created();
  expected.mutable_contact_created()->clear_personal();
  EXPECT_TRUE(MessageDifferencer::Equals(*(*decoded)->event, expected));
  EXPECT_TRUE((*decoded)->erased);
}

TEST_F(EventRegistryTest, SealsForTheSubjectThatTheFieldBesideItNames) {
  interactions::v1::InteractionEvent event;
  event.mutable_interaction_recorded()->set_name("contacts/1/interactions/2");
  event.mutable_interaction_recorded()->set_subject("contacts/1");
  event.mutable_interaction_recorded()->mutable_personal()->set_name("private");
  const NewEvent encoded = registry_.Encode("interactions", event);
  ASSERT_EQ(encoded.personal.size(), 1u);
  EXPECT_EQ(encoded.personal[0].subject, "contacts/1");
  const auto decoded = registry_.Decode(Recorded("contacts/1/interactions", encoded), *keys_);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*(*decoded)->event, event));
}

TEST_F(EventRegistryTest, LeavesWhatIsNobodysInTheClear) {
  ContactEvent event = Created();
  event.mutable_contact_created()->clear_name();
  const NewEvent encoded = registry_.Encode("contacts", event);
  EXPECT_TRUE(encoded.personal.empty());
  EXPECT_EQ(encoded.payload, event.contact_created().SerializeAsString());
}

TEST_F(EventRegistryTest, SealsNothingWhereNothingIsPersonal) {
  ContactEvent event = Created();
  event.mutable_contact_created()->clear_personal();
  const NewEvent encoded = registry_.Encode("contacts", event);
  EXPECT_TRUE(encoded.personal.empty());
  EXPECT_EQ(encoded.payload, event.contact_created().SerializeAsString());

  deals::v1::DealEvent deal;
  deal.mutable_deal_deleted()->set_name("deals/1");
  EXPECT_TRUE(registry_.Encode("deals", deal).personal.empty());
}

// A personal message that is there but empty says something too: the fields became empty.
TEST_F(EventRegistryTest, KeepsAnEmptyPersonalFieldApartFromNone) {
  ContactEvent event = Created();
  event.mutable_contact_created()->mutable_personal()->Clear();
  const auto decoded =
      registry_.Decode(Recorded(kName, registry_.Encode("contacts", event)), *keys_);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(
      static_cast<const ContactEvent&>(*(*decoded)->event).contact_created().has_personal());
}

// Fields that a newer Kith wrote stay in the event.
TEST_F(EventRegistryTest, KeepsFieldsItDoesNotKnow) {
  ContactEvent event = Created();
  contacts::v1::ContactCreated& created = *event.mutable_contact_created();
  created.GetReflection()->MutableUnknownFields(&created)->AddVarint(1000, 7);
  created.GetReflection()->MutableUnknownFields(&created)->AddFixed32(1001, 8);
  created.GetReflection()->MutableUnknownFields(&created)->AddFixed64(1002, 9);
  created.GetReflection()->MutableUnknownFields(&created)->AddLengthDelimited(1003, "ten");
  const auto decoded =
      registry_.Decode(Recorded(kName, registry_.Encode("contacts", event)), *keys_);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*(*decoded)->event, event));
}

TEST_F(EventRegistryTest, RefusesWhatItDoesNotKnow) {
  const auto record = Recorded(kName, registry_.Encode("contacts", Created()));
  auto other = std::make_shared<Record>(*record);
  other->header.stream = "spaceships/1";
  EXPECT_TRUE(absl::IsDataLoss(DecodeStatus(other)));
  other = std::make_shared<Record>(*record);
  other->header.type = EventType(4711);
  EXPECT_TRUE(absl::IsDataLoss(DecodeStatus(other)));
  other = std::make_shared<Record>(*record);
  other->payload = "\xff\xff\xff";
  const absl::Status refused = DecodeStatus(other);
  EXPECT_TRUE(absl::IsDataLoss(refused));
  EXPECT_TRUE(absl::StrContains(refused.message(), "42")) << refused;
  other = std::make_shared<Record>(*record);
  other->sealed[0].ciphertext[0] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(DecodeStatus(other)));
}

RC_GTEST_FIXTURE_PROP(EventRegistryTest, RefusesGarbageWithoutCrashing,
                      (const std::string& payload)) {
  auto record = std::make_shared<Record>();
  record->header.stream = kName;
  record->header.type = EventType(1);
  record->payload = payload;
  const absl::Status status = DecodeStatus(record);
  RC_ASSERT(status.ok() || absl::IsDataLoss(status));
}

TEST_F(EventRegistryTest, KnowsItsTypesByNameAndNumber) {
  EXPECT_EQ(registry_.TypeName("contacts", EventType(2)), "contact_updated");
  EXPECT_EQ(registry_.TypeName("contacts", EventType(99)), "");
  EXPECT_EQ(registry_.TypeName("spaceships", EventType(1)), "");
  EXPECT_EQ(registry_.TypeOf("contacts", "contact_deleted"), EventType(3));
  EXPECT_EQ(registry_.TypeOf("contacts", "none"), EventType());
  EXPECT_EQ(registry_.Categories(),
            (std::vector<std::string>{"contacts", "deals", "interactions"}));
  EXPECT_EQ(registry_.TypesOf("contacts"),
            (std::vector{EventType(1), EventType(2), EventType(3), EventType(4), EventType(5),
                         EventType(6), EventType(7), EventType(8)}));
  EXPECT_TRUE(registry_.TypesOf("spaceships").empty());
}

using EventRegistryDeathTest = EventRegistryTest;

TEST_F(EventRegistryDeathTest, RefusesACategoryTwiceAndAMessageThatIsNoEvent) {
  EXPECT_DEATH(registry_.Register<ContactEvent>("contacts"), "invariant broken");
  EXPECT_DEATH(registry_.Register<contacts::v1::Contact>("others"), "invariant broken");
}

TEST_F(EventRegistryDeathTest, RefusesAnEventWithoutAMember) {
  EXPECT_DEATH(registry_.Encode("contacts", ContactEvent()), "invariant broken");
}

}  // namespace
}  // namespace kith::eventstore
