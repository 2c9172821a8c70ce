// Condition: a filter bound to the fields of a table, and the same as a union of conjunctions,
// which is the form that indexes can serve.
//
// NOT is gone from it: it was handed down to the predicates, of which each has its opposite.
// Immutable; any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/tables/predicate.h"
#include "projections/tables/query.h"
#include "projections/tables/table_keys.h"

namespace kith::projections {

struct Condition {
  enum class Kind { kPredicate, kAll, kAny };

  Kind kind = Kind::kAll;
  size_t predicate = 0;          // of kPredicate: its index in the plan's
  std::vector<Condition> parts;  // of the others; kAll of none holds always

  static Condition Of(size_t predicate) { return {Kind::kPredicate, predicate, {}}; }
  bool IsAlways() const { return kind == Kind::kAll && parts.empty(); }
};

// Binds a filter, and puts its predicates at the end of `predicates`. As BindComparison.
absl::StatusOr<Condition> BindExpression(const Expression& expression,
                                         const std::vector<Field>& fields, const Moment& moment,
                                         std::vector<Predicate>* predicates);

bool Holds(const Condition& condition, const std::vector<Predicate>& predicates, RowValues& row);

// Predicates that must hold together, and conditions that must hold beside them because there are
// too many ways to fulfil them.
struct Conjunction {
  std::vector<size_t> predicates;
  std::vector<Condition> rest;
};

// At most so many conjunctions are made of a condition: a look into an index for each of the owners
// whose records somebody sees, or for each of the alternatives of a filter.
inline constexpr size_t kConjunctionsMax = 500;

// Conjunctions of which one holds wherever the condition does, and only there. At least one.
std::vector<Conjunction> ConjunctionsOf(const Condition& condition);
// What a conjunction asks for beyond the predicates of which `served` says true.
Condition RestOf(const Conjunction& conjunction, const std::vector<bool>& served);

}  // namespace kith::projections
