#include "projections/tables/rocks_index_family.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "projections/tables/index_keys.h"

namespace kith::projections {
namespace {

using eventstore::Direction;

// Persisted. No entry begins with a zero byte.
constexpr absl::string_view kCheckpointKey("\0c", 2);
constexpr Position kAnyTime{std::numeric_limits<uint64_t>::max()};

absl::Status Malformed() {
  return absl::DataLossError("an index entry of the view store does not parse");
}

// The entries of one stretch of keys that held at a position, in their order.
class HeldEntries {
 public:
  HeldEntries(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle, KeyRange keys)
      : cursor_(database, handle, std::move(keys), rocksdb::ReadOptions()) {}

  bool Next(Position at) {
    while (cursor_.Next()) {
      malformed_ = !ParseSpan(cursor_.key(), cursor_.value(), &buffer_, &span_);
      if (malformed_) return false;
      if (span_.from <= at && (!span_.to.has_value() || at < *span_.to)) return true;
    }
    return false;
  }
  absl::string_view entry() const { return span_.entry; }
  absl::Status status() const { return malformed_ ? Malformed() : cursor_.status(); }

 private:
  KeyCursor cursor_;
  IndexSpan span_;
  std::string buffer_;
  bool malformed_ = false;
};

// Visits the entries of both, each once, in `direction`. A span that was closed after `live` was
// made and before `closed` was is in either.
absl::Status VisitBoth(HeldEntries& live, HeldEntries& closed, Position at, Direction direction,
                       EntryVisitor visit) {
  bool more_live = live.Next(at);
  bool more_closed = closed.Next(at);
  while (more_live || more_closed) {
    int order = more_live ? -1 : 1;
    if (more_live && more_closed) {
      order = live.entry().compare(closed.entry());
      if (direction == Direction::kBackwards) order = -order;
    }
    if (!visit(order <= 0 ? live.entry() : closed.entry())) return absl::OkStatus();
    if (order <= 0) more_live = live.Next(at);
    if (order >= 0) more_closed = closed.Next(at);
  }
  KITH_RETURN_IF_ERROR(live.status());
  return closed.status();
}

absl::Status VisitAll(HeldEntries& held, EntryVisitor visit) {
  while (held.Next(kAnyTime)) {
    if (!visit(held.entry())) return absl::OkStatus();
  }
  return held.status();
}

}  // namespace

absl::StatusOr<Position> RocksIndexFamily::Checkpoint() const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  return ReadCheckpoint();
}

absl::StatusOr<Position> RocksIndexFamily::ReadCheckpoint() const {
  std::string value;
  const rocksdb::Status status =
      database_->db->Get(rocksdb::ReadOptions(), handle_, SliceOf(kCheckpointKey), &value);
  if (status.IsNotFound()) return Position();
  KITH_RETURN_IF_ERROR(ToStatus(status));
  ByteReader reader(value);
  uint64_t position = 0;
  if (!reader.ReadVarint(&position)) return absl::DataLossError("a checkpoint does not parse");
  return Position(position);
}

// Nothing that was closed is ever taken away, and checkpoints only rise. So what is looked at later
// may be newer: what was there when `live` was made is as of `at` if nothing had been written
// beyond `at` even after that; and what held at `at` and had ended when `live` was made is among
// the closed, whenever these are read.
absl::Status RocksIndexFamily::Scan(const KeyRange& range, Position at, EntryVisitor visit) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  HeldEntries live(*database_, handle_, LiveKeys(IndexKind::kVersioned, range));
  KITH_ASSIGN_OR_RETURN(const Position checkpoint, ReadCheckpoint());
  if (checkpoint <= at) return VisitAll(live, visit);
  HeldEntries closed(*database_, handle_, ClosedKeys(range));
  return VisitBoth(live, closed, at, range.direction, visit);
}

absl::Status RocksIndexFamily::ScanCurrent(const KeyRange& range, EntryVisitor visit) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  HeldEntries live(*database_, handle_, LiveKeys(IndexKind::kCurrent, range));
  return VisitAll(live, visit);
}

absl::Status RocksIndexFamily::ScanSpans(SpanVisitor visit) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  KeyCursor cursor(*database_, handle_, SpanKeys(), rocksdb::ReadOptions());
  IndexSpan span;
  std::string buffer;
  while (cursor.Next()) {
    if (!ParseSpan(cursor.key(), cursor.value(), &buffer, &span)) return Malformed();
    if (!visit(span)) return absl::OkStatus();
  }
  return cursor.status();
}

absl::StatusOr<RocksIndexFamily::Beginnings> RocksIndexFamily::BeginningsOf(
    const IndexChanges& changes) const {
  std::vector<rocksdb::Slice> keys;
  for (const auto& [key, turns] : changes.entries()) {
    if (turns.was_there && KindOf(key) == IndexKind::kVersioned) keys.push_back(SliceOf(key));
  }
  if (keys.empty()) return Beginnings();
  std::sort(keys.begin(), keys.end(),
            [](const rocksdb::Slice& a, const rocksdb::Slice& b) { return a.compare(b) < 0; });
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  database_->db->MultiGet(rocksdb::ReadOptions(), handle_, keys.size(), keys.data(), values.data(),
                          statuses.data(), /*sorted_input=*/true);
  Beginnings beginnings;
  beginnings.reserve(keys.size());
  std::string buffer;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound())
      return absl::DataLossError("the view store is damaged: an index entry is missing");
    KITH_RETURN_IF_ERROR(ToStatus(statuses[i]));
    IndexSpan span;
    if (!ParseSpan(ViewOf(keys[i]), ViewOf(values[i]), &buffer, &span)) return Malformed();
    beginnings.emplace(ViewOf(keys[i]), span.from);
  }
  return beginnings;
}

absl::Status RocksIndexFamily::Write(const IndexChanges& changes, Position checkpoint) {
  KITH_ASSIGN_OR_RETURN(const Beginnings beginnings, BeginningsOf(changes));
  rocksdb::WriteBatch batch;
  const auto put = [&](absl::string_view key, absl::string_view value) {
    KITH_CHECK(batch.Put(handle_, SliceOf(key), SliceOf(value)).ok());
  };
  for (const auto& [key, turns] : changes.entries()) {
    if (KindOf(key) == IndexKind::kVersioned) {
      const absl::string_view entry = EntryOf(key);
      // The spans that ended: that of before, then each that began and ended since.
      size_t next = 0;
      if (turns.was_there) {
        put(ClosedKey(entry, turns.moments[next++]), FromValue(beginnings.at(key)));
      }
      for (; next + 1 < turns.moments.size(); next += 2) {
        put(ClosedKey(entry, turns.moments[next + 1]), FromValue(turns.moments[next]));
      }
    }
    if (turns.is_there()) {
      put(key, FromValue(turns.moments.back()));
    } else if (turns.was_there) {
      KITH_CHECK(batch.Delete(handle_, SliceOf(key)).ok());
    }
  }
  put(kCheckpointKey, FromValue(checkpoint));
  return ToStatus(database_->db->Write(Unlogged(), &batch));
}

absl::Status RocksIndexFamily::Flush(bool wait) { return FlushFamily(*database_, handle_, wait); }

}  // namespace kith::projections
