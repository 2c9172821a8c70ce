// CSV files, as spreadsheets and people write them. The first byte chooses the delimiter.
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "services/cli/import/csv_reader.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {
namespace {

using cli::CsvCell;
using cli::CsvFile;
using cli::CsvRow;

constexpr char kDelimiters[] = ",;\t|";

std::string Written(const std::vector<std::string>& cells, char delimiter) {
  // A lone empty cell is quoted: an empty line is no row.
  if (cells.size() == 1 && cells[0].empty()) return "\"\"\n";
  return absl::StrJoin(cells, std::string(1, delimiter),
                       [&](std::string* out, const std::string& cell) {
                         out->append(CsvCell(cell, delimiter));
                       }) +
         "\n";
}

}  // namespace

void FuzzCsv(absl::string_view bytes) {
  if (bytes.empty()) return;
  const char delimiter = kDelimiters[static_cast<unsigned char>(bytes[0]) % 4];
  const absl::StatusOr<CsvFile> file = cli::ParseCsv(bytes.substr(1), delimiter);
  if (!file.ok()) return;
  // After the mark that a file may begin with, one that is part of the first cell is not passed
  // over.
  std::string written = "\xEF\xBB\xBF" + Written(file->columns, delimiter);
  int64_t line = 0;
  for (const CsvRow& row : file->rows) {
    KITH_CHECK(row.line > line);
    line = row.line;
    written += Written(row.cells, delimiter);
  }
  const absl::StatusOr<CsvFile> again = cli::ParseCsv(written, delimiter);
  KITH_CHECK(again.ok() && again->columns == file->columns);
  KITH_CHECK(again->rows.size() == file->rows.size());
  for (size_t i = 0; i < file->rows.size(); ++i) {
    KITH_CHECK(again->rows[i].cells == file->rows[i].cells);
  }
}

}  // namespace kith::fuzz
