// CurrentChanges: what becomes of the entries of current indexes, gathered until it is written.
//
// An entry is added only where it is not there and removed only where it is, so what cancels out
// between two writes is never written: a row that moved a hundred times in one batch moves once.
// That it moved is not forgotten, even when nothing is left to write: the checkpoint must tell that
// the moments in between were others. One thread.
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace kith::projections {

class CurrentChanges {
 public:
  void Add(absl::string_view entry) { Note(entry, true); }
  void Remove(absl::string_view entry) { Note(entry, false); }
  // What `later` says, after what this one says.
  void Append(const CurrentChanges& later) {
    for (const auto& [entry, added] : later.entries_) Note(entry, added);
    any_ = any_ || later.any_;
  }

  // Nothing happened, which is more than that nothing is left.
  bool empty() const { return !any_; }
  // About what they will take in memory once they are written.
  size_t bytes() const { return bytes_; }
  void Clear() {
    entries_.clear();
    bytes_ = 0;
    any_ = false;
  }
  // True: the entry comes to be there; false: it goes.
  const absl::flat_hash_map<std::string, bool>& entries() const { return entries_; }

 private:
  void Note(absl::string_view entry, bool added) {
    any_ = true;
    const auto [noted, is_new] = entries_.try_emplace(std::string(entry), added);
    if (is_new) {
      bytes_ += entry.size();
    } else if (noted->second != added) {
      bytes_ -= entry.size();
      entries_.erase(noted);
    }
  }

  absl::flat_hash_map<std::string, bool> entries_;
  size_t bytes_ = 0;
  bool any_ = false;
};

}  // namespace kith::projections
