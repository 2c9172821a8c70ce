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
  KITH_ASSIGN_OR_RETURN(progress.stale, StaleEntities::Read(*families.rows));
  return progress;
}

ViewFold::ViewFold(const Projection& projection, uint64_t bit, const ViewFamilies& families,
                   const ViewProgress& progress, StaleEntities& stale)
    : projection_(projection),
      bit_(bit),
      families_(families),
      stale_(stale),
      batch_(families, progress.checkpoints),
      folded_(progress.folded()),
      checkpoint_(folded_),
      has_normal_forms_(!progress.normal_forms.empty()) {}

absl::Status ViewFold::Fold(const FedEvent& fed) {
  const eventstore::EventHeader& header = fed.record->header;
  if (header.position <= folded_) return absl::OkStatus();
  if ((fed.takers & bit_) != 0 && !stale_.Contains(header)) {
    if (!IsOfTheEvent(fed)) return fed.undecoded;
    const absl::Status applied = Apply(fed);
    KITH_RETURN_IF_ERROR(batch_.read_error());  // the disk's fault, not the event's
    if (!applied.ok()) MarkStale(header, applied);
  }
  folded_ = header.position;
  return absl::OkStatus();
}

absl::Status ViewFold::Apply(const FedEvent& fed) {
  if (fed.event == nullptr) return fed.undecoded;
  batch_.Begin(fed.record->header.position);
  absl::Status applied = projection_.Apply(*fed.event, batch_);
  if (applied.ok()) {
    batch_.Keep();
  } else {
    batch_.Discard();
  }
  return applied;
}

void ViewFold::MarkStale(const eventstore::EventHeader& header, const absl::Status& error) {
  const StaleEntity entity{header.workspace, header.stream, header.position, error.ToString()};
  stale_.Add(entity, batch_.kept());
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
  if (!has_normal_forms_) batch_.kept().PutUnversioned(kNormalFormsKey, NormalFormsVersion());
  KITH_RETURN_IF_ERROR(batch_.Write(folded_, with_checkpoint));
  has_normal_forms_ = true;
  checkpoint_ = folded_;
  return absl::OkStatus();
}

absl::Status ViewFold::FlushFamilies(bool wait) {
  KITH_RETURN_IF_ERROR(families_.rows->Flush(wait));
  return families_.index == nullptr ? absl::OkStatus() : families_.index->Flush(wait);
}

}  // namespace kith::projections
