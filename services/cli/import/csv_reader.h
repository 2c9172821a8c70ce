// CSV reader: a CSV file (RFC 4180, UTF-8, with or without a byte order mark) as rows that know
// their line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::cli {

struct CsvRow {
  int64_t line = 0;  // where it begins, from 1
  std::vector<std::string> cells;
};

// The whole file is held in memory.
struct CsvFile {
  std::vector<std::string> columns;  // the first row
  std::vector<CsvRow> rows;          // the others; blank lines are passed over

  // -1 when there is no such column.
  int FindColumn(absl::string_view name) const;
};

// Fails on broken quoting, naming the line, on a file without a header, and on a column named
// twice.
absl::StatusOr<CsvFile> ParseCsv(absl::string_view text, char delimiter = ',');
// The same for the file at `path`.
absl::StatusOr<CsvFile> ReadCsv(const std::string& path, char delimiter = ',');

// A cell as CSV, quoted where it must be to be read as it is.
std::string CsvCell(absl::string_view text, char delimiter = ',');

}  // namespace kith::cli
