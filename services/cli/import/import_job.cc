#include "services/cli/import/import_job.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "services/cli/import/import_plan.h"
#include "services/cli/text/server_error.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;
namespace v1 = import_jobs::v1;

constexpr int64_t kRowsToldAtOnce = 1'000;
constexpr int kColumnsToldMax = 20;
constexpr size_t kColumnBytesMax = 256;
constexpr size_t kReasonBytesMax = 64;
constexpr char kCollection[] = "import-jobs";

template <class Reply>
absl::StatusOr<Reply> CallFor(Session& session, absl::string_view verb, Message& request,
                              std::string* token = nullptr) {
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply,
                        session.Call(session.Require(kCollection, verb), request, token));
  const auto* const told = google::protobuf::DynamicCastToGenerated<Reply>(&*reply);
  KITH_CHECK(told != nullptr);
  return *told;
}

// Says nothing of what the row holds.
v1::ImportRejection RejectionOf(const Importer::Result& result) {
  v1::ImportRejection rejection;
  rejection.set_line(result.row->line);
  std::string reason = ReasonOf(result.status);
  if (reason.empty()) reason = "INVALID_ROW";
  rejection.set_reason(reason.substr(0, kReasonBytesMax));
  for (const std::string& column : ColumnsConcerned(result.status)) {
    if (rejection.columns_size() == kColumnsToldMax) break;
    if (column.size() <= kColumnBytesMax) rejection.add_columns(column);
  }
  return rejection;
}

template <class Request>
Request ProgressOf(const std::string& name, int64_t position, const v1::ImportCounts& counts,
                   std::vector<v1::ImportRejection>& rejections) {
  Request request;
  request.set_name(name);
  request.set_position(position);
  *request.mutable_counts() = counts;
  for (v1::ImportRejection& rejection : rejections) {
    *request.add_rejections() = std::move(rejection);
  }
  rejections.clear();
  return request;
}

}  // namespace

absl::StatusOr<v1::ImportPolicy> ParseImportPolicy(absl::string_view text) {
  if (text.empty()) return v1::IMPORT_POLICY_UNSPECIFIED;
  if (text == "create-only") return v1::CREATE_ONLY;
  if (text == "update-only") return v1::UPDATE_ONLY;
  if (text == "upsert") return v1::UPSERT;
  return absl::InvalidArgumentError(
      absl::StrCat("policy: \"", text, "\" is none of create-only, update-only and upsert"));
}

absl::StatusOr<v1::ImportMatchKey> ParseMatchKey(absl::string_view text) {
  if (text == "email") return v1::EMAIL_ADDRESS;
  if (text == "phone") return v1::PHONE_NUMBER;
  if (text == "external-id") return v1::EXTERNAL_ID;
  if (text == "domain") return v1::DOMAIN;
  if (text == "name") return v1::DEAL_NAME;
  return absl::InvalidArgumentError(
      absl::StrCat("match: \"", text, "\" is none of email, phone, external-id, domain and name"));
}

absl::StatusOr<v1::ImportJob> GetImportJob(Session& session, const std::string& name) {
  v1::GetImportJobRequest request;
  request.set_name(absl::StrContains(name, '/') ? name : absl::StrCat("importJobs/", name));
  return CallFor<v1::ImportJob>(session, "get", request);
}

absl::StatusOr<ImportJob> ImportJob::Begin(Session& session, const v1::ImportJob& job) {
  v1::CreateImportJobRequest request;
  *request.mutable_import_job() = job;
  std::string token;
  KITH_ASSIGN_OR_RETURN(v1::ImportJob begun,
                        CallFor<v1::ImportJob>(session, "create", request, &token));
  session.client().SetCause(std::move(token));
  return ImportJob(session, std::move(begun));
}

absl::StatusOr<ImportJob> ImportJob::Resume(Session& session, const std::string& name,
                                            const std::string& file_digest) {
  v1::ResumeImportJobRequest request;
  request.set_name(name);
  request.set_file_digest(file_digest);
  std::string token;
  KITH_ASSIGN_OR_RETURN(v1::ImportJob resumed,
                        CallFor<v1::ImportJob>(session, "resume", request, &token));
  ImportJob job(session, std::move(resumed));
  // The server says of a row that is matched what became of it, also when it is told again.
  if (!job.matches()) KITH_RETURN_IF_ERROR(job.ReadMade());
  session.client().SetCause(std::move(token));
  return job;
}

absl::Status ImportJob::ReadMade() {
  v1::ListImportJobChangesRequest request;
  request.set_name(name());
  request.set_page_size(1'000);
  do {
    KITH_ASSIGN_OR_RETURN(const auto page, CallFor<v1::ListImportJobChangesResponse>(
                                               session_, "list-import-job-changes", request));
    for (const v1::ImportJobChange& change : page.changes()) {
      if (change.created()) created_.insert(change.record());
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::Status ImportJob::Count(const Importer::Result& result) {
  ++position_;
  if (!result.status.ok()) {
    counts_.set_rejected(counts_.rejected() + 1);
    rejections_.push_back(RejectionOf(result));
  } else if (result.outcome == RowOutcome::kCreated || created_.erase(result.name) > 0) {
    counts_.set_created(counts_.created() + 1);
  } else if (result.outcome == RowOutcome::kUpdated) {
    counts_.set_updated(counts_.updated() + 1);
  } else {
    counts_.set_unchanged(counts_.unchanged() + 1);
  }
  return position_ % kRowsToldAtOnce == 0 ? Advance() : absl::OkStatus();
}

absl::Status ImportJob::Advance() {
  auto request = ProgressOf<v1::AdvanceImportJobRequest>(name(), position_, counts_, rejections_);
  return CallFor<v1::ImportJob>(session_, "advance", request).status();
}

absl::Status ImportJob::Complete() {
  auto request = ProgressOf<v1::CompleteImportJobRequest>(name(), position_, counts_, rejections_);
  return CallFor<v1::ImportJob>(session_, "complete", request).status();
}

}  // namespace kith::cli
