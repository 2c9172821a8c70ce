// `kith import`: rows of a CSV file as calls of Kith, through the public API.
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status_macros.h"
#include "services/cli/commands/commands.h"
#include "services/cli/import/import_mapping.h"
#include "services/cli/import/import_plan.h"
#include "services/cli/import/import_rejects.h"
#include "services/cli/import/importer.h"
#include "services/cli/import/progress.h"
#include "services/cli/import/table_file.h"
#include "services/cli/text/server_error.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

constexpr int kInFlight = 128;
constexpr int kInFlightMax = 4096;

struct ImportOptions {
  std::string collection;
  std::string csv;
  std::string mapping;
  std::string rejects;  // a file; none when empty
  int in_flight = kInFlight;
  bool dry_run = false;
};

absl::StatusOr<ImportOptions> ParseOptions(const std::vector<std::string>& words) {
  KITH_ASSIGN_OR_RETURN(Arguments arguments, Arguments::Parse(words, [](absl::string_view name) {
                          return name == "dry_run";
                        }));
  ImportOptions options;
  options.mapping = arguments.Take("mapping").value_or("");
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
  if (arguments.positional().size() != 2 || options.mapping.empty()) {
    return absl::InvalidArgumentError("say what: kith import deals --mapping FILE TABLE");
  }
  options.collection = arguments.positional()[0];
  options.csv = arguments.positional()[1];
  return options;
}

absl::StatusOr<Mapping> ReadMapping(const ImportOptions& options) {
  std::ifstream file(options.mapping, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot read ", options.mapping));
  const std::string json((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t slash = options.csv.rfind('/');
  absl::StatusOr<Mapping> mapping =
      ParseMapping(json, slash == std::string::npos ? "." : options.csv.substr(0, slash));
  if (!mapping.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.mapping, ": ", mapping.status().message()));
  }
  if (mapping->collection != options.collection) {
    return absl::InvalidArgumentError(absl::StrCat(options.mapping, " is for ", mapping->collection,
                                                   ", not for ", options.collection));
  }
  return mapping;
}

// One run of an import.
class Run {
 public:
  Run(Session& session, const ImportOptions& options, const CsvFile& csv, Rejects rejects)
      : session_(session),
        options_(options),
        csv_(csv),
        rejects_(std::move(rejects)),
        progress_(options.collection, static_cast<int64_t>(csv.rows.size()),
                  session.options().live_err, session.err(), SystemClock()) {}

  absl::Status Send(const ImportPlanner& planner) {
    KITH_ASSIGN_OR_RETURN(const References references,
                          Resolve(session_.client(), session_.catalog(), planner));
    Importer importer(session_.client(), options_.in_flight);
    for (const CsvRow& row : csv_.rows) {
      if (!importer.Submit(row, planner.Plan(row, references))) break;
      for (const Importer::Result& result : importer.TakeResults()) Take(result);
      if (stopped_by_.has_value()) break;
    }
    importer.Finish();
    for (const Importer::Result& result : importer.TakeResults()) Take(result);
    return absl::OkStatus();
  }

  // Only plans: records that rows refer to count as found.
  void Check(const ImportPlanner& planner) {
    References references;
    for (const auto& [key, row] : planner.CollectReferences()) references.emplace(key, "x");
    for (const CsvRow& row : csv_.rows) Take({&row, planner.Plan(row, references).status(), true});
  }

  absl::Status Summarise() {
    progress_.Clear();
    session_.out() << options_.collection << ": " << FormatCount(created_)
                   << (options_.dry_run ? " would be sent, " : " created, ")
                   << FormatCount(unchanged_) << " unchanged, " << FormatCount(rejects_.count())
                   << " rejected\n";
    if (stopped_by_.has_value()) return *stopped_by_;
    if (rejects_.count() == 0) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        FormatCount(rejects_.count()), rejects_.count() == 1 ? " row was" : " rows were",
        " rejected", options_.rejects.empty() ? "" : absl::StrCat("; see ", options_.rejects)));
  }

 private:
  void Take(const Importer::Result& result) {
    if (!result.status.ok()) {
      if (ConcernsEveryCall(result.status)) {
        stopped_by_ = result.status;
        return;  // told once, at the end
      }
      progress_.Clear();
      rejects_.Add(*result.row, result.status, session_.err());
    } else if (result.changed) {
      ++created_;
    } else {
      ++unchanged_;
    }
    progress_.Update(created_ + unchanged_ + rejects_.count());
  }

  Session& session_;
  const ImportOptions& options_;
  const CsvFile& csv_;
  Rejects rejects_;
  Progress progress_;
  int64_t created_ = 0;
  int64_t unchanged_ = 0;
  std::optional<absl::Status> stopped_by_;
};

}  // namespace

absl::Status RunImport(Session& session, const std::vector<std::string>& words) {
  KITH_ASSIGN_OR_RETURN(const ImportOptions options, ParseOptions(words));
  KITH_ASSIGN_OR_RETURN(const Mapping mapping, ReadMapping(options));
  KITH_ASSIGN_OR_RETURN(const CsvFile csv, ReadTable(options.csv, mapping.form));
  KITH_ASSIGN_OR_RETURN(const ImportPlanner planner,
                        ImportPlanner::Make(mapping, session.catalog(), csv));
  KITH_ASSIGN_OR_RETURN(Rejects rejects,
                        Rejects::Open(options.rejects, csv, mapping.form.delimiter));
  Run run(session, options, csv, std::move(rejects));
  if (options.dry_run) {
    run.Check(planner);
  } else {
    KITH_RETURN_IF_ERROR(run.Send(planner));
  }
  return run.Summarise();
}

}  // namespace kith::cli
