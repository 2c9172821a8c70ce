// ViewBatch: the rows of one view as its projection sees and changes them while it folds an event.
//
// Reads see every earlier event, and what this event wrote already. Writes carry the event's
// position, so the view can be read as of any position afterwards. Most projections use a
// Table<Row> instead of the bytes here. Made and owned by the view's worker, used on its thread
// only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "projections/tables/versioned_store.h"

namespace kith::projections {

class ViewBatch {
 public:
  // Borrows the family, which outlives it.
  explicit ViewBatch(VersionedFamily& family);
  ViewBatch(const ViewBatch&) = delete;
  ViewBatch& operator=(const ViewBatch&) = delete;

  // The position of the event that is being folded.
  Position position() const { return position_; }

  // Keys are not empty and do not begin with a zero byte, which is kept for the engine.
  absl::StatusOr<std::optional<std::string>> Get(absl::string_view key);
  void Put(absl::string_view key, absl::string_view value);
  void Delete(absl::string_view key);

  // --- For the worker ---
  // Begins the event at `position`, above every earlier one. Then either Keep its writes or Discard
  // them.
  void Begin(Position position);
  void Keep();
  void Discard();
  // The first error of reading the store since the last Write; an event that met one proves nothing
  // about its stream.
  const absl::Status& read_error() const { return read_error_; }
  // Everything kept since the last Write, to add the checkpoint to.
  VersionedBatch& kept() { return *kept_; }
  // Writes what was kept, atomically, and begins anew.
  absl::Status Write();

 private:
  // The value a key has now; nullopt when it is deleted.
  using Overlay = absl::flat_hash_map<std::string, std::optional<std::string>>;

  VersionedFamily& family_;
  std::unique_ptr<VersionedBatch> kept_;
  Overlay event_;    // what the present event wrote
  Overlay earlier_;  // what the events kept before it wrote, not yet in the store
  Position position_;
  absl::Status read_error_;
};

}  // namespace kith::projections
