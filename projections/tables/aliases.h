// Aliases: what people call a record, where a filter would have its resource name: an owner by
// e-mail address, a stage by its display name.
//
//   owner = "ana@example.com" AND stage in (Qualified, "Proposal sent")
//
// An alias of a record is the id at the end of its name, and each field of which its table says so.
// It is compared as filters compare: whole, and by normal forms. Immutable; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/tables/field.h"
#include "projections/tables/query.h"

namespace kith::projections {

// The resource name of the one record that a comparison of a link calls by an alias; else an error
// that says why there is none.
using NameOfAlias =
    std::function<absl::StatusOr<std::string>(const Field& link, const Comparison& comparison)>;

// All names that mean the same record as one that a comparison of a link has, that one's own first;
// where nothing else means it, that one alone.
using NamesOfRecord = std::function<absl::StatusOr<std::vector<std::string>>(
    const Field& link, const std::string& name)>;

// Puts in place of every comparison of equality of a field that links records with a name that it
// can hold the comparisons with all names that mean the record.
absl::Status PutAllNames(const NamesOfRecord& names_of, const std::vector<Field>& fields,
                         Expression* filter);

// The names of records that a filter has in such comparisons.
void ForEachName(const Expression& filter, const std::vector<Field>& fields,
                 absl::FunctionRef<void(const Field& link, const std::string& name)> visit);

// Visits every comparison of a filter that has an alias: one of equality, of a field that links
// records, with something that is not a name it can hold. Until the first error.
absl::Status ForEachAlias(
    Expression& filter, const std::vector<Field>& fields,
    absl::FunctionRef<absl::Status(const Field& link, Comparison& comparison)> visit);

}  // namespace kith::projections
