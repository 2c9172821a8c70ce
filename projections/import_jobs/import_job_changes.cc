#include "projections/import_jobs/import_job_changes.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/import_jobs/v1/import_job_events.pb.h"

namespace kith::import_jobs {
namespace {

using eventstore::EventHeader;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

constexpr absl::string_view kCategory = "importJobs";

const Table<v1::ImportJobCause>& Causes() {
  static const auto& table = *new Table<v1::ImportJobCause>(
      TableBuilder<v1::ImportJobCause>(2)
          .Key([](const v1::ImportJobCause& row) { return row.position(); })
          .Build());
  return table;
}

// Whether changes may have the event of a job as their cause.
bool IsCause(const eventstore::RecordedEvent& event) {
  if (eventstore::CategoryOf(event.header().stream) != kCategory) return false;
  const auto& happened = static_cast<const v1::ImportJobEvent&>(*event.event);
  return happened.has_import_job_created() || happened.has_import_job_resumed();
}

std::string KeyOf(absl::string_view import_job, absl::string_view record) {
  return absl::StrCat(import_job, " ", record);
}

absl::Status AddChange(const EventHeader& header, const std::string& import_job, ViewBatch& batch) {
  const std::string key = KeyOf(import_job, header.stream);
  KITH_ASSIGN_OR_RETURN(std::optional<v1::ImportJobChange> known,
                        ImportJobChanges::Changes().Get(batch, header.workspace, key));
  v1::ImportJobChange change;
  if (known.has_value()) {
    change = *std::move(known);
  } else {
    change.set_key(key);
    change.set_import_job(import_job);
    change.set_record(header.stream);
    change.set_sequence(static_cast<int64_t>(header.sequence.value()));
    change.set_first_revision(static_cast<int64_t>(header.revision.value()));
    change.set_created(header.revision == Revision(1));
  }
  change.set_last_revision(static_cast<int64_t>(header.revision.value()));
  change.set_event_count(change.event_count() + 1);
  return ImportJobChanges::Changes().Put(batch, header.workspace, change);
}

}  // namespace

const Table<v1::ImportJobChange>& ImportJobChanges::Changes() {
  static const auto& table = *new Table<v1::ImportJobChange>(
      TableBuilder<v1::ImportJobChange>(1)
          .Key([](const v1::ImportJobChange& row) { return row.key(); })
          .Field("import_job")
          .Field("sequence")
          .Index(1, {"import_job", "sequence"})
          .Build());
  return table;
}

bool ImportJobChanges::Takes(const eventstore::RecordedEvent& event) const {
  return event.header().causation != Position() || IsCause(event);
}

absl::Status ImportJobChanges::Apply(const eventstore::RecordedEvent& event,
                                     ViewBatch& batch) const {
  const EventHeader& header = event.header();
  if (IsCause(event)) {
    v1::ImportJobCause cause;
    cause.set_position(absl::StrCat(header.position.value()));
    cause.set_import_job(header.stream);
    Causes().Set(batch, header.workspace, cause);
    return absl::OkStatus();
  }
  // What a job itself says has no record.
  if (eventstore::CategoryOf(header.stream) == kCategory) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(
      const std::optional<v1::ImportJobCause> cause,
      Causes().Get(batch, header.workspace, absl::StrCat(header.causation.value())));
  if (!cause.has_value()) return absl::OkStatus();
  return AddChange(header, cause->import_job(), batch);
}

absl::StatusOr<std::vector<v1::ImportJobChange>> ReadChangesBefore(
    const projections::ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view import_job,
    int64_t sequence, int limit) {
  std::string filter = absl::StrCat("import_job = \"", import_job, "\"");
  if (sequence > 0) absl::StrAppend(&filter, " sequence < ", sequence);
  KITH_ASSIGN_OR_RETURN(auto page,
                        ImportJobChanges::Changes().List(
                            snapshot, workspace,
                            {.filter = filter, .order_by = "sequence desc", .page_size = limit}));
  return std::move(page.rows);
}

}  // namespace kith::import_jobs
