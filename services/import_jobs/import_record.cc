#include "services/import_jobs/import_record.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/domain.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/companies/v1/company.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/import_jobs/v1/import_jobs_errors.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "kith/leads/v1/lead.pb.h"
#include "kith/leads/v1/leads_errors.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/consents.h"
#include "services/core/field_of.h"
#include "services/core/identity_claims.h"
#include "services/core/merge_key.h"
#include "services/core/reject.h"
#include "services/import_jobs/import_job.h"
#include "services/import_jobs/record_requests.h"
#include "services/runtime/admission/finding.h"
#include "services/runtime/calls/part_command.h"
#include "services/runtime/resources/claim_holders.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/visibility.h"

namespace kith::import_jobs {
namespace {

using companies::v1::Company;
using contacts::v1::Contact;
using deals::v1::Deal;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using leads::v1::Lead;
using runtime::Loader;

constexpr absl::string_view kLeads = "leads";
constexpr absl::string_view kDeals = "deals";
// Of several records that match so many are named.
constexpr size_t kCandidatesMax = 10;

bool IsOutputOnly(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).output_only();
}

bool IsImmutable(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).immutable();
}

// By what an element of a list is the same as another: what it says, but for its label and for
// which one is primary.
std::string KeyOf(const Message& list_of, const FieldDescriptor& field, int index) {
  const auto& reflection = *list_of.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    const std::string text = reflection.GetRepeatedString(list_of, &field, index);
    return field.name() == "domains" ? DomainForm(text) : text;
  }
  const Message& element = reflection.GetRepeatedMessage(list_of, &field, index);
  const Descriptor* const type = element.GetDescriptor();
  if (type == contacts::v1::EmailAddress::descriptor()) {
    const auto& email = static_cast<const contacts::v1::EmailAddress&>(element);
    return EmailKey(email.address()).value_or(email.address());
  }
  if (type == contacts::v1::PhoneNumber::descriptor()) {
    const auto& phone = static_cast<const contacts::v1::PhoneNumber&>(element);
    return phone.e164().empty() ? phone.raw() : phone.e164();
  }
  if (type == contacts::v1::ContactCompany::descriptor()) {
    return static_cast<const contacts::v1::ContactCompany&>(element).company();
  }
  if (type == deals::v1::DealContact::descriptor()) {
    return static_cast<const deals::v1::DealContact&>(element).contact();
  }
  if (type == contacts::v1::Consent::descriptor()) {
    return ConsentKey(static_cast<const contacts::v1::Consent&>(element));
  }
  const std::unique_ptr<Message> said(element.New());
  said->CopyFrom(element);
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const of = type->field(i);
    const bool is_about_it = of->name() == "primary" || of->name() == "label";
    if (IsOutputOnly(*of) || is_about_it) said->GetReflection()->ClearField(&*said, of);
  }
  return said->SerializeAsString();
}

// A refusal of the row takes the place of the consent that the record has; whether there is one.
bool TakeRefusal(const Message& row, const FieldDescriptor& field, int index, Message& record) {
  if (field.message_type() != contacts::v1::Consent::descriptor()) return false;
  const auto& reflection = *record.GetReflection();
  const Message& said = reflection.GetRepeatedMessage(row, &field, index);
  for (int i = 0; i < reflection.FieldSize(record, &field); ++i) {
    if (KeyOf(record, field, i) != KeyOf(row, field, index)) continue;
    Message& there = *reflection.MutableRepeatedMessage(&record, &field, i);
    if (!IsStricter(said, there)) return false;
    there.CopyFrom(said);
    return true;
  }
  return false;
}

// Adds the elements of the row that the record lacks; whether there were any, or a refusal.
bool AddMissing(const Message& row, const FieldDescriptor& field, Message& record) {
  const auto& reflection = *record.GetReflection();
  std::set<std::string> held;
  const int before = reflection.FieldSize(record, &field);
  bool refuses = false;
  for (int i = 0; i < before; ++i) held.insert(KeyOf(record, field, i));
  for (int i = 0; i < reflection.FieldSize(row, &field); ++i) {
    if (!held.insert(KeyOf(row, field, i)).second) {
      refuses |= TakeRefusal(row, field, i, record);
      continue;
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection.AddString(&record, &field, reflection.GetRepeatedString(row, &field, i));
      continue;
    }
    Message& added = *reflection.AddMessage(&record, &field);
    added.CopyFrom(reflection.GetRepeatedMessage(row, &field, i));
    const FieldDescriptor* const primary = added.GetDescriptor()->FindFieldByName("primary");
    // Which one is primary stays for the record to say.
    if (primary != nullptr && before > 0) added.GetReflection()->ClearField(&added, primary);
  }
  return refuses || reflection.FieldSize(record, &field) > before;
}

// The custom fields that the row has a value of; their paths.
void TakeMap(const Message& row, const FieldDescriptor& field, Message& record,
             google::protobuf::FieldMask& mask) {
  const FieldDescriptor* const key = field.message_type()->map_key();
  const auto key_of = [&](const Message& entry) {
    return entry.GetReflection()->GetString(entry, key);
  };
  const auto& reflection = *row.GetReflection();
  std::vector<std::string> paths;
  for (int i = 0; i < reflection.FieldSize(row, &field); ++i) {
    const Message& wanted = reflection.GetRepeatedMessage(row, &field, i);
    Message* held = nullptr;
    for (int j = 0; held == nullptr && j < reflection.FieldSize(record, &field); ++j) {
      Message* const one = reflection.MutableRepeatedMessage(&record, &field, j);
      if (key_of(*one) == key_of(wanted)) held = one;
    }
    if (held == nullptr) held = reflection.AddMessage(&record, &field);
    held->CopyFrom(wanted);
    paths.push_back(absl::StrCat(field.name(), ".", key_of(wanted)));
  }
  std::sort(paths.begin(), paths.end());
  for (std::string& path : paths) mask.add_paths(std::move(path));
}

IdentityKey KindOf(v1::ImportMatchKey key) {
  switch (key) {
    case v1::EMAIL_ADDRESS:
      return IdentityKey::kEmail;
    case v1::EXTERNAL_ID:
      return IdentityKey::kExternalId;
    case v1::PHONE_NUMBER:
      return IdentityKey::kPhone;
    default:
      return IdentityKey::kNone;
  }
}

std::string NameOf(IdentityKey kind) {
  switch (kind) {
    case IdentityKey::kEmail:
      return "EMAIL_ADDRESS";
    case IdentityKey::kExternalId:
      return "EXTERNAL_ID";
    default:
      return "PHONE_NUMBER";
  }
}

// The record that a row says; null where it says none.
const Message* RowOf(const v1::ImportRecordRequest& command) {
  const auto& reflection = *command.GetReflection();
  const FieldDescriptor* const field = reflection.GetOneofFieldDescriptor(
      command, command.GetDescriptor()->FindOneofByName("record"));
  return field == nullptr ? nullptr : &reflection.GetMessage(command, field);
}

// Its numbers as the workspace reads them, so that they are compared with those that are there.
void CompleteNumbers(const Settings& settings, Message& row) {
  if (row.GetDescriptor() == Contact::descriptor()) {
    CompletePhones({}, settings.default_region, *static_cast<Contact&>(row).mutable_phones());
  } else if (row.GetDescriptor() == Company::descriptor()) {
    CompletePhones({}, settings.default_region, *static_cast<Company&>(row).mutable_phones());
  }
}

// A record that matches by several keys is told by the first.
template <class Matches>
void AddMatch(const std::string& record, absl::string_view key, Matches& matches) {
  const bool is_known = std::any_of(matches.begin(), matches.end(),
                                    [&](const auto& match) { return match.record == record; });
  if (!is_known) matches.push_back({record, std::string(key)});
}

// How an open deal comes to stand where the row has it; nullopt where it stands there, and of one
// that is closed.
std::optional<deals::v1::MoveDealRequest> MoveTo(const Deal& deal, const Deal& row) {
  const bool is_open = deal.status() == deals::v1::OPEN;
  if (!is_open || row.stage().empty() || row.stage() == deal.stage()) return std::nullopt;
  deals::v1::MoveDealRequest move;
  move.set_name(deal.name());
  move.set_stage(row.stage());
  return move;
}

// What is reported of a deal that was won or lost stays as it is.
absl::Status CheckNotClosed(const Deal& deal) {
  if (deal.status() == deals::v1::OPEN) return absl::OkStatus();
  return RejectState(v1::IMPORT_JOBS_ERROR_DEAL_CLOSED,
                     absl::StrCat("The row is of a deal that was ",
                                  deal.status() == deals::v1::WON ? "won" : "lost",
                                  ", which no import changes. Reopen ", deal.name(),
                                  " first and import the row again, or leave the row out."),
                     deal.name());
}

// A lead or a deal that was closed takes nothing from a row.
absl::Status CheckNotClosed(const Message& record) {
  if (record.GetDescriptor() == Deal::descriptor()) {
    return CheckNotClosed(static_cast<const Deal&>(record));
  }
  if (record.GetDescriptor() != Lead::descriptor()) return absl::OkStatus();
  const auto& lead = static_cast<const Lead&>(record);
  if (lead.status() == leads::v1::CONVERTED) {
    return RejectState(leads::v1::LEADS_ERROR_LEAD_CONVERTED,
                       "The row is of a lead that was converted, which no import changes. Import "
                       "what is new into the contact, company or deal that it became, or leave "
                       "the row out.",
                       lead.name(),
                       {{"contact", lead.converted_contact()},
                        {"company", lead.converted_company()},
                        {"deal", lead.converted_deal()}});
  }
  if (lead.status() == leads::v1::DISQUALIFIED) {
    return RejectState(
        v1::IMPORT_JOBS_ERROR_LEAD_DISQUALIFIED,
        absl::StrCat("The row is of a lead that was disqualified, which no import "
                     "changes. Recycle ",
                     lead.name(), " first and import the row again, or leave the row out."),
        lead.name());
  }
  return absl::OkStatus();
}

// Each event says of which job it is, whatever its caller says of its cause.
Decision Claimed(const std::string& import_job, Decision decision) {
  if (!decision.ok()) return decision;
  const std::string secret = decision->secret();
  const std::optional<absl::Time> occurred = decision->occurred();
  Changes claimed;
  for (Change& change : (*std::move(decision)).TakeList()) {
    change.claims.push_back({std::string(kRowClaim), import_job});
    claimed = std::move(claimed).Add(std::move(change));
  }
  if (occurred.has_value()) claimed = std::move(claimed).OccurredAt(*occurred);
  return std::move(claimed).WithSecret(secret);
}

// What an event makes of the outcome, where it is of its category.
void TellOutcome(const Descriptor& row, absl::string_view stream, absl::string_view category,
                 const Message& event, v1::ImportRecordResponse& told) {
  if (eventstore::CategoryOf(stream) != category) return;
  if (kith::KindOf(event, row) == StandardEvent::kCreated) {
    told.set_outcome(v1::ROW_CREATED);
  } else if (told.outcome() == v1::ROW_UNCHANGED) {
    told.set_outcome(v1::ROW_UPDATED);
  }
  told.set_name(std::string(stream));
}

}  // namespace

google::protobuf::FieldMask MergeRow(const Message& row, Message& record) {
  google::protobuf::FieldMask mask;
  const Descriptor& descriptor = *row.GetDescriptor();
  const auto& reflection = *row.GetReflection();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    const bool is_identity = field.name() == "name" || field.name() == "etag";
    if (IsOutputOnly(field) || IsImmutable(field) || is_identity) continue;
    if (field.is_map()) {
      TakeMap(row, field, record, mask);
    } else if (field.is_repeated()) {
      if (AddMissing(row, field, record)) mask.add_paths(field.name());
    } else if (reflection.HasField(row, &field)) {
      const std::unique_ptr<Message> said(row.New());
      said->CopyFrom(row);
      reflection.SwapFields(&record, &*said, {&field});
      mask.add_paths(field.name());
    }
  }
  return mask;
}

ImportRecord::ImportRecord(std::vector<runtime::ResourceType> types,
                           const runtime::Runtime& runtime, const runtime::MethodTable& methods)
    : types_(std::move(types)),
      people_(types_, runtime),
      leads_(runtime::TypeOf(types_, kLeads), runtime),
      methods_(methods) {}

const runtime::ResourceType& ImportRecord::TypeOf(const Descriptor& row) const {
  const auto found = std::find_if(types_.begin(), types_.end(), [&](const auto& type) {
    return type.rules->resource->GetDescriptor() == &row;
  });
  KITH_CHECK(found != types_.end());
  return *found;
}

Decision ImportRecord::Run(Loader& load, const v1::ImportRecordRequest& command,
                           const CommandContext& context) const {
  v1::ImportJob checking;
  const v1::ImportJob* job = &checking;
  if (command.import_job().empty()) {
    KITH_ASSIGN_OR_RETURN(checking, JobOfCheck(load, command, context));
  } else {
    KITH_ASSIGN_OR_RETURN(const ImportJobState* const state,
                          load.Load<ImportJobAggregate>(command.import_job()));
    KITH_RETURN_IF_ERROR(CheckRunning(*state, command.import_job()));
    job = &state->resource;
  }
  Decision decided = DecideRow(load, *job, command, context);
  if (!decided.ok() || !command.validate_only()) return decided;
  // A row that is only checked is told of by what it would change, and changes nothing.
  const Descriptor& row = *RowOf(command)->GetDescriptor();
  v1::ImportRecordResponse told;
  told.set_name(decided->secret());
  told.set_outcome(v1::ROW_UNCHANGED);
  for (const Change& change : decided->list()) {
    TellOutcome(row, change.stream, TypeOf(row).rules->category, *change.event, told);
  }
  if (told.outcome() == v1::ROW_CREATED) told.clear_name();  // which is drawn anew
  return Changes().WithSecret(told.SerializeAsString());
}

absl::StatusOr<v1::ImportJob> ImportRecord::JobOfCheck(Loader& load,
                                                       const v1::ImportRecordRequest& command,
                                                       const CommandContext& context) const {
  if (!command.validate_only()) return RejectField("import_job", "is required");
  const Message* const row = RowOf(command);
  if (row == nullptr) return RejectField("record", "is required");
  v1::CreateImportJobRequest create;
  v1::ImportJob& job = *create.mutable_import_job();
  job.set_display_name("check");
  job.set_collection(std::string(TypeOf(*row->GetDescriptor()).rules->category));
  *job.mutable_match_keys() = command.match_keys();
  const bool is_said = command.policy() != v1::IMPORT_POLICY_UNSPECIFIED;
  job.set_policy(is_said ? command.policy() : v1::CREATE_ONLY);
  KITH_RETURN_IF_ERROR(runtime::DecidePart(methods_, load, create, context).status());
  return job;
}

Decision ImportRecord::DecideRow(Loader& load, const v1::ImportJob& job,
                                 const v1::ImportRecordRequest& command,
                                 const CommandContext& context) const {
  KITH_RETURN_IF_ERROR(CheckRow(job, command));
  KITH_ASSIGN_OR_RETURN(Matches matches, FindMatches(load, job, command, context));
  if (matches.size() > 1) {
    matches.resize(std::min(matches.size(), kCandidatesMax));
    const std::string candidates =
        absl::StrJoin(matches, ", ", [](std::string* out, const Match& match) {
          absl::StrAppend(out, match.record, " (", match.key, ")");
        });
    return Reject(v1::IMPORT_JOBS_ERROR_AMBIGUOUS_ROW,
                  absl::StrCat("Several records match the row: ", candidates, "."),
                  {{"candidates", candidates}});
  }
  if (matches.empty() && job.policy() == v1::UPDATE_ONLY) {
    return Reject(v1::IMPORT_JOBS_ERROR_NO_MATCH,
                  absl::StrCat("None of the ", job.collection(),
                               " matches the row, and the import only updates."));
  }
  if (matches.empty()) return Claimed(job.name(), Create(load, command, context));
  const std::string record = matches.front().record;
  if (job.policy() == v1::CREATE_ONLY) return Changes().WithSecret(record);
  Decision updated = Claimed(job.name(), Update(load, record, command, context));
  if (!updated.ok()) return updated;
  return (*std::move(updated)).WithSecret(record);
}

absl::Status ImportRecord::Render(runtime::Rendering& after, const v1::ImportRecordRequest& command,
                                  v1::ImportRecordResponse* response) const {
  if (command.validate_only()) {
    KITH_CHECK(response->ParseFromString(after.secret()));
    return absl::OkStatus();
  }
  const Message* const row = RowOf(command);
  KITH_CHECK(row != nullptr);  // Run refuses it
  const absl::string_view category = TypeOf(*row->GetDescriptor()).rules->category;
  response->set_outcome(v1::ROW_UNCHANGED);
  response->set_name(after.secret());
  for (const runtime::AppendedEvent& appended : after.events()) {
    TellOutcome(*row->GetDescriptor(), appended.stream, category, *appended.event, *response);
  }
  return absl::OkStatus();
}

absl::Status ImportRecord::CheckRow(const v1::ImportJob& job,
                                    const v1::ImportRecordRequest& command) const {
  const Message* const row = RowOf(command);
  const bool is_of_job =
      row != nullptr && TypeOf(*row->GetDescriptor()).rules->category == job.collection();
  const bool is_named = command.deal_id().empty() || command.has_deal();
  if (is_of_job && is_named) return absl::OkStatus();
  google::rpc::BadRequest violations;
  std::string field = "deal_id";
  if (!is_of_job) {
    field = row == nullptr ? "record"
                           : FieldOfType(*command.GetDescriptor(), *row->GetDescriptor())->name();
    AddViolation(field, absl::StrCat("must be one of the job's ", job.collection()), violations);
  } else {
    AddViolation(field, "is of a deal alone", violations);
  }
  return Reject(v1::IMPORT_JOBS_ERROR_INVALID_RECORD,
                absl::StrCat("The row must be of the job's ", job.collection(), "."),
                {{"field", field}}, violations);
}

absl::StatusOr<ImportRecord::Matches> ImportRecord::FindMatches(
    Loader& load, const v1::ImportJob& job, const v1::ImportRecordRequest& command,
    const CommandContext& context) const {
  const Message& row = *RowOf(command);
  const runtime::ResourceType& type = TypeOf(*row.GetDescriptor());
  if (!job.match_keys().empty()) {
    KITH_RETURN_IF_ERROR(runtime::CheckFinds(load.caller(), runtime::ReadPermissionOf(type)));
  }
  if (command.has_contact()) return FindContacts(load, job, command.contact(), context);
  const ResourceRules& rules = *type.rules;
  Matches matches;
  for (const int key : job.match_keys()) {
    if (key == v1::DOMAIN) {
      std::vector<std::string> domains;
      for (const std::string& one : command.company().domains()) {
        domains.push_back(DomainForm(one));
      }
      KITH_RETURN_IF_ERROR(AddHolders(load, *FieldOf(*Company::descriptor(), "domains"),
                                      kCompanyDomainClaim, domains, "DOMAIN", matches));
    } else if (key == v1::EXTERNAL_ID) {
      const ClaimRule& claim = rules.claims[rules.identity_claim];
      KITH_RETURN_IF_ERROR(AddHolders(load, *rules.identity, claim.purpose, claim.values(row),
                                      "EXTERNAL_ID", matches));
    } else if (key == v1::EMAIL_ADDRESS) {
      const std::optional<std::string> email = EmailKey(command.lead().email());
      if (email.has_value()) KITH_RETURN_IF_ERROR(AddLeads(load, *email, matches));
    } else if (key == v1::DEAL_NAME && !command.deal_id().empty()) {
      KITH_RETURN_IF_ERROR(AddNamed(load, absl::StrCat("deals/", command.deal_id()), matches));
    }
  }
  return matches;
}

absl::StatusOr<ImportRecord::Matches> ImportRecord::FindContacts(
    Loader& load, const v1::ImportJob& job, const Contact& contact,
    const CommandContext& context) const {
  std::vector<IdentityKey> kinds;
  for (const int key : job.match_keys()) {
    kinds.push_back(KindOf(static_cast<v1::ImportMatchKey>(key)));
  }
  KITH_ASSIGN_OR_RETURN(const auto alike,
                        people_.FindAlike(load, contact, context.settings, kinds));
  Matches matches;
  for (const IdentityCandidate& one : alike) matches.push_back({one.contact, NameOf(one.key)});
  return matches;
}

absl::Status ImportRecord::AddHolders(Loader& load, const FieldDescriptor& field,
                                      absl::string_view claim,
                                      const std::vector<std::string>& values, absl::string_view key,
                                      Matches& matches) const {
  const runtime::ResourceType& type = TypeOf(*field.containing_type());
  for (const std::string& value : values) {
    KITH_ASSIGN_OR_RETURN(const runtime::ClaimHolders holders,
                          runtime::FindHolders(load, type, field, claim, value));
    for (const Message* const record : holders) AddMatch(ResourceNameOf(*record), key, matches);
  }
  return absl::OkStatus();
}

absl::Status ImportRecord::AddLeads(Loader& load, const std::string& email,
                                    Matches& matches) const {
  KITH_RETURN_IF_ERROR(
      runtime::CheckFindsBy(load.caller(), *FieldOf(*Lead::descriptor(), "email")));
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        leads_.Names(load, "email", email, kLeadEmailClaim, email));
  const runtime::ResourceType& type = runtime::TypeOf(types_, kLeads);
  std::vector<std::string> open, closed;
  for (const std::string& name : names) {
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, name));
    const ResourceNow now = type.now_of(state);
    if (now.lifecycle != Lifecycle::kActive) continue;
    const auto& lead = static_cast<const Lead&>(*now.resource);
    if (EmailKey(lead.email()) != email) continue;
    // Nothing follows a conversion, so who asks once more is a new lead. One that was disqualified
    // can be recycled, so it is the same lead.
    if (lead.status() == leads::v1::CONVERTED) continue;
    (lead.has_close_time() ? closed : open).push_back(name);
  }
  for (const std::string& name : open.empty() ? closed : open) {
    AddMatch(name, "EMAIL_ADDRESS", matches);
  }
  return absl::OkStatus();
}

absl::Status ImportRecord::AddNamed(Loader& load, const std::string& deal, Matches& matches) const {
  const runtime::ResourceType& type = runtime::TypeOf(types_, kDeals);
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, deal));
  if (type.now_of(state).lifecycle == Lifecycle::kActive) AddMatch(deal, "DEAL_NAME", matches);
  return absl::OkStatus();
}

Decision ImportRecord::Create(Loader& load, const v1::ImportRecordRequest& command,
                              const CommandContext& context) const {
  const Message& row = *RowOf(command);
  const std::unique_ptr<Message> create = NewRequest(TypeOf(*row.GetDescriptor()), "Create");
  KITH_CHECK(create != nullptr);
  create->GetReflection()
      ->MutableMessage(&*create, FieldOfType(*create->GetDescriptor(), *row.GetDescriptor()))
      ->CopyFrom(row);
  if (command.has_deal()) SetText(*create, "deal_id", command.deal_id());
  return runtime::DecidePart(methods_, load, *create, context);
}

Decision ImportRecord::Update(Loader& load, const std::string& record,
                              const v1::ImportRecordRequest& command,
                              const CommandContext& context) const {
  const Message& said = *RowOf(command);
  const runtime::ResourceType& type = TypeOf(*said.GetDescriptor());
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, record));
  const ResourceNow now = type.now_of(state);
  if (now.lifecycle != Lifecycle::kActive) return ResourceNotFound(*type.rules, record);
  const std::unique_ptr<Message> row(said.New());
  row->CopyFrom(said);
  CompleteNumbers(context.settings, *row);
  const std::unique_ptr<Message> update = NewRequest(type, "Update");
  KITH_CHECK(update != nullptr);
  Message& wanted = *update->GetReflection()->MutableMessage(
      &*update, FieldOfType(*update->GetDescriptor(), *said.GetDescriptor()));
  wanted.CopyFrom(*now.resource);
  const google::protobuf::FieldMask mask = MergeRow(*row, wanted);
  SetText(wanted, "etag", "");
  update->GetReflection()
      ->MutableMessage(&*update, FieldOfType(*update->GetDescriptor(), *mask.GetDescriptor()))
      ->CopyFrom(mask);
  // What is loaded is not to be looked at once it is assumed to be changed.
  const absl::Status not_closed = CheckNotClosed(*now.resource);
  std::optional<deals::v1::MoveDealRequest> move;
  if (command.has_deal()) move = MoveTo(static_cast<const Deal&>(*now.resource), command.deal());
  Decision updated =
      mask.paths().empty() ? NoChange() : runtime::DecidePart(methods_, load, *update, context);
  if (!updated.ok()) return updated;
  // A row that says what is so already is unchanged, also where it is imported a second time.
  if (!not_closed.ok() && !updated->list().empty()) return not_closed;
  if (!move.has_value()) return updated;
  load.Assume(*std::move(updated), context);
  Decision moved = runtime::DecidePart(methods_, load, *move, context);
  if (!moved.ok()) return moved;
  load.Assume(*std::move(moved), context);
  return load.TakeAssumed();
}

}  // namespace kith::import_jobs
