#include "services/leads/lead_conversion.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/domain.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/companies/v1/companies_service.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/leads/v1/leads_errors.pb.h"
#include "services/core/contact_points.h"
#include "services/core/field_of.h"
#include "services/core/identity_claims.h"
#include "services/core/reject.h"
#include "services/leads/lead_fields.h"
#include "services/runtime/admission/finding.h"
#include "services/runtime/calls/part_command.h"
#include "services/runtime/resources/claim_holders.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/visibility.h"

namespace kith::leads {
namespace {

using google::protobuf::Message;
using runtime::Loader;
using runtime::ResourceType;

// What says more about a deal is of no use without one.
absl::Status CheckDealFields(const v1::ConvertLeadRequest& command) {
  if (command.create_deal()) return absl::OkStatus();
  google::rpc::BadRequest violations;
  const auto only_of_deal = [&](absl::string_view field, bool is_said) {
    if (is_said) AddViolation(field, "is of a deal: say create_deal, too", violations);
  };
  only_of_deal("deal_display_name", !command.deal_display_name().empty());
  only_of_deal("pipeline", !command.pipeline().empty());
  only_of_deal("stage", !command.stage().empty());
  only_of_deal("amount", command.has_amount());
  only_of_deal("expected_close_date", command.has_expected_close_date());
  only_of_deal("deal_owner", !command.deal_owner().empty());
  return RejectFields(violations);
}

absl::Status CheckNewOnes(const v1::ConvertLeadRequest& command, const v1::Lead& lead) {
  google::rpc::BadRequest violations;
  if (command.new_contact() && !command.contact().empty()) {
    AddViolation("new_contact", "must not be said beside contact", violations);
  }
  if (command.new_company() && !command.company().empty()) {
    AddViolation("new_company", "must not be said beside company", violations);
  } else if (command.new_company() && lead.company_name().empty() && lead.website().empty()) {
    AddViolation("new_company",
                 "needs a lead with a company_name or a website, which the company is made of",
                 violations);
  }
  return RejectFields(violations);
}

// Whether what is said of the deal is what became of it: the stage is the one that it began in, so
// that one which was moved since is the same deal.
bool AsksForDeal(const deals::v1::Deal& deal, const v1::ConvertLeadRequest& command) {
  using google::protobuf::util::MessageDifferencer;
  // The first stay is told no more of a deal that was moved very often.
  const bool is_begin_known =
      deal.stage_intervals_size() > 0 && deal.earlier_stage_interval_count() == 0;
  const std::string stage = is_begin_known ? deal.stage_intervals(0).stage() : "";
  const auto is_same = [](const std::string& asked, const std::string& is) {
    return asked.empty() || asked == is;
  };
  return is_same(command.deal_display_name(), deal.display_name()) &&
         is_same(command.stage(), stage) && is_same(command.deal_owner(), deal.owner()) &&
         (command.pipeline().empty() ||
          absl::StartsWith(stage, absl::StrCat(command.pipeline(), "/"))) &&
         (!command.has_amount() || MessageDifferencer::Equals(command.amount(), deal.amount())) &&
         (!command.has_expected_close_date() ||
          MessageDifferencer::Equals(command.expected_close_date(), deal.expected_close_date()));
}

absl::Status LinkNotThere(absl::string_view field, const std::string& record) {
  google::rpc::BadRequest violations;
  AddViolation(field, absl::StrCat(record, " does not exist or was deleted"), violations);
  return Reject(
      v1::LEADS_ERROR_LINKED_RECORD_NOT_FOUND,
      absl::StrCat(record, " does not exist or was deleted. Name another in `", field, "`."),
      {{"name", record}}, violations);
}

// What other records say of where they came from: "web form".
std::string SourceText(v1::LeadSource source) {
  if (source == v1::LEAD_SOURCE_UNSPECIFIED) return "";
  if (source == v1::OTHER_SOURCE) return "other";
  std::string text = v1::LeadSource_Name(source);
  for (char& c : text) c = c == '_' ? ' ' : absl::ascii_tolower(c);
  return text;
}

// Whose what is made of the lead becomes: its owner's, who must be a user; of one that waits in a
// team's queue the user's who converts it; empty where that is for the rules of the new record to
// say. A service owns nothing, so it has to say whose it is.
absl::StatusOr<std::string> OwnerOfNew(const v1::Lead& lead, const v1::ConvertLeadRequest& command,
                                       const CommandContext& context) {
  if (absl::StartsWith(lead.owner(), "users/")) return lead.owner();
  if (lead.owner().empty() || !context.user.empty()) return std::string();
  if (!command.deal_owner().empty()) return command.deal_owner();
  return RejectField(
      command.create_deal() ? "deal_owner" : "name",
      absl::StrCat(
          command.create_deal() ? "is required: " : "", lead.name(), " is in the queue of ",
          lead.owner(),
          ", what it becomes is a user's, and no user converts it. Give the lead to a user "
          "first",
          command.create_deal() ? ", or say in deal_owner whose it becomes" : ""));
}

// Without an owner, who is known when it is to be made.
contacts::v1::CreateContactRequest ContactOf(const v1::Lead& lead, const std::string& company,
                                             bool has_deal) {
  contacts::v1::CreateContactRequest request;
  contacts::v1::Contact& contact = *request.mutable_contact();
  contact.set_first_name(lead.first_name());
  contact.set_last_name(lead.last_name());
  if (!lead.email().empty()) contact.add_emails()->set_address(lead.email());
  if (!lead.phone().empty()) contact.add_phones()->set_raw(lead.phone());
  contact.set_job_title(lead.job_title());
  contact.set_company_name(lead.company_name());
  contact.set_lifecycle_stage(has_deal ? contacts::v1::OPPORTUNITY
                                       : contacts::v1::SALES_QUALIFIED_LEAD);
  contact.set_source(SourceText(lead.source()));
  if (!company.empty()) contact.add_companies()->set_company(company);
  return request;
}

absl::Status Ambiguous(const v1::Lead& lead, const Identity& identity) {
  const std::string candidates = absl::StrJoin(
      identity.candidates, ", ", [](std::string* text, const IdentityCandidate& candidate) {
        absl::StrAppend(text, candidate.contact);
      });
  return RejectState(v1::LEADS_ERROR_CONTACT_AMBIGUOUS,
                     "The lead may be one of several contacts, or one that has its telephone "
                     "number, or its name at its company. Say in `contact` which it is, or "
                     "`new_contact`.",
                     lead.name(), {{"contacts", candidates}});
}

absl::Status CompanyAmbiguous(const v1::Lead& lead, std::vector<std::string> companies) {
  if (companies.size() > kIdentityCandidatesMax) companies.resize(kIdentityCandidatesMax);
  return RejectState(v1::LEADS_ERROR_COMPANY_AMBIGUOUS,
                     "Several companies are called as the lead's. Say in `company` which it is, or "
                     "`new_company`.",
                     lead.name(), {{"companies", absl::StrJoin(companies, ", ")}});
}

// Of a lead that has a company's name, or a website.
companies::v1::CreateCompanyRequest CompanyOf(const v1::Lead& lead, const std::string& domain,
                                              bool has_deal, const std::string& owner) {
  companies::v1::CreateCompanyRequest request;
  companies::v1::Company& company = *request.mutable_company();
  company.set_display_name(lead.company_name().empty() ? domain : lead.company_name());
  if (!domain.empty()) company.add_domains(domain);
  if (absl::StartsWith(lead.website(), "http://") || absl::StartsWith(lead.website(), "https://")) {
    company.set_website(lead.website());
  }
  company.set_lifecycle_stage(has_deal ? contacts::v1::OPPORTUNITY
                                       : contacts::v1::SALES_QUALIFIED_LEAD);
  company.set_owner(owner);
  company.set_source(SourceText(lead.source()));
  return request;
}

}  // namespace

LeadConversion::LeadConversion(std::vector<ResourceType> resources, const runtime::Runtime& runtime,
                               const runtime::MethodTable& methods)
    : resources_(std::move(resources)),
      companies_(runtime::TypeOf(resources_, "companies"), runtime),
      methods_(methods) {}

Decision LeadConversion::Run(Loader& load, const v1::ConvertLeadRequest& command,
                             const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const LeadState* const state, load.Load<LeadAggregate>(command.name()));
  KITH_ASSIGN_OR_RETURN(const bool is_to_convert, IsToConvert(*state, command));
  KITH_RETURN_IF_ERROR(CheckDealFields(command));
  const v1::Lead lead = state->resource;
  KITH_RETURN_IF_ERROR(CheckNewOnes(command, lead));
  if (!is_to_convert) return Repeat(load, command, lead);
  Conversion conversion;
  KITH_RETURN_IF_ERROR(AddCompany(load, command, lead, context, conversion));
  KITH_RETURN_IF_ERROR(AddContact(load, command, lead, context, conversion));
  if (command.create_deal()) {
    KITH_RETURN_IF_ERROR(AddDeal(load, command, lead, context, conversion));
  }
  load.Assume(Converted(lead, conversion), context);
  return load.TakeAssumed();
}

Decision LeadConversion::Repeat(Loader& load, const v1::ConvertLeadRequest& command,
                                const v1::Lead& lead) const {
  if (!command.create_deal()) return NoChange();
  KITH_ASSIGN_OR_RETURN(const Message* const found, Find(load, lead.converted_deal()));
  // Of one that is gone or hidden nothing is told, so whatever is said of it is something else.
  const deals::v1::Deal deal =
      found == nullptr ? deals::v1::Deal() : static_cast<const deals::v1::Deal&>(*found);
  if (AsksForDeal(deal, command)) return NoChange();
  return CheckTransition(lead, v1::CONVERTED);  // which says what it was converted to
}

absl::Status LeadConversion::Render(runtime::Rendering& after,
                                    const v1::ConvertLeadRequest& command,
                                    v1::Lead* response) const {
  KITH_ASSIGN_OR_RETURN(const LeadState* const state, after.Load<LeadAggregate>(command.name()));
  WriteReply(Rules(), state->resource, response);
  return absl::OkStatus();
}

absl::StatusOr<const Message*> LeadConversion::Find(Loader& load, const std::string& name) const {
  const ResourceType& type = runtime::TypeOf(resources_, eventstore::CategoryOf(name));
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, name));
  const ResourceNow now = type.now_of(state);
  return now.lifecycle == Lifecycle::kActive ? now.resource : nullptr;
}

absl::StatusOr<std::string> LeadConversion::Create(Loader& load, const Message& request,
                                                   const CommandContext& context) const {
  Decision decision = runtime::DecidePart(methods_, load, request, context);
  if (!decision.ok()) return decision.status();
  std::string name = decision->list().front().stream;
  load.Assume(*std::move(decision), context);
  return name;
}

absl::Status LeadConversion::AddCompany(Loader& load, const v1::ConvertLeadRequest& command,
                                        const v1::Lead& lead, const CommandContext& context,
                                        Conversion& conversion) const {
  if (!command.new_company()) {
    conversion.company = command.company().empty() ? lead.company() : command.company();
  }
  if (!conversion.company.empty()) {
    KITH_ASSIGN_OR_RETURN(const Message* const found, Find(load, conversion.company));
    return found == nullptr ? LinkNotThere("company", conversion.company) : absl::OkStatus();
  }
  const std::string domain = lead.website().empty() ? "" : DomainForm(lead.website());
  if (lead.company_name().empty() && domain.empty()) return absl::OkStatus();
  if (!command.new_company()) {
    KITH_ASSIGN_OR_RETURN(conversion.company, FindCompany(load, lead, domain));
    if (!conversion.company.empty()) return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(const std::string owner, OwnerOfNew(lead, command, context));
  KITH_ASSIGN_OR_RETURN(
      conversion.company,
      Create(load, CompanyOf(lead, domain, command.create_deal(), owner), context));
  conversion.is_company_new = true;
  return absl::OkStatus();
}

absl::StatusOr<std::string> LeadConversion::FindCompany(Loader& load, const v1::Lead& lead,
                                                        const std::string& domain) const {
  using companies::v1::Company;
  const ResourceType& type = runtime::TypeOf(resources_, "companies");
  KITH_RETURN_IF_ERROR(runtime::CheckFinds(load.caller(), runtime::ReadPermissionOf(type)));
  if (!domain.empty()) {
    KITH_ASSIGN_OR_RETURN(
        const runtime::ClaimHolders holders,
        runtime::FindHolders(load, type, *FieldOf(*Company::descriptor(), "domains"),
                             kCompanyDomainClaim, domain));
    // A domain is one company's.
    if (!holders.empty()) return static_cast<const Company*>(holders.front())->name();
  }
  const std::string key = FoldedName(lead.company_name());
  if (key.empty()) return std::string();
  const auto& name_field = *FieldOf(*Company::descriptor(), "display_name");
  KITH_RETURN_IF_ERROR(runtime::CheckFindsBy(load.caller(), name_field));
  KITH_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      companies_.Names(load, name_field.name(), lead.company_name(), kCompanyNameClaim, key));
  std::vector<std::string> found;
  for (const std::string& name : names) {
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadAny(*type.aggregate, name));
    const ResourceNow now = type.now_of(state);
    if (now.lifecycle != Lifecycle::kActive || load.Hides("companies", state)) continue;
    const auto& company = static_cast<const Company&>(*now.resource);
    const bool is_elsewhere = !domain.empty() && !company.domains().empty();
    if (is_elsewhere || FoldedName(company.display_name()) != key) continue;
    const bool is_known = std::find(found.begin(), found.end(), company.name()) != found.end();
    if (!is_known) found.push_back(company.name());
  }
  if (found.size() > 1) return CompanyAmbiguous(lead, std::move(found));
  return found.empty() ? std::string() : found.front();
}

absl::StatusOr<Identity> LeadConversion::Identify(Loader& load, contacts::v1::Contact person,
                                                  const CommandContext& context) const {
  const ResourceType& type = runtime::TypeOf(resources_, "contacts");
  KITH_RETURN_IF_ERROR(runtime::CheckFinds(load.caller(), runtime::ReadPermissionOf(type)));
  CompletePhones({}, context.settings.default_region, *person.mutable_phones());
  const PersonKeys keys = PersonKeysOf(person);
  struct Key {
    const char* field;
    absl::string_view claim;
    std::string value;
  };
  std::vector<Key> all;
  for (const std::string& email : keys.emails) all.push_back({"emails", kContactEmailClaim, email});
  for (const std::string& phone : keys.phones) all.push_back({"phones", kContactPhoneClaim, phone});
  if (!keys.name_at_company.empty()) {
    all.push_back({"display_name", kContactNameClaim, keys.name_at_company});
  }
  std::vector<KnownContact> known;
  for (const Key& key : all) {
    KITH_ASSIGN_OR_RETURN(
        const runtime::ClaimHolders holders,
        runtime::FindHolders(load, type, *FieldOf(*contacts::v1::Contact::descriptor(), key.field),
                             key.claim, key.value));
    for (const Message* const holder : holders) {
      const auto& contact = static_cast<const contacts::v1::Contact&>(*holder);
      const bool is_known = std::any_of(
          known.begin(), known.end(), [&](const auto& one) { return one.name == contact.name(); });
      if (!is_known) known.push_back({contact.name(), PersonKeysOf(contact)});
    }
  }
  return IdentityOf(keys, known);
}

absl::Status LeadConversion::AddContact(Loader& load, const v1::ConvertLeadRequest& command,
                                        const v1::Lead& lead, const CommandContext& context,
                                        Conversion& conversion) const {
  if (!command.new_contact()) {
    conversion.contact = command.contact().empty() ? lead.contact() : command.contact();
  }
  if (!conversion.contact.empty()) {
    KITH_ASSIGN_OR_RETURN(const Message* const found, Find(load, conversion.contact));
    return found == nullptr ? LinkNotThere("contact", conversion.contact) : absl::OkStatus();
  }
  if (!TellsOfPerson(lead)) {
    return RejectState(v1::LEADS_ERROR_NO_PERSON,
                       "The lead tells of no person: set a name, an e-mail address or a telephone "
                       "number, or say in `contact` who it is.",
                       lead.name());
  }
  contacts::v1::CreateContactRequest create =
      ContactOf(lead, conversion.company, command.create_deal());
  if (!command.new_contact()) {
    KITH_ASSIGN_OR_RETURN(const Identity identity, Identify(load, create.contact(), context));
    if (identity.is_known()) {
      conversion.contact = identity.candidates.front().contact;
      return absl::OkStatus();
    }
    if (!identity.is_new()) return Ambiguous(lead, identity);
  }
  KITH_ASSIGN_OR_RETURN(*create.mutable_contact()->mutable_owner(),
                        OwnerOfNew(lead, command, context));
  KITH_ASSIGN_OR_RETURN(conversion.contact, Create(load, create, context));
  conversion.is_contact_new = true;
  return absl::OkStatus();
}

absl::Status LeadConversion::AddDeal(Loader& load, const v1::ConvertLeadRequest& command,
                                     const v1::Lead& lead, const CommandContext& context,
                                     Conversion& conversion) const {
  deals::v1::CreateDealRequest request;
  deals::v1::Deal& deal = *request.mutable_deal();
  deal.set_display_name(command.deal_display_name());
  if (deal.display_name().empty() && !conversion.company.empty()) {
    // One that was just made for another owner may be hidden from the caller.
    KITH_ASSIGN_OR_RETURN(const Message* const found, Find(load, conversion.company));
    deal.set_display_name(found == nullptr
                              ? lead.company_name()
                              : static_cast<const companies::v1::Company*>(found)->display_name());
  }
  if (deal.display_name().empty()) {
    return RejectField("deal_display_name",
                       "is required of a lead without a company: a deal's name is not personal, "
                       "and a person's is");
  }
  deal.set_pipeline(command.pipeline());
  deal.set_stage(command.stage());
  if (command.has_amount()) {
    *deal.mutable_amount() = command.amount();
  } else if (lead.has_estimated_amount()) {
    *deal.mutable_amount() = lead.estimated_amount();
  }
  if (command.has_expected_close_date()) {
    *deal.mutable_expected_close_date() = command.expected_close_date();
  }
  deal.set_company(conversion.company);
  deal.add_contacts()->set_contact(conversion.contact);
  deal.set_owner(command.deal_owner());
  if (deal.owner().empty()) {
    KITH_ASSIGN_OR_RETURN(*deal.mutable_owner(), OwnerOfNew(lead, command, context));
  }
  deal.set_source(SourceText(lead.source()));
  KITH_ASSIGN_OR_RETURN(conversion.deal, Create(load, request, context));
  return absl::OkStatus();
}

}  // namespace kith::leads
