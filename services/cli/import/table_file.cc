#include "services/cli/import/table_file.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"
#include "services/cli/import/text_encoding.h"
#include "services/cli/import/vcard_reader.h"
#include "services/cli/import/xlsx_reader.h"

namespace kith::cli {
namespace {

absl::StatusOr<CsvFile> Parse(std::string bytes, const TableForm& form) {
  if (LooksLikeWorkbook(bytes)) return ParseWorkbook(bytes);
  KITH_ASSIGN_OR_RETURN(const std::string text, DecodeText(std::move(bytes), form.encoding));
  return LooksLikeCards(text) ? ParseCards(text) : ParseCsv(text, form.delimiter);
}

}  // namespace

absl::StatusOr<CsvFile> ReadTable(const std::string& path, const TableForm& form) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const Sha256Hash hash = Sha256::Of(bytes);
  absl::StatusOr<CsvFile> file = Parse(std::move(bytes), form);
  if (!file.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", file.status().message()));
  }
  file->digest = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  return file;
}

}  // namespace kith::cli
