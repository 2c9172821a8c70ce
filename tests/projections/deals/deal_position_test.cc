#include "projections/deals/deal_position.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace kith::deals {
namespace {

const absl::Time kMonday = absl::FromUnixSeconds(1'767'600'000);

TEST(PositionOnEntry, IsInTheOrderOfTimes) {
  const std::string first = PositionOnEntry(kMonday, "deals/z");
  const std::string second = PositionOnEntry(kMonday + absl::Microseconds(1), "deals/a");
  EXPECT_LT(first, second);
  EXPECT_EQ(first.size(), 21u);
  EXPECT_LT(PositionOnEntry(absl::InfinitePast(), "deals/a"), first);
  EXPECT_LT(second, PositionOnEntry(kMonday + absl::Hours(24 * 365'000), "deals/a"));
}

TEST(PositionOnEntry, IsOfNoTwoDealsAlike) {
  EXPECT_NE(PositionOnEntry(kMonday, "deals/a"), PositionOnEntry(kMonday, "deals/b"));
}

// What stands in events is computed the same way for ever.
TEST(PositionOnEntry, StaysAsItIs) {
  EXPECT_EQ(PositionOnEntry(kMonday, "deals/a"), PositionOnEntry(kMonday, "deals/a"));
  EXPECT_EQ(PositionOnEntry(absl::UnixEpoch(), "deals/a").substr(0, 13), "0000000000000");
  EXPECT_EQ(PositionOnEntry(absl::FromUnixMicros(37), "deals/a").substr(0, 13), "0000000000011");
}

TEST(PositionBetween, IsRightBesideOneNeighbour) {
  const std::string first = PositionOnEntry(kMonday, "deals/a");
  const std::string second = PositionOnEntry(kMonday + absl::Milliseconds(1), "deals/b");
  const std::string behind = *PositionBetween(first, "", "deals/c");
  EXPECT_LT(first, behind);
  EXPECT_LT(behind, second);
  const std::string in_front = *PositionBetween("", second, "deals/c");
  EXPECT_LT(first, in_front);
  EXPECT_LT(in_front, second);
}

TEST(PositionBetween, GivesEachDealAPlaceOfItsOwn) {
  const std::string first = PositionOnEntry(kMonday, "deals/a");
  const std::string second = PositionOnEntry(kMonday + absl::Seconds(1), "deals/b");
  const std::string one = *PositionBetween(first, second, "deals/c");
  const std::string other = *PositionBetween(first, second, "deals/d");
  EXPECT_NE(one, other);
  const std::string between =
      *PositionBetween(std::min(one, other), std::max(one, other), "deals/e");
  EXPECT_LT(std::min(one, other), between);
  EXPECT_LT(between, std::max(one, other));
}

// Goal: the first and the last place never run out.
TEST(PositionBetween, DoesNotGrowAtTheEnds) {
  std::string first = PositionOnEntry(kMonday, "deals/a");
  std::string last = first;
  for (int i = 0; i < 5'000; ++i) {
    const std::string deal = absl::StrCat("deals/", i);
    const std::string before = *PositionBetween("", first, deal);
    const std::string after = *PositionBetween(last, "", deal);
    ASSERT_LT(before, first);
    ASSERT_GT(after, last);
    ASSERT_EQ(before.size(), 21u);
    ASSERT_EQ(after.size(), 21u);
    first = before;
    last = after;
  }
}

// Goal: hundreds fit into one place, and where no more do, that is said.
TEST(PositionBetween, EndsAfterHundredsInOnePlace) {
  std::string low = PositionOnEntry(kMonday, "deals/a");
  std::string high = PositionOnEntry(kMonday + absl::Microseconds(1), "deals/b");
  int fitted = 0;
  for (;; ++fitted) {
    const auto between = PositionBetween(low, high, absl::StrCat("deals/", fitted));
    if (!between.has_value()) break;
    ASSERT_LT(low, *between);
    ASSERT_LT(*between, high);
    ASSERT_LE(between->size(), kPositionMaxBytes);
    (fitted % 2 == 0 ? low : high) = *between;
  }
  EXPECT_GT(fitted, 300);
  EXPECT_LT(fitted, 3'000);
}

TEST(PositionBetween, KeepsAnyOrder) {
  constexpr int kSeed = 20261130;
  SCOPED_TRACE(absl::StrCat("seed ", kSeed));
  std::mt19937 random(kSeed);
  std::vector<std::string> places = {PositionOnEntry(kMonday, "deals/x")};
  for (int i = 0; i < 2'000; ++i) {
    const size_t at = random() % (places.size() + 1);
    const std::string after = at == 0 ? "" : places[at - 1];
    const std::string before = at == places.size() ? "" : places[at];
    const auto place = PositionBetween(after, before, absl::StrCat("deals/", i));
    ASSERT_TRUE(place.has_value());
    places.insert(places.begin() + static_cast<std::ptrdiff_t>(at), *place);
    ASSERT_TRUE(std::is_sorted(places.begin(), places.end()));
    ASSERT_NE(places.back(), "");
  }
  EXPECT_EQ(std::adjacent_find(places.begin(), places.end()), places.end());
}

}  // namespace
}  // namespace kith::deals
