// Everything that policies bring to a server but the policies themselves: those are their
// capabilities' own (ServerBuilder::AddPolicy).
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/log.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/policies/v1/policies_errors.pb.h"
#include "kith/policies/v1/policies_service.pb.h"
#include "projections/policies/policy_record.h"
#include "projections/reactions/policy.h"
#include "projections/tables/page_limits.h"
#include "services/core/reject.h"
#include "services/policies/policy.h"
#include "services/runtime/policies/policy_hold.h"
#include "services/runtime/requests/method.h"
#include "services/runtime/server_builder.h"

namespace kith::policies {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

// Of a policy's reactions that are due so many are counted, and so many of all are looked at.
constexpr int64_t kDueMax = 1'000;
constexpr int kLookedAtMax = 10'000;

// Those that the server has, by name.
class Catalog {
 public:
  // `hold` may be null.
  Catalog(std::vector<const projections::Policy*> policies, const runtime::PolicyHold* hold)
      : policies_(std::move(policies)), hold_(hold) {
    std::sort(policies_.begin(), policies_.end(),
              [](const auto* a, const auto* b) { return a->name() < b->name(); });
  }

  const std::vector<const projections::Policy*>& policies() const { return policies_; }
  bool are_held() const { return hold_ != nullptr && hold_->holds(); }

  absl::StatusOr<size_t> Find(absl::string_view name) const {
    for (size_t i = 0; i < policies_.size(); ++i) {
      if (policies_[i]->ResourceName() == name) return i;
    }
    return RejectResource(v1::POLICIES_ERROR_POLICY_NOT_FOUND,
                          absl::StrCat("There is no policy ", name, ". List them."), name);
  }

 private:
  std::vector<const projections::Policy*> policies_;
  const runtime::PolicyHold* hold_;
};

using Known = std::shared_ptr<const Catalog>;

// As it is where nothing became of it yet: one that came to a workspace that was there before it
// waits there to be resumed.
v1::Policy Untouched(const projections::Policy& policy, const runtime::Authorizer& authorizer,
                     WorkspaceId workspace) {
  v1::Policy told = NewPolicy(policy.ResourceName());
  const std::vector<WorkspaceId> before = authorizer.WorkspacesBefore(policy.since());
  if (std::find(before.begin(), before.end(), workspace) != before.end()) {
    told.set_state(v1::PAUSED);
  }
  return told;
}

struct PolicyCommands {
  Known catalog;
  const runtime::Authorizer& authorizer;

  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const size_t index, catalog->Find(command.name()));
    KITH_ASSIGN_OR_RETURN(const PolicyState* state, load.Load<PolicyAggregate>(command.name()));
    if (!state->policy.name().empty()) return Decide(*state, command);
    return Decide({Untouched(*catalog->policies()[index], authorizer, context.workspace)}, command);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::Policy* response) const {
    KITH_ASSIGN_OR_RETURN(const size_t index, catalog->Find(command.name()));
    KITH_ASSIGN_OR_RETURN(const PolicyState* state, after.Load<PolicyAggregate>(command.name()));
    const projections::Policy& policy = *catalog->policies()[index];
    *response = state->policy.name().empty() ? Untouched(policy, authorizer, after.workspace())
                                             : state->policy;
    response->set_description(std::string(policy.description()));
    response->set_held(catalog->are_held());
    return absl::OkStatus();
  }
};

// Nothing is recorded: what is held is this server's, and that its data is a copy is known to its
// disk alone.
struct CopyCommands {
  static constexpr absl::string_view kBetween = " ";  // names have none

  runtime::PolicyHold* hold;

  // Who asks for it, which the reply has no place for, is handed on as what is told once.
  Decision Run(runtime::Loader&, const v1::ResumeRestoredCopyRequest&,
               const CommandContext& context) const {
    return Changes().WithSecret(absl::StrCat(context.actor, kBetween, context.user));
  }
  absl::Status Render(runtime::Rendering& after, const v1::ResumeRestoredCopyRequest&,
                      v1::ResumeRestoredCopyResponse* response) const {
    if (hold == nullptr) return absl::OkStatus();
    auto ended = hold->End();
    if (!ended.ok()) {
      return Reject(
          v1::POLICIES_ERROR_COPY_NOT_RESUMED,
          absl::StrCat("The server goes on holding its policies: ", ended.status().message(), "."));
    }
    if (!ended->has_value()) return absl::OkStatus();
    const std::pair<std::string, std::string> who =
        absl::StrSplit(after.secret(), absl::MaxSplits(kBetween, 1));
    Log(LogLevel::kInfo, "the copy was resumed, and policies act again",
        {{"store", (*ended)->store()}, {"actor", who.first}, {"user", who.second}});
    *response->mutable_restored_copy() = **std::move(ended);
    return absl::OkStatus();
  }
};

// How far it is behind: what of the workspace is due in the policy's own view.
absl::Status TellDue(const ReadContext& context, const projections::ViewSnapshot& queue,
                     v1::Policy* response) {
  absl::Time since = absl::InfiniteFuture();
  int looked_at = 0;
  const auto visit = [&](absl::string_view, WorkspaceId workspace,
                         const v1::PendingReaction& reaction) {
    if (workspace == context.workspace()) {
      response->set_due_count(response->due_count() + 1);
      since = std::min(since, FromTimestamp(reaction.has_due_time() ? reaction.due_time()
                                                                    : reaction.record_time()));
    }
    return response->due_count() < kDueMax && ++looked_at < kLookedAtMax;
  };
  KITH_RETURN_IF_ERROR(projections::ScanAtOnce(queue, "", visit));
  KITH_RETURN_IF_ERROR(projections::ScanDue(queue, context.read_time, visit));
  if (response->due_count() > 0) *response->mutable_due_since_time() = ToTimestamp(since);
  return absl::OkStatus();
}

// The snapshots are of the record, then of each policy.
absl::Status Tell(const ReadContext& context, const Catalog& catalog, size_t index,
                  v1::Policy* response) {
  const projections::Policy& policy = *catalog.policies()[index];
  KITH_ASSIGN_OR_RETURN(const bool found, PolicyRecord::Policies().Get(
                                              context.view(0), context.workspace(),
                                              policy.ResourceName(), context.tier, response));
  if (!found) *response = Untouched(policy, context.authorizer, context.workspace());
  response->set_description(std::string(policy.description()));
  if (context.as_of) return absl::OkStatus();
  response->set_held(catalog.are_held());
  return TellDue(context, context.view(index + 1), response);
}

absl::Status List(const ReadContext& context, const Catalog& catalog,
                  const v1::ListPoliciesRequest& request, v1::ListPoliciesResponse* page) {
  KITH_ASSIGN_OR_RETURN(const size_t size, projections::PageSizeOf(request.page_size()));
  projections::PageRoom room(size);
  for (size_t i = 0; i < catalog.policies().size(); ++i) {
    if (catalog.policies()[i]->ResourceName() <= context.page_token) continue;
    v1::Policy policy;
    KITH_RETURN_IF_ERROR(Tell(context, catalog, i, &policy));
    if (!room.Take(policy.ByteSizeLong())) {
      page->set_next_page_token(page->policies().rbegin()->name());
      break;
    }
    *page->add_policies() = std::move(policy);
  }
  return absl::OkStatus();
}

void BindMethods(Known catalog, runtime::Runtime& runtime, runtime::MethodTable& methods) {
  runtime::ReadViews views = {&runtime.views.Find(PolicyRecord::kName)};
  for (const auto* const policy : catalog->policies()) {
    views.push_back(&runtime.views.Find(policy->name()));
  }
  methods.Read(runtime::MethodOf<v1::GetPolicyRequest>(), views, ReadKind::kScan,
               [catalog](const ReadContext& context, const google::protobuf::Message& request,
                         google::protobuf::Message* response) -> absl::Status {
                 KITH_ASSIGN_OR_RETURN(
                     const size_t index,
                     catalog->Find(static_cast<const v1::GetPolicyRequest&>(request).name()));
                 return Tell(context, *catalog, index, static_cast<v1::Policy*>(response));
               });
  methods.Read(runtime::MethodOf<v1::ListPoliciesRequest>(), std::move(views), ReadKind::kScan,
               [catalog](const ReadContext& context, const google::protobuf::Message& request,
                         google::protobuf::Message* response) {
                 return List(context, *catalog,
                             static_cast<const v1::ListPoliciesRequest&>(request),
                             static_cast<v1::ListPoliciesResponse*>(response));
               });
  const PolicyCommands commands{std::move(catalog), *runtime.authorizer};
  methods.Command<v1::PausePolicyRequest, v1::Policy>(commands);
  methods.Command<v1::ResumePolicyRequest, v1::Policy>(commands);
  methods.Command<v1::RetryReactionRequest, v1::Policy>(commands);
  methods.Command<v1::SkipReactionRequest, v1::Policy>(commands);
  methods.Command<v1::ResumeRestoredCopyRequest, v1::ResumeRestoredCopyResponse>(
      CopyCommands{runtime.policy_hold});
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::PolicyEvent>(PolicyAggregate::kCategory);
  server.AddProjection(std::make_unique<PolicyRecord>());
  // Other capabilities may add policies after this.
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    BindMethods(std::make_shared<const Catalog>(server.policies(), runtime.policy_hold), runtime,
                methods);
  });
}

}  // namespace kith::policies
