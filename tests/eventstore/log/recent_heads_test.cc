#include "eventstore/log/recent_heads.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace kith::eventstore {
namespace {

std::string Key(int number) { return absl::StrCat("stream ", number); }

TEST(RecentHeads, HasNoWordOfWhatWasNotPut) {
  RecentHeads heads(100);
  EXPECT_EQ(heads.Find("contacts/1"), std::nullopt);
}

TEST(RecentHeads, FindsTheLastHeadPut) {
  RecentHeads heads(100);
  heads.Put("contacts/1", {Revision(1), Position(10)});
  heads.Put("contacts/1", {Revision(2), Position(11)});
  ASSERT_TRUE(heads.Find("contacts/1").has_value());
  EXPECT_EQ(heads.Find("contacts/1")->revision, Revision(2));
  EXPECT_EQ(heads.Find("contacts/1")->position, Position(11));
}

TEST(RecentHeads, NeverAnswersAnOlderHeadAfterForgetting) {
  RecentHeads heads(64);
  for (int round = 1; round <= 20; ++round) {
    for (int stream = 0; stream < 100; ++stream) {
      heads.Put(Key(stream), {Revision(round), Position(round * 100 + stream)});
      const auto found = heads.Find(Key(stream));
      ASSERT_TRUE(found.has_value());
      EXPECT_EQ(found->revision, Revision(round));
    }
    for (int stream = 0; stream < 100; ++stream) {
      const auto found = heads.Find(Key(stream));
      if (!found.has_value()) continue;
      EXPECT_EQ(found->revision, Revision(round)) << Key(stream);
    }
  }
}

TEST(RecentHeads, ForgetsTheOldestAndStaysBounded) {
  RecentHeads heads(64);
  constexpr int kStreams = 10'000;
  for (int i = 0; i < kStreams; ++i) heads.Put(Key(i), {Revision(1), Position(i + 1)});
  int kept = 0;
  for (int i = 0; i < kStreams; ++i) kept += heads.Find(Key(i)).has_value() ? 1 : 0;
  EXPECT_TRUE(heads.Find(Key(kStreams - 1)).has_value());
  EXPECT_FALSE(heads.Find(Key(0)).has_value());
  EXPECT_LE(kept, 2 * (64 + 16));
}

TEST(RecentHeads, LearnsWhatNobodyPutMeanwhile) {
  RecentHeads heads(100);
  const uint64_t epoch = heads.EpochOf("contacts/1");
  heads.Learn("contacts/1", {Revision(3), Position(7)}, epoch);
  ASSERT_TRUE(heads.Find("contacts/1").has_value());
  EXPECT_EQ(heads.Find("contacts/1")->revision, Revision(3));
  heads.Put("contacts/1", {Revision(4), Position(9)});
  heads.Learn("contacts/1", {Revision(3), Position(7)}, epoch);
  EXPECT_EQ(heads.Find("contacts/1")->revision, Revision(4));
}

TEST(RecentHeads, LearnsNothingWhereWhatWasPutMayBeForgotten) {
  RecentHeads heads(64);
  const uint64_t epoch = heads.EpochOf("contacts/1");
  heads.Put("contacts/1", {Revision(2), Position(9)});
  for (int i = 0; i < 1'000; ++i) heads.Put(Key(i), {Revision(1), Position(10 + i)});
  ASSERT_EQ(heads.Find("contacts/1"), std::nullopt);
  heads.Learn("contacts/1", {Revision(1), Position(3)}, epoch);
  EXPECT_EQ(heads.Find("contacts/1"), std::nullopt);

  const uint64_t before_clear = heads.EpochOf("contacts/1");
  heads.Clear();
  heads.Learn("contacts/1", {Revision(1), Position(3)}, before_clear);
  EXPECT_EQ(heads.Find("contacts/1"), std::nullopt);
}

TEST(RecentHeads, StaysBoundedByWhatIsLearnt) {
  RecentHeads heads(64);
  constexpr int kStreams = 10'000;
  int kept = 0;
  for (int i = 0; i < kStreams; ++i) {
    heads.Learn(Key(i), {Revision(1), Position(i + 1)}, heads.EpochOf(Key(i)));
  }
  for (int i = 0; i < kStreams; ++i) kept += heads.Find(Key(i)).has_value() ? 1 : 0;
  EXPECT_LE(kept, 2 * (64 + 16));
}

TEST(RecentHeads, ClearForgetsAll) {
  RecentHeads heads(100);
  for (int i = 0; i < 50; ++i) heads.Put(Key(i), {Revision(1), Position(i + 1)});
  heads.Clear();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(heads.Find(Key(i)), std::nullopt);
}

}  // namespace
}  // namespace kith::eventstore
