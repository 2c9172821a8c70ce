// Request ids: a request that appended is remembered for ever.
#include <gtest/gtest.h>

#include <vector>

#include "tests/eventstore/log/event_log_suite.h"

namespace kith::eventstore {
namespace {

using Kind = StreamCondition::Kind;

template <class Place>
class AppendRequests : public EventLogSuite<Place> {};
TYPED_TEST_SUITE(AppendRequests, Places);

TYPED_TEST(AppendRequests, RecognisesARequestThatAppended) {
  const Append request = WithRequest(AppendTo("contacts/1", 2), "r1");
  const Appended first = this->Write(request);
  for (int i = 0; i < 2; ++i) {
    this->clock_.Advance(absl::Minutes(1));
    const Appended again = this->Write(request);
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.first, first.first);
    EXPECT_EQ(again.count, 2u);
    EXPECT_EQ(again.first_sequence, first.first_sequence);
    EXPECT_EQ(again.record_time, first.record_time);
    this->Open();  // and once more in the next life
  }
  EXPECT_EQ(this->log_->head(), Position(2));
  const auto found =
      this->log_->FindRequest(kWorkspace, request.request.method, "r1", ReadTier::kDisk);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->first, request.request);
  EXPECT_EQ((*found)->second.first, first.first);
  const auto missing =
      this->log_->FindRequest(kWorkspace, request.request.method, "r2", ReadTier::kDisk);
  EXPECT_TRUE(missing.ok() && !missing->has_value());
}

TYPED_TEST(AppendRequests, RefusesARequestIdUsedForSomethingElse) {
  this->Write(WithRequest(AppendTo("contacts/1"), "r1", "one"));
  EXPECT_EQ(this->Try(WithRequest(AppendTo("contacts/1"), "r1", "two")),
            absl::StatusCode::kAlreadyExists);
  Append other_method = WithRequest(AppendTo("contacts/1"), "r1", "two");
  other_method.request.method = "kith.test.v1.Tests/Other";
  EXPECT_EQ(this->Try(other_method), absl::StatusCode::kOk);
}

TYPED_TEST(AppendRequests, DecidesARejectedRequestAnew) {
  const Append request = WithRequest(If(AppendTo("contacts/2"), Kind::kExists, "contacts/1"), "r1");
  EXPECT_EQ(this->Try(request), absl::StatusCode::kAborted);
  this->Write(AppendTo("contacts/1"));
  EXPECT_FALSE(this->Write(request).repeated);
}

TYPED_TEST(AppendRequests, AppendsARequestOnceHoweverOftenItIsSent) {
  std::vector<PendingAppend> pending(64);
  for (PendingAppend& append : pending) {
    this->log_->AppendAsync(WithRequest(AppendTo("contacts/1", 3), "r1"), append.Done());
  }
  int fresh = 0;
  for (PendingAppend& append : pending) {
    const auto answer = append.Get();
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->first, Position(1));
    fresh += answer->repeated ? 0 : 1;
  }
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(this->log_->head(), Position(3));
}

}  // namespace
}  // namespace kith::eventstore
