// Everything that workspaces bring to a server: their methods, and who may call any.
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/workspaces/v1/workspaces_errors.pb.h"
#include "projections/tables/page_limits.h"
#include "projections/workspaces/workspace_record.h"
#include "services/core/date.h"
#include "services/core/resource_rules.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/resources/revisions.h"
#include "services/runtime/server_builder.h"
#include "services/workspaces/workspace_commands.h"
#include "services/workspaces/workspace_directory.h"

namespace kith::workspaces {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

// What the history and the reads of a workspace have in common with those of other resources.
struct RecordAggregate : ResourceAggregate<v1::Workspace, v1::WorkspaceEvent> {
  static constexpr absl::string_view kCategory = WorkspaceAggregate::kCategory;
};

const ResourceRules& RecordRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<RecordAggregate>()
                             .NotFound(v1::WORKSPACES_ERROR_WORKSPACE_NOT_FOUND)
                             .Build());
  return rules;
}

// The name of the key that an event is of; empty where it is of none.
std::string KeyIn(const v1::WorkspaceEvent& event) {
  if (event.has_api_key_created()) return event.api_key_created().api_key().name();
  if (event.has_api_key_rotated()) return event.api_key_rotated().name();
  return event.api_key_revoked().name();
}

// The key that an event made, rotated or revoked, as it was then, in the revision that the event
// is: with the times that this event says, and none that were said later.
void TellKey(const WorkspaceDirectory& directory, const eventstore::RecordedEvent& recorded,
             google::protobuf::Message& revision) {
  const auto& event = static_cast<const v1::WorkspaceEvent&>(*recorded.event);
  const auto state = directory.Find(recorded.header().workspace);
  const auto key = state->keys.find(KeyIn(event));
  if (key == state->keys.end()) return;
  v1::ApiKey& told = *static_cast<v1::WorkspaceRevision&>(revision).mutable_api_key();
  told = key->second.api_key;
  told.set_revoked(event.has_api_key_revoked());
  if (event.has_api_key_revoked()) return;  // its last event
  told.clear_rotate_time();
  told.clear_previous_secrets_expire_time();
  told.clear_expire_time();
  if (event.has_api_key_created()) {
    const v1::ApiKey& made = event.api_key_created().api_key();
    if (made.has_expire_time()) *told.mutable_expire_time() = made.expire_time();
  } else {
    const v1::ApiKeyRotated& rotated = event.api_key_rotated();
    *told.mutable_rotate_time() = ToTimestamp(recorded.header().occur_time);
    *told.mutable_previous_secrets_expire_time() = rotated.previous_secrets_expire_time();
    if (rotated.has_expire_time()) *told.mutable_expire_time() = rotated.expire_time();
  }
}

// The caller's own where a request names none.
template <class Request>
Request WithName(const ReadContext& context, const Request& request) {
  Request named = request;
  if (named.name().empty()) named.set_name(NameOf(context.workspace()));
  return named;
}

absl::Status GetWorkspace(const ReadContext& context, const v1::GetWorkspaceRequest& query,
                          v1::Workspace* workspace) {
  const std::string name = WithName(context, query).name();
  KITH_ASSIGN_OR_RETURN(
      const std::optional<v1::Workspace> found,
      WorkspaceRecord::Workspaces().Get(context.view(), context.workspace(), name, context.tier));
  if (!found.has_value()) {
    return runtime::NotThere(context, name, ResourceNotFound(RecordRules(), name));
  }
  *workspace = *found;
  return absl::OkStatus();
}

absl::Status ListWorkspaces(const WorkspaceDirectory& directory, const ReadContext& context,
                            const v1::ListWorkspacesRequest& query,
                            v1::ListWorkspacesResponse* page) {
  KITH_ASSIGN_OR_RETURN(const size_t size, projections::PageSizeOf(query.page_size()));
  projections::PageRoom room(size);
  for (const auto& state : directory.List(NumberOf(context.page_token), size + 1)) {
    if (!room.Take(state->workspace.ByteSizeLong())) {
      page->set_next_page_token(page->workspaces().rbegin()->name());
      break;
    }
    *page->add_workspaces() = state->workspace;
  }
  return absl::OkStatus();
}

absl::Status ListApiKeys(const WorkspaceDirectory& directory, const ReadContext& context,
                         const v1::ListApiKeysRequest& query, v1::ListApiKeysResponse* page) {
  KITH_ASSIGN_OR_RETURN(const size_t size, projections::PageSizeOf(query.page_size()));
  const auto state = directory.Find(context.workspace());
  projections::PageRoom room(size);
  for (auto key = state->keys.upper_bound(std::string(context.page_token));
       key != state->keys.end(); ++key) {
    if (!room.Take(key->second.api_key.ByteSizeLong())) {
      page->set_next_page_token(page->api_keys().rbegin()->name());
      break;
    }
    v1::ApiKey& told = *page->add_api_keys();
    told = key->second.api_key;
    const int64_t day =
        directory.uses().LastDay(context.workspace(), absl::StripPrefix(told.name(), "apiKeys/"));
    if (day > 0) *told.mutable_last_use_date() = DateOf(absl::CivilDay() + day);
  }
  return absl::OkStatus();
}

// `read` with the directory it reads.
template <class Request, class Response>
auto From(const WorkspaceDirectory& directory,
          absl::Status (*read)(const WorkspaceDirectory&, const ReadContext&, const Request&,
                               Response*)) {
  return
      [&directory, read](const ReadContext& context, const Request& request, Response* response) {
        return read(directory, context, request, response);
      };
}

void BindMethods(runtime::Runtime& runtime, runtime::MethodTable& methods) {
  // The one authorizer is the directory made below.
  const auto& directory = static_cast<const WorkspaceDirectory&>(*runtime.authorizer);
  const WorkspaceCommands commands(directory, methods);
  methods.Command<v1::CreateWorkspaceRequest, v1::CreateWorkspaceResponse>(commands);
  methods.Read(WorkspaceRecord::kName, ReadKind::kPoint, GetWorkspace);
  methods.Read(
      WorkspaceRecord::kName, ReadKind::kScan,
      [history = std::make_shared<const runtime::RevisionLister>(
           RecordRules(), runtime.log, runtime.registry,
           *v1::ListWorkspaceRevisionsRequest::descriptor()->file()->service(0)->FindMethodByName(
               "ListWorkspaceRevisions"),
           nullptr,
           [&directory](const auto& event, auto& revision) {
             TellKey(directory, event, revision);
           })](const ReadContext& context, const v1::ListWorkspaceRevisionsRequest& request,
               v1::ListWorkspaceRevisionsResponse* response) {
        return history->Run(context, WithName(context, request), response);
      });
  methods.Answer(ReadKind::kPoint, From(directory, ListWorkspaces));
  methods.Command<v1::UpdateWorkspaceRequest, v1::Workspace>(commands);
  methods.Command<v1::SuspendWorkspaceRequest, v1::Workspace>(commands);
  methods.Command<v1::ResumeWorkspaceRequest, v1::Workspace>(commands);
  methods.Command<v1::DeleteWorkspaceRequest, v1::Workspace>(commands);
  methods.Command<v1::CreateApiKeyRequest, v1::CreateApiKeyResponse>(commands);
  methods.Answer(ReadKind::kPoint, From(directory, ListApiKeys));
  methods.Command<v1::RotateApiKeyRequest, v1::RotateApiKeyResponse>(commands);
  methods.Command<v1::RevokeApiKeyRequest, v1::ApiKey>(commands);
  methods.Command<v1::RenewCalendarAddressRequest, v1::CalendarAddress>(commands);
  methods.Command<v1::WithdrawCalendarAddressRequest, google::protobuf::Empty>(commands);
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::WorkspaceEvent>(WorkspaceAggregate::kCategory);
  server.AddProjection(std::make_unique<WorkspaceRecord>());
  server.UseAuthorizer(
      [](runtime::Runtime& runtime) -> absl::StatusOr<std::unique_ptr<runtime::Authorizer>> {
        return WorkspaceDirectory::Open(runtime);
      });
  server.Serve(BindMethods);
}

}  // namespace kith::workspaces
