#include "eventstore/base/ulid.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing/seeded_random.h"

namespace kith {
namespace {

class SetClock final : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Duration Elapsed() const override { return absl::ZeroDuration(); }
  absl::Time now = absl::FromUnixMillis(1'469'918'176'385);
};

// Draws the same byte for ever.
class ConstantRandom final : public Random {
 public:
  explicit ConstantRandom(unsigned char byte) : byte_(byte) {}
  void Fill(void* bytes, size_t size) override {
    std::fill_n(static_cast<unsigned char*>(bytes), size, byte_);
  }

 private:
  const unsigned char byte_;
};

TEST(UlidGenerator, EncodesTheTimeAsTheSpecificationsExampleDoes) {
  SetClock clock;
  ConstantRandom random(0);
  EXPECT_EQ(UlidGenerator(clock, random).Next(), "01ARYZ6S410000000000000000");
}

TEST(UlidGenerator, RisesWithinAMillisecondAndWhenTheClockStepsBack) {
  SetClock clock;
  testing::SeededRandom random(7);
  UlidGenerator ids(clock, random);
  std::string last = ids.Next();
  for (int i = 0; i < 1000; ++i) {
    if (i % 10 == 0) clock.now -= absl::Seconds(1);
    if (i % 17 == 0) clock.now += absl::Seconds(2);
    const std::string next = ids.Next();
    ASSERT_TRUE(IsUlid(next)) << next;
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(UlidGenerator, RisesWhenTheRandomBitsOverflow) {
  SetClock clock;
  ConstantRandom random(0xff);
  UlidGenerator ids(clock, random);
  const std::string first = ids.Next();
  const std::string second = ids.Next();
  EXPECT_LT(first, second);
  EXPECT_TRUE(IsUlid(second));
}

TEST(UlidGenerator, GivesEveryThreadItsOwn) {
  SetClock clock;
  testing::SeededRandom random(8);
  UlidGenerator ids(clock, random);
  std::vector<std::vector<std::string>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& mine : drawn) {
    threads.emplace_back([&ids, &mine] {
      for (int i = 0; i < 1000; ++i) mine.push_back(ids.Next());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 4000u);
}

TEST(IsUlid, TakesOnlyUlids) {
  EXPECT_TRUE(IsUlid("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  EXPECT_TRUE(IsUlid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
  EXPECT_FALSE(IsUlid("8ZZZZZZZZZZZZZZZZZZZZZZZZZ"));  // past 48 bits of time
  EXPECT_FALSE(IsUlid("01arz3ndektsv4rrffq69g5fav"));
  EXPECT_FALSE(IsUlid("01ARZ3NDEKTSV4RRFFQ69G5FA"));
  EXPECT_FALSE(IsUlid("01ARZ3NDEKTSV4RRFFQ69G5FAVX"));
  EXPECT_FALSE(IsUlid("01ARZ3NDEKTSV4RRFFQ69G5FAI"));  // I, L, O and U are no digits
  EXPECT_FALSE(IsUlid(std::string("01ARZ3NDEKTSV4RRFFQ69G5FA\0", 26)));
  EXPECT_FALSE(IsUlid(""));
}

TEST(UlidAt, ChangesTheTimeAndKeepsTheRandomBits) {
  const std::string id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const absl::Time time = absl::FromUnixMillis(1'469'918'176'385);
  EXPECT_EQ(UlidAt(time, id), "01ARYZ6S41TSV4RRFFQ69G5FAV");
  EXPECT_EQ(TimeOfUlid(UlidAt(time, id)), time);
  EXPECT_EQ(UlidAt(time + absl::Microseconds(999), id), UlidAt(time, id));
  EXPECT_EQ(TimeOfUlid(UlidAt(absl::FromUnixMillis(-1), id)), absl::UnixEpoch());
}

}  // namespace
}  // namespace kith
