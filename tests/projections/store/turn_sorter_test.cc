// Goal: entries come back in their order with all that became of them, however little of it fitted
// into memory. Method: random histories of entries that are the beginning of one another, spilled
// at random, against a map.
#include "projections/store/turn_sorter.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <string>
#include <vector>

#include "eventstore/base/check.h"
#include "tests/testing/temp_folder.h"

namespace kith::projections {
namespace {

using Moments = std::map<std::string, std::vector<Position>>;

Moments Sorted(TurnSorter& sorter) {
  Moments sorted;
  std::string last;
  for (;;) {
    const auto more = sorter.Next();
    KITH_CHECK(more.ok());
    if (!*more) return sorted;
    RC_ASSERT(sorter.key() > last);
    last = std::string(sorter.key());
    sorted[last] = sorter.moments();
  }
}

// Long beginnings in common, zero bytes, ends in the middle of a word and at its end.
std::string AnyKey() {
  static const std::vector<std::string> beginnings = {"", "\1", "\1aaaaaaa", "\1aaaaaaaaaaaaaaa"};
  static const std::vector<std::string> ends = {"\1",       std::string("\1\0", 2), "aaaaaaa",
                                                "aaaaaaaa", std::string(9, '\0'),   "\xff"};
  return "\1" + *rc::gen::elementOf(beginnings) + *rc::gen::elementOf(ends) +
         *rc::gen::elementOf(ends);
}

TEST(TurnSorter, GivesBackWhatBecameOfEachEntry) {
  const testing::TempFolder folder;
  EXPECT_TRUE(rc::check([&] {
    TurnSorter sorter(folder.path());
    Moments expected;
    const int events = *rc::gen::inRange(0, 300);
    for (int at = 1; at <= events; ++at) {
      const int turns = *rc::gen::inRange(0, 4);
      for (int i = 0; i < turns; ++i) {
        const std::string key = AnyKey();
        std::vector<Position>& moments = expected[key];
        sorter.Add(key, /*added=*/moments.size() % 2 == 0, Position(at));
        // What came and went within one event never was.
        if (!moments.empty() && moments.back() == Position(at)) {
          moments.pop_back();
        } else {
          moments.emplace_back(at);
        }
      }
      if (*rc::gen::inRange(0, 20) == 0) RC_ASSERT(sorter.Spill().ok());
    }
    std::erase_if(expected, [](const auto& entry) { return entry.second.empty(); });
    RC_ASSERT(Sorted(sorter) == expected);
  }));
}

TEST(TurnSorter, KeepsLittleInMemory) {
  const testing::TempFolder folder;
  TurnSorter sorter(folder.path());
  sorter.Add("\1a", true, Position(1));
  EXPECT_GT(sorter.bytes(), 0u);
  ASSERT_TRUE(sorter.Spill().ok());
  EXPECT_EQ(sorter.bytes(), 0u);
}

TEST(TurnSorter, IsUnavailableWithoutItsFolder) {
  TurnSorter sorter("/nowhere");
  sorter.Add("\1a", true, Position(1));
  EXPECT_TRUE(absl::IsUnavailable(sorter.Spill()));
}

}  // namespace
}  // namespace kith::projections
