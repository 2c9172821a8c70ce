// The import job: one file of records that is imported: what it made, and how far it is. Its rules,
// its fold, and the commands of its own.
//
// Pure: see services/core/decider.h.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/import_jobs/v1/import_job.pb.h"
#include "kith/import_jobs/v1/import_job_events.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::import_jobs {

struct ImportJobState : ResourceState<v1::ImportJob> {};

struct ImportJobAggregate {
  using Resource = v1::ImportJob;
  using State = ImportJobState;
  using Event = v1::ImportJobEvent;
  static constexpr absl::string_view kCategory = "importJobs";
};

ImportJobState Evolve(ImportJobState state, const Recorded<v1::ImportJobEvent>& recorded);

const ResourceRules& Rules();

// By its name, claimed by what brings it into being and by what its rows become, it is known which
// job made something. Persisted inside the hashes of the log's tags.
inline constexpr absl::string_view kRowClaim = "importJobs.row";

// Whether the job takes rows: IMPORT_JOBS_ERROR_IMPORT_JOB_NOT_FOUND or
// IMPORT_JOBS_ERROR_NOT_RUNNING.
absl::Status CheckRunning(const ImportJobState& state, absl::string_view name);
// Whether what it made may be taken back: the same, or IMPORT_JOBS_ERROR_STILL_RUNNING.
absl::Status CheckRevertible(const ImportJobState& state, absl::string_view name);

Decision Decide(const ImportJobState& state, const v1::AdvanceImportJobRequest& command,
                const CommandContext& context);
Decision Decide(const ImportJobState& state, const v1::CompleteImportJobRequest& command,
                const CommandContext& context);
Decision Decide(const ImportJobState& state, const v1::ResumeImportJobRequest& command,
                const CommandContext& context);
Decision Decide(const ImportJobState& state, const v1::CancelImportJobRequest& command,
                const CommandContext& context);

}  // namespace kith::import_jobs
