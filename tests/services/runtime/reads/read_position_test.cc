// Which moment a read stands at, for what its request says.
#include "services/runtime/reads/read_position.h"

#include <gtest/gtest.h>

#include "eventstore/base/error.h"
#include "eventstore/memory/memory_engine.h"
#include "eventstore/seal/key_store.h"
#include "google/rpc/error_details.pb.h"
#include "projections/tables/page_token.h"
#include "services/runtime/requests/grpc_status.h"
#include "tests/testing/manual_clock.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/thread_executor.h"

namespace kith::runtime {
namespace {

using eventstore::ReadTier;
using type::v1::ReadOptions;

constexpr WorkspaceId kWorkspace(1);

// A log of three events, a minute apart; the clock stands a minute after the last.
class ReadPositionTest : public ::testing::Test {
 protected:
  ReadPositionTest() {
    auto opened = eventstore::OpenEventLog(eventstore::NewMemoryEngine(), *keys_, clock_, executor_,
                                           eventstore::EventLogOptions());
    EXPECT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
    for (int i = 0; i < 3; ++i) Append();
  }

  void Append() {
    eventstore::NewEvent event;
    event.type = EventType(1);
    event.occur_time = clock_.Now();
    eventstore::Append append;
    append.workspace = kWorkspace;
    append.streams.push_back({"contacts/1", {std::move(event)}});
    EXPECT_TRUE(log_->AppendAndWait(std::move(append)).ok());
    clock_.Advance(absl::Minutes(1));
  }

  // As a read call does it: the time is settled first.
  absl::StatusOr<ReadPosition> Resolve(const ReadOptions& options,
                                       absl::string_view page_token = "") {
    absl::Time now = clock_.Now();
    if (const auto time = TimeToSettle(options); time.has_value()) {
      now = *log_->SettleAndWait(*time);
    }
    return ResolveReadPosition(Moments(*log_), kWorkspace, options, page_token, now,
                               ReadTier::kDisk);
  }

  static std::string PageAt(uint64_t position) {
    return projections::EncodePageToken({.position = Position(position)});
  }
  ReadOptions AtTime(absl::Time time) const {
    ReadOptions options;
    options.mutable_time()->set_seconds(absl::ToUnixSeconds(time));
    return options;
  }

  kith::testing::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  kith::testing::SeededRandom random_{5};
  std::unique_ptr<eventstore::KeyStore> keys_ = eventstore::NewMemoryKeyStore(random_);
  kith::testing::ThreadExecutor executor_;
  std::unique_ptr<eventstore::EventLog> log_;
};

TEST_F(ReadPositionTest, APageTokenNamesTheMomentOfTheFirstPage) {
  const auto read = Resolve(ReadOptions(), PageAt(2));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->at, Position(2));
}

TEST_F(ReadPositionTest, APageTokenGoesWithTheMomentItWasGivenFor) {
  ReadOptions by_sequence;
  by_sequence.set_sequence(2);
  ReadOptions by_token;
  by_token.set_token(TokenAt(*log_, Position(2)));
  const absl::Time second = clock_.Now() - absl::Minutes(2);
  for (const ReadOptions& options :
       {by_sequence, by_token, AtTime(second), AtTime(second + absl::Seconds(59))}) {
    const auto read = Resolve(options, PageAt(2));
    ASSERT_TRUE(read.ok()) << options.ShortDebugString() << read.status();
    EXPECT_EQ(read->at, Position(2));
    // Both pages have one time, which is what ages are computed for.
    EXPECT_EQ(read->read_time, Resolve(options)->read_time);
  }
}

TEST_F(ReadPositionTest, APageTokenWithAnotherMomentIsInvalid) {
  ReadOptions by_sequence;
  by_sequence.set_sequence(1);
  ReadOptions by_token;
  by_token.set_token(TokenAt(*log_, Position(3)));
  const ReadOptions by_time = AtTime(clock_.Now() - absl::Minutes(1));
  for (const auto& [options, field] :
       {std::pair{by_sequence, "read.sequence"}, std::pair{by_token, "read.token"},
        std::pair{by_time, "read.time"}}) {
    const google::rpc::Status wire = WireStatus(Resolve(options, PageAt(2)).status(), "");
    EXPECT_EQ(wire.code(), static_cast<int>(absl::StatusCode::kInvalidArgument)) << field;
    google::rpc::BadRequest bad;
    ASSERT_TRUE(wire.details(1).UnpackTo(&bad));
    ASSERT_EQ(bad.field_violations_size(), 2);
    EXPECT_EQ(bad.field_violations(0).field(), "page_token");
    EXPECT_EQ(bad.field_violations(1).field(), field);
  }
}

// What has not come yet meant the present of the first page.
TEST_F(ReadPositionTest, APageTokenGoesWithATimeToCome) {
  const ReadOptions options = AtTime(clock_.Now() + absl::Hours(1));
  EXPECT_EQ(Resolve(options)->at, Position(3));
  Append();
  EXPECT_EQ(Resolve(options, PageAt(3))->at, Position(3));
  EXPECT_EQ(Resolve(options)->at, Position(4));
}

TEST_F(ReadPositionTest, AFreshnessBesideAPageTokenSaysNothing) {
  ReadOptions options;
  options.set_any(true);
  EXPECT_EQ(Resolve(options, PageAt(2))->at, Position(2));
}

}  // namespace
}  // namespace kith::runtime
