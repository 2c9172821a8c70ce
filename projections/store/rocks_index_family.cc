#include "projections/store/rocks_index_family.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "projections/store/index_keys.h"
#include "projections/store/key_codec.h"
#include "projections/store/rocks_index_build.h"

namespace kith::projections {
namespace {

using eventstore::Direction;

constexpr Position kAnyTime{std::numeric_limits<uint64_t>::max()};
constexpr size_t kRecentBytes = 1 << 20;

absl::Status Malformed() {
  return absl::DataLossError("an index entry of the view store does not parse");
}

// Of what was there before the changes, the end is kept.
bool EndsOneOfBefore(absl::string_view live_key, const IndexChanges::Turns& turns) {
  return turns.was_there && KindOf(live_key) == IndexKind::kVersioned;
}

absl::Status Missing() {
  return absl::DataLossError("the view store is damaged: an index entry is missing");
}

// The spans of one stretch of keys, in the order of their entries.
class StoredSpans {
 public:
  StoredSpans(OpenDatabase& database, rocksdb::ColumnFamilyHandle* handle, KeyRange keys)
      : cursor_(database, handle, std::move(keys), rocksdb::ReadOptions()) {}

  // Turns to another stretch.
  void GoTo(KeyRange keys) { cursor_.GoTo(std::move(keys)); }
  // Goes to the first, then to each that follows.
  bool Next() {
    if (malformed_ || !cursor_.Next()) return false;
    malformed_ = !ParseMoments(cursor_.key(), cursor_.value(), &span_);
    order_.clear();
    return !malformed_;
  }
  // Sorts as the entry does.
  absl::string_view order() {
    if (span_.to.has_value()) return EncodedEntryOf(cursor_.key());
    if (order_.empty()) AppendStringKey(EntryOf(cursor_.key()), &order_);
    return order_;
  }
  // Only then the entry can be read.
  bool Held(Position at) {
    if (span_.from > at || (span_.to.has_value() && *span_.to <= at)) return false;
    malformed_ = !ParseEntry(cursor_.key(), &buffer_, &span_);
    return !malformed_;
  }
  absl::string_view entry() const { return span_.entry; }
  absl::Status status() const { return malformed_ ? Malformed() : cursor_.status(); }

 private:
  KeyCursor cursor_;
  IndexSpan span_;
  std::string buffer_;
  std::string order_;
  bool malformed_ = false;
};

// Those that held and have ended since, as RecentSpans tells them.
class EndedEntries {
 public:
  explicit EndedEntries(std::vector<std::string> entries) : entries_(std::move(entries)) {}

  bool Next() {
    if (next_ == entries_.size()) return false;
    order_.clear();
    AppendStringKey(entries_[next_++], &order_);
    return true;
  }
  absl::string_view order() const { return order_; }
  bool Held(Position) const { return true; }
  absl::string_view entry() const { return entries_[next_ - 1]; }
  absl::Status status() const { return absl::OkStatus(); }

 private:
  const std::vector<std::string> entries_;
  std::string order_;
  size_t next_ = 0;
};

// Visits the entries of both that held, each once, in `direction`. Neither is read further than the
// visitor wants, however few of the other hold.
template <class Closed>
absl::Status VisitBoth(StoredSpans& live, Closed& closed, Position at, Direction direction,
                       EntryVisitor visit) {
  bool more_live = live.Next();
  bool more_closed = closed.Next();
  while (more_live || more_closed) {
    int order = more_live ? -1 : 1;
    if (more_live && more_closed) {
      order = live.order().compare(closed.order());
      if (direction == Direction::kBackwards) order = -order;
    }
    if (order < 0) {
      if (live.Held(at) && !visit(live.entry())) return absl::OkStatus();
      more_live = live.Next();
      continue;
    }
    const bool held = closed.Held(at);
    if (held && !visit(closed.entry())) return absl::OkStatus();
    // What is there of the same entry came later, or is this span, closed after `live` was made.
    if (held && order == 0) more_live = live.Next();
    more_closed = closed.Next();
  }
  KITH_RETURN_IF_ERROR(live.status());
  return closed.status();
}

absl::Status VisitAll(StoredSpans& live, EntryVisitor visit) {
  while (live.Next()) {
    if (live.Held(kAnyTime) && !visit(live.entry())) return absl::OkStatus();
  }
  return live.status();
}

// Turns `live`, which stands before the first of the ranges, to each of them, and has it visited by
// `visit_range`.
absl::Status VisitRanges(
    absl::Span<const KeyRange> ranges, IndexKind kind, StoredSpans& live,
    absl::FunctionRef<absl::Status(const KeyRange& range, EntryVisitor visit)> visit_range,
    EntriesVisitor visit) {
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (i > 0) live.GoTo(LiveKeys(kind, ranges[i]));
    Visiting next = Visiting::kGoOn;
    KITH_RETURN_IF_ERROR(visit_range(ranges[i], [&](absl::string_view entry) {
      next = visit(i, entry);
      return next == Visiting::kGoOn;
    }));
    if (next == Visiting::kEnd) return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace

RocksIndexFamily::RocksIndexFamily(std::shared_ptr<OpenFamily> family)
    : family_(std::move(family)),
      database_(&family_->database()),
      handle_(family_->handle()),
      recent_(kRecentBytes) {}

absl::StatusOr<Position> RocksIndexFamily::Checkpoint() const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  // While a write is under way, or has failed, only the family itself can tell.
  const uint64_t newest = newest_.load(std::memory_order_seq_cst);
  const bool is_known = newest != 0 && newest == written_.load(std::memory_order_seq_cst);
  return is_known ? Position(newest) : ReadCheckpoint();
}

absl::StatusOr<Position> RocksIndexFamily::ReadCheckpoint() const {
  std::string value;
  const rocksdb::Status status =
      database_->db->Get(rocksdb::ReadOptions(), handle_, SliceOf(kIndexCheckpointKey), &value);
  if (status.IsNotFound()) return Position();
  KITH_RETURN_IF_ERROR(ToStatus(status));
  ByteReader reader(value);
  uint64_t position = 0;
  if (!reader.ReadVarint(&position)) return absl::DataLossError("a checkpoint does not parse");
  return Position(position);
}

absl::StatusOr<Position> RocksIndexFamily::Newest() const {
  const uint64_t newest = newest_.load(std::memory_order_seq_cst);
  return newest == 0 ? ReadCheckpoint() : Position(newest);
}

// Nothing that was closed is ever taken away, and checkpoints only rise. So what is looked at later
// may be newer: what was there when `live` was made is as of `at` if nothing had been written
// beyond `at` even after that; and what held at `at` and had ended when `live` was made is among
// the closed, whenever these are read, in memory or on disk.
absl::Status RocksIndexFamily::ScanEach(absl::Span<const KeyRange> ranges, Position at,
                                        EntriesVisitor visit) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  if (ranges.empty()) return absl::OkStatus();
  StoredSpans live(*database_, handle_, LiveKeys(IndexKind::kVersioned, ranges.front()));
  std::optional<StoredSpans> closed;  // made where they are needed
  KITH_ASSIGN_OR_RETURN(const Position newest, Newest());
  const auto visit_range = [&](const KeyRange& range, EntryVisitor visit_entry) -> absl::Status {
    if (newest <= at) return VisitAll(live, visit_entry);
    if (auto ended = recent_.HeldAt(at, range); ended.has_value()) {
      EndedEntries entries(*std::move(ended));
      return VisitBoth(live, entries, at, range.direction, visit_entry);
    }
    if (closed.has_value()) {
      closed->GoTo(ClosedKeys(range));
    } else {
      closed.emplace(*database_, handle_, ClosedKeys(range));
    }
    return VisitBoth(live, *closed, at, range.direction, visit_entry);
  };
  return VisitRanges(ranges, IndexKind::kVersioned, live, visit_range, visit);
}

absl::Status RocksIndexFamily::ScanCurrentEach(absl::Span<const KeyRange> ranges,
                                               EntriesVisitor visit) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  if (ranges.empty()) return absl::OkStatus();
  StoredSpans live(*database_, handle_, LiveKeys(IndexKind::kCurrent, ranges.front()));
  const auto visit_range = [&](const KeyRange&, EntryVisitor visit_entry) {
    return VisitAll(live, visit_entry);
  };
  return VisitRanges(ranges, IndexKind::kCurrent, live, visit_range, visit);
}

absl::Status RocksIndexFamily::ScanSpans(SpanVisitor visit) const {
  const ReadGate::Pass pass(database_->gate);
  if (!pass) return ClosedError();
  KeyCursor cursor(*database_, handle_, SpanKeys(), rocksdb::ReadOptions());
  IndexSpan span;
  std::string buffer;
  while (cursor.Next()) {
    if (!ParseMoments(cursor.key(), cursor.value(), &span) ||
        !ParseEntry(cursor.key(), &buffer, &span)) {
      return Malformed();
    }
    if (!visit(span)) return absl::OkStatus();
  }
  return cursor.status();
}

absl::StatusOr<std::vector<Position>> RocksIndexFamily::BeginningsOf(const Entries& entries) const {
  std::vector<rocksdb::Slice> keys;
  for (const auto& [key, turns] : entries) {
    if (EndsOneOfBefore(key, *turns)) keys.push_back(SliceOf(key));
  }
  std::vector<Position> beginnings;
  if (keys.empty()) return beginnings;
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  database_->db->MultiGet(rocksdb::ReadOptions(), handle_, keys.size(), keys.data(), values.data(),
                          statuses.data(), /*sorted_input=*/true);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) return Missing();
    KITH_RETURN_IF_ERROR(ToStatus(statuses[i]));
    IndexSpan span;
    if (!ParseMoments(ViewOf(keys[i]), ViewOf(values[i]), &span)) return Malformed();
    beginnings.push_back(span.from);
  }
  return beginnings;
}

absl::StatusOr<std::vector<RecentSpans::Span>> RocksIndexFamily::EndedBy(
    const Entries& entries) const {
  KITH_ASSIGN_OR_RETURN(const std::vector<Position> beginnings, BeginningsOf(entries));
  auto beginning = beginnings.begin();
  std::vector<RecentSpans::Span> ended;
  for (const auto& [key, turns] : entries) {
    if (KindOf(key) != IndexKind::kVersioned) continue;
    const auto add = [&ended, entry = EntryOf(key)](Position from, Position to) {
      ended.push_back({std::string(entry), from, to});
    };
    // That of before, then each that began and ended since.
    size_t next = 0;
    if (EndsOneOfBefore(key, *turns)) add(*beginning++, turns->moments[next++]);
    for (; next + 1 < turns->moments.size(); next += 2) {
      add(turns->moments[next], turns->moments[next + 1]);
    }
  }
  return ended;
}

absl::Status RocksIndexFamily::Write(const IndexChanges& changes, Position checkpoint) {
  // Neighbours one after the other: a memtable finds the place of each faster then.
  const Entries entries = changes.InOrder();
  KITH_ASSIGN_OR_RETURN(const Position before, Newest());
  KITH_ASSIGN_OR_RETURN(std::vector<RecentSpans::Span> ended, EndedBy(entries));
  rocksdb::WriteBatch batch;
  const auto put = [&](absl::string_view key, absl::string_view value) {
    KITH_CHECK(batch.Put(handle_, SliceOf(key), SliceOf(value)).ok());
  };
  for (const RecentSpans::Span& span : ended) {
    put(ClosedKey(span.entry, span.to), FromValue(span.from));
  }
  for (const auto& [key, turns] : entries) {
    // It was put once since it was last removed, so both may vanish as soon as RocksDB meets them,
    // and what moves often leaves nothing in the way of a scan.
    if (turns->was_there) KITH_CHECK(batch.SingleDelete(handle_, SliceOf(key)).ok());
    if (turns->is_there()) put(key, FromValue(turns->moments.back()));
  }
  put(kIndexCheckpointKey, FromValue(checkpoint));
  recent_.Add(std::move(ended), before, checkpoint);
  // Before anyone can see what is written.
  newest_.store(checkpoint.value(), std::memory_order_seq_cst);
  KITH_RETURN_IF_ERROR(ToStatus(database_->db->Write(Unlogged(), &batch)));
  written_.store(checkpoint.value(), std::memory_order_seq_cst);
  return absl::OkStatus();
}

std::unique_ptr<IndexBuild> RocksIndexFamily::Build() {
  return std::make_unique<RocksIndexBuild>(family_);
}

absl::Status RocksIndexFamily::Flush(bool wait) { return FlushFamily(*database_, handle_, wait); }

}  // namespace kith::projections
