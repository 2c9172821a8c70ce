// Table files: what an import reads, whatever it is written in.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/cli/import/csv_reader.h"

namespace kith::cli {

// How a file is written, where it does not say so itself.
struct TableForm {
  char delimiter = ',';
  std::string encoding;  // as DecodeText has it; empty: UTF-8
};

// The file at `path`, held in memory: a workbook (.xlsx), cards (.vcf) or CSV, which its first
// bytes tell. Its errors name the file.
absl::StatusOr<CsvFile> ReadTable(const std::string& path, const TableForm& form = {});

}  // namespace kith::cli
