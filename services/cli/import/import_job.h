// ImportJob: what the server remembers of an import while it runs: how far it is, what became of
// its rows, and so what made which record.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kith/import_jobs/v1/import_job.pb.h"
#include "services/cli/calls/session.h"
#include "services/cli/import/importer.h"

namespace kith::cli {

// "create-only", "update-only" or "upsert"; empty: what the server takes then.
absl::StatusOr<import_jobs::v1::ImportPolicy> ParseImportPolicy(absl::string_view text);
// "email", "phone", "external-id" or "domain".
absl::StatusOr<import_jobs::v1::ImportMatchKey> ParseMatchKey(absl::string_view text);

// The job of that name, "importJobs/01J…" or "01J…".
absl::StatusOr<import_jobs::v1::ImportJob> GetImportJob(Session& session, const std::string& name);

// One thread. Borrows the session, whose client sends its event as the cause of all that follows.
class ImportJob {
 public:
  // A job comes into being; `job` is as CreateImportJob takes it.
  static absl::StatusOr<ImportJob> Begin(Session& session, const import_jobs::v1::ImportJob& job);
  // A job goes on, with the file of that digest.
  static absl::StatusOr<ImportJob> Resume(Session& session, const std::string& name,
                                          const std::string& file_digest);

  const std::string& name() const { return job_.name(); }
  // As it was when it began, or was resumed.
  const import_jobs::v1::ImportJob& job() const { return job_; }
  // Rows that were looked at, and what became of them.
  int64_t position() const { return position_; }
  const import_jobs::v1::ImportCounts& counts() const { return counts_; }
  bool matches() const { return !job_.match_keys().empty(); }

  // Takes in what became of the next row, and tells the server at every thousandth. `outcome` of a
  // row that this job made before it was interrupted is what it was then.
  absl::Status Count(const Importer::Result& result);
  // Tells the server how far it is.
  absl::Status Advance();
  // That there are no further rows.
  absl::Status Complete();

 private:
  ImportJob(Session& session, import_jobs::v1::ImportJob job)
      : session_(session), job_(std::move(job)), position_(job_.position()) {
    counts_.set_created(job_.created_count());
    counts_.set_updated(job_.updated_count());
    counts_.set_unchanged(job_.unchanged_count());
    counts_.set_rejected(job_.rejected_count());
  }

  // Reads what the job made so far.
  absl::Status ReadMade();

  Session& session_;
  import_jobs::v1::ImportJob job_;
  int64_t position_;
  import_jobs::v1::ImportCounts counts_;
  std::vector<import_jobs::v1::ImportRejection> rejections_;  // that were not told yet
  std::unordered_set<std::string> created_;  // of a resumed job, records whose rows may come again
};

}  // namespace kith::cli
