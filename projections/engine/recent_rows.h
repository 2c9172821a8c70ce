// RecentRows: the rows that a fold has asked for lately, as they are now, so that the next event of
// the same record costs no read of the store. One thread.
//
// Bounded by bytes in two halves: what is used moves to the newer one, and when that is full the
// older one is dropped. A row that is only written and never asked for takes no room.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace kith::projections {

class RecentRows {
 public:
  using Row = std::optional<std::string>;  // nullopt: there is none
  using Rows = absl::flat_hash_map<std::string, Row>;

  explicit RecentRows(size_t bytes_max) : half_bytes_max_(bytes_max / 2) {}

  // Null where it is not remembered; until the next call.
  const Row* Find(absl::string_view key) { return Find(key, HashOf(key)); }
  const Row* Find(absl::string_view key, size_t hash) {
    if (const auto found = newer_.find(key, hash); found != newer_.end()) return &found->second;
    const auto found = older_.find(key, hash);
    if (found == older_.end()) return nullptr;
    Row row = std::move(found->second);
    older_.erase(found);
    return &Insert(key, std::move(row));
  }
  // The row was read.
  void Add(absl::string_view key, Row row) { Insert(key, std::move(row)); }
  // The row was written.
  void Update(absl::string_view key, Row row) {
    const size_t hash = HashOf(key);
    if (const auto found = newer_.find(key, hash); found != newer_.end()) {
      bytes_ = bytes_ - SizeOf(key, found->second) + SizeOf(key, row);
      found->second = std::move(row);
    } else if (const auto old = older_.find(key, hash); old != older_.end()) {
      older_.erase(old);
      Insert(key, std::move(row));
    }
  }
  // As the maps of rows have it.
  static size_t HashOf(absl::string_view key) { return Rows::hasher()(key); }

 private:
  static size_t SizeOf(absl::string_view key, const Row& row) {
    return key.size() + (row.has_value() ? row->size() : 0) + sizeof(Rows::value_type);
  }
  const Row& Insert(absl::string_view key, Row row) {
    if (bytes_ > half_bytes_max_) {
      older_ = std::exchange(newer_, {});
      bytes_ = 0;
    }
    bytes_ += SizeOf(key, row);
    const auto [place, is_new] = newer_.try_emplace(key);
    if (!is_new) bytes_ -= SizeOf(key, place->second);
    place->second = std::move(row);
    return place->second;
  }

  const size_t half_bytes_max_;
  Rows newer_;
  Rows older_;
  size_t bytes_ = 0;  // of the newer ones
};

}  // namespace kith::projections
