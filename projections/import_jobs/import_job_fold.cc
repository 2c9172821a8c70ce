#include "projections/import_jobs/import_job_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/import_jobs/v1/import_job_events.pb.h"

namespace kith::import_jobs {
namespace {

// `Event` is one that says how far the job is.
template <class Event>
void FoldProgress(const Event& event, v1::ImportJob& job) {
  job.set_position(event.position());
  job.set_created_count(event.counts().created());
  job.set_updated_count(event.counts().updated());
  job.set_unchanged_count(event.counts().unchanged());
  job.set_rejected_count(event.counts().rejected());
  for (const v1::ImportRejection& rejection : event.rejections()) {
    if (job.rejections_size() == kRejectionsToldMax) break;
    *job.add_rejections() = rejection;
  }
}

void FoldRevertBegun(const v1::ImportJobRevertBegun& begun, v1::ImportJob& job) {
  if (job.state() != v1::REVERTING) {
    job.clear_kept_count();
    job.clear_revert_time();
  }
  job.set_state(v1::REVERTING);
  job.set_reverts_by_itself(begun.by_itself());
  job.set_acts_for(begun.acts_for());
}

void FoldRevert(const Happening& happening, const v1::ImportJobRevertAdvanced& advanced,
                v1::ImportJob& job) {
  job.set_state(advanced.done() ? v1::REVERTED : v1::REVERTING);
  job.set_revert_sequence(advanced.revert_sequence());
  job.set_reverted_count(job.reverted_count() + advanced.reverted_count());
  job.set_kept_count(job.kept_count() + advanced.kept_size());
  if (!advanced.done()) return;
  job.clear_revert_sequence();
  job.clear_reverts_by_itself();
  job.clear_acts_for();
  *job.mutable_revert_time() = ToTimestamp(happening.occur_time);
}

}  // namespace

StandardEvent FoldImportJob(const Happening& happening, v1::ImportJob& job) {
  const StandardEvent kind = FoldStandardEvent(happening, job);
  const auto& event = static_cast<const v1::ImportJobEvent&>(happening.event);
  switch (event.event_case()) {
    case v1::ImportJobEvent::kImportJobAdvanced:
      FoldProgress(event.import_job_advanced(), job);
      break;
    case v1::ImportJobEvent::kImportJobCompleted:
      FoldProgress(event.import_job_completed(), job);
      job.set_state(v1::COMPLETED);
      *job.mutable_end_time() = ToTimestamp(happening.occur_time);
      break;
    case v1::ImportJobEvent::kImportJobResumed:
      job.set_state(v1::RUNNING);
      job.clear_end_time();
      break;
    case v1::ImportJobEvent::kImportJobCancelled:
      job.set_state(v1::CANCELLED);
      *job.mutable_end_time() = ToTimestamp(happening.occur_time);
      break;
    case v1::ImportJobEvent::kImportJobRevertBegun:
      FoldRevertBegun(event.import_job_revert_begun(), job);
      break;
    case v1::ImportJobEvent::kImportJobRevertAdvanced:
      FoldRevert(happening, event.import_job_revert_advanced(), job);
      break;
    case v1::ImportJobEvent::kImportJobCreated:
    case v1::ImportJobEvent::kImportJobUpdated:
    case v1::ImportJobEvent::kImportJobDeleted:
    case v1::ImportJobEvent::kImportJobUndeleted:
    case v1::ImportJobEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

}  // namespace kith::import_jobs
