#include "projections/engine/group_fold.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

// Events that the base is ahead of the others while both are folded at once.
constexpr size_t kEventsAhead = 16;

}  // namespace

GroupFold::GroupFold(std::vector<std::unique_ptr<ViewFold>> views, bool base_reads_only)
    : views_(std::move(views)), base_reads_only_(base_reads_only) {}

absl::Status GroupFold::Fold(const FedEvent& fed) {
  const Position position = fed.record->header.position;
  bool tell = false;
  for (size_t i = 1; i < views_.size(); ++i) tell = tell || views_[i]->folded() < position;
  KITH_RETURN_IF_ERROR(Of(0, views_[0]->Fold(fed, tell)));
  for (size_t i = 1; i < views_.size(); ++i) {
    KITH_RETURN_IF_ERROR(Of(i, views_[i]->FoldOver(fed, *views_[0], views_[0]->told())));
  }
  return absl::OkStatus();
}

absl::Status GroupFold::FoldAll(absl::Span<const FedEvent> events, FoldCrew& crew) {
  if (views_.size() == 1) {
    for (const FedEvent& fed : events) KITH_RETURN_IF_ERROR(Fold(fed));
    return absl::OkStatus();
  }
  // An event is told to whoever does not have it. None of them is asked again: others fold it.
  Position lowest = views_[1]->folded();
  for (size_t i = 2; i < views_.size(); ++i) lowest = std::min(lowest, views_[i]->folded());
  std::vector<absl::Status> statuses(views_.size());
  absl::Span<const FedEvent> before;  // what only the base has
  Told told_before;
  while (!events.empty() || !before.empty()) {
    const auto take_before = [&](size_t item) {
      const size_t view = item + 1;
      for (size_t i = 0; i < before.size() && statuses[view].ok(); ++i) {
        statuses[view] = views_[view]->FoldOver(before[i], *views_[0], told_before[i]);
      }
    };
    crew.Begin(before.empty() ? 0 : views_.size() - 1, take_before);
    const auto piece = events.subspan(0, kEventsAhead);
    events.remove_prefix(piece.size());
    Told told;
    statuses[0] = FoldBase(piece, lowest, &told);
    crew.End();
    KITH_RETURN_IF_ERROR(FirstError(statuses));
    before = piece;
    told_before = std::move(told);
  }
  return absl::OkStatus();
}

absl::Status GroupFold::FoldBase(absl::Span<const FedEvent> events, Position told_before,
                                 Told* told) {
  told->reserve(events.size());
  for (const FedEvent& fed : events) {
    KITH_RETURN_IF_ERROR(views_[0]->Fold(fed, told_before < fed.record->header.position));
    told->push_back(views_[0]->TakeTold());
  }
  return absl::OkStatus();
}

absl::Status GroupFold::WriteAll(FoldCrew& crew) {
  std::vector<absl::Status> statuses(views_.size());
  const size_t first = base_reads_only_ ? 1 : 0;
  const auto write = [&](size_t item) {
    ViewFold& fold = *views_[first + item];
    if (fold.has_changes()) statuses[first + item] = fold.Write(/*with_checkpoint=*/false);
  };
  crew.Begin(views_.size() - first, write);
  crew.End();
  return FirstError(statuses);
}

absl::Status GroupFold::FirstError(absl::Span<const absl::Status> statuses) {
  for (size_t i = 0; i < statuses.size(); ++i) KITH_RETURN_IF_ERROR(Of(i, statuses[i]));
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
