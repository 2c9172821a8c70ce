#include "projections/tables/query.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

// The longer ones first.
constexpr std::pair<const char*, Operator> kOperators[] = {
    {"!=", Operator::kNotEqual}, {"<=", Operator::kLessEqual}, {">=", Operator::kGreaterEqual},
    {"=", Operator::kEqual},     {"<", Operator::kLess},       {">", Operator::kGreater},
    {":", Operator::kHas}};

constexpr char kAfterTerm[] = "AND, OR, another comparison or the end";

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

bool IsQuote(char c) { return c == '"' || c == '\''; }

Expression Leaf(Comparison comparison) {
  return {Expression::Kind::kComparison, std::move(comparison), {}};
}

// One part stands for itself.
Expression Join(Expression::Kind kind, std::vector<Expression> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  return {kind, {}, std::move(parts)};
}

class FilterParser {
 public:
  explicit FilterParser(absl::string_view text) : text_(text) {}

  absl::StatusOr<Expression> Parse() {
    SkipSpace();
    if (done()) return Expression();
    KITH_ASSIGN_OR_RETURN(Expression expression, ParseConjunction(0));
    if (!done()) return Expected(kAfterTerm);
    return expression;
  }

 private:
  // factor {[AND] factor}, up to the end or a closing parenthesis.
  absl::StatusOr<Expression> ParseConjunction(size_t depth) {
    std::vector<Expression> parts;
    for (;;) {
      KITH_ASSIGN_OR_RETURN(Expression part, ParseFactor(depth));
      parts.push_back(std::move(part));
      if (TakeWord("AND")) continue;
      if (done() || text_[at_] == ')' || !BeginsTerm()) break;
    }
    return Join(Expression::Kind::kAll, std::move(parts));
  }

  // term {OR term}
  absl::StatusOr<Expression> ParseFactor(size_t depth) {
    std::vector<Expression> parts;
    do {
      KITH_ASSIGN_OR_RETURN(Expression part, ParseTerm(depth));
      parts.push_back(std::move(part));
    } while (TakeWord("OR"));
    return Join(Expression::Kind::kAny, std::move(parts));
  }

  absl::StatusOr<Expression> ParseTerm(size_t depth) {
    bool is_not = TakeWord("NOT");
    if (!is_not && !done() && text_[at_] == '-') {
      is_not = true;
      ++at_;
      if (!done() && absl::ascii_isspace(text_[at_])) return Expected("a comparison");
    }
    KITH_ASSIGN_OR_RETURN(Expression term, ParseSimple(depth));
    if (!is_not) return term;
    Expression negation{Expression::Kind::kNot, {}, {}};
    negation.parts.push_back(std::move(term));
    return negation;
  }

  absl::StatusOr<Expression> ParseSimple(size_t depth) {
    if (done() || text_[at_] != '(') return ParseComparison();
    if (depth == kDepthMax) {
      return InvalidFilterAt(Character(at_),
                             absl::StrCat("The filter has too many parentheses inside each other: "
                                          "there may be ",
                                          kDepthMax));
    }
    Skip(1);
    KITH_ASSIGN_OR_RETURN(Expression expression, ParseConjunction(depth + 1));
    KITH_RETURN_IF_ERROR(TakeClosing("AND, OR or )"));
    return expression;
  }

  absl::StatusOr<Expression> ParseComparison() {
    Comparison comparison;
    comparison.at = Character(at_);
    if (!done() && IsQuote(text_[at_])) return ParseWords(std::move(comparison));
    const absl::string_view word = PeekWord();
    const char next = at_ + word.size() < text_.size() ? text_[at_ + word.size()] : '\0';
    if (!word.empty() && next == '(') return ParseFunction(word, std::move(comparison));
    if (!IsFieldName(word) || !HasOperator(word.size())) return ParseWords(std::move(comparison));
    if (IsReserved(word)) return Expected("a field");
    comparison.field = std::string(word);
    Skip(word.size());
    if (TakeWord("in") || TakeWord("IN")) return ParseList(comparison);
    KITH_RETURN_IF_ERROR(ParseOperator(&comparison.op));
    KITH_RETURN_IF_ERROR(ParseLiteral(&comparison));
    if (comparison.prefix && comparison.op != Operator::kEqual && comparison.op != Operator::kHas &&
        comparison.op != Operator::kNotEqual) {
      return InvalidFilterAt(
          comparison.literal_at,
          absl::StrCat("A literal ending in * goes with =, != and : only, not with ",
                       OperatorText(comparison.op)));
    }
    return Counted(std::move(comparison));
  }

  // contains(field, "text")
  absl::StatusOr<Expression> ParseFunction(absl::string_view name, Comparison comparison) {
    if (name != "contains") {
      return InvalidFilterAt(
          comparison.at, absl::StrCat("There is no function ", name,
                                      "; there are contains(field, \"text\"), and of times now() "
                                      "and today()"));
    }
    Skip(name.size());
    Skip(1);
    const absl::string_view field = PeekWord();
    if (!IsFieldName(field)) return Expected("a field");
    comparison.field = std::string(field);
    comparison.op = Operator::kContains;
    Skip(field.size());
    if (done() || text_[at_] != ',') return Expected("a comma and a text");
    Skip(1);
    KITH_RETURN_IF_ERROR(ParseLiteral(&comparison));
    if (comparison.prefix || comparison.literal.empty()) {
      return InvalidFilterAt(comparison.literal_at,
                             "contains() takes a text that is not empty and ends in no *");
    }
    KITH_RETURN_IF_ERROR(TakeClosing(")"));
    return Counted(std::move(comparison));
  }

  // field in (literal, …): any of these.
  absl::StatusOr<Expression> ParseList(const Comparison& field) {
    if (done() || text_[at_] != '(') return Expected("( and values separated by commas");
    std::vector<Expression> parts;
    do {
      Skip(1);
      Comparison comparison = field;
      KITH_RETURN_IF_ERROR(ParseLiteral(&comparison));
      KITH_ASSIGN_OR_RETURN(Expression part, Counted(std::move(comparison)));
      parts.push_back(std::move(part));
    } while (!done() && text_[at_] == ',');
    KITH_RETURN_IF_ERROR(TakeClosing("a comma or )"));
    return Join(Expression::Kind::kAny, std::move(parts));
  }

  // Words without a field.
  absl::StatusOr<Expression> ParseWords(Comparison comparison) {
    comparison.op = Operator::kWords;
    if (done() || text_[at_] == '-') return Expected("a comparison");
    if (!IsQuote(text_[at_]) && (!IsBareCharacter(text_[at_]) || IsReserved(PeekWord()))) {
      return Expected("a comparison");
    }
    const std::string lower = absl::AsciiStrToLower(PeekWord());
    if (lower == "and" || lower == "or" || lower == "not") {
      return InvalidFilterAt(comparison.at, absl::StrCat(PeekWord(),
                                                         " is written in capitals where it joins "
                                                         "comparisons, and in quotes as a word"));
    }
    const bool may_be_field = IsFieldName(PeekWord());  // a quote begins none
    KITH_RETURN_IF_ERROR(ParseLiteral(&comparison));
    if (!done() && OperatorHere() != nullptr) {
      return InvalidFilterAt(comparison.at, "There is no field of that name");
    }
    if (const std::string meant = may_be_field ? MeantInSql(comparison.literal) : "";
        !meant.empty()) {
      return InvalidFilterAt(comparison.at,
                             absl::StrCat("A filter compares as SQL does not: did you mean ", meant,
                                          "? Words to look for stand in quotes here"));
    }
    return Counted(std::move(comparison));
  }

  // What a comparison written in SQL's words would be, of which `field` was read and the rest
  // stands here: owner is null, owner is not null, name like '…'. Empty: no such words follow.
  std::string MeantInSql(absl::string_view field) const {
    FilterParser ahead = *this;
    if (ahead.TakeInAnyCase("is")) {
      const bool has_value = ahead.TakeInAnyCase("not");
      if (!ahead.TakeInAnyCase("null")) return "";
      return absl::StrCat(field, has_value ? ":*" : " = \"\"");
    }
    const bool is_like = ahead.TakeInAnyCase("like") || ahead.TakeInAnyCase("ilike");
    const bool has_text = is_like && !ahead.done() &&
                          (IsQuote(ahead.text_[ahead.at_]) || ahead.text_[ahead.at_] == '%');
    return has_text ? absl::StrCat("contains(", field, ", \"…\")") : "";
  }

  absl::Status ParseOperator(Operator* op) {
    const auto* const found = OperatorHere();
    if (found == nullptr) return Expected("one of = != < <= > >= : in");
    Skip(absl::string_view(found->first).size());
    *op = found->second;
    return absl::OkStatus();
  }

  const std::pair<const char*, Operator>* OperatorHere() const {
    for (const auto& each : kOperators) {
      if (absl::StartsWith(text_.substr(at_), each.first)) return &each;
    }
    return nullptr;
  }

  absl::Status ParseLiteral(Comparison* comparison) {
    if (done()) return Expected("a value");
    comparison->literal_at = Character(at_);
    const absl::Status parsed =
        IsQuote(text_[at_]) ? ParseQuoted(comparison) : ParseBare(comparison);
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
    if (at_ == begin) return Expected("a value; put it in quotes");
    if (absl::StartsWith(text_.substr(at_), "()")) {
      comparison->is_call = true;
      at_ += 2;
    }
    return absl::OkStatus();
  }

  // A star that is not escaped may only end the literal.
  absl::Status AddCharacter(char c, bool escaped, Comparison* comparison) {
    if (comparison->prefix) {
      return InvalidFilterAt(
          Character(at_),
          "A * stands at the end of a literal only; write \\* for the character, and "
          "contains(field, \"text\") for what stands anywhere in a text");
    }
    if (c == '*' && !escaped) {
      comparison->prefix = true;
    } else {
      comparison->literal.push_back(c);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Expression> Counted(Comparison comparison) {
    if (++comparisons_ > kComparisonsMax) {
      return InvalidFilterAt(comparison.at, absl::StrCat("A filter has at most ", kComparisonsMax,
                                                         " comparisons; this is one more"));
    }
    return Leaf(std::move(comparison));
  }

  static bool IsReserved(absl::string_view word) {
    return word == "AND" || word == "OR" || word == "NOT";
  }
  // Whether an operator, or "in", follows after so many characters and spaces.
  bool HasOperator(size_t skipped) const {
    absl::string_view rest = absl::StripLeadingAsciiWhitespace(text_.substr(at_ + skipped));
    for (const auto& each : kOperators) {
      if (absl::StartsWith(rest, each.first)) return true;
    }
    if (!absl::ConsumePrefix(&rest, "in") && !absl::ConsumePrefix(&rest, "IN")) return false;
    return absl::StartsWith(absl::StripLeadingAsciiWhitespace(rest), "(");
  }
  // Whether what stands here can begin a term.
  bool BeginsTerm() const {
    return text_[at_] == '(' || IsQuote(text_[at_]) || IsBareCharacter(text_[at_]);
  }
  absl::string_view PeekWord() const {
    size_t end = at_;
    while (end < text_.size() && IsFieldCharacter(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool TakeWord(absl::string_view word) {
    if (PeekWord() != word) return false;
    Skip(word.size());
    return true;
  }
  bool TakeInAnyCase(absl::string_view word) {
    if (!absl::EqualsIgnoreCase(PeekWord(), word)) return false;
    Skip(word.size());
    return true;
  }
  absl::Status TakeClosing(absl::string_view expected) {
    if (done() || text_[at_] != ')') return Expected(expected);
    Skip(1);
    return absl::OkStatus();
  }
  void Skip(size_t size) {
    at_ += size;
    SkipSpace();
  }
  void SkipSpace() {
    while (!done() && absl::ascii_isspace(text_[at_])) ++at_;
  }
  bool done() const { return at_ == text_.size(); }
  // Counted as people do, and not in bytes.
  size_t Character(size_t at) const {
    size_t character = 1;
    for (size_t i = 0; i < at; ++i) {
      if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++character;
    }
    return character;
  }

  absl::Status Expected(absl::string_view what) const {
    return InvalidFilterAt(Character(at_),
                           absl::StrCat("The filter has ", done() ? "ended" : "something else",
                                        " where ", what, " is expected"));
  }

  const absl::string_view text_;
  size_t at_ = 0;
  size_t comparisons_ = 0;
};

void AppendLiteral(const Comparison& comparison, std::string* text) {
  if (comparison.is_call) return absl::StrAppend(text, comparison.literal, "()");
  text->push_back('"');
  for (const char c : comparison.literal) {
    if (c == '"' || c == '\\' || c == '*') text->push_back('\\');
    text->push_back(c);
  }
  absl::StrAppend(text, comparison.prefix ? "*" : "", "\"");
}

void AppendExpression(const Expression& expression, bool is_whole, std::string* text) {
  const Comparison& comparison = expression.comparison;
  switch (expression.kind) {
    case Expression::Kind::kComparison:
      if (comparison.op == Operator::kContains) {
        absl::StrAppend(text, "contains(", comparison.field, ",");
        AppendLiteral(comparison, text);
        text->push_back(')');
        return;
      }
      absl::StrAppend(text, comparison.field, OperatorText(comparison.op));
      return AppendLiteral(comparison, text);
    case Expression::Kind::kNot:
      text->append("NOT ");
      return AppendExpression(expression.parts.front(), false, text);
    case Expression::Kind::kAll:
    case Expression::Kind::kAny:
      break;
  }
  if (!is_whole) text->push_back('(');
  const char* const join = expression.kind == Expression::Kind::kAll ? " AND " : " OR ";
  for (size_t i = 0; i < expression.parts.size(); ++i) {
    if (i > 0) text->append(join);
    AppendExpression(expression.parts[i], false, text);
  }
  if (!is_whole) text->push_back(')');
}

}  // namespace

absl::StatusOr<Expression> ParseFilter(absl::string_view filter) {
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

std::string FilterText(const Expression& expression) {
  std::string text;
  AppendExpression(expression, true, &text);
  return text;
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
    case Operator::kContains:
      return "contains";
    case Operator::kWords:
      return "";
  }
  return "";
}

absl::Status InvalidFilter(absl::string_view message) {
  return Error(type::v1::ERROR_INVALID_FILTER, message);
}

absl::Status FieldMasked(absl::string_view name) {
  return Error(type::v1::ERROR_PERMISSION_DENIED,
               absl::StrCat("Nothing can be asked by ", name,
                            ", nor can it be changed: the roles of whoever asks do not let them "
                            "read it."),
               {{"field", std::string(name)}});
}

absl::Status InvalidFilterAt(size_t character, absl::string_view message) {
  return Error(type::v1::ERROR_INVALID_FILTER,
               absl::StrCat(message, ", at character ", character, "."),
               {{"character", absl::StrCat(character)}});
}

}  // namespace kith::projections
