// What batches of changes promise, whatever the resource.
#include <gmock/gmock.h>

#include "google/rpc/error_details.pb.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int kMany = 101;  // of one append there are at most 100

// By its index: "INVALID_FIELD".
std::map<int, std::string> FailedOf(const Message& reply) {
  std::map<int, std::string> failed;
  for (const Message* const entry : RowsOf(reply, "failed_requests")) {
    const auto& status = static_cast<const google::rpc::Status&>(In(*entry, "value"));
    google::rpc::ErrorInfo info;
    for (const auto& detail : status.details()) {
      if (detail.UnpackTo(&info)) break;
    }
    failed[entry->GetReflection()->GetInt32(*entry, &FieldOf(*entry->GetDescriptor(), "key"))] =
        info.reason();
  }
  return failed;
}

class BatchTest : public ConformanceTest {
 protected:
  std::vector<const Message*> Rows(const MethodDescriptor& method, const Answer& answer) {
    return RowsOf(*answer.response, FieldOfType(*method.output_type(), *kind().resource)->name());
  }
  // The request without what it needs.
  static MessagePtr Bad(const MethodDescriptor& method) {
    return NewMessage(*FieldOf(*method.input_type(), "requests").message_type());
  }
  Answer Call(const MethodDescriptor& method, const std::vector<MessagePtr>& requests,
              bool partial = false, const std::string& request_id = "") {
    return world.Call(method, *world.Batching(method, requests, partial, request_id));
  }
  std::vector<MessagePtr> Creations(int count, int first = 0) {
    std::vector<MessagePtr> requests;
    for (int i = 0; i < count; ++i) {
      // Many links would have to be created for many.
      MessagePtr sample = CopyOf(*world.Sample(0));
      const MessagePtr own = world.Unlinked(first + i);
      for (int j = 0; j < kind().resource->field_count(); ++j) {
        const FieldDescriptor& field = *kind().resource->field(j);
        const bool is_link = !RulesOf(field).resource().empty() && !IsSet(*own, field.name());
        if (!is_link) CopyField(*own, *sample, field);
      }
      requests.push_back(world.Creating(*sample));
    }
    return requests;
  }
  // What every batch of changes has in common.
  void ExpectItsBounds(const MethodDescriptor& method, const std::vector<MessagePtr>& few,
                       const std::vector<MessagePtr>& many) {
    for (const bool partial : {false, true}) {
      EXPECT_THAT(Call(method, {}, partial).fields(), ElementsAre("requests"));
      const MessagePtr own_id = world.Batching(method, few, partial);
      Message& last = *own_id->GetReflection()->MutableRepeatedMessage(
          own_id.get(), &FieldOf(*method.input_type(), "requests"),
          static_cast<int>(few.size()) - 1);
      SetText(last, "request_id", "own");
      EXPECT_THAT(world.Call(method, *own_id).fields(),
                  ElementsAre(absl::StrCat("requests[", few.size() - 1, "].request_id")));
      EXPECT_THAT(Call(method, std::vector<MessagePtr>(501, few.front()), partial).fields(),
                  ElementsAre("requests"));
    }
    EXPECT_THAT(Call(method, many).fields(), ElementsAre("requests"));
  }
};

class BatchCreateResources : public BatchTest {
 protected:
  const MethodDescriptor& method() const { return *kind().batch_create; }
};
INSTANTIATE_TEST_SUITE_P(
    All, BatchCreateResources,
    ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::batch_create, &Kind::list})), NameOfKind);

TEST_P(BatchCreateResources, CreateEachInItsOrder) {
  const Answer made = Call(method(), Creations(3));
  ASSERT_EQ(made.reason(), "");
  ASSERT_EQ(Rows(method(), made).size(), 3u);
  for (int i = 0; i < 3; ++i) {
    const Message& row = *Rows(method(), made)[static_cast<size_t>(i)];
    EXPECT_THAT(Differences(In(*Creations(1, i)[0], Called()), row), IsEmpty());
    EXPECT_EQ(world.BytesAs(*world.Get(TextOf(row, "name")).response, row), world.Bytes(row));
  }
  EXPECT_NE(made.token, "");
}

TEST_P(BatchCreateResources, AreAllOrNone) {
  std::vector<MessagePtr> requests = Creations(3);
  requests[1] = Bad(method());
  const std::vector<std::string> before = world.Live();
  const Answer refused = Call(method(), requests);
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.fields(), ElementsAre(StartsWith("requests[1].")));
  EXPECT_EQ(world.Live(), before);
}

TEST_P(BatchCreateResources, AreDecidedEachByItselfWhereThatIsAsked) {
  std::vector<MessagePtr> requests = Creations(3);
  requests[1] = Bad(method());
  const size_t before = world.Live().size();
  const Answer made = Call(method(), requests, /*partial=*/true, "request-1");
  ASSERT_EQ(made.reason(), "");
  EXPECT_EQ(Rows(method(), made).size(), 2u);
  EXPECT_THAT(FailedOf(*made.response), ElementsAre(::testing::Pair(1, "INVALID_FIELD")));
  const Answer again = Call(method(), requests, /*partial=*/true, "request-1");
  EXPECT_EQ(world.Bytes(*again.response), world.Bytes(*made.response));
  EXPECT_EQ(world.Live().size(), before + 2);
}

TEST_P(BatchCreateResources, HaveBounds) {
  const std::vector<MessagePtr> many = Creations(kMany);
  const size_t before = world.Live().size();
  ExpectItsBounds(method(), {many[0], many[1]}, many);
  EXPECT_EQ(world.Live().size(), before);
  if (!kind().type->rules->within.purpose.empty()) GTEST_SKIP() << "there may not be so many";
  EXPECT_EQ(Rows(method(), Call(method(), {many.begin() + 1, many.end()})).size(), 100u);
  const Answer each = Call(method(), Creations(kMany, 5'000), /*partial=*/true);
  EXPECT_EQ(each.reason(), "");
  EXPECT_THAT(FailedOf(*each.response), IsEmpty());
  EXPECT_EQ(world.Live().size(), before + 100 + kMany);
}

TEST_P(BatchCreateResources, TakeARequestOnceHoweverOftenItIsSent) {
  const Answer made = Call(method(), Creations(2), /*partial=*/false, "request-1");
  const size_t count = world.Live().size();
  for (const bool restarted : {false, true}) {
    if (restarted) world.server.Restart();
    EXPECT_EQ(world.Bytes(*Call(method(), Creations(2), /*partial=*/false, "request-1").response),
              world.Bytes(*made.response));
  }
  EXPECT_EQ(world.Live().size(), count);
  EXPECT_EQ(Call(method(), Creations(2, 1), /*partial=*/false, "request-1").reason(),
            "REQUEST_ID_REUSED");
}

class BatchUpdateResources : public BatchTest {
 protected:
  void SetUp() override {
    for (int number = 0; number < 2; ++number) made_.push_back(world.Made(number));
    field_ = world.Changeable(*world.Sample(5)).front();
  }
  const MethodDescriptor& method() const { return *kind().batch_update; }
  // The field of one of them as that of another sample.
  MessagePtr Change(size_t which, int number, const std::string& etag = "") {
    const MessagePtr resource = NewMessage(*kind().resource);
    CopyField(*world.Sample(number), *resource, *field_);
    SetText(*resource, "name", TextOf(*made_[which], "name"));
    SetText(*resource, "etag", etag);
    return world.Updating(*resource, {field_->name()});
  }
  std::string EtagOf(size_t which) {
    return TextOf(*world.Get(TextOf(*made_[which], "name")).response, "etag");
  }

  std::vector<MessagePtr> made_;
  const FieldDescriptor* field_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(All, BatchUpdateResources,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::update,
                                                        &Kind::batch_update})),
                         NameOfKind);

TEST_P(BatchUpdateResources, ChangeEachAndTheSameTwiceInItsOrder) {
  const Answer changed = Call(method(), {Change(0, 5), Change(1, 6), Change(0, 7, "2")});
  ASSERT_EQ(changed.reason(), "");
  ASSERT_EQ(Rows(method(), changed).size(), 3u);
  EXPECT_TRUE(Alike(*world.Sample(7), *world.Get(TextOf(*made_[0], "name")).response, *field_,
                    /*or_more=*/true));
  EXPECT_EQ(EtagOf(0), "3");
  EXPECT_EQ(EtagOf(1), "2");
}

TEST_P(BatchUpdateResources, AreAllOrNone) {
  const Answer refused = Call(method(), {Change(0, 5), Change(1, 6, "7")});
  EXPECT_EQ(refused.reason(), "ETAG_MISMATCH");
  EXPECT_EQ(EtagOf(0), "1");
  const Answer partial = Call(method(), {Change(0, 5), Change(1, 6, "7")}, /*partial=*/true);
  EXPECT_EQ(partial.reason(), "");
  EXPECT_EQ(Rows(method(), partial).size(), 1u);
  EXPECT_THAT(FailedOf(*partial.response), ElementsAre(::testing::Pair(1, "ETAG_MISMATCH")));
  EXPECT_EQ(EtagOf(0), "2");
  EXPECT_EQ(EtagOf(1), "1");
}

TEST_P(BatchUpdateResources, KeepTheOrderOfThoseForOne) {
  std::vector<MessagePtr> requests;
  for (int i = 0; i < 20; ++i) requests.push_back(Change(0, 5 + i % 2, absl::StrCat(i + 1)));
  const Answer changed = Call(method(), requests, /*partial=*/true);
  EXPECT_THAT(FailedOf(*changed.response), IsEmpty());
  EXPECT_EQ(EtagOf(0), "21");
}

TEST_P(BatchUpdateResources, HaveBounds) {
  ExpectItsBounds(method(), {Change(0, 5), Change(1, 6)},
                  std::vector<MessagePtr>(kMany, Change(0, 5)));
  EXPECT_EQ(EtagOf(0), "1");
}

TEST_P(BatchUpdateResources, TakeARequestOnceHoweverOftenItIsSent) {
  const Answer changed = Call(method(), {Change(0, 5), Change(1, 6)}, /*partial=*/false, "r");
  ASSERT_EQ(changed.reason(), "");
  ASSERT_EQ(Call(method(), {Change(0, 6)}).reason(), "");
  EXPECT_EQ(
      world.Bytes(*Call(method(), {Change(0, 5), Change(1, 6)}, /*partial=*/false, "r").response),
      world.Bytes(*changed.response));
  EXPECT_EQ(EtagOf(0), "3");
  EXPECT_EQ(Call(method(), {Change(0, 6)}, /*partial=*/false, "r").reason(), "REQUEST_ID_REUSED");
}

class BatchDeleteResources : public BatchTest {
 protected:
  void SetUp() override {
    for (int number = 0; number < 3; ++number) {
      names_.push_back(TextOf(*world.Made(number), "name"));
    }
  }
  const MethodDescriptor& method() const { return *kind().batch_delete; }
  std::vector<MessagePtr> Deletions(const std::vector<std::string>& names) {
    std::vector<MessagePtr> requests;
    for (const std::string& name : names) requests.push_back(world.Naming(*kind().remove, name));
    return requests;
  }
  bool IsThere(size_t which) { return world.Get(names_[which]).ok(); }

  std::vector<std::string> names_;
};
INSTANTIATE_TEST_SUITE_P(All, BatchDeleteResources,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::remove,
                                                        &Kind::batch_delete})),
                         NameOfKind);

TEST_P(BatchDeleteResources, DeleteEachAlsoTwice) {
  EXPECT_EQ(Call(method(), Deletions({names_[0], names_[1], names_[0]})).reason(), "");
  EXPECT_TRUE(!IsThere(0) && !IsThere(1) && IsThere(2));
}

TEST_P(BatchDeleteResources, AreAllOrNone) {
  const auto requests = Deletions({names_[0], kind().Nobody(), names_[1]});
  const Answer refused = Call(method(), requests);
  EXPECT_EQ(refused.reason(), kind().NotFound());
  EXPECT_TRUE(IsThere(0) && IsThere(1));
  const Answer partial = Call(method(), requests, /*partial=*/true);
  EXPECT_THAT(FailedOf(*partial.response), ElementsAre(::testing::Pair(1, kind().NotFound())));
  EXPECT_TRUE(!IsThere(0) && !IsThere(1));
}

TEST_P(BatchDeleteResources, HaveBounds) {
  ExpectItsBounds(method(), Deletions({names_[0], names_[1]}),
                  Deletions(std::vector<std::string>(kMany, names_[0])));
  EXPECT_TRUE(IsThere(0));
}

TEST_P(BatchDeleteResources, TakeARequestOnceHoweverOftenItIsSent) {
  EXPECT_EQ(Call(method(), Deletions({names_[0]}), /*partial=*/false, "r").reason(), "");
  EXPECT_EQ(Call(method(), Deletions({names_[1]}), /*partial=*/false, "r").reason(),
            "REQUEST_ID_REUSED");
  KITH_NEEDS(kind().undelete);
  ASSERT_EQ(world.Undelete(names_[0]).reason(), "");
  EXPECT_EQ(Call(method(), Deletions({names_[0]}), /*partial=*/false, "r").reason(), "");
  EXPECT_TRUE(IsThere(0)) << "it is done already";
}

}  // namespace
}  // namespace kith::testing
