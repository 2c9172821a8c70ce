// `kith import`: rows of a table as calls of Kith, through the public API, and taking back what
// they made.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status_macros.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/short_links.h"
#include "services/cli/import/import_job.h"
#include "services/cli/import/import_mapping.h"
#include "services/cli/import/import_plan.h"
#include "services/cli/import/import_rejects.h"
#include "services/cli/import/importer.h"
#include "services/cli/import/lookups.h"
#include "services/cli/import/progress.h"
#include "services/cli/import/table_file.h"
#include "services/cli/import/taken_back.h"
#include "services/cli/text/server_error.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

namespace v1 = import_jobs::v1;

constexpr int kInFlight = 128;
constexpr int kInFlightMax = 4096;
// A longer mapping the job does not keep: who resumes it names the file.
constexpr size_t kMappingBytesMax = 64 << 10;
constexpr int kChangesAtOnce = 1'000;
// Between two looks at how far a revert is.
constexpr absl::Duration kRevertPause = absl::Milliseconds(100);

struct ImportOptions {
  std::string collection;  // empty where a job that goes on says it
  std::string csv;
  std::string mapping;  // a file; empty where the job says it
  std::string resume;   // the job that goes on; empty: none
  std::string revert;   // the job that is taken back; empty: none
  std::string policy;   // empty: the mapping's
  std::string match;    // the same
  std::string rejects;  // a file; none when empty
  int in_flight = kInFlight;
  bool dry_run = false;
};

absl::Status CheckOptions(const ImportOptions& options, size_t positional) {
  if (!options.revert.empty()) {
    const bool is_more = positional > 0 || !options.mapping.empty() || !options.resume.empty();
    return is_more ? absl::InvalidArgumentError("--revert takes the name of an import job alone")
                   : absl::OkStatus();
  }
  if (!options.resume.empty() && positional == 1) return absl::OkStatus();
  if (positional == 2 && (!options.mapping.empty() || !options.resume.empty())) {
    return absl::OkStatus();
  }
  if (positional == 2) {
    return absl::InvalidArgumentError(
        "--mapping is missing: a file that says which column is which field, as those in "
        "deploy/import");
  }
  return absl::InvalidArgumentError("say what: kith import deals --mapping FILE TABLE");
}

absl::StatusOr<ImportOptions> ParseOptions(const std::vector<std::string>& words) {
  KITH_ASSIGN_OR_RETURN(Arguments arguments, Arguments::Parse(words, [](absl::string_view name) {
                          return name == "dry_run";
                        }));
  ImportOptions options;
  options.mapping = arguments.Take("mapping").value_or("");
  options.resume = arguments.Take("resume").value_or("");
  options.revert = arguments.Take("revert").value_or("");
  options.policy = arguments.Take("policy").value_or("");
  options.match = arguments.Take("match").value_or("");
  options.rejects = arguments.Take("rejects").value_or("");
  options.dry_run = arguments.TakeSwitch("dry_run");
  if (const auto text = arguments.Take("in_flight"); text.has_value()) {
    if (!absl::SimpleAtoi(*text, &options.in_flight) || options.in_flight < 1 ||
        options.in_flight > kInFlightMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("--in-flight: a number from 1 to ", kInFlightMax, " is wanted"));
    }
  }
  KITH_RETURN_IF_ERROR(ExpectNothingLeft(arguments, 2));
  const std::vector<std::string>& positional = arguments.positional();
  KITH_RETURN_IF_ERROR(CheckOptions(options, positional.size()));
  if (positional.size() == 2) options.collection = positional[0];
  if (!positional.empty()) options.csv = positional.back();
  return options;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

absl::StatusOr<Mapping> ReadMapping(const ImportOptions& options, const std::string& json) {
  const std::string from = options.mapping.empty() ? options.resume : options.mapping;
  const size_t slash = options.csv.rfind('/');
  absl::StatusOr<Mapping> mapping =
      ParseMapping(json, slash == std::string::npos ? "." : options.csv.substr(0, slash));
  if (!mapping.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(from, ": ", mapping.status().message()));
  }
  if (!options.collection.empty() && mapping->collection != options.collection) {
    return absl::InvalidArgumentError(
        absl::StrCat(from, " is for ", mapping->collection, ", not for ", options.collection));
  }
  if (!options.policy.empty()) mapping->policy = options.policy;
  if (!options.match.empty()) mapping->match = absl::StrSplit(options.match, ',');
  return mapping;
}

// The job that the server is told of.
absl::StatusOr<v1::ImportJob> JobOf(const ImportOptions& options, const Mapping& mapping,
                                    const std::string& json, const CsvFile& csv) {
  v1::ImportJob job;
  job.set_display_name(options.csv.substr(options.csv.rfind('/') + 1));
  job.set_collection(CamelCase(mapping.collection));
  job.set_file_digest(csv.digest);
  job.set_row_count(static_cast<int64_t>(csv.rows.size()));
  if (json.size() <= kMappingBytesMax) job.set_mapping(json);
  KITH_ASSIGN_OR_RETURN(const v1::ImportPolicy policy, ParseImportPolicy(mapping.policy));
  job.set_policy(policy);
  for (const std::string& match : mapping.match) {
    KITH_ASSIGN_OR_RETURN(const v1::ImportMatchKey key, ParseMatchKey(match));
    job.add_match_keys(key);
  }
  return job;
}

// Whether the record of a row is looked for. What nothing can be found by is told apart by its key
// alone, in every run.
bool IsMatched(const v1::ImportJob& job, const std::vector<PlannedCall>& calls) {
  if (job.match_keys().empty()) return false;
  const bool is_made = job.policy() != v1::UPDATE_ONLY && calls.front().method->verb == "create";
  return !is_made || MayMatch(job.match_keys(), *calls.front().request);
}

std::atomic<bool> interrupted = false;

// While it lives, the first Ctrl-C lets what is under way end; the second ends the program.
class Interruptible {
 public:
  Interruptible() {
    interrupted = false;
    before_ = std::signal(SIGINT, [](int) {
      interrupted = true;
      std::signal(SIGINT, SIG_DFL);
    });
  }
  ~Interruptible() { std::signal(SIGINT, before_); }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  void (*before_)(int);
};

// One run of an import.
class Run {
 public:
  Run(Session& session, const ImportOptions& options, const CsvFile& csv, Rejects rejects,
      std::string collection)
      : session_(session),
        options_(options),
        csv_(csv),
        rejects_(std::move(rejects)),
        collection_(std::move(collection)),
        progress_(collection_, static_cast<int64_t>(csv.rows.size()), session.options().live_err,
                  session.err(), SystemClock()),
        links_(session) {}

  // Sends the rows behind the job's position.
  absl::Status Send(const ImportPlanner& planner, ImportJob& job) {
    const Interruptible interruptible;
    KITH_ASSIGN_OR_RETURN(taken_back_, TakenBack::Read(session_));
    Lookups lookups(session_, planner, taken_back_, collection_);
    KITH_RETURN_IF_ERROR(lookups.Find());
    Importer importer(session_.client(), options_.in_flight);
    for (auto row = csv_.rows.begin() + SkippedBy(job); row != csv_.rows.end(); ++row) {
      if (interrupted || !Submit(*row, lookups, job, importer)) break;
      TakeAll(importer, lookups, job);
      if (stopped_by_.has_value()) break;
    }
    importer.Finish();
    TakeAll(importer, lookups, job);
    lookups.DeleteUnused();
    if (!stopped_by_.has_value() && interrupted) {
      stopped_by_ = absl::CancelledError("interrupted");
      (void)job.Advance();  // else the rows are told again
    }
    if (stopped_by_.has_value()) {
      session_.err() << "It goes on with: kith import --resume " << job.name() << ' '
                     << options_.csv << '\n';
      return absl::OkStatus();
    }
    return job.Complete();
  }

  // Has the server check the rows, as ones of a job that nobody is told of.
  absl::Status Check(const ImportPlanner& planner, const v1::ImportJob& job) {
    const Interruptible interruptible;
    Lookups lookups(session_, planner, taken_back_, collection_);
    KITH_RETURN_IF_ERROR(lookups.Find(/*makes=*/false));
    Importer importer(session_.client(), options_.in_flight);
    const auto take_all = [&] {
      for (const Importer::Result& result : importer.TakeResults()) Take(result, nullptr);
    };
    for (const CsvRow& row : csv_.rows) {
      if (interrupted || !SubmitCheck(row, lookups, job, importer)) break;
      take_all();
      if (stopped_by_.has_value()) break;
    }
    importer.Finish();
    take_all();
    if (!stopped_by_.has_value() && interrupted) stopped_by_ = absl::CancelledError("interrupted");
    return absl::OkStatus();
  }

  absl::Status Summarise(const v1::ImportCounts& counts) {
    progress_.Clear();
    if (options_.dry_run) {
      session_.out() << collection_ << ": " << FormatCount(checked_.created())
                     << " would be created, " << FormatCount(checked_.updated()) << " updated, "
                     << FormatCount(checked_.unchanged()) << " unchanged, "
                     << FormatCount(rejects_.count()) << " rejected"
                     << (half_checked_ == 0 ? ""
                                            : absl::StrCat("; of ", FormatCount(half_checked_),
                                                           " the server checks more once sent"))
                     << '\n';
    } else {
      session_.out() << collection_ << ": " << FormatCount(counts.created()) << " created, "
                     << FormatCount(counts.updated()) << " updated, "
                     << FormatCount(counts.unchanged()) << " unchanged, "
                     << FormatCount(counts.rejected()) << " rejected\n";
    }
    if (stopped_by_.has_value()) return *stopped_by_;
    if (rejects_.count() == 0) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        FormatCount(rejects_.count()), rejects_.count() == 1 ? " row was" : " rows were",
        " rejected", options_.rejects.empty() ? "" : absl::StrCat("; see ", options_.rejects)));
  }

 private:
  int64_t SkippedBy(const ImportJob& job) const {
    return std::min<int64_t>(job.position(), static_cast<int64_t>(csv_.rows.size()));
  }

  bool Submit(const CsvRow& row, Lookups& lookups, const ImportJob& job, Importer& importer) {
    absl::StatusOr<std::vector<PlannedCall>> calls = lookups.Plan(row);
    if (calls.ok()) {
      const absl::Status completed = CompleteLinks(*calls);
      if (!completed.ok()) calls = completed;
    }
    if (calls.ok()) taken_back_.Renew(*calls);
    if (!calls.ok() || !IsMatched(job.job(), *calls)) {
      return importer.Submit(row, std::move(calls));
    }
    std::vector<uint64_t> keys = MatchDigests(*calls->front().request);
    const absl::Status matched = MatchRecord(session_.catalog(), job.name(), row, *calls);
    if (!matched.ok()) calls = matched;
    return importer.Submit(row, std::move(calls), std::move(keys));
  }

  // What the server cannot check before, because it is about what is not there yet, or because only
  // a row of other records says it, is checked as far as it can be here.
  bool SubmitCheck(const CsvRow& row, const Lookups& lookups, const v1::ImportJob& job,
                   Importer& importer) {
    absl::StatusOr<std::vector<PlannedCall>> calls = lookups.PlanOnly(row);
    if (calls.ok()) {
      const absl::Status completed = CompleteLinks(*calls);
      if (!completed.ok()) calls = completed;
    }
    if (!calls.ok()) return importer.Submit(row, std::move(calls));
    const bool is_one_call = calls->size() == 1;
    const bool is_matched = IsMatched(job, *calls);
    const absl::Status required = is_matched ? absl::OkStatus() : CheckRequired(calls->front());
    if (!required.ok()) return importer.Submit(row, required);
    const absl::Status asked = CheckRecord(session_.catalog(), job, row, *calls);
    if (!asked.ok() && is_matched) return importer.Submit(row, asked);
    const bool is_asked = asked.ok() && !lookups.NamesMissing(row);
    if (!is_asked || !is_one_call) ++half_checked_;
    if (is_asked) return importer.Submit(row, std::move(calls));
    importer.Note(row, RowOutcome::kCreated);
    return true;
  }

  // What the further calls of a row are of, its first says.
  absl::Status CompleteLinks(std::vector<PlannedCall>& calls) {
    for (PlannedCall& call : calls) {
      KITH_RETURN_IF_ERROR(links_.Complete(&*call.request, &*calls.front().request));
    }
    return absl::OkStatus();
  }

  void TakeAll(Importer& importer, Lookups& lookups, ImportJob& job) {
    for (const Importer::Result& result : importer.TakeResults()) {
      lookups.Take(result);
      Take(result, &job);
    }
  }

  // `job` is null in a dry run.
  void Take(const Importer::Result& result, ImportJob* job) {
    if (stopped_by_.has_value()) return;
    if (ConcernsEveryCall(result.status) || ReasonOf(result.status) == "NOT_RUNNING") {
      stopped_by_ = result.status;
      return;  // told once, at the end
    }
    if (!result.status.ok()) {
      progress_.Clear();
      rejects_.Add(*result.row, result.status, session_.err());
    }
    if (job == nullptr) {
      if (result.status.ok()) CountChecked(result.outcome);
      progress_.Update(checked_.created() + checked_.updated() + checked_.unchanged() +
                       rejects_.count());
      return;
    }
    if (absl::Status counted = job->Count(result); !counted.ok()) stopped_by_ = std::move(counted);
    progress_.Update(job->position());
  }

  void CountChecked(RowOutcome outcome) {
    switch (outcome) {
      case RowOutcome::kCreated:
        return checked_.set_created(checked_.created() + 1);
      case RowOutcome::kUpdated:
        return checked_.set_updated(checked_.updated() + 1);
      case RowOutcome::kUnchanged:
        return checked_.set_unchanged(checked_.unchanged() + 1);
    }
  }

  Session& session_;
  const ImportOptions& options_;
  const CsvFile& csv_;
  Rejects rejects_;
  const std::string collection_;
  Progress progress_;
  TakenBack taken_back_;
  ShortLinks links_;
  v1::ImportCounts checked_;  // what would become of rows, in a dry run
  int64_t half_checked_ = 0;  // of those the server knows more once they are sent
  std::optional<absl::Status> stopped_by_;
};

// What a resumed job says of its own, as the mapping has it.
void TakeMatches(const v1::ImportJob& job, Mapping& mapping) {
  if (!job.match_keys().empty()) mapping.match = {"as the job"};
}

template <class Reply>
absl::StatusOr<Reply> CallFor(Session& session, absl::string_view verb,
                              google::protobuf::Message& request, std::string* token = nullptr) {
  KITH_ASSIGN_OR_RETURN(const auto reply,
                        session.Call(session.Require("import-jobs", verb), request, token));
  const auto* const told = google::protobuf::DynamicCastToGenerated<Reply>(&*reply);
  KITH_CHECK(told != nullptr);
  return *told;
}

// The latest job that made something of the file of `job`; without a name where there is none, or
// the caller is told of none.
absl::StatusOr<v1::ImportJob> LastOf(Session& session, const v1::ImportJob& job) {
  v1::ListImportJobsRequest request;
  request.set_filter(absl::StrCat("file_digest = \"", job.file_digest(), "\" AND collection = \"",
                                  job.collection(),
                                  "\" AND (created_count > 0 OR updated_count > 0)"));
  request.set_page_size(1);
  do {
    const auto page = CallFor<v1::ListImportJobsResponse>(session, "list", request);
    if (absl::IsPermissionDenied(page.status()) || absl::IsUnimplemented(page.status())) break;
    KITH_RETURN_IF_ERROR(page.status());
    if (!page->import_jobs().empty()) return page->import_jobs(0);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return v1::ImportJob();
}

// A job that is new, of a file that may have been imported before: what was taken back is imported
// anew, and that is said.
absl::StatusOr<ImportJob> Begin(Session& session, const v1::ImportJob& job) {
  KITH_ASSIGN_OR_RETURN(const v1::ImportJob before, LastOf(session, job));
  if (before.state() == v1::REVERTING) {
    return absl::FailedPreconditionError(absl::StrCat(
        job.display_name(), " was imported before as ", before.name(),
        ", and what that made is being taken back. Import it once kith import-jobs get ",
        before.name(), " says REVERTED."));
  }
  KITH_ASSIGN_OR_RETURN(ImportJob begun, ImportJob::Begin(session, job));
  if (before.state() == v1::REVERTED) {
    session.err() << job.display_name() << " was imported before as " << before.name()
                  << ", and that was taken back: its rows are imported anew. They are taken back"
                  << " with: kith import --revert " << begun.name() << '\n';
  }
  return begun;
}

absl::StatusOr<ImportJob> BeginOrResume(Session& session, const ImportOptions& options,
                                        const Mapping& mapping, const std::string& json,
                                        const CsvFile& csv, const std::string& job_name) {
  if (!job_name.empty()) return ImportJob::Resume(session, job_name, csv.digest);
  KITH_ASSIGN_OR_RETURN(const v1::ImportJob job, JobOf(options, mapping, json, csv));
  return Begin(session, job);
}

void PrintKept(const std::string& record, const google::rpc::Status& why, Session& session) {
  session.err() << record << ": " << why.message() << '\n';
}

// As an import, it fails where something stays, or would stay, as it is.
absl::Status SummariseRevert(Session& session, int64_t reverted, int64_t kept, bool dry_run) {
  session.out() << FormatCount(reverted) << (reverted == 1 ? " record" : " records")
                << (dry_run         ? " would be"
                    : reverted == 1 ? " was"
                                    : " were")
                << " taken back, " << FormatCount(kept) << (dry_run ? " would be" : "")
                << " kept\n";
  if (kept == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(dry_run ? "some records would stay as they are: see above"
                                               : "some records stayed as they are: see above");
}

absl::Status PreviewRevert(Session& session, const std::string& job) {
  v1::PreviewImportJobRevertRequest request;
  request.set_name(job);
  int64_t reverted = 0, kept = 0;
  do {
    KITH_ASSIGN_OR_RETURN(const auto page, CallFor<v1::PreviewImportJobRevertResponse>(
                                               session, "preview-import-job-revert", request));
    for (const v1::PlannedRevert& planned : page.records()) {
      ++(planned.has_kept() ? kept : reverted);
      if (planned.has_kept()) PrintKept(planned.change().record(), planned.kept(), session);
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return SummariseRevert(session, reverted, kept, true);
}

// What was kept, with the reasons.
absl::Status PrintAllKept(Session& session, const std::string& job) {
  v1::ListImportJobChangesRequest request;
  request.set_name(job);
  request.set_page_size(kChangesAtOnce);
  do {
    KITH_ASSIGN_OR_RETURN(const auto page, CallFor<v1::ListImportJobChangesResponse>(
                                               session, "list-import-job-changes", request));
    for (const v1::ImportJobChange& change : page.changes()) {
      if (change.has_kept()) PrintKept(change.record(), change.kept(), session);
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

// It goes on without this program where the caller's credentials let it, and otherwise as long as
// more of it is asked for. The call that begins it is the cause of those.
absl::Status Revert(Session& session, const v1::ImportJob& before) {
  v1::RevertImportJobRequest request;
  request.set_name(before.name());
  std::string token;
  KITH_ASSIGN_OR_RETURN(const auto begun,
                        CallFor<v1::RevertImportJobResponse>(session, "revert", request, &token));
  v1::ImportJob job = begun.job();
  session.client().SetCause(std::move(token));
  while (job.state() == v1::REVERTING) {
    if (job.reverts_by_itself()) {
      absl::SleepFor(kRevertPause);
      KITH_ASSIGN_OR_RETURN(job, GetImportJob(session, job.name()));
      continue;
    }
    request.clear_request_id();
    KITH_ASSIGN_OR_RETURN(const auto more,
                          CallFor<v1::RevertImportJobResponse>(session, "revert", request));
    job = more.job();
  }
  if (job.kept_count() > 0) KITH_RETURN_IF_ERROR(PrintAllKept(session, job.name()));
  return SummariseRevert(session, job.reverted_count() - before.reverted_count(), job.kept_count(),
                         false);
}

}  // namespace

absl::Status RunImport(Session& session, const std::vector<std::string>& words) {
  KITH_ASSIGN_OR_RETURN(const ImportOptions options, ParseOptions(words));
  if (!options.revert.empty()) {
    KITH_ASSIGN_OR_RETURN(const v1::ImportJob job, GetImportJob(session, options.revert));
    return options.dry_run ? PreviewRevert(session, job.name()) : Revert(session, job);
  }
  v1::ImportJob resumed;
  if (!options.resume.empty()) {
    KITH_ASSIGN_OR_RETURN(resumed, GetImportJob(session, options.resume));
  }
  std::string json = resumed.mapping();
  if (!options.mapping.empty()) {
    KITH_ASSIGN_OR_RETURN(json, ReadFile(options.mapping));
  }
  if (json.empty()) {
    return absl::InvalidArgumentError("the job keeps no mapping: name its file with --mapping");
  }
  KITH_ASSIGN_OR_RETURN(Mapping mapping, ReadMapping(options, json));
  TakeMatches(resumed, mapping);
  KITH_ASSIGN_OR_RETURN(const CsvFile csv, ReadTable(options.csv, mapping.form));
  KITH_ASSIGN_OR_RETURN(const ImportPlanner planner,
                        ImportPlanner::Make(mapping, session.catalog(), csv));
  KITH_ASSIGN_OR_RETURN(Rejects rejects,
                        Rejects::Open(options.rejects, csv, mapping.form.delimiter));
  Run run(session, options, csv, std::move(rejects), mapping.collection);
  if (options.dry_run) {
    v1::ImportJob job = resumed;
    if (job.name().empty()) {
      KITH_ASSIGN_OR_RETURN(job, JobOf(options, mapping, json, csv));
    }
    KITH_RETURN_IF_ERROR(run.Check(planner, job));
    return run.Summarise({});
  }
  KITH_ASSIGN_OR_RETURN(ImportJob job,
                        BeginOrResume(session, options, mapping, json, csv, resumed.name()));
  KITH_RETURN_IF_ERROR(run.Send(planner, job));
  return run.Summarise(job.counts());
}

}  // namespace kith::cli
