// What creating a resource promises, whatever the resource.
#include <gmock/gmock.h>

#include <algorithm>

#include "eventstore/base/proto_time.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using google::protobuf::Timestamp;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CreateResource : public ConformanceTest {
 protected:
  // How many there are.
  size_t Count() { return world.Live().size(); }
};
INSTANTIATE_TEST_SUITE_P(All, CreateResource,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::get, &Kind::list})),
                         NameOfKind);

TEST_P(CreateResource, AnswersWhatWasSentAndReadsItBack) {
  for (int number = 0; number < 4; ++number) {
    const MessagePtr sample = world.Sample(number);
    const Answer made = world.Create(*sample);
    ASSERT_EQ(made.reason(), "");
    SetText(*sample, "name", TextOf(*made.response, "name"));
    EXPECT_THAT(Differences(*sample, *made.response), IsEmpty());
    EXPECT_EQ(TextOf(*made.response, "etag"), "1");
    EXPECT_NE(made.token, "");
    const Answer read = world.Get(TextOf(*made.response, "name"));
    ASSERT_EQ(read.reason(), "");
    EXPECT_EQ(world.BytesAs(*read.response, *made.response), world.Bytes(*made.response));
  }
}

// Otherwise the suite asks little.
TEST_P(CreateResource, IsAskedWithNearlyEveryField) {
  const MessagePtr sample = world.Sample(0);
  int set = 0;
  int all = 0;
  for (int i = 0; i < kind().resource->field_count(); ++i) {
    const FieldDescriptor& field = *kind().resource->field(i);
    if (RulesOf(field).output_only() || field.name() == "etag") continue;
    ++all;
    set += IsSet(*sample, field.name());
  }
  EXPECT_GE(set * 4, all * 3) << sample->ShortDebugString();
}

TEST_P(CreateResource, DrawsTheNameAndIgnoresWhatTheServerSets) {
  const MessagePtr sample = world.Sample(0);
  SetText(*sample, "name", kind().Nobody());
  SetText(*sample, "etag", "7");
  for (const char* const field : {"create_time", "update_time", "delete_time"}) {
    if (kind().resource->FindFieldByName(field) == nullptr) continue;
    static_cast<Timestamp&>(MutableIn(*sample, field)).set_seconds(1);
  }
  const Answer made = world.Create(*sample);
  ASSERT_EQ(made.reason(), "");
  const std::string name = TextOf(*made.response, "name");
  EXPECT_NE(name, kind().Nobody());
  EXPECT_TRUE(ResourcePattern(kind().pattern).Matches(name)) << name;
  EXPECT_EQ(TextOf(*made.response, "etag"), "1");
  EXPECT_EQ(FromTimestamp(static_cast<const Timestamp&>(In(*made.response, "create_time"))),
            world.server.clock().Now());
  if (kind().resource->FindFieldByName("delete_time") != nullptr) {
    EXPECT_FALSE(IsSet(*made.response, "delete_time"));
  }
}

TEST_P(CreateResource, NeedsWhatIsRequired) {
  const size_t before = (world.Sample(0), Count());
  for (int i = 0; i < kind().resource->field_count(); ++i) {
    const FieldDescriptor& field = *kind().resource->field(i);
    if (!RulesOf(field).required()) continue;
    const MessagePtr sample = world.Sample(0);
    ClearField(*sample, field.name());
    const Answer refused = world.Create(*sample);
    EXPECT_EQ(refused.reason(), "INVALID_FIELD") << field.name();
    EXPECT_THAT(refused.fields(), Contains(absl::StrCat(Called(), ".", field.name())));
  }
  const Answer empty = world.Call(*kind().create, *NewMessage(*kind().create->input_type()));
  EXPECT_EQ(empty.reason(), "INVALID_FIELD");
  EXPECT_THAT(empty.fields(), ElementsAre(Called()));
  EXPECT_EQ(Count(), before);
}

// Every text of it, wherever it stands: too long, not of its shape, and with a control character.
TEST_P(CreateResource, NamesEveryFieldThatBreaksItsRules) {
  const size_t before = (world.Sample(0), Count());
  std::vector<std::string> paths;
  const MessagePtr all = world.Sample(0);
  for (const Place& place : TextsIn(*all, Called())) {
    if (place.field->name() == "etag") continue;
    paths.push_back(place.path);
    place.Set("\x01");
  }
  const Answer refused = world.Create(*all);
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.fields(), ::testing::SizeIs(std::min<size_t>(paths.size(), kViolationsMax)));
  EXPECT_THAT(refused.fields(), ::testing::IsSubsetOf(paths));
  for (size_t i = 0; i < paths.size(); ++i) {
    const MessagePtr sample = world.Sample(0);
    const Place place = TextsIn(*sample, Called())[i];
    const auto& rules = RulesOf(*place.field);
    const size_t most = rules.max_bytes() > 0 ? rules.max_bytes() : 1'024;
    for (const std::string& wrong : {std::string(most + 1, 'x'), std::string("? ?")}) {
      if (wrong == "? ?" && rules.format() == options::v1::FORMAT_UNSPECIFIED &&
          rules.resource_size() == 0) {
        continue;
      }
      place.Set(wrong);
      EXPECT_THAT(world.Create(*sample).fields(), ElementsAre(place.path)) << wrong;
    }
  }
  EXPECT_EQ(Count(), before);
}

TEST_P(CreateResource, TakesARequestOnceHoweverOftenItIsSent) {
  const MessagePtr sample = world.Sample(0);
  const Answer made = world.Create(*sample, "request-1");
  ASSERT_EQ(made.reason(), "");
  const MessagePtr different = world.Sample(1);
  const size_t count = Count();
  const auto again = [&] {
    const Answer repeated = world.Create(*sample, "request-1");
    EXPECT_EQ(repeated.reason(), "");
    EXPECT_EQ(world.Bytes(*repeated.response), world.Bytes(*made.response));
  };
  again();
  MessagePtr other = CopyOf(*sample);
  const std::vector<const FieldDescriptor*> fields = world.Changeable(*sample);
  ASSERT_FALSE(fields.empty());
  CopyField(*different, *other, *fields.front());
  EXPECT_EQ(world.Create(*other, "request-1").reason(), "REQUEST_ID_REUSED");
  // It is answered as it was then.
  if (kind().update != nullptr) {
    SetText(*other, "name", TextOf(*made.response, "name"));
    ASSERT_EQ(world.Update(*other, {fields.front()->name()}).reason(), "");
    again();
  }
  if (kind().remove != nullptr) {
    ASSERT_EQ(world.Delete(TextOf(*made.response, "name")).reason(), "");
    again();
    EXPECT_EQ(Count(), count - 1);
  }
  world.server.Restart();
  again();
}

TEST_P(CreateResource, TakesTheIdThatItsCallerChose) {
  if (!kind().HasChosenIds()) GTEST_SKIP() << "the server draws them";
  const auto choose = [&](const std::string& id, int number) {
    const MessagePtr request = world.Creating(*world.Sample(number));
    SetText(*request, absl::StrCat(Called(), "_id"), id);
    return world.Call(*kind().create, *request);
  };
  const Answer made = choose("chosen-1", 0);
  ASSERT_EQ(made.reason(), "");
  const std::string name = TextOf(*made.response, "name");
  EXPECT_EQ(name, absl::StrCat(kind().type->rules->category, "/chosen-1"));
  EXPECT_EQ(world.BytesAs(*world.Get(name).response, *made.response), world.Bytes(*made.response));
  const auto expect_taken = [&] {
    const Answer refused = choose("chosen-1", 1);
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::ALREADY_EXISTS) << refused.reason();
  };
  expect_taken();
  for (const char* const wrong : {"two/parts", "ü", "-1", " "}) {
    EXPECT_THAT(choose(wrong, 1).fields(), ElementsAre(absl::StrCat(Called(), "_id")));
  }
  KITH_NEEDS(kind().remove);
  ASSERT_EQ(world.Delete(name).reason(), "");
  expect_taken();
}

TEST_P(CreateResource, MayHaveHappenedEarlierButNotMuchLater) {
  const FieldDescriptor* const occur_time =
      kind().create->input_type()->FindFieldByName("occur_time");
  if (occur_time == nullptr) GTEST_SKIP() << "it happens when it is recorded";
  const MessagePtr request = world.Creating(*world.Sample(0));
  const absl::Time then = world.server.clock().Now() - absl::Hours(48);
  static_cast<Timestamp&>(MutableIn(*request, "occur_time")) = ToTimestamp(then);
  const Answer made = world.Call(*kind().create, *request);
  ASSERT_EQ(made.reason(), "");
  EXPECT_EQ(FromTimestamp(static_cast<const Timestamp&>(In(*made.response, "create_time"))), then);
  static_cast<Timestamp&>(MutableIn(*request, "occur_time")) =
      ToTimestamp(world.server.clock().Now() + absl::Minutes(6));
  EXPECT_THAT(world.Call(*kind().create, *request).fields(), ElementsAre("occur_time"));
}

}  // namespace
}  // namespace kith::testing
