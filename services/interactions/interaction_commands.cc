#include "services/interactions/interaction_commands.h"

#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "eventstore/base/status_macros.h"
#include "kith/companies/v1/company_events.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/leads/v1/lead_events.pb.h"
#include "services/core/reject.h"

namespace kith::interactions {
namespace {

struct LinkedContact : LinkedAggregate<contacts::v1::Contact, contacts::v1::ContactEvent> {
  static constexpr absl::string_view kCategory = "contacts";
};
struct LinkedDeal : LinkedAggregate<deals::v1::Deal, deals::v1::DealEvent> {
  static constexpr absl::string_view kCategory = "deals";
};

struct LinkedCompany : LinkedAggregate<companies::v1::Company, companies::v1::CompanyEvent> {
  static constexpr absl::string_view kCategory = "companies";
};
struct LinkedLead : LinkedAggregate<leads::v1::Lead, leads::v1::LeadEvent> {
  static constexpr absl::string_view kCategory = "leads";
};

absl::StatusOr<const LinkedRecord*> LoadRecord(runtime::Loader& load, absl::string_view record) {
  if (absl::StartsWith(record, "contacts/")) return load.Load<LinkedContact>(record);
  if (absl::StartsWith(record, "companies/")) return load.Load<LinkedCompany>(record);
  if (absl::StartsWith(record, "leads/")) return load.Load<LinkedLead>(record);
  return load.Load<LinkedDeal>(record);
}

absl::StatusOr<bool> Sees(runtime::Loader& load, const v1::Interaction& interaction) {
  return AnySeen(interaction,
                 [&](absl::string_view record) { return load.Sees(record, ReadPermission()); });
}

// OK where no other interaction than `name` has the id; else INTERACTIONS_ERROR_EXTERNAL_ID_TAKEN.
// The append happens only if nobody takes or gives it up meanwhile.
absl::Status CheckExternalId(runtime::Loader& load, const std::string& external_id,
                             absl::string_view name) {
  if (external_id.empty()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const runtime::Loader::TaggedEvents tagged,
                        load.EventsTagged(kExternalIdClaim, external_id));
  std::vector<const v1::InteractionEvent*> events;
  for (const auto& recorded : tagged) {
    events.push_back(static_cast<const v1::InteractionEvent*>(recorded->event.get()));
  }
  const v1::Interaction holder = HolderOf(external_id, events);
  if (holder.name().empty() || holder.name() == name) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const bool is_seen, Sees(load, holder));
  return ExternalIdTaken(is_seen ? holder.name() : "");
}

Decision RunRecording(runtime::Loader& load, const Recording& command,
                      const CommandContext& context) {
  absl::InlinedVector<const LinkedRecord*, 4> records;
  for (const absl::string_view name : ConcernedBy(command)) {
    KITH_ASSIGN_OR_RETURN(const LinkedRecord* record, LoadRecord(load, name));
    records.push_back(record);
  }
  KITH_RETURN_IF_ERROR(CheckExternalId(load, command.interaction.external_id(), ""));
  return Decide(records, command, context);
}

}  // namespace

Decision InteractionCommands::Run(runtime::Loader& load,
                                  const v1::RecordInteractionRequest& command,
                                  const CommandContext& context) const {
  return RunRecording(load, {command.parent(), command.interaction()}, context);
}

absl::Status InteractionCommands::Render(runtime::Rendering& after,
                                         const v1::RecordInteractionRequest&,
                                         v1::Interaction* response) const {
  const Recorded<v1::InteractionEvent> event = after.Event<v1::InteractionEvent>(0);
  *response = interactions::Render(event.event.interaction_recorded(), event.occur_time,
                                   event.record_time, event.erased);
  return HideWhereRepeated(after, *response);
}

// A repeat is answered as the first time, but for what was taken away since.
absl::Status InteractionCommands::HideWhereRepeated(runtime::Rendering& after,
                                                    v1::Interaction& response) const {
  if (!after.repeated() || response.redacted()) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(after.NeedDisk());
  return reader_.HideRedacted(after.workspace(), response);
}

Decision InteractionCommands::Run(runtime::Loader& load, const Item& item,
                                  const CommandContext& context) const {
  return RunRecording(load, {item.parent(), item.interaction()}, context);
}

absl::Status InteractionCommands::Render(runtime::Rendering& after, const Item&,
                                         v1::IngestInteractionsResponse::Result* result) const {
  result->set_name(after.Event<v1::InteractionEvent>(0).event.interaction_recorded().name());
  return absl::OkStatus();
}

absl::StatusOr<InteractionNow> InteractionCommands::Load(runtime::Loader& load,
                                                         const std::string& name) const {
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  KITH_ASSIGN_OR_RETURN(const auto* const state, load.Load<AmendedAggregate>(name));
  KITH_ASSIGN_OR_RETURN(InteractionNow now, reader_.NowAt(load.workspace(), name, state->revision));
  KITH_ASSIGN_OR_RETURN(const bool is_seen, Sees(load, now.interaction));
  if (!is_seen) return InteractionNotFound(name);
  return now;
}

absl::Status InteractionCommands::Render(runtime::Rendering& after, const std::string& name,
                                         v1::Interaction* response) const {
  if (!after.events().empty()) {
    *response = RenderAmended(after.Event<v1::InteractionEvent>(0));
    return HideWhereRepeated(after, *response);
  }
  KITH_RETURN_IF_ERROR(after.NeedDisk());
  KITH_ASSIGN_OR_RETURN(const auto* const state, after.Load<AmendedAggregate>(name));
  KITH_ASSIGN_OR_RETURN(InteractionNow now,
                        reader_.NowAt(after.workspace(), name, state->revision));
  *response = std::move(now.interaction);
  return absl::OkStatus();
}

Decision InteractionCommands::Run(runtime::Loader& load, const v1::AmendInteractionRequest& command,
                                  const CommandContext&) const {
  const std::string& name = command.interaction().name();
  if (name.empty()) return RejectField("interaction.name", "is required");
  KITH_ASSIGN_OR_RETURN(const InteractionNow now, Load(load, name));
  AmendmentPlan plan;
  KITH_RETURN_IF_ERROR(PlanAmendment(now, command, &plan));
  if (plan.after.external_id() != now.interaction.external_id()) {
    KITH_RETURN_IF_ERROR(CheckExternalId(load, plan.after.external_id(), name));
  }
  std::vector<const LinkedRecord*> linked;
  for (const Link& link : plan.links) {
    KITH_ASSIGN_OR_RETURN(const LinkedRecord* const record, LoadRecord(load, link.record));
    linked.push_back(record);
  }
  return DecideAmendment(now, plan, linked);
}

absl::Status InteractionCommands::Render(runtime::Rendering& after,
                                         const v1::AmendInteractionRequest& command,
                                         v1::Interaction* response) const {
  return Render(after, command.interaction().name(), response);
}

Decision InteractionCommands::Run(runtime::Loader& load,
                                  const v1::RedactInteractionRequest& command,
                                  const CommandContext&) const {
  KITH_ASSIGN_OR_RETURN(const InteractionNow now, Load(load, command.name()));
  return Decide(now, command);
}

absl::Status InteractionCommands::Render(runtime::Rendering& after,
                                         const v1::RedactInteractionRequest& command,
                                         v1::Interaction* response) const {
  return Render(after, command.name(), response);
}

}  // namespace kith::interactions
