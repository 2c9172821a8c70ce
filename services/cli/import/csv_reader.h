// CSV reader: a CSV file (RFC 4180) as rows that know their line.
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
  // The others, but for those with nothing in them. A shorter one ends in empty cells, a longer one
  // is as it is.
  std::vector<CsvRow> rows;

  // The SHA-256 of the bytes it was read from, in hexadecimal; empty where it is of no file.
  std::string digest;

  // -1 when there is no such column.
  int FindColumn(absl::string_view name) const;
};

// Of rows, the first of which is the header. Fails where there is none, and on a column named
// twice, on more than 16,384 columns, and on more than 20 million cells.
absl::StatusOr<CsvFile> TableOf(std::vector<CsvRow> rows);

// Of UTF-8, with or without a byte order mark. A quotation mark within a cell that begins with none
// is data. Fails as TableOf, and on broken quoting, naming the line.
absl::StatusOr<CsvFile> ParseCsv(absl::string_view text, char delimiter = ',');

// A cell as CSV, quoted where it must be to be read as it is. What a spreadsheet would take for a
// formula ("=…", "@…", a sign before what is no number) has an apostrophe in front, which ParseCsv
// takes away again.
std::string CsvCell(absl::string_view text, char delimiter = ',');

}  // namespace kith::cli
