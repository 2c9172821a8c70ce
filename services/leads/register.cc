// Everything that leads bring to a server.
#include <memory>
#include <string>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "kith/teams/v1/team_events.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "projections/leads/lead_directory.h"
#include "projections/leads/lead_responses.h"
#include "services/core/linked_record.h"
#include "services/leads/lead.h"
#include "services/leads/lead_conversion.h"
#include "services/leads/lead_conversion_counts.h"
#include "services/runtime/calls/part_command.h"
#include "services/runtime/server_builder.h"

namespace kith::leads {
namespace {

struct LeadCommands {
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const LeadState* lead, load.Load<LeadAggregate>(command.name()));
    return Decide(*lead, command, context);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command, v1::Lead* response) const {
    KITH_ASSIGN_OR_RETURN(const LeadState* lead, after.Load<LeadAggregate>(command.name()));
    WriteReply(Rules(), lead->resource, response);
    return absl::OkStatus();
  }
};

// As the commands on leads know users: from their standard events.
struct UserAggregate : ResourceAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

struct LinkedTeam : LinkedAggregate<teams::v1::Team, teams::v1::TeamEvent> {
  static constexpr absl::string_view kCategory = "teams";
};

// Of the lead's own update, so that whose it becomes is told by one event, however it came about.
class LeadTaking {
 public:
  // Borrows the methods.
  explicit LeadTaking(const runtime::MethodTable& methods) : methods_(methods) {}

  Decision Run(runtime::Loader& load, const v1::TakeLeadRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const LeadState* lead, load.Load<LeadAggregate>(command.name()));
    CommandContext taker = context;
    const bool is_nobodys = lead->resource.owner().empty() && !context.user.empty();
    if (is_nobodys) {
      // Whose call came before they were deactivated is nobody who could have it.
      KITH_ASSIGN_OR_RETURN(const UserAggregate::State* const user,
                            load.Load<UserAggregate>(context.user));
      const bool is_there =
          user->lifecycle == Lifecycle::kActive && user->resource.state() != users::v1::INACTIVE;
      if (!is_there) taker.user = {};
    }
    KITH_ASSIGN_OR_RETURN(const bool is_to_take, MayTake(*lead, command, taker));
    if (!is_to_take) return NoChange();
    if (is_nobodys) return TakeFromNobody(lead->resource, taker);
    return Give(load, command.name(), std::string(context.user), context);
  }
  Decision Run(runtime::Loader& load, const v1::HandBackLeadRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const LeadState* lead, load.Load<LeadAggregate>(command.name()));
    const std::string& queue = lead->resource.queue();
    LinkedRecord team;
    if (!queue.empty()) {
      // Whoever may see the lead knows the team by it.
      KITH_ASSIGN_OR_RETURN(const void* const loaded,
                            load.LoadAny(kAggregateType<LinkedTeam>, queue));
      team = *static_cast<const LinkedTeam::State*>(loaded);
    }
    KITH_ASSIGN_OR_RETURN(const bool is_to_hand_back, MayHandBack(*lead, command, team));
    return is_to_hand_back ? Give(load, command.name(), queue, context) : NoChange();
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command, v1::Lead* response) const {
    return LeadCommands().Render(after, command, response);
  }

 private:
  Decision Give(runtime::Loader& load, const std::string& lead, std::string owner,
                const CommandContext& context) const {
    v1::UpdateLeadRequest update;
    update.mutable_lead()->set_name(lead);
    update.mutable_lead()->set_owner(std::move(owner));
    return runtime::DecidePart(methods_, load, update, context);
  }

  const runtime::MethodTable& methods_;
};

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddResource<LeadAggregate, v1::GetLeadRequest>(Rules(), std::make_unique<LeadDirectory>());
  server.AddPolicy(std::make_unique<LeadResponses>());
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    methods.Read(LeadDirectory::kName, runtime::ReadKind::kScan, CountConversions);
    methods.Command<v1::TakeLeadRequest, v1::Lead>(LeadTaking(methods));
    methods.Command<v1::HandBackLeadRequest, v1::Lead>(LeadTaking(methods));
    methods.Command<v1::ContactLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::NurtureLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::QualifyLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::DisqualifyLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::RecycleLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::RecordLeadResponseRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::ConvertLeadRequest, v1::Lead>(
        LeadConversion(server.resources(), runtime, methods));
  });
}

}  // namespace kith::leads
