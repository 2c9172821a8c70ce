// Everything that deals and their pipelines bring to a server.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/empty.pb.h"
#include "kith/roles/v1/role_events.pb.h"
#include "kith/teams/v1/team_events.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "projections/deals/approval_expiry.h"
#include "projections/deals/deal_list.h"
#include "projections/deals/pipeline_board.h"
#include "projections/deals/pipeline_list.h"
#include "projections/deals/stale_deals.h"
#include "services/core/built_in_roles.h"
#include "services/core/default_pipeline.h"
#include "services/core/linked_record.h"
#include "services/core/resource_name.h"
#include "services/deals/deal.h"
#include "services/deals/lost_reasons.h"
#include "services/deals/pipeline.h"
#include "services/deals/stage_approval.h"
#include "services/deals/staleness.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/commands/linked_records.h"
#include "services/runtime/resources/asked_owner.h"
#include "services/runtime/resources/not_known_yet.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/resources/visibility.h"
#include "services/runtime/server_builder.h"

namespace kith::deals {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

// Deals of the pipeline that are shared with the caller, and are not of owners whose deals the
// caller sees anyway; no further page is read once there are kSharedMax, and there are more.
struct Shared {
  std::vector<v1::Deal> deals;
  bool are_more = false;
};
absl::StatusOr<Shared> SharedDeals(const ReadContext& context,
                                   const v1::GetPipelineBoardRequest& request,
                                   absl::string_view pipeline) {
  Shared shared;
  const runtime::Reach reach(context.caller, "deals.read");
  if (reach.is_everything()) return shared;
  const runtime::Member& member = *context.caller.member;
  KITH_ASSIGN_OR_RETURN(const bool any, runtime::MayShareAny(member, DealList::Deals().core(),
                                                             context.view(2), context.workspace()));
  if (!any) return shared;
  const projections::Expression within = runtime::SharedWith(member);
  const auto is_asked_for = [&](const v1::Deal& deal) {
    return deal.pipeline() == pipeline &&
           (request.owner().empty() || deal.owner() == request.owner()) &&
           !reach.Covers(deal.owner());
  };
  std::string page_token;
  do {
    // No filter: what is shared with somebody is found by its own indexes, and is little.
    const projections::ListQuery query{
        .page_token = page_token, .page_size = runtime::kSharedMax, .within = &within};
    KITH_ASSIGN_OR_RETURN(
        page_token, DealList::Deals().core().List(
                        context.view(2), context.workspace(), query, [&](absl::string_view bytes) {
                          v1::Deal deal;
                          const bool is_one =
                              deal.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                          if (is_one && is_asked_for(deal)) shared.deals.push_back(std::move(deal));
                          return is_one;
                        }));
  } while (!page_token.empty() && shared.deals.size() < runtime::kSharedMax);
  shared.are_more = !page_token.empty();
  return shared;
}

absl::Status GetBoard(const runtime::AskedOwner& asked_owner, const ReadContext& context,
                      const v1::GetPipelineBoardRequest& asked, v1::PipelineBoard* response) {
  v1::GetPipelineBoardRequest request = asked;
  KITH_ASSIGN_OR_RETURN(*request.mutable_owner(), asked_owner.In(context, asked.owner()));
  const absl::string_view pipeline =
      request.pipeline().empty() ? kDefaultPipeline : absl::string_view(request.pipeline());
  const runtime::Reach reach(context.caller, "deals.read");
  std::optional<std::vector<std::string>> owners;
  if (!reach.is_everything()) owners = reach.Owners();
  if (!request.owner().empty()) {
    owners.emplace();
    if (reach.Covers(request.owner())) owners->push_back(request.owner());
  }
  KITH_ASSIGN_OR_RETURN(Shared shared, SharedDeals(context, request, pipeline));
  KITH_ASSIGN_OR_RETURN(auto board, ReadPipelineBoard(context.view(0), context.view(1),
                                                      {.workspace = context.workspace(),
                                                       .pipeline = pipeline,
                                                       .owners = std::move(owners),
                                                       .further = std::move(shared.deals),
                                                       .read_time = context.read_time}));
  if (!board.has_value()) {
    return runtime::NotThere(context, pipeline, ResourceNotFound(PipelineRules(), pipeline));
  }
  *response = *std::move(board);
  response->set_counts_are_at_least(shared.are_more);
  return absl::OkStatus();
}

// As the links of a stage's gate may name them.
struct LinkedUser : LinkedAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};
struct LinkedTeam : LinkedAggregate<teams::v1::Team, teams::v1::TeamEvent> {
  static constexpr absl::string_view kCategory = "teams";
};
struct LinkedRole : LinkedAggregate<roles::v1::Role, roles::v1::RoleEvent> {
  static constexpr absl::string_view kCategory = "roles";
};

// The states of those whom a gate is made to name; built-in roles have no stream.
absl::StatusOr<runtime::LoadedRecords> LoadApprovers(runtime::Loader& load, const Links& links) {
  static const auto& built_in = *new LinkedRecord{Lifecycle::kActive};
  runtime::LoadedRecords records;
  for (const Link& link : links) {
    if (FindBuiltInRole(link.record) != nullptr) {
      records.push_back(&built_in);
      continue;
    }
    KITH_ASSIGN_OR_RETURN(
        const LinkedRecord* record,
        (runtime::LoadLinkedRecord<LinkedTeam, LinkedRole, LinkedUser>(load, link.record)));
    records.push_back(record);
  }
  return records;
}

// Who answers, with the roles that they have.
struct UserAggregate : ResourceAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

// The teams that the caller is in, those that these are parts of, and the roles that they have. The
// roles are those of the user's stream, and so a condition of the append.
absl::StatusOr<std::vector<std::string>> GroupsOf(runtime::Loader& load, absl::string_view user) {
  std::vector<std::string> groups;
  if (user.empty()) return groups;
  const runtime::Member* const member = load.caller().member.get();
  if (member != nullptr) groups = member->groups;
  KITH_ASSIGN_OR_RETURN(const UserAggregate::State* known, load.Load<UserAggregate>(user));
  if (known->lifecycle != Lifecycle::kActive) return groups;
  groups.insert(groups.end(), known->resource.roles().begin(), known->resource.roles().end());
  return groups;
}

// The deal that another one is to stand beside; nullopt where none is said.
absl::StatusOr<std::optional<Neighbour>> LoadNeighbour(runtime::Loader& load,
                                                       const std::string& name) {
  if (name.empty()) return std::nullopt;
  KITH_ASSIGN_OR_RETURN(const DealState* deal, load.Load<DealAggregate>(name));
  return Neighbour{name, deal->lifecycle == Lifecycle::kActive, deal->resource.stage(),
                   deal->resource.position()};
}

// Commands that are decided over a deal, its pipeline and that of the stage it is to enter, all of
// them conditions of the append.
struct MoveCommands {
  Decision Run(runtime::Loader& load, const v1::MoveDealRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const auto after, LoadNeighbour(load, command.after()));
    KITH_ASSIGN_OR_RETURN(const auto before, LoadNeighbour(load, command.before()));
    return WithScene(load, command, [&](const DealState& deal, MoveScene scene) {
      if (after.has_value()) scene.after = &*after;
      if (before.has_value()) scene.before = &*before;
      return Decide(deal, scene, command, context);
    });
  }
  Decision Run(runtime::Loader& load, const v1::RequestStageApprovalRequest& command,
               const CommandContext& context) const {
    return WithScene(load, command, [&](const DealState& deal, const MoveScene& scene) {
      return Decide(deal, scene, command, context);
    });
  }
  // An answer to what was asked.
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const auto groups, GroupsOf(load, context.user));
    return WithScene(load, command, [&](const DealState& deal, const MoveScene& scene) {
      return Decide(deal, scene, command, groups, context);
    });
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command, v1::Deal* response) const {
    KITH_ASSIGN_OR_RETURN(const DealState* deal, after.Load<DealAggregate>(command.name()));
    WriteReply(DealRules(), deal->resource, response);
    return absl::OkStatus();
  }

 private:
  template <class Command, class Function>
  static Decision WithScene(runtime::Loader& load, const Command& command, Function decide) {
    KITH_ASSIGN_OR_RETURN(const DealState* deal, load.Load<DealAggregate>(command.name()));
    const PipelineState none;
    // One that never was has no pipeline, and needs none to be refused.
    if (deal->lifecycle == Lifecycle::kAbsent) return decide(*deal, MoveScene{none, none});
    KITH_ASSIGN_OR_RETURN(const PipelineState* from,
                          load.Load<PipelineAggregate>(deal->resource.pipeline()));
    const absl::string_view other = ParentOf(command.stage());
    const PipelineState* to = from;
    if (other != deal->resource.pipeline()) {
      KITH_ASSIGN_OR_RETURN(to, load.Load<PipelineAggregate>(other));
    }
    return decide(*deal, MoveScene{*from, *to});
  }
};

// Commands that are decided over a deal alone.
struct ApprovalCommands {
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const DealState* deal, load.Load<DealAggregate>(command.name()));
    return Decide(*deal, command, context);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command, v1::Deal* response) const {
    KITH_ASSIGN_OR_RETURN(const DealState* deal, after.Load<DealAggregate>(command.name()));
    WriteReply(DealRules(), deal->resource, response);
    return absl::OkStatus();
  }
};

// Commands that are decided over a deal and its pipeline, both conditions of the append.
struct DealCommands {
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const DealState* deal, load.Load<DealAggregate>(command.name()));
    // One that never was has no pipeline, and needs none to be refused.
    if (deal->lifecycle == Lifecycle::kAbsent) {
      return Decide(*deal, PipelineState(), command, context);
    }
    KITH_ASSIGN_OR_RETURN(const PipelineState* pipeline,
                          load.Load<PipelineAggregate>(deal->resource.pipeline()));
    return Decide(*deal, *pipeline, command, context);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command, v1::Deal* response) const {
    KITH_ASSIGN_OR_RETURN(const DealState* deal, after.Load<DealAggregate>(command.name()));
    WriteReply(DealRules(), deal->resource, response);
    return absl::OkStatus();
  }
};

// The pipeline that a command on stages is about.
absl::string_view StreamOf(const v1::AddStageRequest& command) { return command.pipeline(); }
absl::string_view StreamOf(const v1::UpdateStageRequest& command) {
  return ParentOf(command.stage().name());
}
absl::string_view StreamOf(const v1::ArchiveStageRequest& command) {
  return ParentOf(command.stage());
}
absl::string_view StreamOf(const v1::ReorderStagesRequest& command) { return command.pipeline(); }
absl::string_view StreamOf(const v1::AddLostReasonRequest& command) { return command.pipeline(); }
absl::string_view StreamOf(const v1::UpdateLostReasonRequest& command) {
  return ParentOf(command.lost_reason().name());
}
absl::string_view StreamOf(const v1::ArchiveLostReasonRequest& command) {
  return ParentOf(command.lost_reason());
}

struct StageCommands {
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const PipelineState* pipeline,
                          load.Load<PipelineAggregate>(StreamOf(command)));
    if constexpr (requires { NewLinksOf(*pipeline, command); }) {
      KITH_ASSIGN_OR_RETURN(const auto linked, LoadApprovers(load, NewLinksOf(*pipeline, command)));
      return Decide(*pipeline, command, linked, context);
    } else {
      return Decide(*pipeline, command, context);
    }
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::Pipeline* response) const {
    KITH_ASSIGN_OR_RETURN(const PipelineState* pipeline,
                          after.Load<PipelineAggregate>(StreamOf(command)));
    WriteReply(PipelineRules(), pipeline->resource, response);
    return absl::OkStatus();
  }
};

// Of the deals that one command looks at.
constexpr int kMeasuredRowsMax = 1'000;

// What is said of deals about which nothing happens.
class StalenessCommands {
 public:
  explicit StalenessCommands(const runtime::Runtime& runtime) : runtime_(runtime) {}

  Decision Run(runtime::Loader& load, const v1::RaiseStaleDealRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const DealState* deal, load.Load<DealAggregate>(command.name()));
    if (deal->lifecycle == Lifecycle::kAbsent) {
      return Decide(*deal, PipelineState(), StalenessState(), command, context);
    }
    KITH_ASSIGN_OR_RETURN(const PipelineState* pipeline,
                          load.Load<PipelineAggregate>(deal->resource.pipeline()));
    KITH_ASSIGN_OR_RETURN(const StalenessState* said,
                          load.Load<StalenessAggregate>(StalenessOf(command.name())));
    return Decide(*deal, *pipeline, *said, command, context);
  }
  absl::Status Render(runtime::Rendering& after, const v1::RaiseStaleDealRequest& command,
                      v1::Deal* response) const {
    return DealCommands().Render(after, command, response);
  }

  // The deals need not be as they are told when that is recorded: what happens to them is followed
  // anyway.
  Decision Run(runtime::Loader& load, const v1::MeasureStageDealsRequest& command,
               const CommandContext& context) const {
    KITH_RETURN_IF_ERROR(CheckSaysByItself(context));
    KITH_RETURN_IF_ERROR(load.NeedDisk());
    const projections::View& view = runtime_.views.Find(DealList::kName);
    const Position position = view.position();
    // Its stages say after how long a deal is stale, and later changes of the deals are followed.
    KITH_ASSIGN_OR_RETURN(const PipelineState* pipeline,
                          load.Load<PipelineAggregate>(ParentOf(command.stage())));
    KITH_RETURN_IF_ERROR(runtime::CheckKnown(runtime_.log, position,
                                             FromTimestamp(pipeline->resource.update_time()),
                                             "Which deals there are"));
    v1::StalenessEvent event;
    v1::StageDealsMeasured& measured = *event.mutable_stage_deals_measured();
    measured.set_stage(command.stage());
    projections::KeyRange range = projections::KeyRange::Prefix("");
    if (!command.after().empty()) range.from = command.after() + '\0';
    int looked_at = 0;
    std::string last;
    KITH_RETURN_IF_ERROR(DealList::Deals().Scan(
        view.At(position), load.workspace(), range, [&](const v1::Deal& deal) {
          if (looked_at == kMeasuredRowsMax || measured.deals_size() == kMeasuredMax) {
            measured.set_after(last);
            return false;
          }
          ++looked_at;
          last = deal.name();
          if (deal.stage() != command.stage() || deal.status() != v1::OPEN) return true;
          v1::MeasuredDeal& one = *measured.add_deals();
          one.set_name(deal.name());
          *one.mutable_stage_enter_time() = deal.stage_enter_time();
          *one.mutable_last_activity_time() = deal.last_activity_time();
          return true;
        }));
    if (measured.deals().empty() && measured.after().empty()) return NoChange();
    return Changes().Append(StalenessOf(ParentOf(command.stage())), std::move(event));
  }
  absl::Status Render(runtime::Rendering&, const v1::MeasureStageDealsRequest&,
                      google::protobuf::Empty*) const {
    return absl::OkStatus();
  }

 private:
  const runtime::Runtime& runtime_;
};

void BindMethods(const std::vector<runtime::ResourceType>& resources, runtime::Runtime& runtime,
                 runtime::MethodTable& methods) {
  methods.Command<v1::MoveDealRequest, v1::Deal>(MoveCommands());
  methods.Command<v1::WinDealRequest, v1::Deal>(DealCommands());
  methods.Command<v1::LoseDealRequest, v1::Deal>(DealCommands());
  methods.Command<v1::ReopenDealRequest, v1::Deal>(DealCommands());
  methods.Command<v1::RequestStageApprovalRequest, v1::Deal>(MoveCommands());
  methods.Command<v1::GrantStageApprovalRequest, v1::Deal>(MoveCommands());
  methods.Command<v1::RejectStageApprovalRequest, v1::Deal>(MoveCommands());
  methods.Command<v1::WithdrawStageApprovalRequest, v1::Deal>(ApprovalCommands());
  methods.Command<v1::ExpireStageApprovalRequest, v1::Deal>(ApprovalCommands());
  const StalenessCommands staleness(runtime);
  methods.Command<v1::RaiseStaleDealRequest, v1::Deal>(staleness);
  methods.Command<v1::MeasureStageDealsRequest, google::protobuf::Empty>(staleness);
  const runtime::AskedOwner owner(resources, runtime);
  methods.Read(
      runtime::MethodOf<v1::GetPipelineBoardRequest>(),
      {PipelineBoard::kName, PipelineList::kName, DealList::kName}, ReadKind::kScan,
      [owner](const ReadContext& context, const google::protobuf::Message& request,
              google::protobuf::Message* response) {
        return GetBoard(owner, context, static_cast<const v1::GetPipelineBoardRequest&>(request),
                        static_cast<v1::PipelineBoard*>(response));
      },
      [owner](const google::protobuf::Message& request) {
        return owner.ViewsFor(static_cast<const v1::GetPipelineBoardRequest&>(request).owner());
      });
  methods.Command<v1::AddStageRequest, v1::Pipeline>(StageCommands());
  methods.Command<v1::UpdateStageRequest, v1::Pipeline>(StageCommands());
  methods.Command<v1::ArchiveStageRequest, v1::Pipeline>(StageCommands());
  methods.Command<v1::ReorderStagesRequest, v1::Pipeline>(StageCommands());
  methods.Command<v1::AddLostReasonRequest, v1::Pipeline>(StageCommands());
  methods.Command<v1::UpdateLostReasonRequest, v1::Pipeline>(StageCommands());
  methods.Command<v1::ArchiveLostReasonRequest, v1::Pipeline>(StageCommands());
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddResource<DealAggregate, v1::GetDealRequest>(DealRules(), std::make_unique<DealList>());
  server.AddResource<PipelineAggregate, v1::GetPipelineRequest>(PipelineRules(),
                                                                std::make_unique<PipelineList>());
  server.AddProjection(std::make_unique<PipelineBoard>());
  server.RegisterEvents<v1::StalenessEvent>(StalenessAggregate::kCategory);
  server.AddPolicy(std::make_unique<StaleDeals>());
  server.AddPolicy(std::make_unique<ApprovalExpiry>());
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    BindMethods(server.resources(), runtime, methods);
  });
}

}  // namespace kith::deals
