#include "projections/tables/condition.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

// Binds what an expression asks for, or the opposite of it.
class Binder {
 public:
  Binder(const std::vector<Field>& fields, const Moment& moment, std::vector<Predicate>* predicates)
      : fields_(fields), moment_(moment), predicates_(predicates) {}

  // As deep as the expression is, which its parser bounds.
  absl::StatusOr<Condition> Bind(const Expression& expression, bool negated) {
    if (expression.kind == Expression::Kind::kNot) {
      return Bind(expression.parts.front(), !negated);
    }
    if (expression.kind == Expression::Kind::kComparison) {
      if (expression.comparison.op == Operator::kWords) {
        return BindWords(expression.comparison, negated);
      }
      KITH_ASSIGN_OR_RETURN(Predicate predicate,
                            BindComparison(expression.comparison, fields_, moment_));
      return Take(std::move(predicate), negated);
    }
    Condition condition = Joined(expression.kind == Expression::Kind::kAll, negated);
    for (const Expression& part : expression.parts) {
      KITH_ASSIGN_OR_RETURN(Condition bound, Bind(part, negated));
      condition.parts.push_back(std::move(bound));
    }
    return condition;
  }

 private:
  static Condition Joined(bool is_all, bool negated) {
    return {is_all != negated ? Condition::Kind::kAll : Condition::Kind::kAny, 0, {}};
  }

  Condition Take(Predicate predicate, bool negated) {
    const Field& field = fields_[predicate.field];
    predicates_->push_back(negated ? Negated(std::move(predicate), field) : std::move(predicate));
    return Condition::Of(predicates_->size() - 1);
  }

  // Each word begins some word of the record's names. The longest comes first, because one of them
  // leads to the rows.
  absl::StatusOr<Condition> BindWords(const Comparison& comparison, bool negated) {
    const auto field = std::find_if(fields_.begin(), fields_.end(),
                                    [](const Field& candidate) { return candidate.is_words; });
    if (field == fields_.end()) {
      return InvalidFilterAt(
          comparison.at, absl::StrCat("\"", comparison.literal,
                                      "\" stands without a field, and what is listed has no names "
                                      "to look for it in: write field = value"));
    }
    std::vector<std::string> words = FoldedWords(comparison.literal);
    if (words.empty()) {
      return InvalidFilterAt(comparison.at, absl::StrCat("There is no letter or digit in \"",
                                                         comparison.literal, "\""));
    }
    std::stable_sort(words.begin(), words.end(), [](const std::string& a, const std::string& b) {
      return a.size() > b.size();
    });
    Condition condition = Joined(true, negated);
    for (const std::string& word : words) {
      KITH_ASSIGN_OR_RETURN(ValueRange range, field->BeginningWith(word));
      Predicate predicate{.field = static_cast<size_t>(field - fields_.begin())};
      predicate.range = std::move(range);
      condition.parts.push_back(Take(std::move(predicate), negated));
    }
    return condition;
  }

  const std::vector<Field>& fields_;
  const Moment& moment_;
  std::vector<Predicate>* const predicates_;
};

void Append(const Conjunction& from, Conjunction* to) {
  to->predicates.insert(to->predicates.end(), from.predicates.begin(), from.predicates.end());
  to->rest.insert(to->rest.end(), from.rest.begin(), from.rest.end());
}

std::vector<Conjunction> Expand(const Condition& condition);

// Every conjunction of each part; where these are too many, the condition as it stands.
std::vector<Conjunction> ExpandAny(const Condition& condition) {
  std::vector<Conjunction> conjunctions;
  for (const Condition& part : condition.parts) {
    for (Conjunction& conjunction : Expand(part)) conjunctions.push_back(std::move(conjunction));
    if (conjunctions.size() > kConjunctionsMax) return {{{}, {condition}}};
  }
  return conjunctions;
}

// Each conjunction of one part with each of the others; a part that would make them too many stays
// as it is.
std::vector<Conjunction> ExpandAll(const Condition& condition) {
  std::vector<Conjunction> conjunctions = {Conjunction()};
  for (const Condition& part : condition.parts) {
    const std::vector<Conjunction> more = Expand(part);
    if (conjunctions.size() * more.size() > kConjunctionsMax) {
      for (Conjunction& conjunction : conjunctions) conjunction.rest.push_back(part);
      continue;
    }
    std::vector<Conjunction> joined;
    for (const Conjunction& first : conjunctions) {
      for (const Conjunction& second : more) {
        joined.push_back(first);
        Append(second, &joined.back());
      }
    }
    conjunctions = std::move(joined);
  }
  return conjunctions;
}

std::vector<Conjunction> Expand(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::kPredicate:
      return {{{condition.predicate}, {}}};
    case Condition::Kind::kAll:
      return ExpandAll(condition);
    case Condition::Kind::kAny:
      return ExpandAny(condition);
  }
  return {};
}

}  // namespace

absl::StatusOr<Condition> BindExpression(const Expression& expression,
                                         const std::vector<Field>& fields, const Moment& moment,
                                         std::vector<Predicate>* predicates) {
  return Binder(fields, moment, predicates).Bind(expression, false);
}

bool Holds(const Condition& condition, const std::vector<Predicate>& predicates, RowValues& row) {
  const auto holds = [&](const Condition& part) { return Holds(part, predicates, row); };
  switch (condition.kind) {
    case Condition::Kind::kPredicate: {
      const Predicate& predicate = predicates[condition.predicate];
      return predicate.Holds(row.Of(predicate.field));
    }
    case Condition::Kind::kAll:
      return std::all_of(condition.parts.begin(), condition.parts.end(), holds);
    case Condition::Kind::kAny:
      return std::any_of(condition.parts.begin(), condition.parts.end(), holds);
  }
  return false;
}

std::vector<Conjunction> ConjunctionsOf(const Condition& condition) { return Expand(condition); }

Condition RestOf(const Conjunction& conjunction, const std::vector<bool>& served) {
  Condition rest;
  for (const size_t predicate : conjunction.predicates) {
    if (!served[predicate]) rest.parts.push_back(Condition::Of(predicate));
  }
  rest.parts.insert(rest.parts.end(), conjunction.rest.begin(), conjunction.rest.end());
  return rest;
}

}  // namespace kith::projections
