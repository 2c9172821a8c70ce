// ViewSet: some of a store's views, each by its number. A value, cheap to copy while there are no
// more than 128 views; one thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"

namespace kith::projections {

class ViewSet {
 public:
  ViewSet() = default;

  void Add(size_t view) {
    if (WordOf(view) >= words_.size()) words_.resize(WordOf(view) + 1);
    words_[WordOf(view)] |= BitOf(view);
  }
  void Add(const ViewSet& others) {
    if (words_.size() < others.words_.size()) words_.resize(others.words_.size());
    for (size_t i = 0; i < others.words_.size(); ++i) words_[i] |= others.words_[i];
  }
  void Remove(size_t view) {
    if (WordOf(view) < words_.size()) words_[WordOf(view)] &= ~BitOf(view);
  }
  bool Contains(size_t view) const {
    return WordOf(view) < words_.size() && (words_[WordOf(view)] & BitOf(view)) != 0;
  }
  bool ContainsAll(const ViewSet& others) const {
    for (size_t i = 0; i < others.words_.size(); ++i) {
      if ((others.words_[i] & ~Word(i)) != 0) return false;
    }
    return true;
  }
  bool ContainsAny(const ViewSet& others) const {
    for (size_t i = 0; i < others.words_.size(); ++i) {
      if ((others.words_[i] & Word(i)) != 0) return true;
    }
    return false;
  }
  bool empty() const {
    return std::all_of(words_.begin(), words_.end(), [](uint64_t word) { return word == 0; });
  }

 private:
  static size_t WordOf(size_t view) { return view / 64; }
  static uint64_t BitOf(size_t view) { return uint64_t{1} << (view % 64); }
  uint64_t Word(size_t i) const { return i < words_.size() ? words_[i] : 0; }

  absl::InlinedVector<uint64_t, 2> words_;
};

}  // namespace kith::projections
