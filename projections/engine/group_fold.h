// GroupFold: folds a view and those that are based on it, each event into the base first, so that
// what the base's rows were and are is known once for all of them.
//
// Each view has its own families and checkpoints, and what it has already is not written to it
// again. The fold begins at the lowest of them: the rows of a base that is ahead are read as of the
// event before, from their versions, and what they become is found out again. One thread at a time;
// made anew after an error. Far behind, others may help: while the base takes events, the views
// based on it take those before, each by one thread.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "projections/engine/feed.h"
#include "projections/engine/fold_crew.h"
#include "projections/engine/view_fold.h"

namespace kith::projections {

class GroupFold {
 public:
  // The first view is the base of the others, where there are others. With `base_reads_only` it is
  // somebody else's to write: it must have everything that is folded here, and nothing is said of
  // it.
  GroupFold(std::vector<std::unique_ptr<ViewFold>> views, bool base_reads_only);

  // As ViewFold has it. After an error failed() says of which view it is.
  absl::Status Fold(const FedEvent& fed);
  absl::Status Write(bool with_checkpoint);
  // The same of several events, and of what was folded, with who helps.
  absl::Status FoldAll(absl::Span<const FedEvent> events, FoldCrew& crew);
  absl::Status WriteAll(FoldCrew& crew);
  absl::Status FlushFamilies(bool wait);
  void MoveTo(Position position);

  // Everything up to here is folded, by all that are folded here.
  Position folded() const;
  bool has_changes() const;
  bool is_full() const;
  bool IsUnwritten() const;
  // Of any of them, as ViewFold has it.
  bool builds_index() const;
  absl::StatusOr<bool> FinishSome();
  // In the order they were given.
  const ViewFold& view(size_t number) const { return *views_[number]; }
  size_t failed() const { return failed_; }

 private:
  using Folds = absl::Span<const std::unique_ptr<ViewFold>>;

  // Those that are written.
  Folds own() const { return Folds(views_).subspan(base_reads_only_ ? 1 : 0); }
  // Notes whose error it is.
  absl::Status Of(size_t view, absl::Status status);
  template <class Each>
  absl::Status ForEachOwn(Each each);
  // The base alone: what each of the events told.
  using Told = std::vector<std::vector<RowChange>>;
  absl::Status FoldBase(absl::Span<const FedEvent> events, Position told_before, Told* told);
  absl::Status FirstError(absl::Span<const absl::Status> statuses);

  const std::vector<std::unique_ptr<ViewFold>> views_;
  const bool base_reads_only_;
  size_t failed_ = 0;
};

}  // namespace kith::projections
