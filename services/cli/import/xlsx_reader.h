// Workbooks: the first sheet of an .xlsx file (ECMA-376, transitional or strict) as rows that know
// their line. Pure, but for the file.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/import/csv_reader.h"

namespace kith::cli {

// Whether the bytes of a file begin as a ZIP archive does, which a workbook is.
bool LooksLikeWorkbook(absl::string_view bytes);

// Cells are read as the sheet means them and not as it shows them: numbers with all their digits,
// dates as 2026-01-31 and 2026-01-31T09:30:00Z, the results of formulas, and of an error its name,
// "#REF!". What a file may unpack to is bounded: 256 MiB, 1,048,576 rows, 16,384 columns. Fails on
// what is no workbook, on one that is encrypted or damaged, and where XML declares a DOCTYPE.
absl::StatusOr<CsvFile> ParseWorkbook(absl::string_view bytes);

}  // namespace kith::cli
