// LinkSteps: filters that ask about what is linked, one step away: deals by what their company is,
// by whose it is, or by the stage that they stand in.
//
//   company.industry = Retail AND owner.office = Berlin AND company.custom.tier = gold
//   stage.probability >= 50
//
// Such a comparison means what it holds of: the records, custom fields of theirs included, are
// looked for in their directory, at the list's position and as the caller sees them, or the parts
// of records, as the stages of pipelines, in those; and the list's own filter then has a link to
// any of them. So it is bounded by how many they are, and one that takes records that the caller
// may not read, or by fields that they may not read, is refused as a list of those records would
// be. With != it is every record but those of which = holds, as with a field of its own. What is
// relative to the moment counts from that of the first page, and errors tell the characters of the
// filter as it was written.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "projections/tables/aliases.h"
#include "projections/tables/field.h"
#include "projections/tables/query.h"
#include "projections/tables/table_core.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/custom_columns.h"
#include "services/runtime/resources/link_aliases.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/resources/visibility.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// A comparison of what is linked holds of so many records, or parts of them, at most.
inline constexpr size_t kSteppedMax = 1'000;

// A comparison of a field of what is linked.
struct LinkStep {
  // What may be linked, and has such a field.
  struct Place {
    std::string pattern;  // of its names
    const ResourceType* type;
    const google::protobuf::FieldDescriptor* parts;  // of the records; null: the records themselves
    std::shared_ptr<const projections::TableDeclaration> table;  // of either
  };

  const projections::Field* link;
  projections::Expression of_linked;  // the comparison, as one of theirs
  std::vector<Place> places;
};

// Nullopt where the field is one of `fields`, or of nothing that they link. Borrows both.
std::optional<LinkStep> StepOf(const std::vector<ResourceType>& types,
                               const std::vector<projections::Field>& fields,
                               const projections::Comparison& comparison);

// The filter with some record in place of each step, once `check` has found nothing wrong with any
// of them: to check the rest as any filter. Nullopt where it has none.
absl::StatusOr<std::optional<projections::Expression>> CheckSteps(
    const std::vector<ResourceType>& types, const std::vector<projections::Field>& fields,
    absl::string_view filter,
    absl::FunctionRef<absl::Status(const projections::TableDeclaration& linked,
                                   const projections::Expression& of_linked)>
        check);

// Borrows everything. Immutable; any thread.
class LinkSteps {
 public:
  // A filter without steps, and who the names in it stand for that are none: to be asked before any
  // other NamesOfRecord.
  struct Taken {
    std::optional<projections::Expression> filter;  // nullopt: it has none, and stays as it is
    absl::btree_map<std::string, std::vector<std::string>> names;
  };

  // Of lists of resources of type `listed`, while the server starts.
  LinkSteps(const std::vector<ResourceType>& types, const ResourceType& listed,
            const Runtime& runtime);

  // The directories that a list with this filter reads beside its own, each once.
  void AddViewsFor(absl::string_view filter, ReadViews& views) const;
  // In a read of these views. ERROR_INVALID_FILTER where a comparison holds of more records than
  // kSteppedMax, or more would have to be looked at for it than for a page,
  // ERROR_PERMISSION_DENIED, and what a list of the linked records is refused for. A filter that is
  // none stays as it is, for the list to refuse.
  absl::StatusOr<Taken> Take(const ReadContext& context, absl::string_view filter) const;
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
    CustomColumns custom;
  };
  // A place, and the custom fields that there are.
  struct Asked {
    const LinkStep::Place* place;
    std::vector<projections::CustomColumn> columns;
  };

  // Without a look at how it is built: most filters have no step.
  bool MayStep(absl::string_view filter) const;
  // `whole`: the filter that it is a comparison of.
  absl::Status TakeFrom(const ReadContext& context, const projections::Expression& whole,
                        projections::Comparison& comparison, Taken& taken) const;
  absl::StatusOr<std::vector<Asked>> AskedOf(const ReadContext& context, const LinkStep& step,
                                             const projections::Comparison& comparison) const;
  absl::Status AddRecords(const ReadContext& context, const LinkStep& step, const Asked& asked,
                          const projections::Expression& whole,
                          std::vector<std::string>& names) const;
  absl::Status AddParts(const ReadContext& context, const LinkStep& step,
                        const LinkStep::Place& place, std::vector<std::string>& names) const;
  // Those that the query finds and the caller sees, until `visit` is false.
  absl::Status ForEachRecord(
      const ReadContext& context, const Source& source, projections::ListQuery query,
      absl::FunctionRef<bool(const google::protobuf::Message& record)> visit) const;

  const std::vector<ResourceType>& types_;
  const std::vector<projections::Field>& fields_;
  const projections::View* own_;
  absl::btree_map<const ResourceType*, std::unique_ptr<Source>> sources_;
  std::vector<std::string> beginnings_;  // of fields of what is linked: "company."
};

}  // namespace kith::runtime
