// ViewFold: what one view has folded: its rows, its entries and the checkpoints beside them.
//
// In the view's family, beside the rows and in the same batches, stand the checkpoint and the stale
// entities, under keys that begin with a zero byte. A view with indexes has a second family with a
// checkpoint of its own; where they differ, after a crash, the fold begins at the lower one.
// FORMAT.md, section data/views. Used by the view's worker only; made anew after an error, from
// what is in the families.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
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

  // Everything up to here is in all of its families.
  Position folded() const { return std::min(checkpoints.rows, checkpoints.index); }
};
absl::StatusOr<ViewProgress> ReadProgress(const ViewFamilies& families);

class ViewFold {
 public:
  // Borrows the projection, and `stale`, which holds those of the view.
  ViewFold(const Projection& projection, uint64_t bit, const ViewFamilies& families,
           const ViewProgress& progress, StaleEntities& stale);

  // Folds one event, unless it is folded already. What it changed is in memory until a Write. An
  // error is not the event's: nothing can be concluded, and the fold is of no further use.
  absl::Status Fold(const FedEvent& fed);
  // Called with each entity that went stale.
  void OnStale(std::function<void(const StaleEntity&)> tell) { on_stale_ = std::move(tell); }
  // Nothing up to `position` is left to fold.
  void MoveTo(Position position) { folded_ = std::max(folded_, position); }
  // Everything up to here is folded.
  Position folded() const { return folded_; }

  bool has_changes() const { return !batch_.kept().empty() || !batch_.kept_entries().empty(); }
  // A batch that has grown to this is written, however much is queued.
  bool is_full() const {
    return batch_.kept().bytes() + batch_.kept_entries().bytes() >= kBatchBytes;
  }
  // A checkpoint is behind what is folded.
  bool IsUnwritten() const;
  // Rows and checkpoint together; where there are no rows the checkpoint can wait for the next
  // flush, unless `with_checkpoint`.
  absl::Status Write(bool with_checkpoint);
  absl::Status FlushFamilies(bool wait);
  Position checkpoint() const { return checkpoint_; }  // as written last

 private:
  static constexpr size_t kBatchBytes = 1 << 20;

  absl::Status Apply(const FedEvent& fed);
  void MarkStale(const eventstore::EventHeader& header, const absl::Status& error);

  const Projection& projection_;
  const uint64_t bit_;
  const ViewFamilies families_;
  StaleEntities& stale_;
  std::function<void(const StaleEntity&)> on_stale_;
  ViewBatch batch_;
  Position folded_;  // everything up to here is in the batch or written
  Position checkpoint_;
  bool has_normal_forms_;  // they are written
};

}  // namespace kith::projections
