#include "services/core/resource_events.h"

#include "eventstore/base/standard_events.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/deals/v1/pipeline_events.pb.h"
#include "tests/testing/decider_spec.h"

namespace kith {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::kith::testing::Proto;

const absl::Time kThen = absl::FromUnixSeconds(1'500'000'000);

TEST(CreatedEvent, SplitsClearFromPersonalFields) {
  const auto event = CreatedEvent<contacts::v1::ContactEvent>(
      "contacts/1", Proto<contacts::v1::Contact>(R"pb(first_name: "Ada" owner: "users/1")pb"));
  EXPECT_TRUE(MessageDifferencer::Equals(event, Proto<contacts::v1::ContactEvent>(R"pb(
                                           contact_created {
                                             name: "contacts/1"
                                             contact { owner: "users/1" }
                                             personal { first_name: "Ada" }
                                           })pb")))
      << event.DebugString();
}

TEST(CreatedEvent, FitsResourcesWithoutPersonalFields) {
  const auto event = CreatedEvent<deals::v1::DealEvent>(
      "deals/1", Proto<deals::v1::Deal>(R"pb(name: "deals/1" display_name: "Big one")pb"));
  EXPECT_EQ(event.deal_created().deal().display_name(), "Big one");
}

TEST(UpdatedEvent, CarriesTheChangedFieldsOnly) {
  const auto after = Proto<deals::v1::Pipeline>(R"pb(
    name: "pipelines/1"
    display_name: "New"
    stages { stage_id: "won" })pb");
  const auto event = UpdatedEvent<deals::v1::PipelineEvent>(
      after, Proto<google::protobuf::FieldMask>(R"pb(paths: "display_name")pb"));
  EXPECT_TRUE(MessageDifferencer::Equals(event, Proto<deals::v1::PipelineEvent>(R"pb(
                                           pipeline_updated {
                                             name: "pipelines/1"
                                             update_mask { paths: "display_name" }
                                             pipeline { display_name: "New" }
                                           })pb")))
      << event.DebugString();
}

// What is written is what is read: folding the events gives the resource back.
TEST(ResourceEvents, FoldBackToTheResource) {
  const auto wanted = Proto<contacts::v1::Contact>(R"pb(
    first_name: "Ada"
    owner: "users/1"
    emails { address: "ada@example.org" primary: true }
    birthday { month: 12 day: 10 }
    tags: "vip"
    do_not_call: true)pb");
  contacts::v1::Contact folded;
  const auto created = CreatedEvent<contacts::v1::ContactEvent>("contacts/1", wanted);
  FoldStandardEvent({created, Revision(1), kThen}, folded);

  contacts::v1::Contact after = folded;
  after.clear_tags();
  after.mutable_birthday()->set_year(1815);
  const auto updated = UpdatedEvent<contacts::v1::ContactEvent>(
      after, Proto<google::protobuf::FieldMask>(R"pb(paths: "tags" paths: "birthday")pb"));
  FoldStandardEvent({updated, Revision(2), kThen}, folded);

  after.set_etag("2");
  EXPECT_TRUE(MessageDifferencer::Equals(folded, after)) << folded.DebugString();
}

TEST(DeletedEvent, NamesTheResource) {
  const auto event = DeletedEvent<contacts::v1::ContactEvent>(
      Proto<contacts::v1::Contact>(R"pb(name: "contacts/1")pb"));
  EXPECT_EQ(event.contact_deleted().name(), "contacts/1");
}

}  // namespace
}  // namespace kith
