#include "projections/tables/query.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

constexpr size_t kDepthMax = 32;

bool IsFieldCharacter(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; }

// What a literal may hold without quotes: numbers, dates, times, resource names, enum values.
bool IsBareCharacter(char c) {
  return absl::ascii_isalnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         absl::string_view("_-.:+@/*%").find(c) != absl::string_view::npos;
}

bool IsFieldName(absl::string_view text) {
  if (text.empty() || absl::ascii_isdigit(text[0])) return false;
  for (const char c : text) {
    if (!IsFieldCharacter(c)) return false;
  }
  return true;
}

class FilterParser {
 public:
  explicit FilterParser(absl::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<Comparison>> Parse() {
    SkipSpace();
    if (!done()) KITH_RETURN_IF_ERROR(ParseConjunction(0));
    if (!done()) return Expected("AND or the end");
    return std::move(comparisons_);
  }

 private:
  // comparison {AND comparison}, up to the end or a closing parenthesis.
  absl::Status ParseConjunction(size_t depth) {
    for (;;) {
      KITH_RETURN_IF_ERROR(ParseTerm(depth));
      const absl::string_view word = PeekWord();
      if (word == "OR") return NotSupported("OR");
      if (word != "AND") return absl::OkStatus();
      Skip(word.size());
    }
  }

  absl::Status ParseTerm(size_t depth) {
    if (PeekWord() == "NOT" || (!done() && text_[at_] == '-')) return NotSupported("NOT");
    if (done() || text_[at_] != '(') return ParseComparison();
    if (depth == kDepthMax) {
      return InvalidFilter("The filter has too many parentheses inside each other.");
    }
    Skip(1);
    KITH_RETURN_IF_ERROR(ParseConjunction(depth + 1));
    if (done() || text_[at_] != ')') return Expected("AND or )");
    Skip(1);
    return absl::OkStatus();
  }

  absl::Status ParseComparison() {
    Comparison comparison;
    const absl::string_view field = PeekWord();
    if (!IsFieldName(field) || field == "AND" || field == "OR") return Expected("a field");
    comparison.field = std::string(field);
    Skip(field.size());
    KITH_RETURN_IF_ERROR(ParseOperator(&comparison.op));
    KITH_RETURN_IF_ERROR(ParseLiteral(&comparison));
    if (comparison.prefix && comparison.op != Operator::kEqual && comparison.op != Operator::kHas) {
      return InvalidFilter(absl::StrCat("A literal ending in * goes with = only, not with ",
                                        OperatorText(comparison.op), "."));
    }
    if (comparisons_.size() == kComparisonsMax) {
      return InvalidFilter(absl::StrCat("A filter has at most ", kComparisonsMax, " comparisons."));
    }
    comparisons_.push_back(std::move(comparison));
    return absl::OkStatus();
  }

  absl::Status ParseOperator(Operator* op) {
    // The longer ones first.
    static constexpr std::pair<const char*, Operator> kOperators[] = {
        {"!=", Operator::kNotEqual}, {"<=", Operator::kLessEqual}, {">=", Operator::kGreaterEqual},
        {"=", Operator::kEqual},     {"<", Operator::kLess},       {">", Operator::kGreater},
        {":", Operator::kHas}};
    for (const auto& [text, value] : kOperators) {
      const absl::string_view token(text);
      if (text_.substr(at_, token.size()) != token) continue;
      Skip(token.size());
      *op = value;
      return absl::OkStatus();
    }
    return Expected("one of = != < <= > >= :");
  }

  absl::Status ParseLiteral(Comparison* comparison) {
    if (done()) return Expected("a value");
    const absl::Status parsed =
        text_[at_] == '"' || text_[at_] == '\'' ? ParseQuoted(comparison) : ParseBare(comparison);
    SkipSpace();
    return parsed;
  }

  absl::Status ParseQuoted(Comparison* comparison) {
    const char quote = text_[at_++];
    for (; !done() && text_[at_] != quote; ++at_) {
      const bool escaped = text_[at_] == '\\';
      if (escaped && ++at_ == text_.size()) break;
      KITH_RETURN_IF_ERROR(AddCharacter(text_[at_], escaped, comparison));
    }
    if (done()) return Expected(absl::StrCat("a closing ", std::string(1, quote)));
    ++at_;
    return absl::OkStatus();
  }

  absl::Status ParseBare(Comparison* comparison) {
    const size_t begin = at_;
    for (; !done() && IsBareCharacter(text_[at_]); ++at_) {
      KITH_RETURN_IF_ERROR(AddCharacter(text_[at_], false, comparison));
    }
    return at_ == begin ? Expected("a value; put it in quotes") : absl::OkStatus();
  }

  // A star that is not escaped may only end the literal.
  absl::Status AddCharacter(char c, bool escaped, Comparison* comparison) {
    if (comparison->prefix) {
      return InvalidFilter("A * stands at the end of a literal only; write \\* for the character.");
    }
    if (c == '*' && !escaped) {
      comparison->prefix = true;
    } else {
      comparison->literal.push_back(c);
    }
    return absl::OkStatus();
  }

  absl::string_view PeekWord() const {
    size_t end = at_;
    while (end < text_.size() && IsFieldCharacter(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  void Skip(size_t size) {
    at_ += size;
    SkipSpace();
  }
  void SkipSpace() {
    while (!done() && absl::ascii_isspace(text_[at_])) ++at_;
  }
  bool done() const { return at_ == text_.size(); }

  absl::Status Expected(absl::string_view what) const {
    return InvalidFilter(absl::StrCat("The filter has ", done() ? "ended" : "something else",
                                      " where ", what, " is expected, at character ", at_ + 1,
                                      "."));
  }
  absl::Status NotSupported(absl::string_view word) const {
    return InvalidFilter(absl::StrCat(word, " at character ", at_ + 1,
                                      " is not supported: join comparisons with AND."));
  }

  const absl::string_view text_;
  size_t at_ = 0;
  std::vector<Comparison> comparisons_;
};

}  // namespace

absl::StatusOr<std::vector<Comparison>> ParseFilter(absl::string_view filter) {
  if (filter.size() > kFilterBytesMax) {
    return InvalidFilter(absl::StrCat("A filter has at most ", kFilterBytesMax, " bytes."));
  }
  return FilterParser(filter).Parse();
}

absl::StatusOr<std::vector<OrderField>> ParseOrderBy(absl::string_view order_by) {
  std::vector<OrderField> order;
  if (absl::StripAsciiWhitespace(order_by).empty()) return order;
  if (order_by.size() > kFilterBytesMax) return InvalidFilter("The order_by is too long.");
  for (const absl::string_view part : absl::StrSplit(order_by, ',')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(part, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    const bool direction = words.size() == 2 && (words[1] == "asc" || words[1] == "desc");
    if (words.empty() || !IsFieldName(words[0]) || (words.size() != 1 && !direction)) {
      return InvalidFilter("order_by is fields separated by commas, each with asc or desc.");
    }
    for (const OrderField& earlier : order) {
      if (earlier.field == words[0]) {
        return InvalidFilter(absl::StrCat("order_by names ", words[0], " twice."));
      }
    }
    order.push_back({std::string(words[0]), direction && words[1] == "desc"});
  }
  return order;
}

absl::string_view OperatorText(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return "=";
    case Operator::kNotEqual:
      return "!=";
    case Operator::kLess:
      return "<";
    case Operator::kLessEqual:
      return "<=";
    case Operator::kGreater:
      return ">";
    case Operator::kGreaterEqual:
      return ">=";
    case Operator::kHas:
      return ":";
  }
  return "";
}

absl::Status InvalidFilter(absl::string_view message) {
  return Error(type::v1::ERROR_INVALID_FILTER, message);
}

}  // namespace kith::projections
