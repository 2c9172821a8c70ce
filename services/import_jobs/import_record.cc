#include "services/import_jobs/import_record.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/domain.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/companies/v1/companies_service.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/import_jobs/v1/import_jobs_errors.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/field_of.h"
#include "services/core/reject.h"
#include "services/import_jobs/import_job.h"
#include "services/runtime/calls/part_command.h"
#include "services/runtime/resources/claim_holders.h"

namespace kith::import_jobs {
namespace {

using companies::v1::Company;
using contacts::v1::Contact;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using runtime::Loader;

constexpr absl::string_view kContacts = "contacts";
constexpr absl::string_view kCompanies = "companies";
// Of several records that match so many are named.
constexpr size_t kCandidatesMax = 10;

bool IsOutputOnly(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).output_only();
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
  const std::unique_ptr<Message> said(element.New());
  said->CopyFrom(element);
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const of = type->field(i);
    const bool is_about_it = of->name() == "primary" || of->name() == "label";
    if (IsOutputOnly(*of) || is_about_it) said->GetReflection()->ClearField(&*said, of);
  }
  return said->SerializeAsString();
}

// Adds the elements of the row that the record lacks; whether there were any.
bool AddMissing(const Message& row, const FieldDescriptor& field, Message& record) {
  const auto& reflection = *record.GetReflection();
  std::set<std::string> held;
  const int before = reflection.FieldSize(record, &field);
  for (int i = 0; i < before; ++i) held.insert(KeyOf(record, field, i));
  for (int i = 0; i < reflection.FieldSize(row, &field); ++i) {
    if (!held.insert(KeyOf(row, field, i)).second) continue;
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
  return reflection.FieldSize(record, &field) > before;
}

// The custom fields that the row has a value of; their paths.
void TakeMap(const Message& row, const FieldDescriptor& field, Message& record,
             google::protobuf::FieldMask& mask) {
  const auto take = [&](const auto& wanted, auto& held) {
    std::vector<std::string> paths;
    for (const auto& [key, value] : wanted) {
      held[key] = value;
      paths.push_back(absl::StrCat(field.name(), ".", key));
    }
    std::sort(paths.begin(), paths.end());
    for (std::string& path : paths) mask.add_paths(std::move(path));
  };
  if (row.GetDescriptor() == Company::descriptor()) {
    take(static_cast<const Company&>(row).custom(),
         *static_cast<Company&>(record).mutable_custom());
  } else if (field.number() == Contact::kPersonalCustomFieldNumber) {
    take(static_cast<const Contact&>(row).personal_custom(),
         *static_cast<Contact&>(record).mutable_personal_custom());
  } else {
    take(static_cast<const Contact&>(row).custom(),
         *static_cast<Contact&>(record).mutable_custom());
  }
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

// Whether the row is of the job's collection.
absl::Status CheckRecord(const v1::ImportJob& job, const v1::ImportRecordRequest& command) {
  const bool is_contact = command.has_contact() && job.collection() == kContacts;
  const bool is_company = command.has_company() && job.collection() == kCompanies;
  if (is_contact || is_company) return absl::OkStatus();
  google::rpc::BadRequest violations;
  const char* const field = command.has_company() ? "company" : "contact";
  AddViolation(field, absl::StrCat("must be one of the job's ", job.collection()), violations);
  return Reject(v1::IMPORT_JOBS_ERROR_INVALID_RECORD,
                absl::StrCat("The row must be of the job's ", job.collection(), "."),
                {{"field", field}}, violations);
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

}  // namespace

google::protobuf::FieldMask MergeRow(const Message& row, Message& record) {
  google::protobuf::FieldMask mask;
  const Descriptor& descriptor = *row.GetDescriptor();
  const auto& reflection = *row.GetReflection();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (IsOutputOnly(field) || field.name() == "name" || field.name() == "etag") continue;
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
    : types_(std::move(types)), people_(types_, runtime), methods_(methods) {}

const runtime::ResourceType& ImportRecord::TypeOf(absl::string_view category) const {
  const auto found = std::find_if(types_.begin(), types_.end(), [&](const auto& type) {
    return type.rules->category == category;
  });
  KITH_CHECK(found != types_.end());  // the protos name them
  return *found;
}

Decision ImportRecord::Run(Loader& load, const v1::ImportRecordRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const ImportJobState* const state,
                        load.Load<ImportJobAggregate>(command.import_job()));
  KITH_RETURN_IF_ERROR(CheckRunning(*state, command.import_job()));
  const v1::ImportJob& job = state->resource;
  KITH_RETURN_IF_ERROR(CheckRecord(job, command));
  KITH_ASSIGN_OR_RETURN(std::vector<Match> matches, FindMatches(load, job, command, context));
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
  const Descriptor* const resource =
      command.has_company() ? Company::descriptor() : Contact::descriptor();
  response->set_outcome(v1::ROW_UNCHANGED);
  response->set_name(after.secret());
  for (const runtime::AppendedEvent& appended : after.events()) {
    const StandardEvent kind = kith::KindOf(*appended.event, *resource);
    if (kind == StandardEvent::kCreated) response->set_outcome(v1::ROW_CREATED);
    if (kind == StandardEvent::kUpdated) response->set_outcome(v1::ROW_UPDATED);
    if (kind != StandardEvent::kOther) response->set_name(appended.stream);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ImportRecord::Match>> ImportRecord::FindMatches(
    Loader& load, const v1::ImportJob& job, const v1::ImportRecordRequest& command,
    const CommandContext& context) const {
  if (command.has_company()) return FindCompanies(load, job, command.company());
  std::vector<IdentityKey> kinds;
  for (const int key : job.match_keys()) {
    kinds.push_back(KindOf(static_cast<v1::ImportMatchKey>(key)));
  }
  KITH_ASSIGN_OR_RETURN(const auto alike,
                        people_.FindAlike(load, command.contact(), context.settings, kinds));
  std::vector<Match> matches;
  for (const IdentityCandidate& one : alike) matches.push_back({one.contact, NameOf(one.key)});
  return matches;
}

absl::StatusOr<std::vector<ImportRecord::Match>> ImportRecord::FindCompanies(
    Loader& load, const v1::ImportJob& job, const Company& company) const {
  const runtime::ResourceType& type = TypeOf(kCompanies);
  std::vector<Match> matches;
  const auto add = [&](absl::string_view claim, const std::string& value,
                       absl::string_view key) -> absl::Status {
    KITH_ASSIGN_OR_RETURN(const runtime::ClaimHolders holders,
                          runtime::FindHolders(load, type, claim, value));
    for (const Message* const record : holders.records) {
      const std::string& holder = static_cast<const Company*>(record)->name();
      const bool is_known = std::any_of(matches.begin(), matches.end(),
                                        [&](const Match& match) { return match.record == holder; });
      if (!is_known) matches.push_back({holder, std::string(key)});
    }
    return absl::OkStatus();
  };
  for (const int key : job.match_keys()) {
    if (key == v1::DOMAIN) {
      for (const std::string& domain : company.domains()) {
        KITH_RETURN_IF_ERROR(add(kCompanyDomainClaim, DomainForm(domain), "DOMAIN"));
      }
    } else if (key == v1::EXTERNAL_ID) {
      const std::string& claim = type.rules->claims[type.rules->identity_claim].purpose;
      for (const std::string& id : ExternalIdKeysOf(company.external_ids())) {
        KITH_RETURN_IF_ERROR(add(claim, id, "EXTERNAL_ID"));
      }
    }
  }
  return matches;
}

Decision ImportRecord::Create(Loader& load, const v1::ImportRecordRequest& command,
                              const CommandContext& context) const {
  if (command.has_company()) {
    companies::v1::CreateCompanyRequest create;
    *create.mutable_company() = command.company();
    return runtime::DecidePart(methods_, load, create, context);
  }
  contacts::v1::CreateContactRequest create;
  *create.mutable_contact() = command.contact();
  return runtime::DecidePart(methods_, load, create, context);
}

Decision ImportRecord::Update(Loader& load, const std::string& record,
                              const v1::ImportRecordRequest& command,
                              const CommandContext& context) const {
  const runtime::ResourceType& type = TypeOf(command.has_company() ? kCompanies : kContacts);
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*type.aggregate, record));
  const ResourceNow now = type.now_of(state);
  if (now.lifecycle != Lifecycle::kActive) return ResourceNotFound(*type.rules, record);
  if (command.has_company()) {
    companies::v1::UpdateCompanyRequest update;
    *update.mutable_company() = static_cast<const Company&>(*now.resource);
    Company row = command.company();
    CompletePhones({}, context.settings.default_region, *row.mutable_phones());
    *update.mutable_update_mask() = MergeRow(row, *update.mutable_company());
    if (update.update_mask().paths().empty()) return NoChange();
    update.mutable_company()->clear_etag();
    return runtime::DecidePart(methods_, load, update, context);
  }
  contacts::v1::UpdateContactRequest update;
  *update.mutable_contact() = static_cast<const Contact&>(*now.resource);
  Contact row = command.contact();
  CompletePhones({}, context.settings.default_region, *row.mutable_phones());
  *update.mutable_update_mask() = MergeRow(row, *update.mutable_contact());
  if (update.update_mask().paths().empty()) return NoChange();
  update.mutable_contact()->clear_etag();
  return runtime::DecidePart(methods_, load, update, context);
}

}  // namespace kith::import_jobs
