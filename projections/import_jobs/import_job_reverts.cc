#include "projections/import_jobs/import_job_reverts.h"

#include "kith/import_jobs/v1/import_job_events.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "projections/import_jobs/import_job_changes.h"

namespace kith::import_jobs {
namespace {

// Event is one that has a further part of the job taken back.
template <class Event>
absl::Status GoOn(const Event& event, projections::Reactions& reactions) {
  if (!event.by_itself()) return absl::OkStatus();
  v1::RevertImportJobRequest request;
  request.set_name(event.name());
  // However many parts it has, it is one revert.
  return reactions.Add({&request}, {.on_behalf_of = event.acts_for(), .continues = true});
}

// Null where it is none that has anything taken back.
const v1::ImportJobEvent* RevertEventOf(const eventstore::RecordedEvent& recorded) {
  if (eventstore::CategoryOf(recorded.header().stream) != "importJobs") return nullptr;
  const auto& event = static_cast<const v1::ImportJobEvent&>(*recorded.event);
  const bool is_one = event.has_import_job_revert_begun() || event.has_import_job_revert_advanced();
  return is_one ? &event : nullptr;
}

}  // namespace

std::string ImportJobReverts::base() const { return std::string(ImportJobChanges::kName); }

bool ImportJobReverts::Concerns(const eventstore::RecordedEvent& recorded) const {
  return RevertEventOf(recorded) != nullptr;
}

absl::Status ImportJobReverts::React(const eventstore::RecordedEvent& recorded,
                                     projections::ViewBatch&,
                                     projections::Reactions& reactions) const {
  const v1::ImportJobEvent* const event = RevertEventOf(recorded);
  if (event == nullptr) return absl::OkStatus();
  if (event->has_import_job_revert_begun()) {
    return GoOn(event->import_job_revert_begun(), reactions);
  }
  const v1::ImportJobRevertAdvanced& advanced = event->import_job_revert_advanced();
  return advanced.done() ? absl::OkStatus() : GoOn(advanced, reactions);
}

}  // namespace kith::import_jobs
