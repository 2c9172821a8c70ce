// ConvertLead: makes a contact of a lead, and maybe a company and a deal.
//
// What comes into being is decided by the Create method of its resource, in the same attempt and
// the same append: so its rules are those of that method, and nobody else's change comes between.
// Whether somebody has the lead's address, or a company its domain, is a condition of the append.
// Who the person is follows from services/core/person_identity.h.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "services/core/decision.h"
#include "services/core/person_identity.h"
#include "services/leads/lead.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/listed_holders.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::leads {

// Thread-safe. See MethodTable::Command.
class LeadConversion {
 public:
  // While the server starts. Borrows the runtime and the methods. `resources` are all that the
  // server has.
  LeadConversion(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
                 const runtime::MethodTable& methods);

  Decision Run(runtime::Loader& load, const v1::ConvertLeadRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::ConvertLeadRequest& command,
                      v1::Lead* response) const;

 private:
  // Of a lead that was converted before: nothing, where the same deal is asked for.
  // LEADS_ERROR_LEAD_CONVERTED where it is another.
  Decision Repeat(runtime::Loader& load, const v1::ConvertLeadRequest& command,
                  const v1::Lead& lead) const;
  // As it is; null where it is not there, or hidden from the caller. Lives until the next creation.
  absl::StatusOr<const google::protobuf::Message*> Find(runtime::Loader& load,
                                                        const std::string& name) const;
  // Whom of the contacts the person may be, by those who claim what they are told apart by; who is
  // hidden from the caller is none. ERROR_PERMISSION_DENIED where they may not read contacts, or
  // what the person is told apart by.
  absl::StatusOr<Identity> Identify(runtime::Loader& load, contacts::v1::Contact person,
                                    const CommandContext& context) const;
  // The company that has the domain, or else is called as the lead says and has no other domain;
  // empty where there is none. LEADS_ERROR_COMPANY_AMBIGUOUS where several are called so;
  // ERROR_PERMISSION_DENIED where the caller may not find them by that.
  absl::StatusOr<std::string> FindCompany(runtime::Loader& load, const v1::Lead& lead,
                                          const std::string& domain) const;
  // What a Create request makes, which is assumed from then on: its name.
  absl::StatusOr<std::string> Create(runtime::Loader& load,
                                     const google::protobuf::Message& request,
                                     const CommandContext& context) const;

  // Each adds what it finds, or makes.
  absl::Status AddCompany(runtime::Loader& load, const v1::ConvertLeadRequest& command,
                          const v1::Lead& lead, const CommandContext& context,
                          Conversion& conversion) const;
  absl::Status AddContact(runtime::Loader& load, const v1::ConvertLeadRequest& command,
                          const v1::Lead& lead, const CommandContext& context,
                          Conversion& conversion) const;
  absl::Status AddDeal(runtime::Loader& load, const v1::ConvertLeadRequest& command,
                       const v1::Lead& lead, const CommandContext& context,
                       Conversion& conversion) const;

  const std::vector<runtime::ResourceType> resources_;
  const runtime::ListedHolders companies_;
  const runtime::MethodTable& methods_;
};

}  // namespace kith::leads
