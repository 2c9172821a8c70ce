// KeyRange: a stretch of keys and the direction they are visited in. Pure.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/log/event_log.h"

namespace kith::projections {

// Keys from `from` (inclusive) up to `to` (exclusive; empty means no end), visited in `direction`.
struct KeyRange {
  std::string from;
  std::string to;
  eventstore::Direction direction = eventstore::Direction::kForwards;

  bool Contains(absl::string_view key) const { return key >= from && (to.empty() || key < to); }
  // Every key that begins with `prefix`.
  static KeyRange Prefix(absl::string_view prefix,
                         eventstore::Direction direction = eventstore::Direction::kForwards);
};

// What a visitor of several ranges wants next: more of this one, to leave it for the next one, or
// nothing any more.
enum class Visiting { kGoOn, kNextRange, kEnd };

// The first key after all that begin with `prefix`; empty when there is none.
std::string PrefixEnd(absl::string_view prefix);

}  // namespace kith::projections
