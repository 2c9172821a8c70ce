// Everything that leads bring to a server.
#include <memory>
#include <string>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "projections/leads/lead_directory.h"
#include "projections/leads/lead_responses.h"
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

// Of the lead's own update, so that whose it becomes is told by one event, however it came about.
class LeadTaking {
 public:
  // Borrows the methods.
  explicit LeadTaking(const runtime::MethodTable& methods) : methods_(methods) {}

  Decision Run(runtime::Loader& load, const v1::TakeLeadRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const LeadState* lead, load.Load<LeadAggregate>(command.name()));
    KITH_ASSIGN_OR_RETURN(const bool is_to_take, MayTake(*lead, command, context));
    return is_to_take ? Give(load, command.name(), std::string(context.user), context) : NoChange();
  }
  Decision Run(runtime::Loader& load, const v1::HandBackLeadRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const LeadState* lead, load.Load<LeadAggregate>(command.name()));
    KITH_ASSIGN_OR_RETURN(const bool is_to_hand_back, MayHandBack(*lead, command));
    return is_to_hand_back ? Give(load, command.name(), lead->resource.queue(), context)
                           : NoChange();
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
  server.Serve([&server](runtime::Runtime&, runtime::MethodTable& methods) {
    methods.Read(LeadDirectory::kName, runtime::ReadKind::kScan, CountConversions);
    methods.Command<v1::TakeLeadRequest, v1::Lead>(LeadTaking(methods));
    methods.Command<v1::HandBackLeadRequest, v1::Lead>(LeadTaking(methods));
    methods.Command<v1::ContactLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::NurtureLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::QualifyLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::DisqualifyLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::RecycleLeadRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::RecordLeadResponseRequest, v1::Lead>(LeadCommands());
    methods.Command<v1::ConvertLeadRequest, v1::Lead>(LeadConversion(server.resources(), methods));
  });
}

}  // namespace kith::leads
