// LinkSteps: filters that ask about the records that are linked, one step away: deals by what their
// company is, or by whose it is.
//
//   company.industry = Retail AND owner.office = Berlin
//
// Such a comparison means the records that it holds of: they are looked for in their directory, at
// the list's position and as the caller sees them, and the list's own filter then has a link to any
// of them. So it is bounded by how many they are, and one that takes records that the caller may
// not read, or by fields that they may not read, is refused as a list of those records would be.
// With != it is every record but those of which = holds, as with a field of its own. A time that is
// relative counts from the moment of each page, and not of the first.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/tables/aliases.h"
#include "projections/tables/field.h"
#include "projections/tables/query.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/link_aliases.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/resources/visibility.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// A comparison of what is linked holds of so many records at most.
inline constexpr size_t kSteppedMax = 1'000;

// A comparison of a linked record's field.
struct LinkStep {
  const projections::Field* link;
  std::string of_record;                   // the comparison, as a filter of the records
  std::vector<const ResourceType*> types;  // that are linked, and have such a field
};

// Nullopt where the field is one of `fields`, or of nothing that they link. Borrows both.
std::optional<LinkStep> StepOf(const std::vector<ResourceType>& types,
                               const std::vector<projections::Field>& fields,
                               const projections::Comparison& comparison);

// The filter with some record in place of each step, once `check` has found nothing wrong with any
// of them: to check the rest as any filter.
absl::StatusOr<std::string> CheckSteps(
    const std::vector<ResourceType>& types, const std::vector<projections::Field>& fields,
    absl::string_view filter,
    absl::FunctionRef<absl::Status(const ResourceType& linked, const std::string& filter)> check);

// Borrows everything. Immutable; any thread.
class LinkSteps {
 public:
  // A filter without steps, and who the names in it stand for that are none: to be asked before any
  // other NamesOfRecord.
  struct Taken {
    std::string filter;
    absl::btree_map<std::string, std::vector<std::string>> names;
  };

  // Of lists of resources of type `listed`, while the server starts.
  LinkSteps(const std::vector<ResourceType>& types, const ResourceType& listed,
            const Runtime& runtime);

  // The directories that a list with this filter reads beside its own, each once.
  void AddViewsFor(const std::string& filter, ReadViews& views) const;
  // In a read of these views. ERROR_INVALID_FILTER where a comparison holds of more records than
  // kSteppedMax, ERROR_PERMISSION_DENIED, and what a list of the linked records is refused for. A
  // filter that is none stays as it is, for the list to refuse.
  absl::StatusOr<Taken> Take(const ReadContext& context, const std::string& filter) const;
  // All names of all records that a name of the filter stands for; `names_of` knows all of one.
  // Borrows `taken`.
  static projections::NamesOfRecord AllNames(const Taken& taken,
                                             projections::NamesOfRecord names_of);

 private:
  // Where linked records of a type are looked for.
  struct Source {
    const ResourceType& type;
    Visibility visibility;
    projections::View* directory;
    LinkAliases aliases;
  };

  absl::Status TakeFrom(const ReadContext& context, projections::Comparison& comparison,
                        Taken& taken) const;
  absl::Status AddNames(const ReadContext& context, const Source& source,
                        const std::string& of_record, std::vector<std::string>& names) const;

  const std::vector<ResourceType>& types_;
  const std::vector<projections::Field>& fields_;
  const projections::View* own_;
  absl::btree_map<const ResourceType*, std::unique_ptr<Source>> sources_;
};

}  // namespace kith::runtime
