#include "services/edge/json_literals.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/runtime/requests/validate.h"

namespace kith::edge {
namespace {

// A list or an object that is open, and where in it the text stands.
struct Level {
  bool is_list;
  int64_t index = 0;      // in a list
  absl::string_view key;  // in an object
};

// "contact.emails[1]".
std::string PlaceOf(const std::vector<Level>& levels) {
  std::string place;
  for (const Level& level : levels) {
    if (level.is_list) {
      absl::StrAppend(&place, "[", level.index, "]");
    } else {
      absl::StrAppend(&place, place.empty() ? "" : ".", level.key);
    }
  }
  return place;
}

// How long the string is that the text begins with, with its quotes.
size_t QuotedSize(absl::string_view text) {
  for (size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == text[0]) {
      return at + 1;
    }
  }
  return text.size();
}

// A name, a number, true, false or null.
size_t BareSize(absl::string_view text) {
  constexpr absl::string_view kEnds = ",:]}[{\"' \t\r\n";
  const size_t end = text.find_first_of(kEnds, 1);
  return end == absl::string_view::npos ? text.size() : end;
}

bool IsBeyond64Bits(absl::string_view literal) {
  const absl::string_view digits = literal.substr(literal[0] == '-' ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != absl::string_view::npos) {
    return false;
  }
  int64_t whole = 0;
  uint64_t positive = 0;
  return !absl::SimpleAtoi(literal, &whole) && !absl::SimpleAtoi(literal, &positive);
}

absl::Status CheckLiteral(absl::string_view literal, const std::vector<Level>& levels) {
  if (levels.empty()) return absl::OkStatus();
  if (literal == "null" && levels.back().is_list) {
    return runtime::ViolationError(PlaceOf(levels), "is null, which no element of a list can be");
  }
  if (IsBeyond64Bits(literal)) {
    return runtime::ViolationError(PlaceOf(levels), "is a whole number beyond 64 bits");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLiterals(absl::string_view json) {
  std::vector<Level> levels;
  bool is_value = true;  // and not the name of a field
  while (!json.empty()) {
    const char c = json[0];
    size_t size = 1;
    if (c == '{' || c == '[') {
      levels.push_back({.is_list = c == '['});
      is_value = c == '[';
    } else if ((c == '}' || c == ']') && !levels.empty()) {
      levels.pop_back();
    } else if (c == ',' && !levels.empty()) {
      ++levels.back().index;
      is_value = levels.back().is_list;
    } else if (c == ':') {
      is_value = true;
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      const bool is_quoted = c == '"' || c == '\'';
      size = is_quoted ? QuotedSize(json) : BareSize(json);
      const absl::string_view token = json.substr(0, size);
      if (!is_value && !levels.empty()) {
        levels.back().key = is_quoted && size > 1 ? token.substr(1, size - 2) : token;
      } else if (!is_quoted) {
        if (const absl::Status good = CheckLiteral(token, levels); !good.ok()) return good;
      }
    }
    json.remove_prefix(size);
  }
  return absl::OkStatus();
}

}  // namespace kith::edge
