// MergedNames: which names mean the same record, as a directory has it at a position: its own, and
// those of all that were merged into it, or into those.
//
// What others say of a record stands under the name that it had for them. So a list, a timeline or
// a sum that is about a record is about all of its names, and what is taken out of it again changes
// those and nothing else. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/table_core.h"

namespace kith::projections {

class MergedNames {
 public:
  // Of resources of this type. Of those that cannot be merged each has the one name.
  explicit MergedNames(const google::protobuf::Message& row);

  // Whether such records can be merged.
  bool any() const { return merged_into_ != nullptr; }

  // The name of the record that this one means: itself, where it is merged into none, or is of
  // nothing.
  absl::StatusOr<std::string> SurvivorOf(const ViewSnapshot& directory, WorkspaceId workspace,
                                         absl::string_view name, eventstore::ReadTier tier) const;
  // All names of that record, its own first. At most as many as a record may have (core/merge.h).
  absl::StatusOr<std::vector<std::string>> AllOf(const ViewSnapshot& directory,
                                                 WorkspaceId workspace, absl::string_view name,
                                                 eventstore::ReadTier tier) const;

 private:
  using Row = std::unique_ptr<google::protobuf::Message>;

  // Of a record that is there, is merged, or was deleted; null where there is none.
  absl::StatusOr<Row> Find(const ViewSnapshot& directory, WorkspaceId workspace,
                           absl::string_view name, eventstore::ReadTier tier) const;
  // The row of the record that the name means; `survivor` is its name.
  absl::StatusOr<Row> FindMeant(const ViewSnapshot& directory, WorkspaceId workspace,
                                std::string& survivor, eventstore::ReadTier tier) const;

  const google::protobuf::Message& row_;
  const google::protobuf::FieldDescriptor* const merged_into_;  // null: none can be
  const google::protobuf::FieldDescriptor* const merged_;
  std::vector<TableCore> tables_;  // in the order in which most are found
};

}  // namespace kith::projections
