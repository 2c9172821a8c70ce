// SortByWords: sorts by keys that share long beginnings, as those of rows and index entries do.
//
// A word of each key is looked at after the other, so what is equal so far is not looked at again,
// and most comparisons are of two numbers that stand in what is sorted. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace kith::projections {

inline constexpr size_t kWordBytes = sizeof(uint64_t);

// The first word of some bytes, such that words compare as their bytes do; zeros follow what is
// shorter.
inline uint64_t WordOf(absl::string_view bytes) {
  uint64_t word = 0;
  if (bytes.size() >= kWordBytes) {
    std::memcpy(&word, bytes.data(), kWordBytes);
  } else if (!bytes.empty()) {
    std::memcpy(&word, bytes.data(), bytes.size());
  }
  return __builtin_bswap64(word);
}

// Sorts by `key_of(item)`, and what has one key by `before(item, other)`. An item has a `word`,
// which is the sort's own. The keys are alike up to `depth`.
template <class Item, class KeyOf, class Before>
void SortByWords(Item* begin, Item* end, const KeyOf& key_of, const Before& before,
                 size_t depth = 0) {
  constexpr ptrdiff_t kFew = 12;  // fewer are compared whole
  if (end - begin <= kFew) {
    std::sort(begin, end, [&](const Item& a, const Item& b) {
      const int order = key_of(a).substr(depth).compare(key_of(b).substr(depth));
      return order != 0 ? order < 0 : before(a, b);
    });
    return;
  }
  const size_t next = depth + kWordBytes;
  bool alike = true;
  for (Item* item = begin; item != end; ++item) {
    const absl::string_view key = key_of(*item);
    item->word = WordOf(key.substr(depth));
    alike = alike && item->word == begin->word && key.size() >= next;
  }
  if (alike) return SortByWords(begin, end, key_of, before, next);
  // Of words that are alike, one that ends in them comes first, and has nothing to compare any
  // more.
  const auto size_at = [&](const Item& item) { return std::min(key_of(item).size(), next); };
  std::sort(begin, end, [&](const Item& a, const Item& b) {
    if (a.word != b.word) return a.word < b.word;
    const size_t size = size_at(a);
    const size_t other = size_at(b);
    if (size != other) return size < other;
    return size < next && before(a, b);
  });
  while (begin != end) {
    const size_t size = size_at(*begin);
    Item* const same = std::find_if(begin, end, [&](const Item& item) {
      return item.word != begin->word || size_at(item) != size;
    });
    if (size == next) SortByWords(begin, same, key_of, before, next);
    begin = same;
  }
}

}  // namespace kith::projections
