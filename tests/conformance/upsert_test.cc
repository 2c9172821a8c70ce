// What an update that finds its resource by what identifies it, or creates it, promises: of those
// whose update request has allow_missing.
#include <gmock/gmock.h>

#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class UpsertResource : public ConformanceTest {
 protected:
  void SetUp() override {
    identity_ = kind().type->rules->identity;
    world.Sample(0);  // and what it links
    world.Sample(1);
  }
  Answer Upsert(const Message& resource, const std::vector<std::string>& mask = {},
                const std::string& request_id = "") {
    const MessagePtr request = world.Updating(resource, mask, request_id);
    SetFlag(*request, "allow_missing");
    return world.Call(*kind().update, *request);
  }
  // A field that changes beside what it is identified by.
  const FieldDescriptor& Other(const Message& sample) {
    for (const FieldDescriptor* const field : world.Changeable(sample)) {
      if (field != identity_ && field->type() == FieldDescriptor::TYPE_STRING &&
          RulesOf(*field).resource_size() == 0) {
        return *field;
      }
    }
    ADD_FAILURE() << "it has no text";
    return *identity_;
  }
  // Identified as the sample of this number, with one field of another.
  MessagePtr Little(int identity, int other) {
    const MessagePtr little = NewMessage(*kind().resource);
    CopyField(*world.Sample(identity), *little, *identity_);
    const MessagePtr values = world.Sample(other);
    CopyField(*values, *little, Other(*values));
    return little;
  }

  const FieldDescriptor* identity_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(All, UpsertResource, ::testing::ValuesIn(KindsThat([](const Kind& kind) {
                           return kind.HasUpsert() && kind.type->rules->identity != nullptr;
                         })),
                         NameOfKind);

TEST_P(UpsertResource, CreatesOnceAndChangesThen) {
  const size_t before = world.Live().size();
  const Answer created = Upsert(*world.Sample(0));
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(TextOf(*created.response, "etag"), "1");
  EXPECT_THAT(Differences(*world.Sample(0), *created.response), IsEmpty());
  const MessagePtr little = Little(0, 1);
  const Answer changed = Upsert(*little);
  ASSERT_EQ(changed.reason(), "");
  EXPECT_EQ(TextOf(*changed.response, "name"), TextOf(*created.response, "name"));
  EXPECT_TRUE(Alike(*little, *changed.response, Other(*little)));
  EXPECT_EQ(TextOf(*Upsert(*little).response, "etag"), "2") << "it is so already";
  EXPECT_EQ(world.Live().size(), before + 1);
  EXPECT_EQ(
      world.BytesAs(*world.Get(TextOf(*created.response, "name")).response, *changed.response),
      world.Bytes(*changed.response));
}

TEST_P(UpsertResource, ChangesWhatTheMaskNamesOfOneThatIsThere) {
  ASSERT_TRUE(Upsert(*world.Sample(0)).ok());
  const MessagePtr other = world.Sample(1);
  CopyField(*world.Sample(0), *other, *identity_);
  const FieldDescriptor& field = Other(*other);
  const Answer changed = Upsert(*other, {field.name()});
  ASSERT_EQ(changed.reason(), "");
  EXPECT_TRUE(Alike(*other, *changed.response, field));
  for (const FieldDescriptor* const each : world.Changeable(*other)) {
    if (each == &field) continue;
    EXPECT_TRUE(Alike(*world.Sample(0), *changed.response, *each, /*or_more=*/true))
        << each->name();
  }
  EXPECT_THAT(Upsert(*other, {"shoe_size"}).fields(), ElementsAre("update_mask.shoe_size"));
}

TEST_P(UpsertResource, RefusesAMaskThatIsNoneAlsoOfWhatIsMissing) {
  const size_t before = world.Live().size();
  for (const char* const path : {"shoe_size", "name", "create_time"}) {
    const Answer refused = Upsert(*world.Sample(0), {path});
    EXPECT_EQ(refused.reason(), "INVALID_UPDATE_MASK") << path;
    EXPECT_THAT(refused.fields(), ElementsAre(absl::StrCat("update_mask.", path)));
  }
  EXPECT_EQ(world.Live().size(), before);
}

TEST_P(UpsertResource, RefusesWhatIsAboutSeveralOrNone) {
  const std::string first = TextOf(*world.Made(0), "name");
  const std::string second = TextOf(*world.Made(1), "name");
  const MessagePtr named = Little(1, 2);
  SetText(*named, "name", first);
  const Answer several = Upsert(*named);
  EXPECT_EQ(several.reason(), "MATCHES_SEVERAL");
  EXPECT_EQ(several.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(several.metadata("names"), absl::StrCat(first, ",", second));
  ClearField(*named, "name");
  ClearField(*named, identity_->name());
  EXPECT_THAT(Upsert(*named).fields(), ElementsAre(absl::StrCat(Called(), ".", identity_->name())));
  if (kind().HasChosenIds()) return;  // such a name creates, which UpsertByName asks for
  SetText(*named, "name", kind().Nobody());
  EXPECT_EQ(Upsert(*named).reason(), kind().NotFound());
}

TEST_P(UpsertResource, SaysThatTheOneThereWasIsDeleted) {
  KITH_NEEDS(kind().remove);
  const std::string name = TextOf(*world.Made(0), "name");
  ASSERT_EQ(world.Delete(name).reason(), "");
  const Answer refused = Upsert(*Little(0, 1));
  EXPECT_EQ(refused.reason(), "MATCHES_DELETED");
  EXPECT_EQ(refused.metadata("name"), name);
}

TEST_P(UpsertResource, CreatesOnlyWhereNoEtagIsExpected) {
  const MessagePtr sample = world.Sample(0);
  SetText(*sample, "etag", "1");
  EXPECT_EQ(Upsert(*sample).reason(), "ETAG_MISMATCH");
  ClearField(*sample, "etag");
  ASSERT_TRUE(Upsert(*sample).ok());
  SetText(*sample, "etag", "2");
  EXPECT_EQ(Upsert(*sample).reason(), "ETAG_MISMATCH");
}

TEST_P(UpsertResource, TakesARequestOnceHoweverOftenItIsSent) {
  const Answer created = Upsert(*world.Sample(0), {}, "request-1");
  ASSERT_EQ(created.reason(), "");
  ASSERT_EQ(Upsert(*Little(0, 1)).reason(), "");
  for (const bool restarted : {false, true}) {
    if (restarted) world.server.Restart();
    EXPECT_EQ(world.Bytes(*Upsert(*world.Sample(0), {}, "request-1").response),
              world.Bytes(*created.response));
  }
  EXPECT_EQ(Upsert(*world.Sample(1), {}, "request-1").reason(), "REQUEST_ID_REUSED");
}

class UpsertByName : public ConformanceTest {
 protected:
  // The sample of this number, under this id.
  Answer Upsert(const std::string& id, int number, const std::string& etag = "",
                const std::vector<std::string>& mask = {}) {
    const MessagePtr resource = world.Sample(number);
    SetText(*resource, "name", absl::StrCat(kind().type->rules->category, "/", id));
    SetText(*resource, "etag", etag);
    const MessagePtr request = world.Updating(*resource, mask);
    SetFlag(*request, "allow_missing");
    return world.Call(*kind().update, *request);
  }
};
INSTANTIATE_TEST_SUITE_P(All, UpsertByName, ::testing::ValuesIn(KindsThat([](const Kind& kind) {
                           return kind.HasUpsert() && kind.HasChosenIds();
                         })),
                         NameOfKind);

TEST_P(UpsertByName, CreatesOnceAndChangesThen) {
  const Answer created = Upsert("one", 0);
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(TextOf(*created.response, "etag"), "1");
  EXPECT_THAT(Differences(*world.Sample(0), *created.response), IsEmpty());
  EXPECT_EQ(TextOf(*Upsert("one", 0).response, "etag"), "1") << "it is so already";
  const std::string name = TextOf(*created.response, "name");
  EXPECT_EQ(world.BytesAs(*world.Get(name).response, *created.response),
            world.Bytes(*created.response));
  const MessagePtr little = NewMessage(*kind().resource);
  SetText(*little, "name", name);
  const FieldDescriptor& field = *world.Changeable(*world.Sample(1)).front();
  CopyField(*world.Sample(1), *little, field);
  const MessagePtr request = world.Updating(*little, {field.name()});
  SetFlag(*request, "allow_missing");
  EXPECT_TRUE(Alike(*little, *world.Call(*kind().update, *request).response, field,
                    /*or_more=*/true));
}

TEST_P(UpsertByName, MaySayAgainWhatIsSetAtCreationOnly) {
  ASSERT_EQ(Upsert("one", 0).reason(), "");
  const MessagePtr first = world.Sample(0);
  const MessagePtr second = world.Sample(1);
  const Answer changed = Upsert("one", 1);
  ASSERT_EQ(changed.reason(), "") << "without a mask it is passed over";
  for (int i = 0; i < kind().resource->field_count(); ++i) {
    const FieldDescriptor& field = *kind().resource->field(i);
    if (RulesOf(field).output_only() || field.name() == "etag") continue;
    const bool stays = RulesOf(field).immutable();
    EXPECT_TRUE(Alike(stays ? *first : *second, *changed.response, field, /*or_more=*/true))
        << field.name();
    if (!stays || Alike(*first, *second, field)) continue;
    EXPECT_THAT(Upsert("one", 1, "", {field.name()}).fields(),
                ElementsAre(absl::StrCat("update_mask.", field.name())));
    EXPECT_EQ(Upsert("one", 0, "", {field.name()}).reason(), "") << "it is so already";
  }
}

TEST_P(UpsertByName, RefusesAMaskThatIsNoneAlsoOfWhatIsMissing) {
  for (const char* const path : {"shoe_size", "name", "create_time"}) {
    const Answer refused = Upsert("one", 0, "", {path});
    EXPECT_EQ(refused.reason(), "INVALID_UPDATE_MASK") << path;
    EXPECT_THAT(refused.fields(), ElementsAre(absl::StrCat("update_mask.", path)));
  }
  EXPECT_EQ(Upsert("one", 0, "", {"*"}).reason(), "");
}

TEST_P(UpsertByName, RefusesWhatCannotBeCreated) {
  EXPECT_EQ(Upsert("one", 0, "1").reason(), "ETAG_MISMATCH");
  EXPECT_THAT(Upsert("two/parts", 0).fields(), ElementsAre(absl::StrCat(Called(), ".name")));
  const MessagePtr empty = NewMessage(*kind().resource);
  SetText(*empty, "name", absl::StrCat(kind().type->rules->category, "/one"));
  const MessagePtr request = world.Updating(*empty);
  SetFlag(*request, "allow_missing");
  EXPECT_EQ(world.Call(*kind().update, *request).reason(), "INVALID_FIELD");
  KITH_NEEDS(kind().remove);
  const std::string name = TextOf(*Upsert("one", 0).response, "name");
  ASSERT_EQ(world.Delete(name).reason(), "");
  EXPECT_EQ(Upsert("one", 0).reason(), "MATCHES_DELETED");
}

}  // namespace
}  // namespace kith::testing
