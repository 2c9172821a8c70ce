// Rejects: the rows that an import could not send, each with its line, the columns concerned, what
// stands in them, and the reason, in a CSV file that can be corrected and imported in its turn.
#pragma once

#include <cstdint>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/import/csv_reader.h"

namespace kith::cli {

// Whether a column was added by an import that rejected rows. It is no content of a row: a rejected
// row that was not changed is the row it was.
bool IsRejectsColumn(absl::string_view name);

// One thread. Borrows the file that is imported.
class Rejects {
 public:
  // Writes to `path`, and only to the screen where it is empty. The file is read by the same
  // mapping as `csv`: it has the same columns and the same delimiter.
  static absl::StatusOr<Rejects> Open(const std::string& path, const CsvFile& csv, char delimiter);

  // Tells why a row was rejected, to `err` and in the file.
  void Add(const CsvRow& row, const absl::Status& status, std::ostream& err);

  int64_t count() const { return count_; }

 private:
  Rejects(const CsvFile& csv, char delimiter) : csv_(csv), delimiter_(delimiter) {}

  // A row of the file: cells of ours, and those of `cells` that are not left from a file of
  // rejects.
  void Write(const std::vector<std::string>& first, const std::vector<std::string>& cells);

  const CsvFile& csv_;
  const char delimiter_;
  std::ofstream file_;
  int64_t count_ = 0;
};

}  // namespace kith::cli
