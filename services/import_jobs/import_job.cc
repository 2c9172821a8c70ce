#include "services/import_jobs/import_job.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/import_jobs/v1/import_jobs_errors.pb.h"
#include "projections/import_jobs/import_job_fold.h"
#include "services/core/reject.h"

namespace kith::import_jobs {
namespace {

void CompleteFields(const v1::ImportJob&, const Settings&, v1::ImportJob& after) {
  if (after.state() == v1::IMPORT_STATE_UNSPECIFIED) after.set_state(v1::RUNNING);
  if (after.policy() == v1::IMPORT_POLICY_UNSPECIFIED) after.set_policy(v1::CREATE_ONLY);
}

bool CanMatch(v1::ImportMatchKey key, absl::string_view collection) {
  switch (key) {
    case v1::EXTERNAL_ID:
      return collection == "contacts" || collection == "companies" || collection == "leads" ||
             collection == "deals";
    case v1::EMAIL_ADDRESS:
      return collection == "contacts" || collection == "leads";
    case v1::PHONE_NUMBER:
      return collection == "contacts";
    case v1::DOMAIN:
      return collection == "companies";
    case v1::DEAL_NAME:
      return collection == "deals";
    default:
      return false;
  }
}

absl::Status CheckFields(const v1::ImportJob& job) {
  google::rpc::BadRequest violations;
  for (int i = 0; i < job.match_keys_size(); ++i) {
    if (CanMatch(job.match_keys(i), job.collection())) continue;
    AddViolation(absl::StrCat("import_job.match_keys[", i, "]"),
                 absl::StrCat("is nothing that ", job.collection(), " are matched by"), violations);
  }
  AddRepeats("import_job.match_keys", job.match_keys(), violations);
  if (job.match_keys().empty() && job.policy() != v1::CREATE_ONLY) {
    AddViolation("import_job.policy", "must be CREATE_ONLY of a job without match_keys",
                 violations);
  }
  return RejectFields(violations);
}

int64_t TotalOf(const v1::ImportCounts& counts) {
  return counts.created() + counts.updated() + counts.unchanged() + counts.rejected();
}

absl::Status CheckThere(const ImportJobState& state, absl::string_view name) {
  return state.lifecycle == Lifecycle::kActive ? absl::OkStatus() : ResourceNotFound(Rules(), name);
}

absl::Status NotRunning(const v1::ImportJob& job) {
  return RejectState(v1::IMPORT_JOBS_ERROR_NOT_RUNNING,
                     absl::StrCat("The import job takes no rows: it is ",
                                  absl::AsciiStrToLower(v1::ImportState_Name(job.state())), "."),
                     job.name(), {{"state", v1::ImportState_Name(job.state())}});
}

// Command is one that says how far the job is.
template <class Command>
absl::Status CheckProgress(const v1::ImportJob& job, const Command& command) {
  if (job.row_count() > 0 && command.position() > job.row_count()) {
    return RejectField("position", absl::StrCat("must be at most ", job.row_count(),
                                                ": the file has no more rows"));
  }
  if (TotalOf(command.counts()) == command.position()) return absl::OkStatus();
  return RejectField("counts", "must be as many rows together as the position says");
}

// Event is what such a command becomes.
template <class Command, class Event>
void WriteProgress(const Command& command, Event& event) {
  event.set_name(command.name());
  event.set_position(command.position());
  *event.mutable_counts() = command.counts();
  *event.mutable_rejections() = command.rejections();
}

// Had by a job while what it made is being taken back, which ends with a job that is deleted.
constexpr absl::string_view kRevertingClaim = "importJobs.reverting";

std::vector<std::string> RevertingKeys(const v1::ImportJob& job) {
  if (job.state() != v1::REVERTING) return {};
  return {job.name()};
}

std::vector<std::string> RowKeys(const v1::ImportJob& job) { return {job.name()}; }

absl::Status IsReverting(absl::string_view name) {
  return RejectState(v1::IMPORT_JOBS_ERROR_STILL_RUNNING,
                     "What the import job made is being taken back: delete it once it is reverted.",
                     name);
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<ImportJobAggregate>()
                             .NotFound(v1::IMPORT_JOBS_ERROR_IMPORT_JOB_NOT_FOUND)
                             .LinkNotFound(v1::IMPORT_JOBS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Complete(CompleteFields)
                             .Check(CheckFields)
                             .KeptClaim(kRevertingClaim, RevertingKeys, IsReverting)
                             .Claim(kRowClaim, RowKeys)
                             .FoldedBy<FoldImportJob>()
                             .Build());
  return rules;
}

ImportJobState Evolve(ImportJobState state, const Recorded<v1::ImportJobEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldImportJob);
  return state;
}

absl::Status CheckRunning(const ImportJobState& state, absl::string_view name) {
  KITH_RETURN_IF_ERROR(CheckThere(state, name));
  return state.resource.state() == v1::RUNNING ? absl::OkStatus() : NotRunning(state.resource);
}

absl::Status CheckRevertible(const ImportJobState& state, absl::string_view name) {
  KITH_RETURN_IF_ERROR(CheckThere(state, name));
  if (state.resource.state() != v1::RUNNING) return absl::OkStatus();
  return RejectState(v1::IMPORT_JOBS_ERROR_STILL_RUNNING,
                     "The import job still runs: complete or cancel it first.", name);
}

Decision Decide(const ImportJobState& state, const v1::AdvanceImportJobRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckRunning(state, command.name()));
  KITH_RETURN_IF_ERROR(CheckProgress(state.resource, command));
  if (command.position() <= state.resource.position()) return NoChange();
  v1::ImportJobEvent event;
  WriteProgress(command, *event.mutable_import_job_advanced());
  return Changes().Append(command.name(), std::move(event));
}

Decision Decide(const ImportJobState& state, const v1::CompleteImportJobRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckThere(state, command.name()));
  KITH_RETURN_IF_ERROR(CheckProgress(state.resource, command));
  const bool is_so =
      state.resource.state() == v1::COMPLETED && state.resource.position() == command.position();
  if (is_so) return NoChange();
  KITH_RETURN_IF_ERROR(CheckRunning(state, command.name()));
  if (command.position() < state.resource.position()) {
    return RejectField("position", "must not be before what was said already");
  }
  v1::ImportJobEvent event;
  WriteProgress(command, *event.mutable_import_job_completed());
  return Changes().Append(command.name(), std::move(event));
}

Decision Decide(const ImportJobState& state, const v1::ResumeImportJobRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckThere(state, command.name()));
  const v1::ImportJob& job = state.resource;
  if (job.state() != v1::RUNNING && job.state() != v1::CANCELLED) return NotRunning(job);
  if (job.file_digest() != command.file_digest()) {
    return RejectState(v1::IMPORT_JOBS_ERROR_FILE_DIFFERS,
                       "The file is not the one that the import job is of, or it changed since.",
                       command.name());
  }
  v1::ImportJobEvent event;
  event.mutable_import_job_resumed()->set_name(command.name());
  return Changes().Append(command.name(), std::move(event));
}

Decision Decide(const ImportJobState& state, const v1::CancelImportJobRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckThere(state, command.name()));
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), state.resource.etag()));
  if (state.resource.state() == v1::CANCELLED) return NoChange();
  KITH_RETURN_IF_ERROR(CheckRunning(state, command.name()));
  v1::ImportJobEvent event;
  event.mutable_import_job_cancelled()->set_name(command.name());
  return Changes().Append(command.name(), std::move(event));
}

}  // namespace kith::import_jobs
