// IndexChanges: what becomes of index entries, gathered until it is written.
//
// An entry is added only where it is not there and removed only where it is, so the positions at
// which it turned say all of it. What came and went within one event never was. One thread.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/check.h"
#include "eventstore/base/strong_id.h"
#include "projections/store/index_keys.h"

namespace kith::projections {

class IndexChanges {
 public:
  // One entry's past since the last write.
  struct Turns {
    bool was_there = false;                    // before the first of them
    absl::InlinedVector<Position, 2> moments;  // each takes it away, or brings it back

    bool is_there() const { return was_there == (moments.size() % 2 == 0); }
  };

  void Add(IndexKind kind, absl::string_view entry, Position at) {
    Turn(LiveKey(kind, entry), true, at);
  }
  void Remove(IndexKind kind, absl::string_view entry, Position at) {
    Turn(LiveKey(kind, entry), false, at);
  }
  // The same by live key (index_keys.h).
  void Turn(std::string key, bool added, Position at) {
    const auto [noted, is_new] = entries_.try_emplace(std::move(key));
    Turns& turns = noted->second;
    if (is_new) turns.was_there = !added;
    KITH_CHECK(turns.is_there() != added);
    if (turns.moments.empty() || turns.moments.back() != at) {
      turns.moments.push_back(at);
      bytes_ += BytesOfTurn(noted->first);
      return;
    }
    turns.moments.pop_back();
    bytes_ -= BytesOfTurn(noted->first);
    if (turns.moments.empty()) entries_.erase(noted);
  }

  bool empty() const { return entries_.empty(); }
  // About what they will take in memory once they are written.
  size_t bytes() const { return bytes_; }
  void Clear() {
    entries_.clear();
    bytes_ = 0;
  }
  // By live key.
  const absl::flat_hash_map<std::string, Turns>& entries() const { return entries_; }
  // The same, in the order of the live keys; as long as nothing changes.
  struct Entry {
    absl::string_view key;  // live
    const Turns* turns;
  };
  std::vector<Entry> InOrder() const {
    std::vector<Entry> entries;
    entries.reserve(entries_.size());
    for (const auto& [key, turns] : entries_) entries.push_back({key, &turns});
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.key < b.key; });
    return entries;
  }

 private:
  static size_t BytesOfTurn(absl::string_view key) { return key.size() + sizeof(Position); }

  absl::flat_hash_map<std::string, Turns> entries_;
  size_t bytes_ = 0;
};

}  // namespace kith::projections
