#include "projections/store/rocks_index_build.h"

#include "eventstore/base/status_macros.h"
#include "projections/store/index_keys.h"

namespace kith::projections {

absl::StatusOr<bool> RocksIndexBuild::FinishSome(Position checkpoint, size_t entries_max) {
  OpenDatabase& database = family_->database();
  const ReadGate::Pass pass(database.gate);
  if (!pass) return ClosedError();
  if (live_ == nullptr) {
    live_ = std::make_unique<TableFiles>(database, family_->handle());
    closed_ = std::make_unique<TableFiles>(database, family_->handle());
    KITH_RETURN_IF_ERROR(live_->Put(SliceOf(kIndexCheckpointKey), FromValue(checkpoint)));
  }
  for (size_t i = 0; i < entries_max; ++i) {
    KITH_ASSIGN_OR_RETURN(const bool more, sorter_.Next());
    if (more) {
      KITH_RETURN_IF_ERROR(PutEntry());
      continue;
    }
    KITH_RETURN_IF_ERROR(live_->End());
    KITH_RETURN_IF_ERROR(closed_->End());
    KITH_RETURN_IF_ERROR(TableFiles::TakeIn({live_.get(), closed_.get()}));
    return true;
  }
  return false;
}

absl::Status RocksIndexBuild::PutEntry() {
  const absl::string_view key = sorter_.key();
  const std::vector<Position>& moments = sorter_.moments();
  if (KindOf(key) == IndexKind::kVersioned) {
    for (size_t i = 0; i + 1 < moments.size(); i += 2) {
      KITH_RETURN_IF_ERROR(
          closed_->Put(ClosedKey(EntryOf(key), moments[i + 1]), FromValue(moments[i])));
    }
  }
  if (moments.size() % 2 == 0) return absl::OkStatus();
  return live_->Put(SliceOf(key), FromValue(moments.back()));
}

}  // namespace kith::projections
