#include "services/workspaces/operator_keys.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/core/default_pipeline.h"
#include "services/workspaces/workspace.h"

namespace kith::workspaces {
namespace {

// An operator acting from inside the process.
runtime::Origin FromInside() {
  auto caller = std::make_shared<runtime::Caller>();
  caller->workspace = WorkspaceId(1);
  caller->actor = "kithd";
  caller->settings = std::make_shared<const Settings>();
  runtime::Origin origin;
  origin.caller = std::move(caller);
  return origin;
}

runtime::Grants OperatorGrants() { return runtime::Grants({"*", "operator.*"}); }

}  // namespace

absl::StatusOr<std::string> CreateFirstWorkspace(runtime::Runtime& runtime) {
  KITH_ASSIGN_OR_RETURN(const auto head, runtime.log.HeadOf(WorkspaceId(1), NameOf(WorkspaceId(1)),
                                                            eventstore::ReadTier::kDisk));
  if (head.revision.value() != 0) return std::string();
  v1::CreateWorkspaceRequest command;
  command.mutable_workspace()->set_display_name("Development");
  std::string credentials;
  KITH_RETURN_IF_ERROR(runtime.transact.RunAndWait(
      FromInside(), WorkspaceId(1),
      [&](runtime::Loader& load, const CommandContext& context) -> Decision {
        KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                              load.Load<WorkspaceAggregate>(NameOf(WorkspaceId(1))));
        load.ExpectAbsent(kDefaultPipeline);
        return Decide(*state, command, KeyMaker{OperatorGrants(), ""}, context);
      },
      [&](runtime::Rendering& after) {
        credentials = after.secret();
        return absl::OkStatus();
      }));
  return credentials;
}

absl::StatusOr<std::string> CreateOperatorKey(runtime::Runtime& runtime) {
  v1::CreateApiKeyRequest command;
  command.mutable_api_key()->set_display_name("Operator key");
  const runtime::Grants grants = OperatorGrants();
  for (const std::string& grant : grants.patterns()) {
    command.mutable_api_key()->add_permissions(grant);
  }
  std::string credentials;
  KITH_RETURN_IF_ERROR(runtime.transact.RunAndWait(
      FromInside(), WorkspaceId(1),
      [&](runtime::Loader& load, const CommandContext& context) -> Decision {
        KITH_ASSIGN_OR_RETURN(const WorkspaceState* state,
                              load.Load<WorkspaceAggregate>(NameOf(WorkspaceId(1))));
        return Decide(*state, command, KeyMaker{OperatorGrants(), ""}, context);
      },
      [&](runtime::Rendering& after) {
        credentials = after.secret();
        return absl::OkStatus();
      }));
  return credentials;
}

}  // namespace kith::workspaces
