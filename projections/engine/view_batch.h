// ViewBatch: the rows of one view as its projection sees and changes them while it folds an event.
//
// Reads see every earlier event, and what this event wrote already. Writes carry the event's
// position, so the view can be read as of any position afterwards. Index entries are only written;
// a fold never asks for them. Most projections use a Table<Row> instead of the bytes here. Made and
// owned by the view's lane, used by one thread at a time.
//
// A view with indexes has two families, and a crash leaves them at different positions. The lane
// then folds again from the lower one: a fold reads the rows as of the event before it, which the
// family that is ahead still has, and what a family holds already is not written to it a second
// time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "eventstore/base/strong_id.h"
#include "google/protobuf/message.h"
#include "projections/engine/event_rows.h"
#include "projections/engine/generation.h"
#include "projections/engine/recent_rows.h"
#include "projections/engine/row_change.h"
#include "projections/store/versioned_store.h"

namespace kith::projections {

// How far each of them is.
struct ViewCheckpoints {
  Position rows;
  Position index;
};

class ViewBatch {
 public:
  // Remembers rows it was asked for, up to `recent_bytes`. `told_table`: Projection::told_table.
  ViewBatch(ViewFamilies families, ViewCheckpoints checkpoints, size_t recent_bytes = 0,
            uint8_t told_table = 0);
  ViewBatch(const ViewBatch&) = delete;
  ViewBatch& operator=(const ViewBatch&) = delete;

  // The position of the event that is being folded.
  Position position() const { return position_; }

  // Keys are not empty and do not begin with a zero byte, which is kept for the engine.
  absl::StatusOr<std::optional<std::string>> Get(absl::string_view key);
  // The same parsed, of one type for each key, for few rows that are asked for with nearly every
  // event; null where there is none. Not changed any more, and good for longer than the event.
  using SharedRow = std::shared_ptr<const google::protobuf::Message>;
  absl::StatusOr<SharedRow> GetParsed(absl::string_view key,
                                      const google::protobuf::Message& prototype);
  void Put(absl::string_view key, std::string value);
  void Delete(absl::string_view key);
  // An index entry that was not there, or one that was. Aborts where it was otherwise, and in a
  // view that has no family for them.
  void AddEntry(IndexKind kind, absl::string_view entry);
  void RemoveEntry(IndexKind kind, absl::string_view entry);

  // What the event made of the rows of the projection's base.
  absl::Span<const RowChange> changes() const { return changes_; }

  // Whether others are told what becomes of the rows of a table, and what became of one.
  bool tells(uint8_t table) const { return told_table_ != 0 && told_table_ == table; }
  void Tell(RowChange change) { told_.push_back(std::move(change)); }

  // --- For the lane ---
  // Begins the event at `position`, above every earlier one. Then either Keep its writes or Discard
  // them.
  void Begin(Position position, absl::Span<const RowChange> changes = {});
  void Keep();
  void Discard();
  // What the event that was kept last told; empty since another has begun.
  absl::Span<const RowChange> told() const { return told_; }
  std::vector<RowChange> TakeTold() { return std::exchange(told_, {}); }
  void ForgetTold() { told_.clear(); }
  // The first error of reading the store since the last Write; an event that met one proves nothing
  // about its stream.
  const absl::Status& read_error() const { return read_error_; }
  // Every row kept since the last Write, to add the checkpoint to.
  VersionedBatch& kept() { return *kept_; }
  const IndexChanges& kept_entries() const { return kept_entries_; }
  // What was kept since the last Write; in memory, about.
  bool has_kept() const;
  size_t kept_bytes() const;
  // Writes the rows that were kept, atomically, then the entries with the checkpoint `folded`, also
  // atomically, and begins anew. Where there are no entries their checkpoint stays behind, which
  // costs nothing but folding again after a crash, unless `with_checkpoint`.
  absl::Status Write(Position folded, bool with_checkpoint);
  // As of the last Write.
  const ViewCheckpoints& checkpoints() const { return checkpoints_; }

  // From the first event on: entries are gathered, and no Write writes them, until FinishSome has
  // written all of them with the checkpoint `folded`, a piece at a time; true when it has. Between
  // its pieces nothing is folded.
  void BuildIndex() { build_ = families_.index->Build(); }
  bool builds_index() const { return build_ != nullptr; }
  absl::StatusOr<bool> FinishSome(Position folded);

 private:
  // The value a key has now; nullopt when it is deleted.
  using Overlay = RecentRows::Rows;
  // Whether it was added, by live key.
  using EntryTurns = std::vector<std::pair<std::string, bool>>;

  void EndEvent();
  absl::Status WriteEntries(Position folded, bool with_checkpoint);

  const ViewFamilies families_;
  ViewCheckpoints checkpoints_;
  std::unique_ptr<VersionedBatch> kept_;
  IndexChanges kept_entries_;
  std::unique_ptr<IndexBuild> build_;  // where they go in its place
  EventRows event_;                    // what the present event wrote
  EntryTurns event_entries_;           // and which index entries it added or removed
  Overlay earlier_;                    // what the events kept before it wrote, not yet in the store
  absl::flat_hash_map<std::string, SharedRow> parsed_;  // as of the event before
  RecentRows recent_;  // as of the last Write, where `earlier_` says nothing else
  const uint8_t told_table_;
  std::vector<RowChange> told_;
  absl::Span<const RowChange> changes_;
  Position position_;
  absl::Status read_error_;
};

}  // namespace kith::projections
