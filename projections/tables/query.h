// The query language of lists: AIP-160 filters and AIP-132 orders, parsed. Tables run them;
// segments and automation will.
//
//   filter    comparisons joined by AND, OR and NOT (or - before one), with parentheses. OR binds
//             tighter than AND, and terms side by side are joined by AND: a = 1 b = 2 OR c = 3 is
//             a = 1 AND (b = 2 OR c = 3).
//             field = != < <= > >= : literal. A literal is quoted or a bare word; = with a trailing
//             * asks for a beginning; field:* asks whether the field has a value;
//             field in (one, "another") whether it is one of these; contains(field, "text") whether
//             the text stands anywhere in it. A word, or quoted words, without a field ask whether
//             each begins some word of the record's names.
//             Days and times may be relative to the moment of the list (time_literal.h), or be a
//             period of its calendar: close_time = last_quarter (time_period.h).
//             A field may be that of a record, or of a part of one, that a field of the row links,
//             one step on: company.industry = Retail. Lists of records look those up first
//             (services/runtime/resources/link_steps.h); to other filters it is unknown.
//   order_by  fields separated by commas, each with an optional asc or desc.
// Pure; any thread. Input is untrusted.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::projections {

// kHas is ":", some value equals the literal. For a field of many values every operator asks
// whether some value does, but for kNotEqual, which asks that none is equal. kWords has no field.
enum class Operator {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kHas,
  kContains,
  kWords
};

struct Comparison {
  std::string field;
  Operator op = Operator::kEqual;
  std::string literal;  // unescaped
  // The literal ended in a star that was not escaped, and the star was removed.
  bool prefix = false;
  bool is_call = false;   // the literal was followed by (): now(), today()
  size_t at = 1;          // the character of the filter that it begins at, from 1
  size_t literal_at = 1;  // the same of its literal
};

// A condition as it was written: a comparison, or what joins others. As deep as kDepthMax allows.
struct Expression {
  enum class Kind { kComparison, kAll, kAny, kNot };

  Kind kind = Kind::kAll;
  Comparison comparison;          // of kComparison
  std::vector<Expression> parts;  // of the others; one of kNot. kAll of none holds always
};

struct OrderField {
  std::string field;
  bool descending = false;
};

inline constexpr size_t kFilterBytesMax = 4096;
inline constexpr size_t kComparisonsMax = 100;
inline constexpr size_t kDepthMax = 32;  // of parentheses inside each other

// ERROR_INVALID_FILTER says where and what was expected.
absl::StatusOr<Expression> ParseFilter(absl::string_view filter);
absl::StatusOr<std::vector<OrderField>> ParseOrderBy(absl::string_view order_by);

// A filter that is parsed to this expression.
std::string FilterText(const Expression& expression);

// "=", "!=" …
absl::string_view OperatorText(Operator op);

// ERROR_INVALID_FILTER with this message.
absl::Status InvalidFilter(absl::string_view message);
// The same with the character of the filter that it is about, which the metadata has, too.
absl::Status InvalidFilterAt(size_t character, absl::string_view message);
// ERROR_PERMISSION_DENIED: whoever asks may not read the field that they ask by, or would change.
absl::Status FieldMasked(absl::string_view field);

}  // namespace kith::projections
