#include "services/cli/import/vcard_reader.h"

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/status_macros.h"
#include "services/cli/import/text_encoding.h"

namespace kith::cli {
namespace {

constexpr absl::string_view kColumns[] = {
    "uid",  "fn",         "prefix", "given", "additional", "family", "suffix",
    "org",  "department", "title",  "email", "tel",        "url",    "bday",
    "note", "categories", "street", "city",  "region",     "code",   "country",
    "lang", "photo",      "social", "x"};

// Of one card, but for what is passed over.
constexpr size_t kCardBytesMax = 1 << 20;
// A card may have others within it, as an AGENT of 2.1.
constexpr int kNestedMax = 10;
// Of what only some programs know a contact takes so many, each of so many bytes.
constexpr size_t kUnknownMax = 50;
constexpr size_t kUnknownBytesMax = 512;

absl::Status Wrong(int64_t line, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", why));
}

// One property of a card, its name and its parameters' in capital letters.
struct Property {
  std::string name;
  std::multimap<std::string, std::string> parameters;
  std::string value;
  int64_t line = 0;

  bool Says(absl::string_view parameter, absl::string_view text) const {
    const auto [first, last] = parameters.equal_range(std::string(parameter));
    return std::any_of(first, last,
                       [&](const auto& each) { return absl::EqualsIgnoreCase(each.second, text); });
  }
};

bool IsWebAddress(absl::string_view text) {
  return absl::StartsWithIgnoreCase(text, "http://") ||
         absl::StartsWithIgnoreCase(text, "https://");
}

// What a card may have within it that is no text: it is passed over, however long. Where a picture
// is, is a text.
bool IsEmbedded(const Property& property) {
  const std::string& name = property.name;
  if (name == "PHOTO") return !IsWebAddress(property.value);
  return name == "LOGO" || name == "SOUND" || name == "KEY";
}

bool IsQuotedPrintable(absl::string_view line) {
  const absl::string_view front = line.substr(0, line.find(':'));
  return absl::StrContains(absl::AsciiStrToUpper(front), "QUOTED-PRINTABLE");
}

// The lines of a file, folded ones as one: of what follows a line's end exactly one blank or tab
// belongs to the fold. Lines of quoted-printable go on where they end in "=".
class Lines {
 public:
  explicit Lines(absl::string_view text) : text_(text) {}

  bool Next(std::string* line, int64_t* number) {
    if (text_.empty()) return false;
    *line = TakeOne();
    *number = number_;
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t')) {
      text_.remove_prefix(1);
      absl::StrAppend(line, TakeOne());
    }
    while (!text_.empty() && absl::EndsWith(*line, "=") && IsQuotedPrintable(*line)) {
      line->pop_back();
      absl::StrAppend(line, TakeOne());
    }
    return true;
  }

 private:
  std::string TakeOne() {
    ++number_;
    const size_t end = text_.find_first_of("\r\n");
    std::string line(text_.substr(0, end));
    if (end == text_.npos) {
      text_ = {};
    } else {
      text_.remove_prefix(end + (text_.substr(end, 2) == "\r\n" ? 2 : 1));
    }
    return line;
  }

  absl::string_view text_;
  int64_t number_ = 0;
};

// Where the text goes on behind what is in quotation marks.
size_t FindUnquoted(absl::string_view text, absl::string_view any) {
  bool is_quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') is_quoted = !is_quoted;
    if (!is_quoted && any.find(text[i]) != any.npos) return i;
  }
  return text.npos;
}

void AddParameter(absl::string_view text, Property& property) {
  const size_t equals = text.find('=');
  // In 2.1 a type stands alone, "HOME".
  const std::string name =
      equals == text.npos ? "TYPE" : absl::AsciiStrToUpper(text.substr(0, equals));
  absl::string_view values = equals == text.npos ? text : text.substr(equals + 1);
  if (absl::ConsumePrefix(&values, "\"")) absl::ConsumeSuffix(&values, "\"");
  if (name == "TYPE" && absl::EqualsIgnoreCase(values, "QUOTED-PRINTABLE")) {
    property.parameters.emplace("ENCODING", "QUOTED-PRINTABLE");
    return;
  }
  for (const absl::string_view value : absl::StrSplit(values, ',')) {
    property.parameters.emplace(name, value);
  }
}

std::string FromQuotedPrintable(absl::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    const absl::string_view hex = text.substr(i + 1 <= text.size() ? i + 1 : text.size(), 2);
    const bool is_byte = text[i] == '=' && hex.size() == 2 &&
                         absl::ascii_isxdigit(static_cast<unsigned char>(hex[0])) &&
                         absl::ascii_isxdigit(static_cast<unsigned char>(hex[1]));
    if (!is_byte) {
      bytes.push_back(text[i]);
      continue;
    }
    absl::StrAppend(&bytes, absl::HexStringToBytes(hex));
    i += 2;
  }
  return bytes;
}

absl::StatusOr<Property> ParseLine(absl::string_view text, int64_t line) {
  const size_t colon = FindUnquoted(text, ":");
  if (colon == text.npos) return Wrong(line, "a property of a card has a colon");
  Property property;
  property.line = line;
  absl::string_view front = text.substr(0, colon);
  property.value = std::string(text.substr(colon + 1));
  const size_t name_end = std::min(front.find(';'), front.size());
  absl::string_view name = front.substr(0, name_end);
  name = name.substr(name.rfind('.') + 1);  // without its group
  property.name = absl::AsciiStrToUpper(name);
  front.remove_prefix(name_end);
  while (absl::ConsumePrefix(&front, ";")) {
    const size_t end = std::min(FindUnquoted(front, ";"), front.size());
    AddParameter(front.substr(0, end), property);
    front.remove_prefix(end);
  }
  if (!property.Says("ENCODING", "QUOTED-PRINTABLE")) return property;
  property.value = FromQuotedPrintable(property.value);
  const auto charset = property.parameters.find("CHARSET");
  if (charset == property.parameters.end()) return property;
  auto decoded = DecodeText(property.value, charset->second);
  if (!decoded.ok()) return Wrong(line, decoded.status().message());
  property.value = *std::move(decoded);
  return property;
}

// A text without its escapes.
std::string Unescaped(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain.push_back(text[i]);
      continue;
    }
    ++i;
    plain.push_back(text[i] == 'n' || text[i] == 'N' ? '\n' : text[i]);
  }
  return plain;
}

std::vector<std::string> SplitUnescaped(absl::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == separator) {
      parts.emplace_back();
      continue;
    }
    parts.back().push_back(text[i]);
    if (text[i] == '\\' && i + 1 < text.size()) parts.back().push_back(text[++i]);
  }
  return parts;
}

// Of a card, what goes into its row.
class Card {
 public:
  explicit Card(int64_t line) : line_(line) {}

  void Take(const Property& property) {
    const std::string& name = property.name;
    if (name == "N") {
      TakeParts(property, {"family", "given", "additional", "prefix", "suffix"}, 0);
    } else if (name == "ORG") {
      TakeParts(property, {"org", "department"}, 0);
    } else if (name == "ADR") {
      // Post office box and extended address come first, which the RFC wants empty.
      TakeParts(property, {"street", "city", "region", "code", "country"}, 2);
    } else if (name == "CATEGORIES") {
      for (const auto& part : CardParts(property.value)) {
        for (const std::string& element : part) Add("categories", element, false);
      }
    } else {
      AddText(property);
    }
  }

  CsvRow Row() {
    TakeNameAsGiven();
    CsvRow row;
    row.line = line_;
    for (const absl::string_view column : kColumns) {
      row.cells.push_back(absl::StrJoin(values_[std::string(column)], "\n"));
    }
    return row;
  }

 private:
  // Where nothing but FN says a name. Every card has an FN: of whom nobody knows the name, it says
  // an address, a number or the UID.
  void TakeNameAsGiven() {
    if (!values_["given"].empty() || !values_["family"].empty() || values_["fn"].empty()) return;
    const std::string& name = values_["fn"].front();
    for (const char* const column : {"email", "tel", "uid", "org"}) {
      const std::vector<std::string>& values = values_[column];
      if (std::find(values.begin(), values.end(), name) != values.end()) return;
    }
    Add("given", name, false);
  }

  void AddText(const Property& property) {
    const std::string column = absl::AsciiStrToLower(property.name);
    if ((column == "socialprofile" || column == "x-socialprofile") && TakeProfile(property)) return;
    if (absl::StartsWith(column, "x-")) return TakeUnknown(property);
    constexpr absl::string_view kTexts[] = {"uid", "fn",   "title", "email", "tel",
                                            "url", "bday", "note",  "lang",  "photo"};
    if (std::find(std::begin(kTexts), std::end(kTexts), column) == std::end(kTexts)) return;
    std::string text = Unescaped(property.value);
    if (column == "photo" && !values_[column].empty()) return;  // a contact has one
    if (column == "tel") {
      absl::string_view number = text;
      if (absl::StartsWithIgnoreCase(number, "tel:")) number.remove_prefix(4);
      text = std::string(number);
    }
    // Without the year, as 4.0 can say it, it is no day that a contact takes.
    if (column == "bday") text = Day(text);
    int preference = 0;
    const auto said = property.parameters.find("PREF");
    const bool is_preferred = property.Says("TYPE", "pref") ||
                              (said != property.parameters.end() &&
                               absl::SimpleAtoi(said->second, &preference) && preference == 1);
    Add(column, text, is_preferred);
  }

  // As the command line takes a value of two fields; false where nothing says of which network.
  bool TakeProfile(const Property& property) {
    std::string network;
    for (const auto& [name, text] : property.parameters) {
      const bool says = name == "SERVICE-TYPE" || name == "TYPE";
      const bool is_name = says && !text.empty() && !absl::EqualsIgnoreCase(text, "pref");
      if (is_name && network.empty()) network = text;
    }
    const std::string profile(absl::StripAsciiWhitespace(Unescaped(property.value)));
    if (network.empty() || profile.empty()) return false;
    const nlohmann::ordered_json both = {{"network", network}, {"profile", profile}};
    constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
    Add("social", both.dump(-1, ' ', false, kReplace), false);
    return true;
  }

  // What only some programs know stays as it is written.
  void TakeUnknown(const Property& property) {
    const std::string& name = property.name;
    const bool is_name = name.size() > 2 && std::all_of(name.begin(), name.end(), [](char c) {
                           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
                         });
    const absl::string_view value = absl::StripAsciiWhitespace(property.value);
    const std::string text = absl::StrCat(name, ":", value);
    const bool fits = text.size() <= kUnknownBytesMax && values_["x"].size() < kUnknownMax;
    if (is_name && !value.empty() && fits) Add("x", text, false);
  }

  static std::string Day(absl::string_view text) {
    std::string day(text.substr(0, text.find('T')));
    if (absl::StartsWith(day, "--")) return "";
    if (day.size() == 8 && day.find('-') == day.npos) {
      return absl::StrCat(day.substr(0, 4), "-", day.substr(4, 2), "-", day.substr(6));
    }
    return day;
  }

  void TakeParts(const Property& property, const std::vector<std::string>& columns, size_t first) {
    const auto parts = CardParts(property.value);
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!values_[columns[i]].empty()) return;  // it is a further one
    }
    for (size_t i = 0; i < columns.size() && i + first < parts.size(); ++i) {
      std::vector<std::string> said;
      for (const std::string& element : parts[i + first]) {
        if (!element.empty()) said.push_back(element);
      }
      Add(columns[i], absl::StrJoin(said, " "), false);
    }
  }

  void Add(const std::string& column, const std::string& text, bool is_first) {
    const std::string plain(absl::StripAsciiWhitespace(text));
    if (plain.empty()) return;
    std::vector<std::string>& values = values_[column];
    values.insert(is_first ? values.begin() : values.end(), plain);
  }

  const int64_t line_;
  std::map<std::string, std::vector<std::string>> values_;
};

}  // namespace

bool LooksLikeCards(absl::string_view text) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  return absl::StartsWithIgnoreCase(absl::StripLeadingAsciiWhitespace(text), "BEGIN:VCARD");
}

absl::StatusOr<CsvFile> ParseCards(absl::string_view text) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  std::vector<CsvRow> rows(1);
  for (const absl::string_view column : kColumns) rows[0].cells.emplace_back(column);
  Lines lines(text);
  std::string line;
  int64_t number = 0;
  std::unique_ptr<Card> card;
  size_t bytes = 0;  // of the card
  int nested = 0;    // a card within a card, as an AGENT of 2.1 is
  while (lines.Next(&line, &number)) {
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    KITH_ASSIGN_OR_RETURN(const Property property, ParseLine(line, number));
    const bool is_of_card = absl::EqualsIgnoreCase(property.value, "VCARD");
    if (property.name == "BEGIN" && is_of_card) {
      if (card == nullptr) {
        card = std::make_unique<Card>(number);
        bytes = 0;
      } else if (++nested > kNestedMax) {
        return Wrong(number, "more than ten cards stand within each other");
      }
    } else if (card == nullptr) {
      return Wrong(number, "it stands in no card");
    } else if (property.name == "END" && is_of_card && nested > 0) {
      --nested;
    } else if (property.name == "END" && is_of_card) {
      rows.push_back(card->Row());
      card = nullptr;
    } else if (nested == 0 && !IsEmbedded(property)) {
      bytes += property.value.size();
      if (bytes > kCardBytesMax) return Wrong(number, "the card has more than 1 MiB of text");
      card->Take(property);
    }
  }
  if (card != nullptr) return Wrong(number, "the last card has no END:VCARD");
  return TableOf(std::move(rows));
}

std::vector<std::vector<std::string>> CardParts(absl::string_view value) {
  std::vector<std::vector<std::string>> parts;
  for (const std::string& part : SplitUnescaped(value, ';')) {
    std::vector<std::string>& elements = parts.emplace_back();
    for (const std::string& element : SplitUnescaped(part, ',')) {
      elements.push_back(Unescaped(element));
    }
  }
  return parts;
}

}  // namespace kith::cli
