#include "services/cli/import/xlsx_reader.h"

#include <expat.h>
#include <zip.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "eventstore/base/status_macros.h"

namespace kith::cli {
namespace {

constexpr uint64_t kUnpackedMax = 256ull << 20;
constexpr int kRowsMax = 1'048'576;
constexpr int kColumnsMax = 16'384;
constexpr uint64_t kCellsMax = 20'000'000;

absl::Status Damaged(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the workbook cannot be read: ", why));
}

// The parts of a workbook, by their names in the archive.
class Archive {
 public:
  static absl::StatusOr<std::unique_ptr<Archive>> Open(absl::string_view bytes) {
    zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr);
    if (source == nullptr) return Damaged("there is no memory for it");
    zip_t* const zip = zip_open_from_source(source, ZIP_RDONLY, nullptr);
    if (zip == nullptr) {
      zip_source_free(source);
      return Damaged("it is no ZIP archive, or is damaged");
    }
    return std::unique_ptr<Archive>(new Archive(zip));
  }
  ~Archive() { zip_discard(zip_); }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  bool Has(const std::string& part) const { return zip_name_locate(zip_, part.c_str(), 0) >= 0; }

  absl::StatusOr<std::string> Read(const std::string& part) {
    zip_file_t* const file = zip_fopen(zip_, part.c_str(), 0);
    if (file == nullptr) return Damaged(absl::StrCat("it has no readable part ", part));
    const auto close = absl::MakeCleanup([file] { zip_fclose(file); });
    std::string text;
    char piece[1 << 14];
    zip_int64_t size = 0;
    while ((size = zip_fread(file, piece, sizeof piece)) > 0) {
      // Not what the archive says it unpacks to, but what it does.
      unpacked_ += static_cast<uint64_t>(size);
      if (unpacked_ > kUnpackedMax) {
        return Damaged("it unpacks to more than 256 MiB; save it as CSV, or in parts");
      }
      text.append(piece, static_cast<size_t>(size));
    }
    if (size < 0) return Damaged(absl::StrCat("the part ", part, " is damaged"));
    return text;
  }

 private:
  explicit Archive(zip_t* zip) : zip_(zip) {}

  zip_t* const zip_;
  uint64_t unpacked_ = 0;
};

using Attributes = std::map<std::string, std::string>;

// What the elements of a part say, their names without namespaces: "c", {"r": "B2"}.
struct Listener {
  absl::FunctionRef<void(const std::string& element, const Attributes& attributes)> begin;
  absl::FunctionRef<void(absl::string_view text)> text;
  absl::FunctionRef<void(const std::string& element)> end;
};

class XmlParser {
 public:
  explicit XmlParser(const Listener& listener) : listener_(listener) {}

  absl::Status Parse(absl::string_view text) {
    XML_Parser parser = XML_ParserCreate(nullptr);
    if (parser == nullptr) return Damaged("there is no memory for it");
    const auto free = absl::MakeCleanup([parser] { XML_ParserFree(parser); });
    parser_ = parser;
    XML_SetUserData(parser, this);
    XML_SetElementHandler(parser, &XmlParser::OnBegin, &XmlParser::OnEnd);
    XML_SetCharacterDataHandler(parser, &XmlParser::OnText);
    XML_SetStartDoctypeDeclHandler(parser, &XmlParser::OnDoctype);
    const auto parsed = XML_Parse(parser, text.data(), static_cast<int>(text.size()), 1);
    if (parsed == XML_STATUS_OK) return absl::OkStatus();
    if (has_doctype_) return Damaged("it declares a DOCTYPE, which no workbook has");
    return Damaged(XML_ErrorString(XML_GetErrorCode(parser)));
  }

 private:
  static std::string Local(absl::string_view name) {
    return std::string(name.substr(name.rfind(':') + 1));
  }
  static void OnBegin(void* self, const char* name, const char** pairs) {
    Attributes attributes;
    for (; *pairs != nullptr; pairs += 2) attributes[Local(pairs[0])] = pairs[1];
    static_cast<XmlParser*>(self)->listener_.begin(Local(name), attributes);
  }
  static void OnText(void* self, const char* text, int size) {
    static_cast<XmlParser*>(self)->listener_.text({text, static_cast<size_t>(size)});
  }
  static void OnEnd(void* self, const char* name) {
    static_cast<XmlParser*>(self)->listener_.end(Local(name));
  }
  static void OnDoctype(void* self, const char*, const char*, const char*, int) {
    auto* const parser = static_cast<XmlParser*>(self);
    parser->has_doctype_ = true;
    XML_StopParser(parser->parser_, XML_FALSE);
  }

  const Listener& listener_;
  XML_Parser parser_ = nullptr;
  bool has_doctype_ = false;
};

std::string At(const Attributes& attributes, const char* name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? "" : found->second;
}

// Which part is the first sheet, and whether days are counted from 1904 on.
struct Book {
  std::string sheet;
  bool counts_from_1904 = false;
};

absl::StatusOr<Book> ReadBook(Archive& archive) {
  Book book;
  std::string id;
  const auto ignore_text = [](absl::string_view) {};
  const auto ignore_end = [](const std::string&) {};
  const auto of_book = [&](const std::string& element, const Attributes& attributes) {
    if (element == "workbookPr") {
      const std::string date1904 = At(attributes, "date1904");
      book.counts_from_1904 = date1904 == "1" || date1904 == "true";
    }
    if (element == "sheet" && id.empty()) id = At(attributes, "id");
  };
  if (!archive.Has("xl/workbook.xml")) {
    return Damaged("it has no part xl/workbook.xml; is it a workbook, and not encrypted?");
  }
  KITH_ASSIGN_OR_RETURN(const std::string text, archive.Read("xl/workbook.xml"));
  KITH_RETURN_IF_ERROR(XmlParser({of_book, ignore_text, ignore_end}).Parse(text));
  const auto of_links = [&](const std::string& element, const Attributes& attributes) {
    if (element == "Relationship" && At(attributes, "Id") == id) {
      book.sheet = At(attributes, "Target");
    }
  };
  KITH_ASSIGN_OR_RETURN(const std::string links, archive.Read("xl/_rels/workbook.xml.rels"));
  KITH_RETURN_IF_ERROR(XmlParser({of_links, ignore_text, ignore_end}).Parse(links));
  if (id.empty() || book.sheet.empty()) return Damaged("it has no sheet");
  absl::string_view target = book.sheet;
  const bool is_absolute = absl::ConsumePrefix(&target, "/");
  book.sheet = is_absolute ? std::string(target) : absl::StrCat("xl/", target);
  return book;
}

absl::StatusOr<std::vector<std::string>> ReadSharedTexts(Archive& archive) {
  std::vector<std::string> texts;
  if (!archive.Has("xl/sharedStrings.xml")) return texts;
  bool is_in_text = false;
  int phonetic = 0;  // how a text is read aloud, which is no part of it
  const auto begin = [&](const std::string& element, const Attributes&) {
    if (element == "si") texts.emplace_back();
    if (element == "rPh") ++phonetic;
    is_in_text = element == "t" && phonetic == 0 && !texts.empty();
  };
  const auto take = [&](absl::string_view text) {
    if (is_in_text) absl::StrAppend(&texts.back(), text);
  };
  const auto end = [&](const std::string& element) {
    if (element == "rPh") --phonetic;
    is_in_text = false;
  };
  KITH_ASSIGN_OR_RETURN(const std::string text, archive.Read("xl/sharedStrings.xml"));
  KITH_RETURN_IF_ERROR(XmlParser({begin, take, end}).Parse(text));
  return texts;
}

// Whether a format of numbers shows a date: of what it says outside quotes and brackets something
// is a day, a month, a year, an hour or a second.
bool IsDateFormat(absl::string_view format) {
  bool is_quoted = false, is_bracketed = false;
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = absl::ascii_tolower(static_cast<unsigned char>(format[i]));
    if (c == '"') is_quoted = !is_quoted;
    if (is_quoted) continue;
    if (c == '\\' || c == '_' || c == '*') {
      ++i;
    } else if (c == '[' || c == ']') {
      is_bracketed = c == '[';
    } else if (!is_bracketed && absl::string_view("dmyhs").find(c) != absl::string_view::npos) {
      return true;
    }
  }
  return false;
}

// Of each style of cells whether its numbers are dates.
absl::StatusOr<std::vector<bool>> ReadDateStyles(Archive& archive) {
  std::vector<bool> styles;
  if (!archive.Has("xl/styles.xml")) return styles;
  std::set<int> date_formats = {14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47};
  bool is_in_styles = false;
  const auto begin = [&](const std::string& element, const Attributes& attributes) {
    int id = 0;
    if (element == "numFmt" && absl::SimpleAtoi(At(attributes, "numFmtId"), &id) &&
        IsDateFormat(At(attributes, "formatCode"))) {
      date_formats.insert(id);
    }
    if (element == "cellXfs") is_in_styles = true;
    if (element != "xf" || !is_in_styles) return;
    styles.push_back(absl::SimpleAtoi(At(attributes, "numFmtId"), &id) &&
                     date_formats.count(id) > 0);
  };
  const auto ignore = [](absl::string_view) {};
  const auto end = [&](const std::string& element) {
    if (element == "cellXfs") is_in_styles = false;
  };
  KITH_ASSIGN_OR_RETURN(const std::string text, archive.Read("xl/styles.xml"));
  KITH_RETURN_IF_ERROR(XmlParser({begin, ignore, end}).Parse(text));
  return styles;
}

// A day, with the time where there is one, that a workbook counts in days. The day 60 of those
// counted from 1900 is a 29th of February that there was not.
std::string DateOf(double days, bool counts_from_1904) {
  const absl::CivilDay first = counts_from_1904 ? absl::CivilDay(1904, 1, 1)
                               : days < 60      ? absl::CivilDay(1899, 12, 31)
                                                : absl::CivilDay(1899, 12, 30);
  const double whole = std::floor(days);
  const auto seconds = static_cast<int64_t>(std::llround((days - whole) * 86'400));
  const absl::Time time =
      absl::FromCivil(first + static_cast<absl::civil_diff_t>(whole), absl::UTCTimeZone()) +
      absl::Seconds(seconds);
  const bool is_midnight = seconds % 86'400 == 0;
  return absl::FormatTime(is_midnight ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%SZ", time,
                          absl::UTCTimeZone());
}

// The column of "BC12", from 0; -1 where it names none.
int ColumnOf(absl::string_view reference) {
  int column = 0;
  for (const char c : reference) {
    if (!absl::ascii_isupper(static_cast<unsigned char>(c))) break;
    column = column * 26 + (c - 'A' + 1);
    if (column > kColumnsMax) return column;
  }
  return column - 1;
}

class Sheet {
 public:
  Sheet(const std::vector<std::string>& texts, const std::vector<bool>& date_styles,
        bool counts_from_1904)
      : texts_(texts), date_styles_(date_styles), counts_from_1904_(counts_from_1904) {}

  absl::Status Parse(absl::string_view xml) {
    const auto begin = [this](const std::string& element, const Attributes& attributes) {
      Begin(element, attributes);
    };
    const auto take = [this](absl::string_view text) {
      if (is_in_value_) absl::StrAppend(&value_, text);
    };
    const auto end = [this](const std::string& element) { End(element); };
    KITH_RETURN_IF_ERROR(XmlParser({begin, take, end}).Parse(xml));
    return error_;
  }

  std::vector<CsvRow> TakeRows() { return std::move(rows_); }

 private:
  void Begin(const std::string& element, const Attributes& attributes) {
    if (element == "row") {
      int64_t line = 0;
      const bool is_said = absl::SimpleAtoi(At(attributes, "r"), &line) && line > 0;
      rows_.push_back({is_said ? line : static_cast<int64_t>(rows_.size()) + 1, {}});
      if (rows_.size() > kRowsMax) error_ = Damaged("it has more rows than a sheet can have");
    } else if (element == "c") {
      type_ = At(attributes, "t");
      value_.clear();
      style_ = -1;
      if (!absl::SimpleAtoi(At(attributes, "s"), &style_)) style_ = -1;
      const std::string reference = At(attributes, "r");
      column_ = reference.empty() ? column_ + 1 : ColumnOf(reference);
    } else if (element == "rPh") {
      ++phonetic_;
    }
    is_in_value_ = element == "v" || (element == "t" && phonetic_ == 0);
  }

  void End(const std::string& element) {
    is_in_value_ = false;
    if (element == "rPh") --phonetic_;
    if (element == "row") column_ = -1;
    if (element != "c" || rows_.empty() || !error_.ok()) return;
    std::vector<std::string>& cells = rows_.back().cells;
    if (column_ < 0 || column_ >= kColumnsMax) {
      error_ = Damaged("a cell stands in a column that there is not");
      return;
    }
    const auto size = static_cast<size_t>(column_) + 1;
    if (cells.size() < size) {
      cells_ += size - cells.size();
      if (cells_ > kCellsMax) {
        error_ = Damaged("it has more than 20,000,000 cells; save it as CSV, or in parts");
        return;
      }
      cells.resize(size);
    }
    cells[static_cast<size_t>(column_)] = Value();
  }

  std::string Value() {
    if (type_ == "s") {
      size_t index = 0;
      if (absl::SimpleAtoi(value_, &index) && index < texts_.size()) return texts_[index];
      error_ = Damaged("a cell names a text that there is not");
      return "";
    }
    if (type_ == "b") return value_ == "1" ? "true" : "false";
    if (!type_.empty() && type_ != "n") return value_;  // a text, an error, an ISO date
    double number = 0;
    const bool is_date = style_ >= 0 && static_cast<size_t>(style_) < date_styles_.size() &&
                         date_styles_[static_cast<size_t>(style_)];
    if (!absl::SimpleAtod(value_, &number)) return value_;
    // Those that there is no day of are numbers.
    if (is_date && number >= 0 && number < 2'958'466) return DateOf(number, counts_from_1904_);
    // Written as 1.0E9 or 0.30000000000000004, it is meant to be what people see.
    return absl::StrContains(value_, 'E') || value_.size() > 15 ? Plain(number) : value_;
  }

  static std::string Plain(double number) {
    if (std::abs(number) < 1e15 && number == std::floor(number)) {
      return absl::StrCat(static_cast<int64_t>(number));
    }
    char text[32];
    const int size = std::snprintf(text, sizeof text, "%.15g", number);
    return std::string(text, static_cast<size_t>(size));
  }

  const std::vector<std::string>& texts_;
  const std::vector<bool>& date_styles_;
  const bool counts_from_1904_;
  std::vector<CsvRow> rows_;
  absl::Status error_;
  uint64_t cells_ = 0;
  int column_ = -1;
  int style_ = -1;
  int phonetic_ = 0;
  bool is_in_value_ = false;
  std::string type_;
  std::string value_;
};

}  // namespace

bool LooksLikeWorkbook(absl::string_view bytes) {
  return absl::StartsWith(bytes, absl::string_view("PK\x03\x04", 4));
}

absl::StatusOr<CsvFile> ParseWorkbook(absl::string_view bytes) {
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Archive> archive, Archive::Open(bytes));
  KITH_ASSIGN_OR_RETURN(const Book book, ReadBook(*archive));
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> texts, ReadSharedTexts(*archive));
  KITH_ASSIGN_OR_RETURN(const std::vector<bool> date_styles, ReadDateStyles(*archive));
  KITH_ASSIGN_OR_RETURN(const std::string xml, archive->Read(book.sheet));
  Sheet sheet(texts, date_styles, book.counts_from_1904);
  KITH_RETURN_IF_ERROR(sheet.Parse(xml));
  return TableOf(sheet.TakeRows());
}

}  // namespace kith::cli
