// LinkAliases: whom the filter of a list means by what people call them, and by the names of
// records that were merged: all names of one record are meant by any. A user who asks is "me"
// wherever users are linked, in any case; and what stands in a record, as a stage in a pipeline, is
// looked for in the one that the filter names in the same AND: pipeline = Sales AND stage = Talks.
//
// A filter that names records by aliases reads their directories beside the list's own, at the same
// position: so what a page token goes on with, and what a list of the past shows, are the names of
// that moment. Other filters read and await nothing more. Who looks for records of a kind by what
// they are called has to be allowed to read them, and by fields that they may read.
#pragma once

#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/tables/alias_search.h"
#include "projections/tables/aliases.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/resource_directory.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/resources/visibility.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// Borrows everything. Immutable; any thread.
class LinkAliases {
 public:
  // Of lists of resources of type `listed`, while the server starts.
  LinkAliases(const std::vector<ResourceType>& types, const ResourceType& listed,
              const Runtime& runtime);
  // Of lists of rows with these fields, in a view that is read anyway; null: in one that has no
  // records.
  LinkAliases(const std::vector<ResourceType>& types, const std::vector<projections::Field>& fields,
              const projections::View* own, const Runtime& runtime);

  // The directories that a list with this filter reads beside its own.
  ReadViews ViewsFor(const std::string& filter) const;
  // In a read of these views with this filter, which outlives what is returned. ERROR_UNKNOWN_ALIAS
  // and ERROR_AMBIGUOUS_ALIAS where it is not one record that is called so, and
  // ERROR_PERMISSION_DENIED.
  projections::NameOfAlias NamesIn(const ReadContext& context, const std::string& filter) const;
  projections::NameOfAlias NamesIn(const ReadContext& context,
                                   projections::Expression filter) const;
  // In the same reads.
  projections::NamesOfRecord MergedIn(const ReadContext& context) const;
  // Who is meant by the name of a user ("users/01J…") in a field of the request, in a read of the
  // users' directory, that of `link`: the user of that name, deleted or not, "users/me" who asks,
  // and "users/ada" who is called so. ERROR_UNKNOWN_ALIAS where there is nobody at the read's
  // moment, ERROR_AMBIGUOUS_ALIAS where there are several.
  absl::StatusOr<std::string> UserNamed(const ReadContext& context, const projections::Field& link,
                                        const std::string& name) const;

 private:
  // Where records of a pattern are looked for.
  struct Source {
    absl::string_view collection;
    absl::string_view permission;
    Visibility visibility;
    projections::View* directory;
    const projections::ResourceDirectory* rows;
    projections::AliasSearch search;
    projections::MergedNames merged;
  };

  // Where records of such a name are, if such records can be merged; null elsewhere.
  const Source* MergeableSource(const projections::Field& link, absl::string_view name) const;

  absl::Status ForEachSource(const projections::Field& link,
                             absl::FunctionRef<absl::Status(const Source& source)> visit) const;
  absl::StatusOr<std::string> NameOf(const ReadContext& context,
                                     const projections::Expression& filter,
                                     const projections::Field& link,
                                     const projections::Comparison& comparison) const;
  // In which record parts are looked for that `link` names: the one that is asked for in the same
  // AND as the comparison, or in one around that. Empty where none is, or the link names no parts.
  absl::StatusOr<std::string> RecordFor(const ReadContext& context,
                                        const projections::Expression& filter,
                                        const projections::Field& link,
                                        const projections::Comparison& comparison) const;

  const std::vector<projections::Field>& fields_;
  const projections::View* own_;
  absl::btree_map<std::string, Source> sources_;  // by pattern
};

}  // namespace kith::runtime
