// The commands on sites and visitors: what each is decided on, and what it is answered with.
#pragma once

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/visitors/v1/sites_service.pb.h"
#include "kith/visitors/v1/visitors_service.pb.h"
#include "services/core/decision.h"
#include "services/core/linked_record.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/visitors/site.h"
#include "services/visitors/visitor.h"

namespace kith::visitors {

// Whether the contact is there, is all that is asked of it. Loaded as any contact is, and hidden
// from who does not see it.
struct ContactAggregate : ResourceAggregate<contacts::v1::Contact, contacts::v1::ContactEvent> {
  static constexpr absl::string_view kCategory = "contacts";
};

// Thread-safe. See MethodTable::Command.
struct VisitorCommands {
  Decision Run(runtime::Loader& load, const v1::RecordPageViewsRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const SiteNow* const site, load.Load<SiteAggregate>(command.site()));
    KITH_ASSIGN_OR_RETURN(const VisitorNow* const visitor,
                          load.Load<VisitorAggregate>(command.name()));
    return Decide(*visitor, *site, command, context);
  }
  Decision Run(runtime::Loader& load, const v1::IdentifyVisitorRequest& command,
               const CommandContext&) const {
    KITH_ASSIGN_OR_RETURN(const auto* const contact,
                          load.Load<ContactAggregate>(command.contact()));
    KITH_ASSIGN_OR_RETURN(const VisitorNow* const visitor,
                          load.Load<VisitorAggregate>(command.name()));
    const std::string& known_as = visitor->resource.contact();
    if (!known_as.empty() && known_as != command.contact()) {
      KITH_ASSIGN_OR_RETURN(const auto* const before, load.Load<ContactAggregate>(known_as));
      // By another name of theirs it is the same person, and stays so when the contacts part.
      const bool is_same = visitor->lifecycle == Lifecycle::kActive &&
                           contact->lifecycle == Lifecycle::kActive &&
                           before->resource.name() == contact->resource.name();
      if (is_same) return NoChange();
    }
    return Decide(*visitor, *contact, command);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::Visitor* response) const {
    KITH_ASSIGN_OR_RETURN(const VisitorNow* const visitor,
                          after.Load<VisitorAggregate>(command.name()));
    WriteReply(VisitorRules(), visitor->resource, response);
    return absl::OkStatus();
  }

  Decision Run(runtime::Loader& load, const v1::CountSiteTrafficRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const SiteNow* const site, load.Load<SiteAggregate>(command.name()));
    return Decide(*site, command, context);
  }
  absl::Status Render(runtime::Rendering&, const v1::CountSiteTrafficRequest&,
                      v1::CountSiteTrafficResponse*) const {
    return absl::OkStatus();
  }
};

}  // namespace kith::visitors
