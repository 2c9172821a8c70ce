#include "services/cli/import/import_rejects.h"

#include "absl/strings/str_cat.h"
#include "services/cli/text/server_error.h"

namespace kith::cli {
namespace {

constexpr char kLine[] = "rejected_line";
constexpr char kReason[] = "rejected_reason";

}  // namespace

bool IsRejectsColumn(absl::string_view name) { return name == kLine || name == kReason; }

absl::StatusOr<Rejects> Rejects::Open(const std::string& path, const CsvFile& csv, char delimiter) {
  Rejects rejects(csv, delimiter);
  if (path.empty()) return rejects;
  rejects.file_.open(path, std::ios::binary | std::ios::trunc);
  if (!rejects.file_) return absl::InvalidArgumentError(absl::StrCat("cannot write ", path));
  // Whatever the file was written in, this one is UTF-8, and says so to who reads it.
  rejects.file_ << "\xEF\xBB\xBF";
  rejects.Write(kLine, kReason, csv.columns);
  return rejects;
}

void Rejects::Add(const CsvRow& row, const absl::Status& status, std::ostream& err) {
  ++count_;
  err << "line " << row.line << ": " << OneLine(status) << '\n';
  if (file_.is_open()) Write(absl::StrCat(row.line), OneLine(status), row.cells);
}

void Rejects::Write(absl::string_view line, absl::string_view reason,
                    const std::vector<std::string>& cells) {
  file_ << CsvCell(line, delimiter_) << delimiter_ << CsvCell(reason, delimiter_);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i < csv_.columns.size() && IsRejectsColumn(csv_.columns[i])) continue;
    file_ << delimiter_ << CsvCell(cells[i], delimiter_);
  }
  file_ << '\n';
}

}  // namespace kith::cli
