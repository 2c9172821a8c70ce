#include "services/cli/import/import_rejects.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/import/import_plan.h"
#include "services/cli/text/server_error.h"

namespace kith::cli {
namespace {

constexpr char kLine[] = "rejected_line";
constexpr char kColumn[] = "rejected_column";
constexpr char kValue[] = "rejected_value";
constexpr char kReason[] = "rejected_reason";

}  // namespace

bool IsRejectsColumn(absl::string_view name) {
  return name == kLine || name == kColumn || name == kValue || name == kReason;
}

absl::StatusOr<Rejects> Rejects::Open(const std::string& path, const CsvFile& csv, char delimiter) {
  Rejects rejects(csv, delimiter);
  if (path.empty()) return rejects;
  rejects.file_.open(path, std::ios::binary | std::ios::trunc);
  if (!rejects.file_) return absl::InvalidArgumentError(absl::StrCat("cannot write ", path));
  // Whatever the file was written in, this one is UTF-8, and says so to who reads it.
  rejects.file_ << "\xEF\xBB\xBF";
  rejects.Write({kLine, kColumn, kValue, kReason}, csv.columns);
  return rejects;
}

void Rejects::Add(const CsvRow& row, const absl::Status& status, std::ostream& err) {
  ++count_;
  err << "line " << row.line << ": " << OneLine(status) << '\n';
  if (!file_.is_open()) return;
  const std::vector<std::string> columns = ColumnsConcerned(status);
  std::vector<std::string> values;
  for (const std::string& column : columns) {
    const auto at = static_cast<size_t>(csv_.FindColumn(column));
    values.push_back(at < row.cells.size() ? row.cells[at] : "");
  }
  Write({absl::StrCat(row.line), absl::StrJoin(columns, "; "), absl::StrJoin(values, "; "),
         OneLine(status)},
        row.cells);
}

void Rejects::Write(const std::vector<std::string>& first, const std::vector<std::string>& cells) {
  file_ << absl::StrJoin(first, absl::string_view(&delimiter_, 1),
                         [this](std::string* out, const std::string& cell) {
                           out->append(CsvCell(cell, delimiter_));
                         });
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i < csv_.columns.size() && IsRejectsColumn(csv_.columns[i])) continue;
    file_ << delimiter_ << CsvCell(cells[i], delimiter_);
  }
  file_ << '\n';
}

}  // namespace kith::cli
