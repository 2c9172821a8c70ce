#include "projections/roles/role_directory.h"

#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "services/core/built_in_roles.h"

namespace kith::roles {

namespace {

using eventstore::RecordedEvent;

bool IsOfRole(const RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == "roles";
}

bool IsNewWorkspace(const RecordedEvent& event) {
  return static_cast<const workspaces::v1::WorkspaceEvent&>(*event.event).has_workspace_created();
}

}  // namespace

using projections::Table;
using projections::TableBuilder;

const Table<v1::Role>& RoleDirectory::Roles() {
  static const auto& table =
      *new Table<v1::Role>(TableBuilder<v1::Role>(1)
                               .Key([](const v1::Role& role) { return role.name(); })
                               .Words([](const v1::Role& role, projections::WordSink& out) {
                                 out.Add(role.display_name());
                               })
                               .Field("display_name", {.normalise = FoldedName})
                               .Alias()
                               .Field("built_in")
                               .Field("create_time")
                               .Index(1, {"display_name"})
                               .Index(2, {"built_in", "display_name"})
                               .Index(3, {"create_time"})
                               .Index(4, {"words"})
                               .Build());
  return table;
}

bool RoleDirectory::Takes(const RecordedEvent& event) const {
  return IsOfRole(event) || IsNewWorkspace(event);
}

absl::Status RoleDirectory::Apply(const RecordedEvent& event, projections::ViewBatch& batch) const {
  if (IsOfRole(event)) return ResourceDirectory::Apply(event, batch);
  const eventstore::EventHeader& header = event.header();
  for (v1::Role role : BuiltInRoles()) {
    *role.mutable_create_time() = ToTimestamp(header.occur_time);
    *role.mutable_update_time() = role.create_time();
    KITH_RETURN_IF_ERROR(Roles().Put(batch, header.workspace, role));
  }
  return absl::OkStatus();
}

}  // namespace kith::roles
