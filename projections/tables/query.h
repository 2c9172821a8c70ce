// The query language of lists: AIP-160 filters and AIP-132 orders, parsed. Tables run them;
// segments and automation will.
//
//   filter    comparisons joined by AND, with parentheses:  stage = "…/won" AND close_date >=
//   2026-01-01
//             field = != < <= > >= : literal. A literal is quoted or a bare word; = with a trailing
//             * asks for a prefix; field:* asks whether the field has a value. OR and NOT are
//             refused.
//   order_by  fields separated by commas, each with an optional asc or desc.
// Pure; any thread. Input is untrusted.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::projections {

// kHas is ":", some value equals the literal. For a field of many values every operator asks
// whether some value does, but for kNotEqual, which asks that none is equal.
enum class Operator { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kHas };

struct Comparison {
  std::string field;
  Operator op = Operator::kEqual;
  std::string literal;  // unescaped
  bool prefix =
      false;  // the literal ended in a star that was not escaped, and the star was removed
};

struct OrderField {
  std::string field;
  bool descending = false;
};

inline constexpr size_t kFilterBytesMax = 4096;
inline constexpr size_t kComparisonsMax = 32;

// Every comparison must hold; none for an empty filter. ERROR_INVALID_FILTER says where and what
// was expected.
absl::StatusOr<std::vector<Comparison>> ParseFilter(absl::string_view filter);
absl::StatusOr<std::vector<OrderField>> ParseOrderBy(absl::string_view order_by);

// "=", "!=" …
absl::string_view OperatorText(Operator op);

// ERROR_INVALID_FILTER with this message.
absl::Status InvalidFilter(absl::string_view message);

}  // namespace kith::projections
