#include "projections/notifications/doers.h"

#include "absl/strings/match.h"
#include "eventstore/base/status_macros.h"
#include "kith/notifications/v1/notification_rows.pb.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "projections/tables/table.h"
#include "services/core/resource_name.h"

namespace kith::notifications {
namespace {

using projections::Table;
using projections::TableBuilder;
using workspaces::v1::WorkspaceEvent;

const Table<v1::KeyUser>& Keys() {
  static const auto& table = *new Table<v1::KeyUser>(
      TableBuilder<v1::KeyUser>(10)
          .Key([](const v1::KeyUser& row) -> const std::string& { return row.key(); })
          .Build());
  return table;
}

const workspaces::v1::ApiKey& KeyIn(const eventstore::RecordedEvent& event) {
  return static_cast<const WorkspaceEvent&>(*event.event).api_key_created().api_key();
}

}  // namespace

bool IsOfKey(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == kKeyEvents &&
         !KeyIn(event).user().empty();
}

absl::Status FoldKey(const eventstore::RecordedEvent& event, projections::ViewBatch& batch) {
  v1::KeyUser row;
  row.set_key(std::string(IdOf(KeyIn(event).name())));
  row.set_user(KeyIn(event).user());
  return Keys().Put(batch, event.header().workspace, row);
}

absl::StatusOr<std::string> DoerOf(const eventstore::EventHeader& header,
                                   projections::ViewBatch& batch) {
  if (!header.on_behalf_of.empty()) return header.on_behalf_of;
  if (absl::StartsWith(header.actor, "users/")) return header.actor;
  if (header.actor.empty() || absl::StrContains(header.actor, '/')) return std::string();
  KITH_ASSIGN_OR_RETURN(const auto row, Keys().Get(batch, header.workspace, header.actor));
  return row.has_value() ? row->user() : std::string();
}

}  // namespace kith::notifications
