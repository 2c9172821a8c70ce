// EventRows: what one event wrote of a view's rows. They are few as a rule, and looked through one
// by one; where they are many they are found by their hashes. One thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace kith::projections {

class EventRows {
 public:
  using Row = std::optional<std::string>;  // nullopt: it is deleted
  struct Written {
    std::string key;
    Row row;
  };

  // Null where the event wrote none; until the next call.
  const Row* Find(absl::string_view key) const {
    const size_t place = PlaceOf(key);
    return place == rows_.size() ? nullptr : &rows_[place].row;
  }
  // The last one counts.
  void Put(absl::string_view key, Row row) {
    const size_t place = PlaceOf(key);
    if (place < rows_.size()) {
      rows_[place].row = std::move(row);
      return;
    }
    rows_.push_back({std::string(key), std::move(row)});
    if (rows_.size() <= kFew) return;
    if (places_.empty()) {
      for (size_t i = 0; i + 1 < rows_.size(); ++i) places_.emplace(rows_[i].key, i);
    }
    places_.emplace(key, place);
  }

  bool empty() const { return rows_.empty(); }
  // Each key once. They may be taken out before a Clear.
  std::vector<Written>& rows() { return rows_; }
  void Clear() {
    rows_.clear();
    places_.clear();
  }

 private:
  static constexpr size_t kFew = 16;

  // How many there are where it is not among them.
  size_t PlaceOf(absl::string_view key) const {
    if (!places_.empty()) {
      const auto found = places_.find(key);
      return found == places_.end() ? rows_.size() : found->second;
    }
    size_t place = 0;
    while (place < rows_.size() && rows_[place].key != key) ++place;
    return place;
  }

  std::vector<Written> rows_;
  absl::flat_hash_map<std::string, size_t> places_;  // where they are many
};

}  // namespace kith::projections
