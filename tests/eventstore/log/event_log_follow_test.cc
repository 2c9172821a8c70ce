// Following the log, live: by polling, waiting and being woken; fast and slow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "tests/eventstore/log/event_log_suite.h"

namespace kith::eventstore {
namespace {

using ::testing::IsEmpty;

template <class Place>
class Following : public EventLogSuite<Place> {};
TYPED_TEST_SUITE(Following, Places);

TYPED_TEST(Following, FollowsFromAnyPosition) {
  this->Write(AppendTo("contacts/1", 3));
  auto follower = this->log_->Follow(Position(1));
  EXPECT_EQ(follower->Poll(10)->size(), 2u);
  EXPECT_THAT(*follower->Poll(10), IsEmpty());
  this->Write(AppendTo("contacts/1", 3));
  EXPECT_TRUE(follower->Wait(absl::InfiniteDuration()));
  EXPECT_EQ(follower->Poll(2)->size(), 2u);
  const auto last = *follower->Poll(2);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0]->header.position, Position(6));
}

TYPED_TEST(Following, FeedsASlowFollowerFromDisk) {
  this->Open({.tail_records = 8});
  auto follower = this->log_->Follow(Position());
  for (int i = 0; i < 100; ++i) this->Write(AppendTo("contacts/1"));
  uint64_t expected = 1;
  for (auto records = *follower->Poll(7); !records.empty(); records = *follower->Poll(7)) {
    for (const auto& record : records) EXPECT_EQ(record->header.position, Position(expected++));
  }
  EXPECT_EQ(expected, 101u);
}

TYPED_TEST(Following, HoldsAboutAMebibyteAtOnce) {
  constexpr size_t kEventBytes = 100 << 10;
  constexpr uint64_t kEvents = 30;
  auto follower = this->log_->Follow(Position());
  for (uint64_t i = 0; i < kEvents; ++i) {
    Append append = AppendTo("contacts/1");
    append.streams[0].events[0].payload = std::string(kEventBytes, 'x');
    this->Write(std::move(append));
  }
  uint64_t expected = 1;
  for (auto records = *follower->Poll(1'000); !records.empty(); records = *follower->Poll(1'000)) {
    EXPECT_LE(records.size() * kEventBytes, (1u << 20) + kEventBytes);
    for (const auto& record : records) EXPECT_EQ(record->header.position, Position(expected++));
  }
  EXPECT_EQ(expected, kEvents + 1);
}

// Goal: a follower of one workspace gets its events, each once and in order, whether they are in
// memory or not, and however many of others stand between.
// Method: random writes to three workspaces, random polls, and a memory of few records.
TYPED_TEST(Following, OneWorkspaceIsFollowedAlone) {
  this->Open({.tail_records = 16});
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  auto follower = this->log_->FollowWorkspace(kWorkspace, Sequence(2));
  std::vector<uint64_t> told;
  const auto poll = [&](size_t limit) {
    const auto records = follower->Poll(limit);
    ASSERT_TRUE(records.ok()) << records.status();
    for (const auto& record : *records) {
      EXPECT_EQ(record->header.workspace, kWorkspace);
      told.push_back(record->header.sequence.value());
    }
  };
  for (int i = 0; i < 200; ++i) {
    const WorkspaceId workspace(kWorkspace.value() + random() % 3);
    this->Write(AppendTo("contacts/1", 1 + static_cast<int>(random() % 3), workspace));
    if (random() % 4 == 0) poll(1 + random() % 8);
  }
  const uint64_t last = this->log_->WorkspaceHead(kWorkspace).value();
  for (size_t before = told.size() + 1; before != told.size();) {
    before = told.size();
    poll(8);
  }
  std::vector<uint64_t> expected;
  for (uint64_t sequence = 3; sequence <= last; ++sequence) expected.push_back(sequence);
  EXPECT_EQ(told, expected);
  EXPECT_FALSE(follower->Wait(absl::ZeroDuration()));
  this->Write(AppendTo("contacts/1"));
  EXPECT_TRUE(follower->Wait(absl::InfiniteDuration()));
  poll(8);
  EXPECT_EQ(told.back(), last + 1);
  follower->Close();
  EXPECT_FALSE(follower->Wait(absl::InfiniteDuration()));
}

TYPED_TEST(Following, WakesAFollowerOnce) {
  auto follower = this->log_->Follow(Position());
  struct {
    Mutex mutex;
    CondVar woken;
    int wakes KITH_GUARDED_BY(mutex) = 0;
  } state;
  auto wake = [&] {
    MutexLock lock(state.mutex);
    ++state.wakes;
    state.woken.NotifyAll();
  };
  auto wait_for = [&](int wakes) {
    MutexLock lock(state.mutex);
    while (state.wakes < wakes) state.woken.Wait(state.mutex);
    return state.wakes;
  };
  follower->Wake(wake);
  this->Write(AppendTo("contacts/1"));
  EXPECT_EQ(wait_for(1), 1);
  this->Write(AppendTo("contacts/1"));
  follower->Wake(wake);  // something is there already
  EXPECT_EQ(wait_for(2), 2);
  EXPECT_EQ(follower->Poll(10)->size(), 2u);
  follower->Wake(wake);
  follower.reset();
  this->Write(AppendTo("contacts/1"));
  EXPECT_EQ(wait_for(2), 2);
}

TYPED_TEST(Following, EndsEveryWaitOfAClosedFollower) {
  auto follower = this->log_->Follow(Position());
  std::thread waiting([&] { EXPECT_FALSE(follower->Wait(absl::InfiniteDuration())); });
  follower->Close();
  waiting.join();
  EXPECT_FALSE(follower->Wait(absl::InfiniteDuration()));
}

// Four followers see every position once and in order while eight threads append.
TYPED_TEST(Following, NeverSkipsAPositionForAFollower) {
  constexpr int kWriters = 8;
  constexpr int kAppends = 50;
  this->Open({.tail_records = 64});
  std::vector<std::thread> threads;
  for (int f = 0; f < 4; ++f) {
    threads.emplace_back([this] {
      auto follower = this->log_->Follow(Position());
      uint64_t expected = 1;
      while (expected <= kWriters * kAppends && follower->Wait(absl::InfiniteDuration())) {
        const auto records = follower->Poll(50);
        ASSERT_TRUE(records.ok()) << records.status();
        for (const auto& record : *records)
          ASSERT_EQ(record->header.position, Position(expected++));
      }
    });
  }
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([this, w] {
      for (int i = 0; i < kAppends; ++i) this->Write(AppendTo(absl::StrCat("contacts/", w)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(this->log_->WorkspaceHead(kWorkspace), Sequence(kWriters * kAppends));
}

}  // namespace
}  // namespace kith::eventstore
