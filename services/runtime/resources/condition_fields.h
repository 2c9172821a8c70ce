// ConditionFields: the custom fields that conditions may ask for, as those of a workflow or a
// webhook that is being saved.
//
// A condition is asked of a record's values, which say themselves what they are
// (projections/tables/row_filter.h). So only here, where one is saved, it is looked at whether the
// workspace has such fields, and whether they can be asked for this; they are conditions of the
// append. Deleting one later changes no condition. A field that is named by itself
// ("custom.account") counts as one that is asked for. Immutable; any thread.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/core/collection.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/custom_field_sets.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

class ConditionFields {
 public:
  // Of resources of this type. Borrows `types`, the server's.
  ConditionFields(const std::vector<ResourceType>& types,
                  const google::protobuf::Descriptor& saved);

  // What rules may know of the server, for a command that sends `sent`, such a resource: where one
  // of its filters or fields names custom fields, a collection holds conditions about those alone
  // that the workspace has, of records whose values are such as these say. Null where none does. As
  // long as the loader lives.
  absl::StatusOr<const ServerFacts*> FactsFor(Loader& load, const google::protobuf::Message& sent,
                                              const ServerFacts& server,
                                              CustomFieldSets& sets) const;

 private:
  const std::vector<ResourceType>& types_;
  const bool has_filters_;
};

}  // namespace kith::runtime
