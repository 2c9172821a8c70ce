// ViewFold: what one view has folded: its rows, its entries and the checkpoints beside them.
//
// In the view's family, beside the rows and in the same batches, stand the checkpoint and the stale
// entities, under keys that begin with a zero byte. A view with indexes has a second family with a
// checkpoint of its own; where they differ, after a crash, the fold begins at the lower one.
// FORMAT.md, section data/views. Used by the view's lane only; made anew after an error, from
// what is in the families.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "projections/engine/build_memory.h"
#include "projections/engine/feed.h"
#include "projections/engine/generation.h"
#include "projections/engine/projection.h"
#include "projections/engine/stale_entities.h"
#include "projections/engine/view_batch.h"

namespace kith::projections {

// What stands in a view's families beside its rows and entries.
struct ViewProgress {
  ViewCheckpoints checkpoints;
  std::vector<StaleEntity> stale;
  // Which versions of libraries made the normal forms in its keys (NormalFormsVersion); empty where
  // nothing is written yet.
  std::string normal_forms;
  // The family of the base whose rows it was told of; empty where nothing is written yet, or where
  // it has none.
  std::string base;

  // Everything up to here is in all of its families.
  Position folded() const { return std::min(checkpoints.rows, checkpoints.index); }
};
absl::StatusOr<ViewProgress> ReadProgress(const ViewFamilies& families);

// Of which view, and where.
struct FoldedView {
  const Projection& projection;  // outlives the fold
  size_t number;                 // in FedEvent::takers
  ViewFamilies families;
  StaleEntities& stale;  // holds those of `progress`; outlives the fold
  std::string base;      // as ViewProgress has it
  bool is_base = false;  // others are folded over it
  // Where it is far behind: what it gathers before it writes counts here; outlives the fold. Where
  // its entries begin with the first event, they are then written all at once in the end.
  BuildMemory* memory = nullptr;
};

class ViewFold {
 public:
  ViewFold(FoldedView view, const ViewProgress& progress);
  ~ViewFold() { NoteGathered(0); }
  ViewFold(const ViewFold&) = delete;
  ViewFold& operator=(const ViewFold&) = delete;

  // Folds one event, unless it is folded already: then it only finds out again what it told, if
  // that is wanted. What it changed is in memory until a Write. An error is not the event's:
  // nothing can be concluded, and the fold is of no further use.
  absl::Status Fold(const FedEvent& fed, bool tell);
  // What the event that was folded last told of the rows of a base.
  absl::Span<const RowChange> told() const { return batch_.told(); }
  std::vector<RowChange> TakeTold() { return batch_.TakeTold(); }
  // The same of a view that is based on another, which has folded the event, and maybe those that
  // follow; `changes` are what it told of this one.
  absl::Status FoldOver(const FedEvent& fed, const ViewFold& base,
                        absl::Span<const RowChange> changes);
  // Called with each entity that went stale.
  void OnStale(std::function<void(const StaleEntity&)> tell) { on_stale_ = std::move(tell); }
  // Nothing up to `position` is left to fold.
  void MoveTo(Position position) { folded_ = std::max(folded_, position); }
  // Everything up to here is folded.
  Position folded() const { return folded_; }

  // Everything up to here is in its families, and can be read.
  Position readable() const { return builds_index() || has_changes() ? checkpoint() : folded_; }

  bool has_changes() const { return batch_.has_kept(); }
  // A batch that has grown to this is written, however much is queued.
  bool is_full() const {
    return view_.memory == nullptr
               ? gathered_ >= kBatchBytes
               : gathered_ >= view_.memory->least_bytes() && view_.memory->is_full();
  }
  // A checkpoint is behind what is folded.
  bool IsUnwritten() const;
  // Rows and checkpoint together; where there are no rows the checkpoint can wait for the next
  // flush, unless `with_checkpoint`.
  absl::Status Write(bool with_checkpoint);
  absl::Status FlushFamilies(bool wait);
  // As written last, to all of its families.
  Position checkpoint() const { return builds_index() ? batch_.checkpoints().index : checkpoint_; }

  // Its entries are gathered, and are in no family until FinishSome has written them, a piece at a
  // time; true when it has. Nothing is folded between the pieces.
  bool builds_index() const { return batch_.builds_index(); }
  absl::StatusOr<bool> FinishSome();

 private:
  static constexpr size_t kBatchBytes = 1 << 20;

  absl::Status Apply(const FedEvent& fed, absl::Span<const RowChange> changes);
  void MarkStale(const eventstore::EventHeader& header, std::string error);
  void NoteGathered(size_t bytes) {
    if (view_.memory != nullptr) view_.memory->Change(gathered_, bytes);
    gathered_ = bytes;
  }

  const FoldedView view_;
  std::function<void(const StaleEntity&)> on_stale_;
  ViewBatch batch_;
  size_t gathered_ = 0;  // bytes that are not written
  Position folded_;      // everything up to here is in the batch or written
  Position checkpoint_;
  bool is_new_;  // nothing is written yet
};

}  // namespace kith::projections
