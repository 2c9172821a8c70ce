// What changing a resource promises, whatever the resource.
#include <gmock/gmock.h>

#include <algorithm>

#include "eventstore/base/proto_time.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/rpc/error_details.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/calls/session.h"
#include "services/cli/text/render.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Whether the text says what the record in the link was called.
bool IsNamedAfter(const Kind& kind, const FieldDescriptor& text, const FieldDescriptor& link) {
  const auto& rules = kind.type->rules->named_after;
  return std::any_of(rules.begin(), rules.end(), [&](const NamedAfterRule& rule) {
    return rule.text == &text && rule.link == &link;
  });
}

class UpdateResource : public ConformanceTest {
 protected:
  void SetUp() override {
    made_ = world.Made(0);
    other_ = world.Sample(1);
    SetText(*other_, "name", name());
  }
  std::string name() const { return TextOf(*made_, "name"); }
  std::string EtagNow() { return TextOf(*world.Get(name()).response, "etag"); }

  MessagePtr made_;   // the resource
  MessagePtr other_;  // another value for each of its fields
};
INSTANTIATE_TEST_SUITE_P(All, UpdateResource,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::get, &Kind::update})),
                         NameOfKind);

TEST_P(UpdateResource, ChangesTheFieldThatTheMaskNamesAndNoOther) {
  int changed = 0;
  for (const FieldDescriptor* const field : world.Changeable(*other_)) {
    SCOPED_TRACE(field->name());
    const MessagePtr before = world.Get(name()).response;
    if (Alike(*other_, *before, *field)) continue;
    world.server.clock().Advance(absl::Seconds(1));
    const Answer answer = world.Update(*other_, {field->name()});
    if (answer.reason() == "INVALID_FIELD") continue;  // a rule of its own, beside the other fields
    ASSERT_EQ(answer.reason(), "");
    ++changed;
    EXPECT_TRUE(Alike(*other_, *answer.response, *field, /*or_more=*/true))
        << answer.response->ShortDebugString();
    EXPECT_NE(TextOf(*answer.response, "etag"), TextOf(*before, "etag"));
    EXPECT_EQ(FromTimestamp(static_cast<const google::protobuf::Timestamp&>(
                  In(*answer.response, "update_time"))),
              world.server.clock().Now());
    for (const FieldDescriptor* const each : world.Changeable(*before)) {
      if (IsNamedAfter(kind(), *each, *field)) continue;
      EXPECT_TRUE(each == field || Alike(*before, *answer.response, *each)) << each->name();
    }
    EXPECT_EQ(world.BytesAs(*world.Get(name()).response, *answer.response),
              world.Bytes(*answer.response));
  }
  EXPECT_GT(changed, 0);
}

TEST_P(UpdateResource, EmptiesAFieldThatTheMaskNamesAndTheResourceLeavesOut) {
  const MessagePtr nothing = NewMessage(*kind().resource);
  SetText(*nothing, "name", name());
  for (const FieldDescriptor* const field : world.Changeable(*made_)) {
    SCOPED_TRACE(field->name());
    const Answer answer = world.Update(*nothing, {field->name()});
    if (RulesOf(*field).required()) {
      EXPECT_THAT(answer.fields(), ElementsAre(absl::StrCat(Called(), ".", field->name())));
    } else if (field->enum_type() == nullptr) {  // one that is not said may be chosen
      ASSERT_EQ(answer.reason(), "");
      EXPECT_FALSE(IsSet(*answer.response, field->name()));
      const MessagePtr back = CopyOf(*made_);
      ClearField(*back, "etag");
      ASSERT_EQ(world.Update(*back, {field->name()}).reason(), "");
    }
  }
}

TEST_P(UpdateResource, WithoutAMaskChangesWhatIsSet) {
  for (const FieldDescriptor* const field : world.Changeable(*other_)) {
    const MessagePtr one = NewMessage(*kind().resource);
    SetText(*one, "name", name());
    CopyField(*other_, *one, *field);
    const Answer answer = world.Update(*one);
    if (answer.reason() == "INVALID_FIELD") continue;
    ASSERT_EQ(answer.reason(), "") << field->name();
    EXPECT_TRUE(Alike(*other_, *answer.response, *field, /*or_more=*/true)) << field->name();
  }
}

TEST_P(UpdateResource, WithAStarEmptiesWhatIsNotSet) {
  const MessagePtr little = CopyOf(*made_);
  std::vector<std::string> emptied;
  for (const FieldDescriptor* const field : world.Changeable(*made_)) {
    if (RulesOf(*field).required() || field->enum_type() != nullptr || emptied.size() == 3)
      continue;
    emptied.push_back(field->name());
    ClearField(*little, field->name());
  }
  const Answer answer = world.Update(*little, {"*"});
  ASSERT_EQ(answer.reason(), "");
  for (const std::string& field : emptied) EXPECT_FALSE(IsSet(*answer.response, field)) << field;
  ClearField(*little, "etag");
  EXPECT_THAT(Differences(*little, *answer.response), IsEmpty());
}

TEST_P(UpdateResource, RefusesAMaskOfFieldsThatCallersDoNotSet) {
  std::vector<std::string> wrong = {"shoe_size", "name", "etag", absl::StrCat(Called(), ".name")};
  for (int i = 0; i < kind().resource->field_count(); ++i) {
    const FieldDescriptor& field = *kind().resource->field(i);
    const bool is_fixed = RulesOf(field).immutable() && IsSet(*other_, field.name()) &&
                          !Alike(*made_, *other_, field);
    if (RulesOf(field).output_only() || is_fixed) wrong.push_back(field.name());
  }
  for (const std::string& path : wrong) {
    const Answer refused = world.Update(*other_, {path});
    EXPECT_EQ(refused.reason(), "INVALID_UPDATE_MASK") << path;
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(refused.fields(), ElementsAre(absl::StrCat("update_mask.", path)));
  }
  EXPECT_EQ(EtagNow(), "1");
}

TEST_P(UpdateResource, HappensOnlyWhileTheEtagIsThePresentOne) {
  const std::vector<const FieldDescriptor*> fields = world.Changeable(*other_);
  ASSERT_FALSE(fields.empty());
  const std::vector<std::string> mask = {fields.front()->name()};
  SetText(*other_, "etag", "1");
  const Answer first = world.Update(*other_, mask);
  ASSERT_EQ(first.reason(), "");
  EXPECT_EQ(TextOf(*first.response, "etag"), "2");
  const Answer refused = world.Update(*world.Get(name()).response, mask);
  EXPECT_EQ(refused.reason(), "") << "the present one, and nothing changes";
  SetText(*made_, "etag", "1");
  const Answer stale = world.Update(*made_, mask);
  EXPECT_EQ(stale.reason(), "ETAG_MISMATCH");
  EXPECT_EQ(stale.status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(stale.metadata("expected"), "1");
  EXPECT_EQ(stale.metadata("actual"), "2");
  EXPECT_EQ(world.BytesAs(*world.Get(name()).response, *first.response),
            world.Bytes(*first.response));
  ClearField(*made_, "etag");
  EXPECT_EQ(TextOf(*world.Update(*made_, mask).response, "etag"), "3");
}

TEST_P(UpdateResource, LeavesTheEtagWhereNothingChanges) {
  world.server.clock().Advance(absl::Hours(1));
  for (const std::vector<std::string>& mask :
       {std::vector<std::string>{}, {"*"}, {world.Changeable(*made_).front()->name()}}) {
    const Answer same = world.Update(*made_, mask);
    ASSERT_EQ(same.reason(), "");
    EXPECT_EQ(world.Bytes(*same.response), world.Bytes(*made_));
  }
  // A mask may name what is set at creation only, where it stays as it is.
  for (int i = 0; i < kind().resource->field_count(); ++i) {
    const FieldDescriptor& field = *kind().resource->field(i);
    if (!RulesOf(field).immutable()) continue;
    const Answer same = world.Update(*made_, {field.name()});
    EXPECT_EQ(same.reason(), "") << field.name();
    EXPECT_EQ(world.Bytes(*same.response), world.Bytes(*made_));
  }
}

TEST_P(UpdateResource, TakesARequestOnceHoweverOftenItIsSent) {
  const std::string field = world.Changeable(*other_).front()->name();
  const Answer changed = world.Update(*other_, {field}, "request-1");
  ASSERT_EQ(changed.reason(), "");
  ClearField(*made_, "etag");
  ASSERT_EQ(world.Update(*made_, {field}).reason(), "");
  for (const bool restarted : {false, true}) {
    if (restarted) world.server.Restart();
    const Answer again = world.Update(*other_, {field}, "request-1");
    EXPECT_EQ(again.reason(), "");
    EXPECT_EQ(world.Bytes(*again.response), world.Bytes(*changed.response));
  }
  EXPECT_EQ(EtagNow(), "3");
  EXPECT_EQ(world.Update(*made_, {field}, "request-1").reason(), "REQUEST_ID_REUSED");
}

TEST_P(UpdateResource, RefusesWhatIsNotThere) {
  const auto expect_none = [&](const std::string& name) {
    SetText(*other_, "name", name);
    const Answer refused = world.Update(*other_);
    EXPECT_EQ(refused.reason(), kind().NotFound());
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_EQ(refused.detail<google::rpc::ResourceInfo>().resource_name(), name);
  };
  expect_none(kind().Nobody());
  for (const char* const wrong : {"people/1", "", "x"}) {
    SetText(*other_, "name", wrong);
    EXPECT_THAT(world.Update(*other_).fields(), ElementsAre(absl::StrCat(Called(), ".name")));
  }
  KITH_NEEDS(kind().remove);
  ASSERT_EQ(world.Delete(name()).reason(), "");
  expect_none(name());
}

// What "kith … get --json" prints is what "kith … update --data" takes, and changes nothing.
TEST_P(UpdateResource, TakesWhatTheCommandLineRead) {
  const std::string path =
      absl::StrCat("/", kind().update->service()->full_name(), "/", kind().update->name());
  const cli::Method* command = nullptr;
  for (const auto& [collection, methods] : cli::Catalog::Linked().collections()) {
    for (const cli::Method& method : methods) {
      if (method.path == path) command = &method;
    }
  }
  ASSERT_NE(command, nullptr) << path;
  const MessagePtr read = world.Get(name()).response;
  const auto words = cli::ParseFor(*command, {"--data", cli::ToJson(*read, true)});
  ASSERT_TRUE(words.ok()) << words.status();
  const auto request = cli::BuildRequest(*command, *words);
  ASSERT_TRUE(request.ok()) << request.status();
  const Answer same = world.Call(*kind().update, **request);
  EXPECT_EQ(same.reason(), "") << same.status.error_message();
  EXPECT_EQ(world.BytesAs(*world.Get(name()).response, *made_), world.Bytes(*made_));
  EXPECT_EQ(EtagNow(), "1");
}

}  // namespace
}  // namespace kith::testing
