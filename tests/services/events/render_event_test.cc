#include "services/runtime/reads/render_event.h"

#include "eventstore/base/proto_time.h"
#include "eventstore/log/token.h"
#include "nlohmann/json.hpp"
#include "tests/services/events/events_fixture.h"

namespace kith::events {
namespace {

class RenderEvent : public EventsTest {
 protected:
  v1::Event RenderAt(Position position,
                     runtime::PayloadFormat format = runtime::PayloadFormat::kMessage) {
    v1::Event event;
    const absl::Status rendered = renderer_->Render(*RecordAt(position), format, &event);
    EXPECT_TRUE(rendered.ok()) << rendered;
    return event;
  }
};

TEST_F(RenderEvent, TellsEverythingThatTheRecordSays) {
  Create("contacts/0", kTheirs);
  const eventstore::Appended appended = Create("contacts/1");
  const v1::Event event = RenderAt(appended.first);
  EXPECT_EQ(event.sequence(), 1) << "of our workspace, whatever others did before";
  EXPECT_EQ(event.stream(), "contacts/1");
  EXPECT_EQ(event.revision(), 1);
  EXPECT_EQ(event.type(), "contact_created");
  EXPECT_EQ(FromTimestamp(event.record_time()), appended.record_time);
  EXPECT_EQ(FromTimestamp(event.occur_time()), appended.record_time - absl::Hours(1));
  EXPECT_EQ(event.actor(), "keys/1");
  EXPECT_EQ(event.correlation_id(), "trace");
  EXPECT_FALSE(event.erased());
}

TEST_F(RenderEvent, LeavesNothingOfTheEventThatItOverwrites) {
  const auto record = RecordAt(Create("contacts/1").first);
  for (const auto format : {runtime::PayloadFormat::kMessage, runtime::PayloadFormat::kJson}) {
    v1::Event event;
    event.set_actor("keys/7");
    event.set_on_behalf_of("users/7");
    event.set_request_id("7");
    event.set_correlation_id("another");
    event.set_causation_sequence(7);
    event.set_erased(true);
    event.mutable_occur_time()->set_nanos(7);
    event.mutable_record_time()->set_nanos(7);
    event.mutable_payload()->set_type_url("type.googleapis.com/another");
    event.mutable_payload()->set_value("another");
    event.set_payload_json("another");
    const absl::Status rendered = renderer_->Render(*record, format, &event);
    ASSERT_TRUE(rendered.ok()) << rendered;
    EXPECT_EQ(event.SerializeAsString(),
              RenderAt(record->header.position, format).SerializeAsString());
  }
}

TEST_F(RenderEvent, GivesATokenOfThePositionAfterWhichToResume) {
  const eventstore::Appended appended = Create("contacts/1");
  const auto token = eventstore::OpenToken(log_->token_sealer(), RenderAt(appended.first).token());
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->position, appended.first);
}

TEST_F(RenderEvent, PacksTheMemberOfTheCategorysMessageWithItsPersonalFields) {
  const v1::Event event = RenderAt(Create("contacts/1").first);
  contacts::v1::ContactCreated created;
  ASSERT_TRUE(event.payload().UnpackTo(&created)) << event.payload().type_url();
  EXPECT_EQ(created.name(), "contacts/1");
  EXPECT_EQ(created.contact().company_name(), "Analytical Engines");
  EXPECT_EQ(created.personal().first_name(), "Ada");
}

TEST_F(RenderEvent, TellsTheMessageAsJsonOnRequest) {
  const Position position = Create("contacts/1").first;
  const v1::Event event = RenderAt(position, runtime::PayloadFormat::kJson);
  EXPECT_FALSE(event.has_payload());
  const auto json = nlohmann::json::parse(event.payload_json());
  EXPECT_EQ(json["contact"]["company_name"], "Analytical Engines");
  EXPECT_EQ(json["personal"]["first_name"], "Ada");
  ASSERT_TRUE(keys_->Destroy(kOurs, "contacts/1").ok());
  const v1::Event erased = RenderAt(position, runtime::PayloadFormat::kJson);
  EXPECT_TRUE(erased.erased());
  EXPECT_FALSE(nlohmann::json::parse(erased.payload_json()).contains("personal"));
}

TEST_F(RenderEvent, LeavesOutWhatIsSecret) {
  workspaces::v1::WorkspaceEvent made;
  made.mutable_api_key_created()->mutable_api_key()->set_display_name("Website");
  made.mutable_api_key_created()->set_secret_hash("a hash");
  const Position position = Write("workspaces/7", made).first;
  workspaces::v1::ApiKeyCreated told;
  ASSERT_TRUE(RenderAt(position).payload().UnpackTo(&told));
  EXPECT_EQ(told.api_key().display_name(), "Website");
  EXPECT_EQ(told.secret_hash(), "");
  const auto json =
      nlohmann::json::parse(RenderAt(position, runtime::PayloadFormat::kJson).payload_json());
  EXPECT_EQ(json["api_key"]["display_name"], "Website");
  EXPECT_FALSE(json.contains("secret_hash"));
}

TEST_F(RenderEvent, LeavesOutWhatWasErasedAndSaysSo) {
  const Position position = Create("contacts/1").first;
  ASSERT_TRUE(keys_->Destroy(kOurs, "contacts/1").ok());
  const v1::Event event = RenderAt(position);
  EXPECT_TRUE(event.erased());
  contacts::v1::ContactCreated created;
  ASSERT_TRUE(event.payload().UnpackTo(&created));
  EXPECT_EQ(created.contact().company_name(), "Analytical Engines");
  EXPECT_FALSE(created.has_personal());
}

TEST_F(RenderEvent, TellsTheCauseByItsNumberInTheWorkspace) {
  Create("contacts/0", kTheirs);
  const Position cause = Create("contacts/1").first;
  const Position effect = Write("contacts/2", Created("contacts/2"), kOurs, cause).first;
  EXPECT_EQ(RenderAt(effect).causation_sequence(), 1);
  EXPECT_EQ(RenderAt(cause).causation_sequence(), 0);
}

TEST_F(RenderEvent, KeepsSilentAboutACauseInAnotherWorkspace) {
  const Position cause = Create("contacts/0", kTheirs).first;
  const Position effect = Write("contacts/2", Created("contacts/2"), kOurs, cause).first;
  EXPECT_EQ(RenderAt(effect).causation_sequence(), 0);
}

}  // namespace
}  // namespace kith::events
