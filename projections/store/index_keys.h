// The keys and values under which an IndexFamily keeps index entries. FORMAT.md, section
// data/views.
//
//   {kind, entry} → from                                  the entry is there
//   {3, entry as a string component, be64(to)} → from     it held from `from` up to `to`
//
// An entry ends in a primary key, whose bytes may be the beginning of another's. What was is
// therefore kept under the entry as a string component (key_codec.h): both stand in the order of
// their entries, whatever position follows. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "projections/store/key_range.h"

namespace kith::projections {

// What is kept of an index. Persisted.
enum class IndexKind : char {
  kVersioned = 1,  // which entries held at any position
  kCurrent = 2,    // the present entries only
};

// Under which a family keeps its checkpoint. Persisted. No entry begins with a zero byte.
inline constexpr absl::string_view kIndexCheckpointKey("\0c", 2);

// An entry as it is kept: that it held from one position on, up to another.
struct IndexSpan {
  IndexKind kind = IndexKind::kVersioned;
  absl::string_view entry;
  Position from;               // the event that brought it
  std::optional<Position> to;  // the one that took it away; nullopt: it is there
};

std::string LiveKey(IndexKind kind, absl::string_view entry);
inline IndexKind KindOf(absl::string_view live_key) { return static_cast<IndexKind>(live_key[0]); }
inline absl::string_view EntryOf(absl::string_view live_key) { return live_key.substr(1); }

std::string ClosedKey(absl::string_view entry, Position to);
std::string FromValue(Position from);

// The keys of the entries of a range, in its direction.
KeyRange LiveKeys(IndexKind kind, const KeyRange& entries);
KeyRange ClosedKeys(const KeyRange& entries);
// All of both.
KeyRange SpanKeys();

// The entry as a string component, in the key of what was.
absl::string_view EncodedEntryOf(absl::string_view closed_key);

// All but the entry, which is dear to read and rarely asked for; false when it is malformed.
bool ParseMoments(absl::string_view key, absl::string_view value, IndexSpan* span);
// The entry of a key whose moments were parsed: a view of the key, or of `buffer`.
bool ParseEntry(absl::string_view key, std::string* buffer, IndexSpan* span);

}  // namespace kith::projections
