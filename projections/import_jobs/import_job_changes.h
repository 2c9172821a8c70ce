// ImportJobChanges: what each import job made of which records, and what became of that when it was
// taken back.
//
// What a row of an import changes has the event by which its job came into being, or was resumed,
// as its cause. So events of every resource are looked at, and those without a cause cost nothing.
// What ImportRecord made for a caller who said no cause has a tag of the job's first event.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "kith/import_jobs/v1/import_job_change.pb.h"
#include "projections/engine/projection.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/table.h"

namespace kith::import_jobs {

class ImportJobChanges final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "import_job_changes";

  // By import_job and sequence.
  static const projections::Table<v1::ImportJobChange>& Changes();

  // `categories` answers all that the server has, once they are registered.
  explicit ImportJobChanges(std::function<std::vector<std::string>()> categories)
      : categories_(std::move(categories)) {}

  absl::string_view name() const override { return kName; }
  int version() const override { return 3; }
  std::vector<std::string> categories() const override { return categories_(); }
  bool Takes(const eventstore::RecordedEvent& event) const override;
  bool reads_personal() const override { return false; }
  bool has_indexes() const override { return true; }
  uint8_t told_table() const override { return Changes().core().declaration().number; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;

 private:
  const std::function<std::vector<std::string>()> categories_;
};

// The filter of what the job made of records and was not taken back: of those whose first event
// came before `sequence`, 0 for all.
std::string ChangesToRevert(absl::string_view import_job, int64_t sequence);

// These, the last first, and at most `limit`. Touches the disk: not on a gRPC thread.
absl::StatusOr<std::vector<v1::ImportJobChange>> ReadChangesBefore(
    const projections::ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view import_job,
    int64_t sequence, int limit);

// What the job made of the record; nothing where it made nothing. The same.
absl::StatusOr<std::optional<v1::ImportJobChange>> ReadChange(
    const projections::ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view import_job,
    absl::string_view record);

}  // namespace kith::import_jobs
