#include "services/cli/import/csv_reader.h"

#include <csv.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"

namespace kith::cli {
namespace {

// The first line with its end, which is a line feed, a carriage return, or one after the other.
size_t LineSize(absl::string_view text) {
  const size_t end = text.find_first_of("\r\n");
  if (end == text.npos) return text.size();
  return end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
}

// libcsv with the line each row began at, which it does not tell.
class Parser {
 public:
  explicit Parser(char delimiter) {
    KITH_CHECK(csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) == 0);
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
  }
  ~Parser() { csv_free(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  absl::Status Parse(absl::string_view text) {
    while (!text.empty()) {
      const size_t end = LineSize(text);
      ++line_;
      if (!in_row_) row_.line = line_;
      // A row goes on in the next line when a quoted cell has a line break.
      in_row_ = true;
      if (csv_parse(&parser_, text.data(), end, &Parser::OnCell, &Parser::OnRow, this) != end) {
        return Failed();
      }
      if (row_.cells.empty() && text.substr(0, end).find_first_not_of("\r\n \t") == text.npos) {
        in_row_ = false;
      }
      text.remove_prefix(end);
    }
    if (csv_fini(&parser_, &Parser::OnCell, &Parser::OnRow, this) != 0) return Failed();
    return absl::OkStatus();
  }

  std::vector<CsvRow> TakeRows() { return std::move(rows_); }

 private:
  static void OnCell(void* cell, size_t size, void* self) {
    static_cast<Parser*>(self)->row_.cells.emplace_back(static_cast<const char*>(cell), size);
  }
  static void OnRow(int, void* self) {
    auto* parser = static_cast<Parser*>(self);
    parser->rows_.push_back(std::move(parser->row_));
    parser->row_ = CsvRow();
    parser->in_row_ = false;
  }

  absl::Status Failed() {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", row_.line, ": a quotation mark stands where none can"));
  }

  csv_parser parser_;
  std::vector<CsvRow> rows_;
  CsvRow row_;
  int64_t line_ = 0;
  bool in_row_ = false;
};

bool IsBlankCell(absl::string_view cell) { return absl::StripAsciiWhitespace(cell).empty(); }

bool IsBlank(const CsvRow& row) {
  return std::all_of(row.cells.begin(), row.cells.end(), IsBlankCell);
}

// A delimiter too many at the end of a line says nothing.
void DropBlankEnd(size_t at_least, std::vector<std::string>& cells) {
  while (cells.size() > at_least && IsBlankCell(cells.back())) cells.pop_back();
}

}  // namespace

int CsvFile::FindColumn(absl::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  return found == columns.end() ? -1 : static_cast<int>(found - columns.begin());
}

absl::StatusOr<CsvFile> TableOf(std::vector<CsvRow> rows) {
  rows.erase(std::remove_if(rows.begin(), rows.end(), IsBlank), rows.end());
  if (rows.empty()) return absl::InvalidArgumentError("the file has no header");
  CsvFile file;
  file.columns = std::move(rows.front().cells);
  rows.erase(rows.begin());
  DropBlankEnd(0, file.columns);
  for (size_t i = 0; i < file.columns.size(); ++i) {
    if (file.FindColumn(file.columns[i]) != static_cast<int>(i)) {
      return absl::InvalidArgumentError(
          absl::StrCat("two columns are called \"", file.columns[i], "\""));
    }
  }
  file.rows = std::move(rows);
  for (CsvRow& row : file.rows) {
    DropBlankEnd(file.columns.size(), row.cells);
    if (row.cells.size() < file.columns.size()) row.cells.resize(file.columns.size());
  }
  return file;
}

absl::StatusOr<CsvFile> ParseCsv(absl::string_view text, char delimiter) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  Parser parser(delimiter);
  if (const absl::Status parsed = parser.Parse(text); !parsed.ok()) return parsed;
  return TableOf(parser.TakeRows());
}

std::string CsvCell(absl::string_view text, char delimiter) {
  // Readers pass over spaces around a cell, and some take a semicolon for the delimiter unasked.
  const bool is_plain = text.find_first_of(",;\"\r\n") == text.npos &&
                        text.find(delimiter) == text.npos &&
                        absl::StripAsciiWhitespace(text).size() == text.size();
  if (is_plain) return std::string(text);
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

}  // namespace kith::cli
