#include "services/cli/import/csv_reader.h"

#include <csv.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "services/cli/text/csv_guard.h"

namespace kith::cli {
namespace {

// The first line with its end, which is a line feed, a carriage return, or one after the other.
size_t LineSize(absl::string_view text) {
  const size_t end = text.find_first_of("\r\n");
  if (end == text.npos) return text.size();
  return end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
}

constexpr size_t kColumnsMax = 16'384;
// Of all rows, the short ones filled up: a header of thousands of names over a million empty lines
// would be large otherwise.
constexpr size_t kCellsMax = 20'000'000;

// Where quotation marks stand: a cell that begins with one ends with one, and within another one
// they are data, as in 37°36'37.8"N. libcsv takes either all of that or none.
class Quotes {
 public:
  explicit Quotes(char delimiter) : delimiter_(delimiter) {}

  // False where something other than the cell's end follows its closing mark.
  bool Take(absl::string_view text) {
    for (const char c : text) {
      if (c == '"' ? !TakeMark() : !TakeOther(c)) return false;
    }
    return true;
  }
  bool is_open() const { return place_ == Place::kQuoted; }

 private:
  enum class Place { kBefore, kPlain, kQuoted, kClosed, kBehind };

  bool TakeMark() {
    if (place_ == Place::kBehind) return false;
    if (place_ == Place::kBefore || place_ == Place::kClosed) {
      place_ = Place::kQuoted;
    } else if (place_ == Place::kQuoted) {
      place_ = Place::kClosed;
    }
    return true;
  }
  bool TakeOther(char c) {
    if (place_ == Place::kQuoted) return true;
    if (c == delimiter_ || c == '\n' || c == '\r') {
      place_ = Place::kBefore;
    } else if (c == ' ' || c == '\t') {
      if (place_ == Place::kClosed) place_ = Place::kBehind;
    } else if (place_ == Place::kClosed || place_ == Place::kBehind) {
      return false;
    } else {
      place_ = Place::kPlain;
    }
    return true;
  }

  const char delimiter_;
  Place place_ = Place::kBefore;
};

// libcsv with the line each row began at, which it does not tell.
class Parser {
 public:
  explicit Parser(char delimiter) : quotes_(delimiter) {
    KITH_CHECK(csv_init(&parser_, 0) == 0);
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
      if (!quotes_.Take(text.substr(0, end))) {
        return Failed("a quotation mark stands where none can");
      }
      if (csv_parse(&parser_, text.data(), end, &Parser::OnCell, &Parser::OnRow, this) != end) {
        return Failed("it cannot be read");
      }
      if (row_.cells.empty() && text.substr(0, end).find_first_not_of("\r\n \t") == text.npos) {
        in_row_ = false;
      }
      text.remove_prefix(end);
    }
    if (quotes_.is_open()) return Failed("its last quotation mark is missing");
    if (csv_fini(&parser_, &Parser::OnCell, &Parser::OnRow, this) != 0) {
      return Failed("it cannot be read");
    }
    return absl::OkStatus();
  }

  std::vector<CsvRow> TakeRows() { return std::move(rows_); }

 private:
  static void OnCell(void* cell, size_t size, void* self) {
    static_cast<Parser*>(self)->row_.cells.push_back(
        WithoutGuard({static_cast<const char*>(cell), size}));
  }
  static void OnRow(int, void* self) {
    auto* parser = static_cast<Parser*>(self);
    parser->rows_.push_back(std::move(parser->row_));
    parser->row_ = CsvRow();
    parser->in_row_ = false;
  }

  absl::Status Failed(absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("line ", row_.line, ": ", why));
  }

  Quotes quotes_;
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
  if (file.columns.size() > kColumnsMax) {
    return absl::InvalidArgumentError("it has more than 16,384 columns");
  }
  if (file.columns.size() * rows.size() > kCellsMax) {
    return absl::InvalidArgumentError(
        "it has more than 20,000,000 cells, empty ones among them; import it in parts");
  }
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
  const std::string cell = WithGuard(text);
  // Readers pass over spaces around a cell, and some take a semicolon for the delimiter unasked.
  const bool is_plain = cell.find_first_of(",;\"\r\n") == cell.npos &&
                        cell.find(delimiter) == cell.npos &&
                        absl::StripAsciiWhitespace(cell).size() == cell.size();
  if (is_plain) return cell;
  return absl::StrCat("\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\"");
}

}  // namespace kith::cli
