#include "projections/tables/predicate.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "eventstore/base/nearest_words.h"
#include "eventstore/base/status_macros.h"
#include "projections/store/versioned_store.h"
#include "projections/tables/nearest_name.h"

namespace kith::projections {
namespace {

// Everything from `value` on; nothing where that is empty.
ValueRange From(std::string value) {
  const bool none = value.empty();
  return {std::move(value), "", none};
}

// Whether the field has a value.
Predicate IsThere(size_t index, const Field& field) {
  Predicate predicate{.field = index};
  if (field.type == FieldType::kString || field.type == FieldType::kTime ||
      field.type == FieldType::kDate || field.type == FieldType::kMoney) {
    predicate.range = From(PrefixEnd(field.Unset()));  // it sorts first
  } else if (!field.many) {
    const std::string unset = field.Unset();
    predicate.range = {unset, PrefixEnd(unset)};
    predicate.equal = unset;
    predicate.negated = true;
  }
  return predicate;
}

// The end of an encoded string is no text.
bool HasText(absl::string_view value, absl::string_view text) {
  value.remove_suffix(KeyOf("").size());
  return absl::StrContains(value, text);
}

ValueRange RangeOf(Operator op, const LiteralValues& values) {
  switch (op) {
    case Operator::kLess:
      return {"", values.first};
    case Operator::kLessEqual:
      return {"", values.end};
    case Operator::kGreater:
      return From(values.end);
    case Operator::kGreaterEqual:
      return {values.first, ""};
    default:
      return {values.first, values.end};
  }
}

absl::StatusOr<Predicate> BindContains(const Comparison& comparison, size_t index,
                                       const Field& field) {
  if (field.type != FieldType::kString || comparison.is_call) {
    return InvalidFilterAt(
        comparison.at,
        absl::StrCat("contains() goes with text only, and ", field.name,
                     field.type == FieldType::kString ? " is compared with none" : " is none"));
  }
  Predicate predicate{.field = index};
  predicate.text =
      StringKeyPrefix(field.normalise ? field.normalise(comparison.literal) : comparison.literal);
  if (predicate.text.empty()) {
    return InvalidFilterAt(comparison.literal_at,
                           absl::StrCat("\"", comparison.literal,
                                        "\" has nothing in it that is looked for in ", field.name));
  }
  return predicate;
}

// Whether some value can be the literal. Any text may be the beginning of one.
absl::Status CheckLiteral(const Comparison& comparison, const Field& field) {
  if (field.check == nullptr || comparison.literal.empty() || comparison.prefix) {
    return absl::OkStatus();
  }
  const absl::Status can_be = field.check(comparison.literal);
  if (can_be.ok()) return can_be;
  return InvalidFilterAt(
      comparison.literal_at,
      absl::StrCat("In the comparison of ", field.name, " \"", comparison.literal,
                   "\" can be no value: it ", can_be.message()));
}

bool IsEquality(Operator op) {
  return op == Operator::kEqual || op == Operator::kHas || op == Operator::kNotEqual;
}

// field = "abc*"
absl::StatusOr<Predicate> BindBeginning(const Comparison& comparison, size_t index,
                                        const Field& field) {
  if (field.type != FieldType::kString) {
    return InvalidFilterAt(
        comparison.literal_at,
        absl::StrCat("A literal ending in * goes with text only, and ", field.name, " is none"));
  }
  KITH_RETURN_IF_ERROR(CheckLiteral(comparison, field));
  Predicate predicate{.field = index};
  absl::StatusOr<ValueRange> range = field.BeginningWith(comparison.literal);
  if (!range.ok()) {
    return InvalidFilterAt(comparison.literal_at, absl::StrCat("In the comparison of ", field.name,
                                                               " ", range.status().message()));
  }
  predicate.range = *std::move(range);
  return predicate;
}

absl::StatusOr<Predicate> BindValues(const Comparison& comparison, size_t index, const Field& field,
                                     const Moment& moment) {
  const bool is_equality = IsEquality(comparison.op);
  const bool is_time = field.type == FieldType::kTime || field.type == FieldType::kDate;
  if (comparison.is_call && !is_time) {
    return InvalidFilterAt(comparison.literal_at,
                           absl::StrCat(comparison.literal, "() goes with days and times, and ",
                                        field.name, " is none"));
  }
  // A field of many values that has none.
  if (is_equality && field.many && comparison.literal.empty()) {
    return Negated(IsThere(index, field), field);
  }
  if (is_equality) KITH_RETURN_IF_ERROR(CheckLiteral(comparison, field));
  const absl::StatusOr<LiteralValues> values = field.ValuesFor(comparison.literal, moment);
  if (!values.ok()) {
    return InvalidFilterAt(comparison.literal_at, absl::StrCat("In the comparison of ", field.name,
                                                               " ", values.status().message()));
  }
  Predicate predicate{.field = index, .range = RangeOf(comparison.op, *values)};
  predicate.range.Intersect(values->among);
  // A day or a time that is not set is before no other.
  const bool is_upper = comparison.op == Operator::kLess || comparison.op == Operator::kLessEqual;
  if (is_time && is_upper && !field.many) {
    predicate.range.Intersect(From(PrefixEnd(field.Unset())));
  }
  if (is_equality && values->is_one) predicate.equal = values->first;
  return predicate;
}

// Where the resource stands in a row that holds it beside what the view notes of it: "thread.", of
// which callers know nothing; empty where the row is the resource.
absl::string_view ResourceIn(const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    absl::string_view path = field.path;
    if (field.name == "name" && absl::ConsumeSuffix(&path, ".name")) {
      return absl::string_view(field.path).substr(0, path.size() + 1);
    }
  }
  return "";
}

// "companies.company or company_name": which fields somebody may have meant who wrote a word of
// theirs, or else the one that is spelled nearly like this; empty where there is none, or many.
std::string Meant(absl::string_view name, const std::vector<absl::string_view>& names) {
  constexpr size_t kToldMax = 3;
  std::vector<absl::string_view> with_word;
  for (const absl::string_view each : names) {
    const std::vector<absl::string_view> words = absl::StrSplit(each, absl::ByAnyChar("._"));
    if (std::find(words.begin(), words.end(), name) != words.end()) with_word.push_back(each);
  }
  if (with_word.empty() || with_word.size() > kToldMax) return std::string(NearestOf(name, names));
  return absl::StrJoin(with_word, " or ");
}

// Which fields there are; of many those that are most like the name, and where to look for all.
std::string Told(absl::string_view name, const std::vector<absl::string_view>& names) {
  constexpr size_t kAllToldMax = 12;
  constexpr size_t kNearestTold = 5;
  if (names.size() <= kAllToldMax) return absl::StrCat("there are ", absl::StrJoin(names, ", "));
  const std::vector<std::string> nearest =
      NearestWords(name, {names.begin(), names.end()}, kNearestTold);
  return absl::StrCat("of ", names.size(), " fields the most like it are ",
                      absl::StrJoin(nearest, ", "), "; the help of the list tells all");
}

}  // namespace

bool Predicate::Holds(const std::vector<std::string>& values) const {
  const bool any = std::any_of(values.begin(), values.end(), [this](const std::string& value) {
    return range.Contains(value) && (text.empty() || HasText(value, text));
  });
  return any != negated;
}

absl::StatusOr<Predicate> BindComparison(const Comparison& comparison,
                                         const std::vector<Field>& fields, const Moment& moment) {
  KITH_ASSIGN_OR_RETURN(const size_t index, FindField(comparison.field, fields, comparison.at));
  const Field& field = fields[index];
  if (comparison.op == Operator::kContains) return BindContains(comparison, index, field);
  absl::StatusOr<Predicate> predicate;
  if (!comparison.prefix) {
    predicate = BindValues(comparison, index, field, moment);
  } else if (comparison.literal.empty() && IsEquality(comparison.op)) {
    // Any beginning: = "*" asks what :* does.
    predicate = IsThere(index, field);
  } else {
    predicate = BindBeginning(comparison, index, field);
  }
  if (!predicate.ok() || comparison.op != Operator::kNotEqual) return predicate;
  return Negated(*std::move(predicate), field);
}

Predicate Negated(Predicate predicate, const Field& field) {
  // One value that is not in the range is before it or after it.
  ValueRange& range = predicate.range;
  if (!field.many && predicate.is_range() && !range.none) {
    if (range.from.empty() && !range.to.empty()) {
      return {.field = predicate.field, .range = From(range.to)};
    }
    if (range.to.empty() && !range.from.empty()) {
      return {.field = predicate.field, .range = {"", range.from}};
    }
  }
  predicate.negated = !predicate.negated;
  return predicate;
}

absl::StatusOr<size_t> FindField(absl::string_view name, const std::vector<Field>& fields,
                                 size_t character) {
  const absl::string_view resource = ResourceIn(fields);
  std::vector<absl::string_view> names;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name || fields[i].path == name) return i;
    const bool is_own =
        absl::StartsWith(fields[i].path, resource) && !absl::StartsWith(fields[i].name, resource);
    if (is_own || resource.empty()) names.push_back(fields[i].name);
  }
  std::sort(names.begin(), names.end());
  const std::string meant = Meant(name, names);
  const std::string message =
      absl::StrCat("There is no field ", name, " to filter or order by",
                   meant.empty() ? "" : absl::StrCat(", did you mean ", meant, "?"), " (",
                   Told(name, names), ")");
  return character == 0 ? InvalidFilter(absl::StrCat(message, "."))
                        : InvalidFilterAt(character, message);
}

}  // namespace kith::projections
