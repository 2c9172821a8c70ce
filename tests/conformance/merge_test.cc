// What merging promises, whatever the resource that can be merged: the names of all that are merged
// mean the one that stays, in reads and commands, and taken apart each is what it was.
#include <gmock/gmock.h>

#include "absl/strings/match.h"
#include "google/rpc/error_details.pb.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

class MergeResources : public ConformanceTest {
 protected:
  void SetUp() override {
    one_ = world.Made(0);
    other_ = world.Made(1);
  }
  const MethodDescriptor& MethodThat(absl::string_view begins) {
    const auto& service = *kind().type->service;
    for (int i = 0; i < service.method_count(); ++i) {
      if (absl::StartsWith(service.method(i)->name(), begins)) return *service.method(i);
    }
    ADD_FAILURE() << "no method begins with " << begins;
    return *kind().get;
  }
  std::string name() const { return TextOf(*one_, "name"); }
  std::string other_name() const { return TextOf(*other_, "name"); }
  Answer Merge(const std::string& survivor, const std::string& merged,
               const std::string& request_id = "") {
    const MethodDescriptor& merge = MethodThat("Merge");
    const MessagePtr request = NewMessage(*merge.input_type());
    SetText(*request, "name", survivor);
    AddText(*request, "merged", merged);
    SetText(*request, "request_id", request_id);
    return world.Call(merge, *request);
  }
  Answer Unmerge(const std::string& merged) {
    const MethodDescriptor& unmerge = MethodThat("Unmerge");
    return world.Call(unmerge, *world.Naming(unmerge, merged));
  }
  size_t Events() {
    return world.server.runtime().log.WorkspaceHead(world.server.workspace()).value();
  }
  // What people wrote in it, of what was answered.
  static std::string Content(const Message& resource) {
    const MessagePtr copy = CopyOf(resource);
    for (const char* const field : {"etag", "update_time", "create_time"}) ClearField(*copy, field);
    return copy->DebugString();
  }

  MessagePtr one_;
  MessagePtr other_;
};
INSTANTIATE_TEST_SUITE_P(All, MergeResources, ::testing::ValuesIn(KindsThat([](const Kind& kind) {
                           return kind.type->rules->merge.has_value();
                         })),
                         NameOfKind);

TEST_P(MergeResources, AnswerByEveryName) {
  const std::string before = world.Get(name()).token;
  const Answer merged = Merge(name(), other_name());
  ASSERT_EQ(merged.reason(), "");
  EXPECT_EQ(TextOf(*merged.response, "name"), name());
  for (const bool rebuilt : {false, true}) {
    SCOPED_TRACE(rebuilt);
    if (rebuilt) world.server.Restart(/*new_views=*/true);
    const Answer got = world.Get(other_name());
    ASSERT_EQ(got.reason(), "");
    EXPECT_EQ(TextOf(*got.response, "name"), name());
    EXPECT_EQ(TextOf(*got.response, "resolved_from"), other_name());
    EXPECT_THAT(world.Live(), Contains(name()));
    EXPECT_THAT(world.Live(), Not(Contains(other_name())));
    const Answer then = world.Get(other_name(), absl::StrCat("token: '", before, "'"));
    EXPECT_EQ(world.BytesAs(*then.response, *other_), world.Bytes(*other_));
  }
}

TEST_P(MergeResources, AreWhatTheyWereWhenTheyAreTakenApart) {
  ASSERT_EQ(Merge(name(), other_name()).reason(), "");
  const Answer back = Unmerge(other_name());
  ASSERT_EQ(back.reason(), "");
  EXPECT_EQ(Content(*back.response), Content(*other_));
  for (const bool rebuilt : {false, true}) {
    SCOPED_TRACE(rebuilt);
    if (rebuilt) world.server.Restart(/*new_views=*/true);
    const MessagePtr one = CopyOf(*world.Get(name()).response);
    const MessagePtr other = CopyOf(*world.Get(other_name()).response);
    EXPECT_THAT(Differences(*one_, *one), IsEmpty());
    EXPECT_THAT(Differences(*other_, *other), IsEmpty());
    EXPECT_EQ(TextOf(*other, "resolved_from"), "");
  }
  EXPECT_THAT(world.Live(), Contains(other_name()));
}

TEST_P(MergeResources, TakeEffectOnce) {
  const Answer first = Merge(name(), other_name(), "merge-1");
  const size_t events = Events();
  const Answer again = Merge(name(), other_name(), "merge-1");
  EXPECT_EQ(again.reason(), "");
  EXPECT_EQ(world.Bytes(*again.response), world.Bytes(*first.response));
  EXPECT_EQ(Merge(name(), other_name()).reason(), "");
  EXPECT_EQ(Events(), events);
}

TEST_P(MergeResources, RefuseThemselvesAndWhatIsNotThere) {
  const size_t events = Events();
  EXPECT_EQ(Merge(name(), name()).reason(), "MERGE_WITH_ITSELF");
  EXPECT_EQ(Merge(name(), kind().Nobody()).reason(), kind().NotFound());
  EXPECT_EQ(Merge(kind().Nobody(), name()).reason(), kind().NotFound());
  EXPECT_EQ(Unmerge(kind().Nobody()).reason(), kind().NotFound());
  EXPECT_EQ(Events(), events);
  ASSERT_EQ(world.Delete(other_name()).reason(), "");
  EXPECT_EQ(Merge(name(), other_name()).reason(), kind().NotFound());
}

TEST_P(MergeResources, AreDeletedByAnyName) {
  ASSERT_EQ(Merge(name(), other_name()).reason(), "");
  ASSERT_EQ(world.Delete(other_name()).reason(), "");
  EXPECT_EQ(world.Get(name()).reason(), kind().NotFound());
  EXPECT_EQ(world.Get(other_name()).reason(), kind().NotFound());
  EXPECT_EQ(Unmerge(other_name()).reason(), kind().NotFound());
  ASSERT_EQ(world.Undelete(other_name()).reason(), "");
  EXPECT_EQ(TextOf(*world.Get(other_name()).response, "name"), name());
}

}  // namespace
}  // namespace kith::testing
