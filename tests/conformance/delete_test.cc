// What deleting a resource and bringing it back promise, whatever the resource.
#include <gmock/gmock.h>

#include "google/rpc/error_details.pb.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class DeleteResource : public ConformanceTest {
 protected:
  void SetUp() override { made_ = world.Made(0); }
  std::string name() const { return TextOf(*made_, "name"); }

  MessagePtr made_;
};
INSTANTIATE_TEST_SUITE_P(All, DeleteResource,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::get, &Kind::remove})),
                         NameOfKind);

TEST_P(DeleteResource, TakesItOutOfEveryReadOfNow) {
  const std::string before = world.Get(name()).token;
  ASSERT_EQ(world.Delete(name()).reason(), "");
  const Answer gone = world.Get(name());
  EXPECT_EQ(gone.reason(), kind().NotFound());
  EXPECT_EQ(gone.detail<google::rpc::ResourceInfo>().resource_name(), name());
  EXPECT_THAT(world.Live(), Not(Contains(name())));
  EXPECT_EQ(
      world.BytesAs(*world.Get(name(), absl::StrCat("token: '", before, "'")).response, *made_),
      world.Bytes(*made_));
}

TEST_P(DeleteResource, HappensOnlyWhileTheEtagIsThePresentOne) {
  const Answer refused = world.Delete(name(), "2");
  EXPECT_EQ(refused.reason(), "ETAG_MISMATCH");
  EXPECT_EQ(refused.metadata("expected"), "2");
  EXPECT_EQ(refused.metadata("actual"), "1");
  EXPECT_EQ(world.Get(name()).reason(), "");
  EXPECT_EQ(world.Delete(name(), "1").reason(), "");
  EXPECT_EQ(world.Get(name()).reason(), kind().NotFound());
}

TEST_P(DeleteResource, ChangesNothingWhereItIsDeleted) {
  ASSERT_EQ(world.Delete(name()).reason(), "");
  const size_t events = world.server.runtime().log.WorkspaceHead(world.server.workspace()).value();
  EXPECT_EQ(world.Delete(name()).reason(), "");
  EXPECT_EQ(world.Delete(name(), "2").reason(), "");
  const Answer refused = world.Delete(name(), "1");
  EXPECT_EQ(refused.reason(), "ETAG_MISMATCH") << "who sends one knows less than happened";
  EXPECT_EQ(refused.metadata("actual"), "2");
  EXPECT_EQ(world.server.runtime().log.WorkspaceHead(world.server.workspace()).value(), events);
}

TEST_P(DeleteResource, RefusesWhatNeverWas) {
  const Answer refused = world.Delete(kind().Nobody());
  EXPECT_EQ(refused.reason(), kind().NotFound());
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::NOT_FOUND);
  for (const char* const wrong : {"people/1", "", "x"}) {
    EXPECT_THAT(world.Delete(wrong).fields(), ElementsAre("name"));
  }
}

TEST_P(DeleteResource, TakesARequestOnceHoweverOftenItIsSent) {
  ASSERT_EQ(world.Delete(name(), "", "request-1").reason(), "");
  const std::string other = TextOf(*world.Made(1), "name");
  EXPECT_EQ(world.Delete(other, "", "request-1").reason(), "REQUEST_ID_REUSED");
  EXPECT_EQ(world.Delete(name(), "", "request-1").reason(), "");
  KITH_NEEDS(kind().undelete);
  ASSERT_EQ(world.Undelete(name()).reason(), "");
  EXPECT_EQ(world.Delete(name(), "", "request-1").reason(), "");
  EXPECT_EQ(world.Get(name()).reason(), "") << "it is done already";
}

class UndeleteResource : public DeleteResource {
 protected:
  void SetUp() override {
    DeleteResource::SetUp();
    ASSERT_EQ(world.Delete(name()).reason(), "");
  }
};
INSTANTIATE_TEST_SUITE_P(All, UndeleteResource,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::get, &Kind::remove,
                                                        &Kind::undelete})),
                         NameOfKind);

TEST_P(UndeleteResource, BringsItBackAsItWas) {
  const Answer back = world.Undelete(name());
  ASSERT_EQ(back.reason(), "");
  EXPECT_THAT(Differences(*made_, *back.response), IsEmpty());
  EXPECT_EQ(TextOf(*back.response, "etag"), "3");
  EXPECT_FALSE(IsSet(*back.response, "delete_time"));
  EXPECT_EQ(world.BytesAs(*world.Get(name()).response, *back.response),
            world.Bytes(*back.response));
  EXPECT_THAT(world.Live(), Contains(name()));
}

TEST_P(UndeleteResource, LeavesOneThatIsThereAsItIs) {
  const Answer back = world.Undelete(name());
  EXPECT_EQ(world.Bytes(*world.Undelete(name()).response), world.Bytes(*back.response));
  EXPECT_EQ(world.Bytes(*world.Undelete(name(), "3").response), world.Bytes(*back.response));
  EXPECT_EQ(world.Undelete(name(), "2").reason(), "ETAG_MISMATCH");
}

TEST_P(UndeleteResource, HappensOnlyWhileTheEtagIsThePresentOne) {
  const Answer refused = world.Undelete(name(), "1");
  EXPECT_EQ(refused.reason(), "ETAG_MISMATCH");
  EXPECT_EQ(refused.metadata("actual"), "2");
  EXPECT_EQ(world.Get(name()).reason(), kind().NotFound());
  EXPECT_EQ(world.Undelete(name(), "2").reason(), "");
}

TEST_P(UndeleteResource, RefusesWhatNeverWas) {
  EXPECT_EQ(world.Undelete(kind().Nobody()).reason(), kind().NotFound());
  EXPECT_THAT(world.Undelete("people/1").fields(), ElementsAre("name"));
}

TEST_P(UndeleteResource, TakesARequestOnceHoweverOftenItIsSent) {
  const Answer back = world.Undelete(name(), "", "request-1");
  ASSERT_EQ(back.reason(), "");
  ASSERT_EQ(world.Delete(name()).reason(), "");
  const Answer again = world.Undelete(name(), "", "request-1");
  EXPECT_EQ(world.Bytes(*again.response), world.Bytes(*back.response));
  EXPECT_EQ(world.Get(name()).reason(), kind().NotFound()) << "it was deleted since";
  EXPECT_EQ(world.Undelete(kind().Nobody(), "", "request-1").reason(), "REQUEST_ID_REUSED");
}

// Whatever is only its own may be another's meanwhile.
TEST_P(UndeleteResource, IsRefusedWhereAnotherTookWhatIsOnlyItsOwn) {
  bool is_unique = false;
  for (const ClaimRule& rule : kind().type->rules->claims) {
    is_unique |=
        rule.is_unique != nullptr && rule.is_unique(Settings()) && !rule.values(*made_).empty();
  }
  const MessagePtr same = world.Sample(0);
  const Answer heir = world.Create(*same);
  if (!heir.ok() && !kind().type->rules->within.purpose.empty()) {
    GTEST_SKIP() << "what a deleted one had is never given again";
  }
  ASSERT_EQ(heir.reason(), "") << "what a deleted one had is free";
  const Answer back = world.Undelete(name());
  if (!is_unique) {
    EXPECT_EQ(back.reason(), "");
    return;
  }
  EXPECT_EQ(back.status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(back.detail<google::rpc::ResourceInfo>().resource_name(),
            TextOf(*heir.response, "name"));
  EXPECT_EQ(world.Get(name()).reason(), kind().NotFound());
  EXPECT_EQ(world.Create(*same).status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  ASSERT_EQ(world.Delete(TextOf(*heir.response, "name")).reason(), "");
  EXPECT_EQ(world.Undelete(name()).reason(), "");
}

class ListDeletedResources : public ConformanceTest {
 protected:
  void SetUp() override {
    for (int number = 0; number < 5; ++number) {
      names_.push_back(TextOf(*world.Made(number), "name"));
    }
    for (const std::string& name : names_) {
      world.server.clock().Advance(absl::Hours(24));
      ASSERT_EQ(world.Delete(name).reason(), "");
    }
  }
  std::vector<std::string> Deleted(int page_size = 1'000) {
    return world.Names(*kind().list_deleted, page_size);
  }

  std::vector<std::string> names_;  // in the order in which they were deleted
};
INSTANTIATE_TEST_SUITE_P(All, ListDeletedResources,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::remove,
                                                        &Kind::list_deleted})),
                         NameOfKind);

TEST_P(ListDeletedResources, AnswersTheLastOneFirst) {
  std::vector<std::string> expected(names_.rbegin(), names_.rend());
  for (const int page_size : {1, 2, 1'000}) {
    EXPECT_THAT(Deleted(page_size), ::testing::ElementsAreArray(expected));
  }
  KITH_NEEDS(kind().undelete);
  ASSERT_EQ(world.Undelete(names_[2]).reason(), "");
  expected.erase(expected.begin() + 2);
  EXPECT_THAT(Deleted(), ::testing::ElementsAreArray(expected));
}

TEST_P(ListDeletedResources, RemindsOfThemForThirtyDays) {
  const auto wait = [&](int hours) { world.server.clock().Advance(absl::Hours(hours)); };
  wait(24 * 26 - 1);
  EXPECT_EQ(Deleted(2).size(), 5u);
  wait(2);
  EXPECT_THAT(Deleted(2), ElementsAre(names_[4], names_[3], names_[2], names_[1]));
  wait(24 * 3);
  EXPECT_THAT(Deleted(2), ElementsAre(names_[4]));
  wait(24);
  EXPECT_THAT(Deleted(), IsEmpty());
}

TEST_P(ListDeletedResources, AnswersWhatThereWas) {
  const MessagePtr request = NewMessage(*kind().list_deleted->input_type());
  const Answer page = world.Call(*kind().list_deleted, *request);
  const std::string rows =
      FieldOfType(*kind().list_deleted->output_type(), *kind().resource)->name();
  for (const Message* const row : RowsOf(*page.response, rows)) {
    EXPECT_TRUE(IsSet(*row, "delete_time"));
    EXPECT_EQ(TextOf(*row, "etag"), "2");
  }
  EXPECT_THAT(Differences(*world.Sample(4), *RowsOf(*page.response, rows)[0]), IsEmpty());
}

}  // namespace
}  // namespace kith::testing
