#include "projections/import_jobs/import_job_changes.h"

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
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

// Null where it is of another record.
const v1::ImportJobEvent* EventOfJob(const eventstore::RecordedEvent& event) {
  if (eventstore::CategoryOf(event.header().stream) != kCategory) return nullptr;
  return static_cast<const v1::ImportJobEvent*>(event.event.get());
}

// Whether rows have the event of a job as their cause. What is taken back has others.
bool IsCause(const v1::ImportJobEvent& event) {
  return event.has_import_job_created() || event.has_import_job_resumed();
}

// What it made has a tag that says of which job it is.
bool IsRow(const EventHeader& header) {
  return header.request.method == "kith.import_jobs.v1.ImportJobsService/ImportRecord";
}

std::string TextOf(const eventstore::Tag& tag) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(tag.data()), tag.size()));
}

void SetCause(const EventHeader& header, std::string of, ViewBatch& batch) {
  v1::ImportJobCause cause;
  cause.set_position(std::move(of));
  cause.set_import_job(header.stream);
  Causes().Set(batch, header.workspace, cause);
}

// Of the job that made the event; nullopt where none did.
absl::StatusOr<std::optional<v1::ImportJobCause>> FindCause(const EventHeader& header,
                                                            ViewBatch& batch) {
  const bool has_cause = header.causation != Position();
  if (has_cause) {
    KITH_ASSIGN_OR_RETURN(
        auto cause, Causes().Get(batch, header.workspace, absl::StrCat(header.causation.value())));
    if (cause.has_value()) return cause;
  }
  if (!IsRow(header)) return std::nullopt;
  for (const eventstore::Tag& tag : header.tags) {
    KITH_ASSIGN_OR_RETURN(auto cause, Causes().Get(batch, header.workspace, TextOf(tag)));
    if (cause.has_value()) return cause;
  }
  return std::nullopt;
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
    change.set_request_id(header.request.id);
  }
  change.set_last_revision(static_cast<int64_t>(header.revision.value()));
  change.set_event_count(change.event_count() + 1);
  return ImportJobChanges::Changes().Put(batch, header.workspace, change);
}

// Notes what became of the record; `kept` is null where it was taken back.
absl::Status NoteReverted(const EventHeader& header, absl::string_view record,
                          const google::rpc::Status* kept, ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(
      std::optional<v1::ImportJobChange> change,
      ImportJobChanges::Changes().Get(batch, header.workspace, KeyOf(header.stream, record)));
  if (!change.has_value()) return absl::OkStatus();
  change->set_reverted(kept == nullptr);
  if (kept == nullptr) {
    change->clear_kept();
  } else {
    *change->mutable_kept() = *kept;
  }
  return ImportJobChanges::Changes().Put(batch, header.workspace, *change);
}

absl::Status FollowRevert(const EventHeader& header, const v1::ImportJobRevertAdvanced& advanced,
                          ViewBatch& batch) {
  for (const std::string& record : advanced.reverted()) {
    KITH_RETURN_IF_ERROR(NoteReverted(header, record, nullptr, batch));
  }
  for (const v1::KeptRecord& kept : advanced.kept()) {
    KITH_RETURN_IF_ERROR(NoteReverted(header, kept.record(), &kept.status(), batch));
  }
  return absl::OkStatus();
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
  const v1::ImportJobEvent* const of_job = EventOfJob(event);
  if (of_job == nullptr) return event.header().causation != Position() || IsRow(event.header());
  return IsCause(*of_job) || of_job->has_import_job_revert_advanced();
}

absl::Status ImportJobChanges::Apply(const eventstore::RecordedEvent& event,
                                     ViewBatch& batch) const {
  const EventHeader& header = event.header();
  if (const v1::ImportJobEvent* const of_job = EventOfJob(event)) {
    if (!IsCause(*of_job)) return FollowRevert(header, of_job->import_job_revert_advanced(), batch);
    SetCause(header, absl::StrCat(header.position.value()), batch);
    if (!of_job->has_import_job_created()) return absl::OkStatus();
    for (const eventstore::Tag& tag : header.tags) SetCause(header, TextOf(tag), batch);
    return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(const std::optional<v1::ImportJobCause> cause, FindCause(header, batch));
  if (!cause.has_value()) return absl::OkStatus();
  return AddChange(header, cause->import_job(), batch);
}

std::string ChangesToRevert(absl::string_view import_job, int64_t sequence) {
  std::string filter = absl::StrCat("import_job = \"", import_job, "\" reverted = false");
  if (sequence > 0) absl::StrAppend(&filter, " sequence < ", sequence);
  return filter;
}

absl::StatusOr<std::vector<v1::ImportJobChange>> ReadChangesBefore(
    const projections::ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view import_job,
    int64_t sequence, int limit) {
  const std::string filter = ChangesToRevert(import_job, sequence);
  KITH_ASSIGN_OR_RETURN(auto page,
                        ImportJobChanges::Changes().List(
                            snapshot, workspace,
                            {.filter = filter, .order_by = "sequence desc", .page_size = limit}));
  return std::move(page.rows);
}

absl::StatusOr<std::optional<v1::ImportJobChange>> ReadChange(
    const projections::ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view import_job,
    absl::string_view record) {
  return ImportJobChanges::Changes().Get(snapshot, workspace, KeyOf(import_job, record),
                                         eventstore::ReadTier::kDisk);
}

}  // namespace kith::import_jobs
