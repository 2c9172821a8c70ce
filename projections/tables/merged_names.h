// MergedNames: which names mean the same record, as a view has it at a position: its own, and those
// of all that were merged into it, or into those.
//
// What others say of a record stands under the name that it had for them. So a list, a timeline or
// a sum that is about a record is about all of its names, and what is taken out of it again changes
// those and nothing else.
//
// Every directory of records that can be merged keeps them, in a table of their own; a policy that
// remembers things by the names of such records keeps them, too. The table has rows only of records
// that are merged or have others merged into them. So of any other record the filters of the
// store's files say, in memory, that it has one name. Immutable; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/message.h"
#include "projections/engine/view_batch.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/table_core.h"

namespace kith::projections {

// The number of the table, in a directory and in a policy. Persisted.
inline constexpr uint8_t kNamesTable = 248;
inline constexpr uint8_t kPolicyNamesTable = 199;

class MergedNames {
 public:
  // Of resources of this type. Of those that cannot be merged each has the one name.
  explicit MergedNames(const google::protobuf::Message& row, uint8_t table = kNamesTable);

  // Whether such records can be merged.
  bool any() const { return table_.has_value(); }

  // The name of the record that this one means: itself, where it is merged into none, or is of
  // nothing.
  absl::StatusOr<std::string> SurvivorOf(const ViewSnapshot& view, WorkspaceId workspace,
                                         absl::string_view name, eventstore::ReadTier tier) const;
  // All names of that record, its own first. At most as many as a record may have (core/merge.h).
  absl::StatusOr<std::vector<std::string>> AllOf(const ViewSnapshot& view, WorkspaceId workspace,
                                                 absl::string_view name,
                                                 eventstore::ReadTier tier) const;

  // The same for folds, and what they do with events: those of which IsChangedBy is true, and any
  // other.
  bool IsChangedBy(const eventstore::RecordedEvent& event) const;
  absl::Status Follow(const eventstore::RecordedEvent& event, ViewBatch& batch) const;
  absl::StatusOr<std::string> SurvivorOf(ViewBatch& batch, WorkspaceId workspace,
                                         absl::string_view name) const;
  absl::StatusOr<std::vector<std::string>> AllOf(ViewBatch& batch, WorkspaceId workspace,
                                                 absl::string_view name) const;

 private:
  using Row = std::unique_ptr<google::protobuf::Message>;
  // Null: it is not merged, and nothing is merged into it.
  using Find = absl::FunctionRef<absl::StatusOr<Row>(absl::string_view name)>;

  absl::StatusOr<Row> Parse(const absl::StatusOr<std::optional<std::string>>& bytes) const;
  // The row of the record that the name means; `survivor` is its name.
  absl::StatusOr<Row> FindMeant(Find find, std::string& survivor) const;
  absl::StatusOr<std::vector<std::string>> AllBy(Find find, absl::string_view name) const;
  // Changes the row of a record, which is gone when it says nothing any more.
  absl::Status Change(ViewBatch& batch, WorkspaceId workspace, const std::string& name,
                      absl::FunctionRef<void(google::protobuf::Message& row)> change) const;

  const google::protobuf::Message& row_;
  const google::protobuf::FieldDescriptor* const name_;
  const google::protobuf::FieldDescriptor* const merged_into_;  // null: none can be
  const google::protobuf::FieldDescriptor* const merged_;
  std::optional<TableCore> table_;
};

}  // namespace kith::projections
