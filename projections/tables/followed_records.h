// FollowedRecords: what a view remembers of the records of another resource, whose events it
// follows: each as it was last, also where it was deleted. In a table of its own. Immutable; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/table.h"

namespace kith::projections {

template <class Record>
class FollowedRecords {
 public:
  // `number` is that of no other table of the view's.
  explicit FollowedRecords(uint8_t number)
      : table_(TableBuilder<Record>(number)
                   .Key([](const Record& row) -> const std::string& { return row.name(); })
                   .Build()) {}

  // Folds an event of a record's stream. Errors are the batch's: return them from Apply.
  absl::Status Remember(const eventstore::RecordedEvent& event, ViewBatch& batch) const {
    const eventstore::EventHeader& header = event.header();
    KITH_ASSIGN_OR_RETURN(auto known, Find(batch, header.workspace, header.stream));
    Record record = known.has_value() ? *std::move(known) : Record();
    FoldStandardEvent(HappeningOf(event), record);
    // Of a stream that did not begin with its creation nothing is known.
    if (record.name().empty()) return absl::OkStatus();
    return table_.Put(batch, header.workspace, record);
  }
  // Nullopt where none was ever called so.
  absl::StatusOr<std::optional<Record>> Find(ViewBatch& batch, WorkspaceId workspace,
                                             absl::string_view name) const {
    return table_.Get(batch, workspace, name);
  }

 private:
  const Table<Record> table_;
};

}  // namespace kith::projections
