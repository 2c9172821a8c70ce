#include "services/deals/deal_commands.h"

#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "services/runtime/commands/linked_records.h"

namespace kith::deals {
namespace {

// A decision over the deal and its pipeline, both conditions of the append. A deal that is not
// there has no pipeline to load; the decision then needs none.
template <class Command>
Decision RunInPipeline(runtime::Loader& load, const Command& command,
                       const CommandContext& context) {
  KITH_ASSIGN_OR_RETURN(const DealState* state, load.Load<DealAggregate>(command.name()));
  if (state->lifecycle == Lifecycle::kAbsent) {
    return Decide(*state, PipelineState(), command, context);
  }
  KITH_ASSIGN_OR_RETURN(const PipelineState* pipeline,
                        load.Load<PipelineAggregate>(state->deal.pipeline()));
  return Decide(*state, *pipeline, command, context);
}

struct LinkedContact : LinkedAggregate<contacts::v1::Contact, contacts::v1::ContactEvent> {
  static constexpr absl::string_view kCategory = "contacts";
};
struct LinkedUser : LinkedAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

absl::StatusOr<runtime::LoadedRecords> LoadAll(runtime::Loader& load, const Links& links) {
  return runtime::LoadLinkedRecords<LinkedUser, LinkedContact>(load, links);
}

// The stages it has been in are told by reads only.
absl::Status Answer(const absl::StatusOr<const DealState*>& state, v1::Deal* response) {
  if (!state.ok()) return state.status();
  *response = (*state)->deal;
  response->clear_stage_intervals();
  response->clear_earlier_stage_interval_count();
  return absl::OkStatus();
}

}  // namespace

Decision DealCommands::Run(runtime::Loader& load, const v1::CreateDealRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const PipelineState* pipeline,
                        load.Load<PipelineAggregate>(PipelineOf(command)));
  KITH_ASSIGN_OR_RETURN(const auto linked, LoadAll(load, NewLinks(command)));
  if (command.deal_id().empty()) {
    KITH_ASSIGN_OR_RETURN(Changes changes,
                          Decide(DealState(), *pipeline, linked, command, context));
    load.ExpectAbsent(changes.list().front().stream);
    return changes;
  }
  KITH_ASSIGN_OR_RETURN(const DealState* state,
                        load.Load<DealAggregate>(DealName(command.deal_id())));
  return Decide(*state, *pipeline, linked, command, context);
}

Decision DealCommands::Run(runtime::Loader& load, const v1::UpdateDealRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const DealState* state, load.Load<DealAggregate>(command.deal().name()));
  KITH_ASSIGN_OR_RETURN(const auto linked, LoadAll(load, NewLinks(*state, command)));
  return Decide(*state, linked, command, context);
}

Decision DealCommands::Run(runtime::Loader& load, const v1::DeleteDealRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const DealState* state, load.Load<DealAggregate>(command.name()));
  return Decide(*state, command, context);
}

Decision DealCommands::Run(runtime::Loader& load, const v1::MoveDealRequest& command,
                           const CommandContext& context) const {
  return RunInPipeline(load, command, context);
}

Decision DealCommands::Run(runtime::Loader& load, const v1::WinDealRequest& command,
                           const CommandContext& context) const {
  return RunInPipeline(load, command, context);
}

Decision DealCommands::Run(runtime::Loader& load, const v1::LoseDealRequest& command,
                           const CommandContext& context) const {
  return RunInPipeline(load, command, context);
}

Decision DealCommands::Run(runtime::Loader& load, const v1::ReopenDealRequest& command,
                           const CommandContext& context) const {
  return RunInPipeline(load, command, context);
}

absl::Status DealCommands::Render(runtime::Rendering& after, const v1::CreateDealRequest&,
                                  v1::Deal* response) const {
  return Answer(after.LoadWritten<DealAggregate>(), response);
}

absl::Status DealCommands::Render(runtime::Rendering& after, const v1::UpdateDealRequest& command,
                                  v1::Deal* response) const {
  return Answer(after.Load<DealAggregate>(command.deal().name()), response);
}

absl::Status DealCommands::Render(runtime::Rendering&, const v1::DeleteDealRequest&,
                                  google::protobuf::Empty*) const {
  return absl::OkStatus();
}

absl::Status DealCommands::Render(runtime::Rendering& after, const v1::MoveDealRequest& command,
                                  v1::Deal* response) const {
  return Answer(after.Load<DealAggregate>(command.name()), response);
}

absl::Status DealCommands::Render(runtime::Rendering& after, const v1::WinDealRequest& command,
                                  v1::Deal* response) const {
  return Answer(after.Load<DealAggregate>(command.name()), response);
}

absl::Status DealCommands::Render(runtime::Rendering& after, const v1::LoseDealRequest& command,
                                  v1::Deal* response) const {
  return Answer(after.Load<DealAggregate>(command.name()), response);
}

absl::Status DealCommands::Render(runtime::Rendering& after, const v1::ReopenDealRequest& command,
                                  v1::Deal* response) const {
  return Answer(after.Load<DealAggregate>(command.name()), response);
}

}  // namespace kith::deals
