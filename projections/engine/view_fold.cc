#include "projections/engine/view_fold.h"

#include <string>
#include <utility>

#include "eventstore/base/bytes.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

// Persisted.
constexpr absl::string_view kCheckpointKey("\0c", 2);
constexpr absl::string_view kNormalFormsKey("\0n", 2);
constexpr absl::string_view kBaseKey("\0b", 2);

// Rows remembered of a view that others are based on, of one that is based on it, whose sums are
// asked for with each of its events, and of another.
constexpr size_t kBaseRecentBytes = 16 << 20;
constexpr size_t kBasedRecentBytes = 16 << 20;
constexpr size_t kRecentBytes = 1 << 20;

size_t RecentBytes(const FoldedView& view) {
  if (view.is_base) return kBaseRecentBytes;
  return view.base.empty() ? kRecentBytes : kBasedRecentBytes;
}

// What cannot be decoded because a disk failed says nothing about the event.
bool IsOfTheEvent(const FedEvent& fed) {
  return fed.event != nullptr || absl::IsDataLoss(fed.undecoded);
}

}  // namespace

absl::StatusOr<ViewProgress> ReadProgress(const ViewFamilies& families) {
  ViewProgress progress;
  KITH_ASSIGN_OR_RETURN(const auto checkpoint, families.rows->Get(kCheckpointKey, Position(0),
                                                                  eventstore::ReadTier::kDisk));
  if (checkpoint.has_value()) {
    ByteReader reader(*checkpoint);
    uint64_t position = 0;
    if (!reader.ReadVarint(&position)) return absl::DataLossError("a checkpoint does not parse");
    progress.checkpoints.rows = Position(position);
  }
  progress.checkpoints.index = progress.checkpoints.rows;
  if (families.index != nullptr) {
    KITH_ASSIGN_OR_RETURN(progress.checkpoints.index, families.index->Checkpoint());
  }
  KITH_ASSIGN_OR_RETURN(const auto normal_forms, families.rows->Get(kNormalFormsKey, Position(0),
                                                                    eventstore::ReadTier::kDisk));
  progress.normal_forms = normal_forms.value_or("");
  KITH_ASSIGN_OR_RETURN(const auto base,
                        families.rows->Get(kBaseKey, Position(0), eventstore::ReadTier::kDisk));
  progress.base = base.value_or("");
  KITH_ASSIGN_OR_RETURN(progress.stale, StaleEntities::Read(*families.rows));
  return progress;
}

ViewFold::ViewFold(FoldedView view, const ViewProgress& progress)
    : view_(std::move(view)),
      batch_(view_.families, progress.checkpoints, RecentBytes(view_),
             view_.is_base ? view_.projection.told_table() : 0),
      folded_(progress.folded()),
      checkpoint_(folded_),
      is_new_(progress.normal_forms.empty()) {
  const bool begins = progress.checkpoints.index == Position();
  if (view_.memory != nullptr && view_.families.index != nullptr && begins) batch_.BuildIndex();
}

absl::Status ViewFold::Fold(const FedEvent& fed, bool tell) {
  const eventstore::EventHeader& header = fed.record->header;
  batch_.ForgetTold();
  if (header.position <= folded_ && !tell) return absl::OkStatus();
  if (fed.takers.Contains(view_.number) && !view_.stale.Contains(header)) {
    KITH_RETURN_IF_ERROR(Apply(fed, {}));
  }
  MoveTo(header.position);
  return absl::OkStatus();
}

absl::Status ViewFold::FoldOver(const FedEvent& fed, const ViewFold& base,
                                absl::Span<const RowChange> changes) {
  const eventstore::EventHeader& header = fed.record->header;
  if (header.position <= folded_) return absl::OkStatus();
  const bool takes = fed.takers.Contains(view_.number);
  if ((takes || fed.takers.Contains(base.view_.number)) && !view_.stale.Contains(header)) {
    // What became of the base's rows is not known any more.
    if (const auto error = base.view_.stale.ErrorOf(header); error.has_value()) {
      MarkStale(header, *error);
    } else if (takes || !changes.empty()) {
      KITH_RETURN_IF_ERROR(Apply(fed, changes));
    }
  }
  MoveTo(header.position);
  return absl::OkStatus();
}

absl::Status ViewFold::Apply(const FedEvent& fed, absl::Span<const RowChange> changes) {
  if (!IsOfTheEvent(fed)) return fed.undecoded;
  absl::Status applied = fed.undecoded;
  if (fed.event != nullptr) {
    batch_.Begin(fed.record->header.position, changes);
    applied = view_.projection.Apply(*fed.event, batch_);
    if (applied.ok()) {
      batch_.Keep();
      NoteGathered(batch_.kept_bytes());
    } else {
      batch_.Discard();
    }
    KITH_RETURN_IF_ERROR(batch_.read_error());  // the disk's fault, not the event's
  }
  if (!applied.ok()) MarkStale(fed.record->header, applied.ToString());
  return absl::OkStatus();
}

void ViewFold::MarkStale(const eventstore::EventHeader& header, std::string error) {
  const StaleEntity entity{header.workspace, header.stream, header.position, std::move(error)};
  view_.stale.Add(entity, batch_.kept());
  if (on_stale_) on_stale_(entity);
}

bool ViewFold::IsUnwritten() const {
  return folded_ != checkpoint_ || batch_.checkpoints().index < folded_;
}

absl::Status ViewFold::Write(bool with_checkpoint) {
  // Rows that are ahead, while entries are folded again, stay so.
  const Position rows = std::max(folded_, batch_.checkpoints().rows);
  std::string checkpoint;
  AppendVarint(rows.value(), &checkpoint);
  batch_.kept().PutUnversioned(kCheckpointKey, checkpoint);
  if (is_new_) {
    batch_.kept().PutUnversioned(kNormalFormsKey, NormalFormsVersion());
    if (!view_.base.empty()) batch_.kept().PutUnversioned(kBaseKey, view_.base);
  }
  KITH_RETURN_IF_ERROR(batch_.Write(folded_, with_checkpoint));
  NoteGathered(batch_.kept_bytes());
  is_new_ = false;
  checkpoint_ = folded_;
  return absl::OkStatus();
}

absl::StatusOr<bool> ViewFold::FinishSome() {
  // Its rows first: a piece is not more than its entries.
  if (!batch_.kept().empty()) KITH_RETURN_IF_ERROR(Write(/*with_checkpoint=*/false));
  KITH_ASSIGN_OR_RETURN(const bool done, batch_.FinishSome(folded_));
  NoteGathered(batch_.kept_bytes());
  return done;
}

absl::Status ViewFold::FlushFamilies(bool wait) {
  KITH_RETURN_IF_ERROR(view_.families.rows->Flush(wait));
  return view_.families.index == nullptr ? absl::OkStatus() : view_.families.index->Flush(wait);
}

}  // namespace kith::projections
