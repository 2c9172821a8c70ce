#include "projections/engine/group_fold.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"

namespace kith::projections {

GroupFold::GroupFold(std::vector<std::unique_ptr<ViewFold>> views, bool base_reads_only)
    : views_(std::move(views)), base_reads_only_(base_reads_only) {}

absl::Status GroupFold::Fold(const FedEvent& fed) {
  const Position position = fed.record->header.position;
  bool tell = false;
  for (size_t i = 1; i < views_.size(); ++i) tell = tell || views_[i]->folded() < position;
  KITH_RETURN_IF_ERROR(Of(0, views_[0]->Fold(fed, tell)));
  for (size_t i = 1; i < views_.size(); ++i) {
    KITH_RETURN_IF_ERROR(Of(i, views_[i]->FoldOver(fed, *views_[0])));
  }
  return absl::OkStatus();
}

template <class Each>
absl::Status GroupFold::ForEachOwn(Each each) {
  for (size_t i = base_reads_only_ ? 1 : 0; i < views_.size(); ++i) {
    KITH_RETURN_IF_ERROR(Of(i, each(*views_[i])));
  }
  return absl::OkStatus();
}

absl::Status GroupFold::Write(bool with_checkpoint) {
  return ForEachOwn([&](ViewFold& fold) {
    return fold.has_changes() || with_checkpoint ? fold.Write(with_checkpoint) : absl::OkStatus();
  });
}

absl::Status GroupFold::FlushFamilies(bool wait) {
  return ForEachOwn([&](ViewFold& fold) { return fold.FlushFamilies(wait); });
}

void GroupFold::MoveTo(Position position) {
  for (const auto& fold : views_) fold->MoveTo(position);
}

Position GroupFold::folded() const {
  const Folds folds = own();
  Position lowest = folds.front()->folded();
  for (const auto& fold : folds) lowest = std::min(lowest, fold->folded());
  return lowest;
}

bool GroupFold::has_changes() const {
  return std::any_of(own().begin(), own().end(),
                     [](const auto& fold) { return fold->has_changes(); });
}

bool GroupFold::is_full() const {
  return std::any_of(own().begin(), own().end(), [](const auto& fold) { return fold->is_full(); });
}

bool GroupFold::builds_index() const {
  return std::any_of(own().begin(), own().end(),
                     [](const auto& fold) { return fold->builds_index(); });
}

absl::StatusOr<bool> GroupFold::FinishSome() {
  for (size_t i = base_reads_only_ ? 1 : 0; i < views_.size(); ++i) {
    if (!views_[i]->builds_index()) continue;
    auto done = views_[i]->FinishSome();
    KITH_RETURN_IF_ERROR(Of(i, done.status()));
    return *done && !builds_index();
  }
  return true;
}

bool GroupFold::IsUnwritten() const {
  return std::any_of(own().begin(), own().end(),
                     [](const auto& fold) { return fold->IsUnwritten(); });
}

absl::Status GroupFold::Of(size_t view, absl::Status status) {
  if (!status.ok()) failed_ = view;
  return status;
}

}  // namespace kith::projections
