// Goal: keys are sorted as their bytes are, and what has one key as it is asked for. Method: random
// keys with long beginnings in common, against a sort that compares them whole.
#include "projections/store/word_sort.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kith::projections {
namespace {

struct Item {
  uint64_t word = 0;
  std::string key;
  int number = 0;

  bool operator==(const Item& other) const { return key == other.key && number == other.number; }
};

// Ends in the middle of a word and at its end, zero bytes, and one that is another's beginning.
std::string AnyKey() {
  static const std::vector<std::string> parts = {
      "", "a", "aaaaaaa", "aaaaaaaa", std::string(1, '\0'), std::string(8, '\0'), "\xff"};
  std::string key;
  for (int i = 0; i < 4; ++i) key += *rc::gen::elementOf(parts);
  return key;
}

TEST(SortByWords, SortsAsBytesAre) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Item> items(*rc::gen::inRange<size_t>(0, 200));
    for (size_t i = 0; i < items.size(); ++i) {
      items[i].key = AnyKey();
      items[i].number = static_cast<int>(i);
    }
    std::vector<Item> expected = items;
    std::sort(expected.begin(), expected.end(), [](const Item& a, const Item& b) {
      return a.key != b.key ? a.key < b.key : a.number > b.number;
    });
    SortByWords(
        items.data(), items.data() + items.size(),
        [](const Item& item) { return absl::string_view(item.key); },
        [](const Item& a, const Item& b) { return a.number > b.number; });
    RC_ASSERT(items == expected);
  }));
}

}  // namespace
}  // namespace kith::projections
