// Tables that are no CSV, as address books and spreadsheets write them.
#include "eventstore/base/check.h"
#include "services/cli/import/vcard_reader.h"
#include "services/cli/import/xlsx_reader.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {
namespace {

void CheckTable(const cli::CsvFile& file) {
  for (const cli::CsvRow& row : file.rows) {
    KITH_CHECK(row.line > 0 && row.cells.size() >= file.columns.size());
  }
}

}  // namespace

void FuzzCards(absl::string_view bytes) {
  for (const auto& part : cli::CardParts(bytes)) KITH_CHECK(!part.empty());
  const auto file = cli::ParseCards(bytes);
  if (!file.ok()) return;
  CheckTable(*file);
  for (const cli::CsvRow& row : file->rows) KITH_CHECK(row.cells.size() == file->columns.size());
}

void FuzzWorkbook(absl::string_view bytes) {
  const auto file = cli::ParseWorkbook(bytes);
  if (file.ok()) CheckTable(*file);
}

}  // namespace kith::fuzz
