#include "services/core/standard_command.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/custom_fields.h"
#include "services/core/field_of.h"
#include "services/core/held_links.h"
#include "services/core/owner_field.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;

bool Contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

const FieldDescriptor* FieldOfType(const Descriptor& request, const Descriptor* type) {
  for (int i = 0; i < request.field_count(); ++i) {
    const FieldDescriptor* const field = request.field(i);
    if (!field->is_repeated() && field->message_type() == type) return field;
  }
  return nullptr;
}

absl::Status MatchesSeveral(const std::vector<std::string>& names) {
  constexpr char kMessage[] =
      "What the update says identifies several records. Name one, or mend what they are "
      "identified by.";
  google::rpc::PreconditionFailure failure;
  for (const std::string& name : names) {
    auto* const violation = failure.add_violations();
    violation->set_type("MATCHES_SEVERAL");
    violation->set_subject(name);
    violation->set_description("It is one of them.");
  }
  return Reject(type::v1::ERROR_MATCHES_SEVERAL, kMessage, {{"names", absl::StrJoin(names, ",")}},
                failure);
}

absl::Status MatchesDeleted(const std::string& name) {
  return RejectState(type::v1::ERROR_MATCHES_DELETED,
                     "The record that the update is about was deleted. Undelete it, or create "
                     "another.",
                     name, {{"name", name}});
}

std::unique_ptr<Message> CopyOf(const Message& message) {
  std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

// The owner of what comes back, as a link that refuses: who was sent away owns nothing, and nobody
// looks into the queue of a team that is gone. Nullopt where there is none, or a held link says
// what becomes of it.
std::optional<HeldLink> OwnerLinkOf(const ResourceRules& rules) {
  const FieldDescriptor* const owner = OwnerFieldOf(*rules.resource->GetDescriptor());
  const bool is_held = std::any_of(rules.held_links.begin(), rules.held_links.end(),
                                   [&](const HeldLink& link) { return link.field == owner; });
  if (owner == nullptr || is_held) return std::nullopt;
  return HeldLink{owner, options::v1::ON_DELETE_REFUSE, ""};
}

// Where a record says which one it is named after: in that link, or where the link is a list of
// what names records, in the element that is primary, "companies[1].company"; empty where none is.
std::string PathOfNamed(const Message& record, const FieldDescriptor& link) {
  if (!link.is_repeated()) return link.name();
  const Descriptor& element = *link.message_type();
  const FieldDescriptor* const primary = FieldOf(element, "primary");
  const FieldDescriptor* named = nullptr;
  for (int i = 0; i < element.field_count() && named == nullptr; ++i) {
    const auto& rules = element.field(i)->options().GetExtension(options::v1::field);
    if (rules.resource_size() > 0) named = element.field(i);
  }
  KITH_CHECK(named != nullptr);
  const auto& reflection = *record.GetReflection();
  for (int i = 0; i < reflection.FieldSize(record, &link); ++i) {
    const Message& one = reflection.GetRepeatedMessage(record, &link, i);
    if (!one.GetReflection()->GetBool(one, primary)) continue;
    return absl::StrCat(link.name(), "[", i, "].", named->name());
  }
  return "";
}

// What else is claimed of a record that was named after another, and released. Nothing that must be
// unique may follow from a name that somebody else chose.
void ClaimNamed(const ResourceRules& rules, const ClaimValues& before, const Message& named,
                ResourceChange& change) {
  const ClaimValues after(rules.claims, named);
  const auto add = [&](const ClaimRule& rule, const std::string& value) {
    KITH_CHECK(rule.is_unique == nullptr && rule.last == nullptr);
    const bool is_known = std::any_of(
        change.claims.begin(), change.claims.end(),
        [&](const Claim& one) { return one.purpose == rule.purpose && one.value == value; });
    if (!is_known) change.claims.push_back({rule.purpose, value});
  };
  for (size_t claim = 0; claim < rules.claims.size(); ++claim) {
    for (const std::string& value : before[claim]) {
      if (!Contains(after[claim], value)) add(rules.claims[claim], value);
    }
    for (const std::string& value : after[claim]) {
      if (!Contains(before[claim], value)) add(rules.claims[claim], value);
    }
  }
}

}  // namespace

StandardCommand::StandardCommand(const ResourceRules& rules, StandardMethod method,
                                 const Descriptor& request, const ServerFacts& facts)
    : rules_(rules), facts_(facts), method_(method), name_pattern_(rules.pattern()) {
  const Descriptor& type = *rules.resource->GetDescriptor();
  own_name_ = FieldOf(type, "name");
  own_etag_ = FieldOf(type, "etag");
  if (method == StandardMethod::kDelete || method == StandardMethod::kUndelete) {
    name_ = FieldOf(request, "name");
    etag_ = FieldOf(request, "etag");
    return;
  }
  resource_ = FieldOfType(request, &type);
  mask_ = FieldOfType(request, FieldMask::descriptor());
  KITH_CHECK(resource_ != nullptr && (mask_ != nullptr) == (method == StandardMethod::kUpdate));
  allow_missing_ = request.FindFieldByName("allow_missing");
  KITH_CHECK(allow_missing_ == nullptr || rules.identity != nullptr || rules.exists != nullptr);
  id_ = request.FindFieldByName(absl::StrCat(resource_->name(), "_id"));
  KITH_CHECK(id_ == nullptr || rules.exists != nullptr);
}

std::string StandardCommand::NameIn(const Message& request) const {
  switch (method_) {
    case StandardMethod::kCreate: {
      const std::string id = id_ == nullptr ? "" : TextIn(request, id_);
      return id.empty() ? "" : absl::StrCat(rules_.category, "/", id);
    }
    case StandardMethod::kUpdate:
      return TextIn(request.GetReflection()->GetMessage(request, resource_), own_name_);
    case StandardMethod::kDelete:
    case StandardMethod::kUndelete:
      return TextIn(request, name_);
  }
  KITH_UNREACHABLE();
}

bool StandardCommand::MayCreate(const Message& request) const {
  return allow_missing_ != nullptr && request.GetReflection()->GetBool(request, allow_missing_);
}

std::vector<std::string> StandardCommand::IdentityIn(const Message& request) const {
  if (rules_.identity == nullptr) return {};
  return identity().values(request.GetReflection()->GetMessage(request, resource_));
}

bool StandardCommand::Holds(const ResourceNow& holder,
                            const std::vector<std::string>& values) const {
  const std::vector<std::string> held = identity().values(*holder.resource);
  return std::any_of(values.begin(), values.end(),
                     [&](const std::string& value) { return Contains(held, value); });
}

absl::StatusOr<std::string> StandardCommand::Match(const Message& request,
                                                   const std::vector<ResourceNow>& holders) const {
  const std::vector<std::string> values = IdentityIn(request);
  const std::string named = NameIn(request);
  if (named.empty() && values.empty()) {
    return RejectField(absl::StrCat(resource_->name(), ".", rules_.identity->name()),
                       absl::StrCat("is required where ", resource_->name(),
                                    ".name is not: the record is found by it"));
  }
  std::vector<std::string> matched;
  if (!named.empty()) matched.push_back(named);
  std::string deleted;
  for (const ResourceNow& holder : holders) {
    if (!Holds(holder, values)) continue;
    const std::string name = TextIn(*holder.resource, own_name_);
    if (name.empty()) continue;                            // hidden from the caller
    if (holder.lifecycle == Lifecycle::kMerged) continue;  // another one has it now
    if (holder.lifecycle != Lifecycle::kActive) {
      deleted = name;
    } else if (!Contains(matched, name)) {
      matched.push_back(name);
    }
  }
  if (matched.size() > 1) return MatchesSeveral(matched);
  if (matched.size() == 1) return matched.front();
  if (!deleted.empty()) return MatchesDeleted(deleted);
  return "";
}

const ResourceNow& StandardCommand::Matched(const Message& request,
                                            const std::vector<ResourceNow>& holders) const {
  KITH_CHECK(!holders.empty());
  const std::vector<std::string> values = IdentityIn(request);
  const FieldDescriptor* const erased = rules_.resource->GetDescriptor()->FindFieldByName("erased");
  const auto found = std::find_if(holders.rbegin(), holders.rend(), [&](const ResourceNow& one) {
    // What identified somebody may be erased with them.
    const bool is_erased =
        erased != nullptr && one.resource->GetReflection()->GetBool(*one.resource, erased);
    return one.lifecycle == Lifecycle::kActive && (is_erased || Holds(one, values));
  });
  return found == holders.rend() ? holders.back() : *found;
}

bool StandardCommand::Creates(const ResourceNow& now, const Message& request) const {
  if (method_ == StandardMethod::kCreate) return true;
  if (!MayCreate(request) || now.lifecycle != Lifecycle::kAbsent) return false;
  return NameIn(request).empty() ? rules_.identity != nullptr : rules_.exists != nullptr;
}

std::string StandardCommand::WithinOf(const ResourceNow& now, const Message& request) const {
  if (rules_.within.name == nullptr || !Creates(now, request)) return "";
  return rules_.within.name(request.GetReflection()->GetMessage(request, resource_));
}

absl::StatusOr<ResourceChange> StandardCommand::Plan(const ResourceNow& now, const void* within,
                                                     const Message& request,
                                                     const CommandContext& context) const {
  const bool is_found = MayCreate(request) && rules_.identity != nullptr && NameIn(request).empty();
  if (method_ != StandardMethod::kCreate && !is_found && !name_pattern_.Matches(NameIn(request))) {
    return RejectField(
        name_ != nullptr ? name_->name() : absl::StrCat(resource_->name(), ".", own_name_->name()),
        absl::StrCat("must be a resource name like ", name_pattern_.pattern()));
  }
  if (Creates(now, request)) {
    if (now.lifecycle != Lifecycle::kAbsent) return ResourceExists(rules_, NameIn(request));
    if (method_ != StandardMethod::kCreate) KITH_RETURN_IF_ERROR(CheckNew(request));
    if (mask_ != nullptr && context.custom_fields != nullptr) {
      KITH_RETURN_IF_ERROR(
          CheckCustomPaths(*context.custom_fields, *rules_.resource, MaskIn(request)));
    }
    return PlanCreate(within, request, context);
  }
  if (now.lifecycle == Lifecycle::kAbsent) return ResourceNotFound(rules_, NameIn(request));
  const bool is_there = now.lifecycle == Lifecycle::kActive;
  switch (method_) {
    case StandardMethod::kCreate:
      break;
    case StandardMethod::kUpdate:
      if (!is_there && MayCreate(request)) return MatchesDeleted(NameIn(request));
      if (!is_there) return ResourceNotFound(rules_, NameIn(request));
      return PlanUpdate(*now.resource, request, context);
    case StandardMethod::kDelete:
    case StandardMethod::kUndelete:
      // Also where there is nothing left to do: who sends an etag decided on what it stands for.
      KITH_RETURN_IF_ERROR(CheckEtag(TextIn(request, etag_), TextIn(*now.resource, own_etag_)));
      if (is_there != (method_ == StandardMethod::kDelete)) return ResourceChange{method_};
      if (method_ == StandardMethod::kUndelete) {
        KITH_RETURN_IF_ERROR(rules_.authorise(*rules_.resource, *now.resource, context));
      }
      return PlanDelete(*now.resource, context);
  }
  KITH_UNREACHABLE();
}

absl::StatusOr<ResourceChange> StandardCommand::PlanCreate(const void* within,
                                                           const Message& request,
                                                           const CommandContext& context) const {
  ResourceChange change{StandardMethod::kCreate};
  change.is_any = true;
  change.name = NameIn(request);
  if (change.name.empty()) change.name = absl::StrCat(rules_.category, "/", context.ids.Next());
  change.after = WantedIn(request);
  change.after->GetReflection()->SetString(change.after.get(), own_name_, change.name);
  const FieldDescriptor* const owner = rules_.owned_by_creator;
  if (owner != nullptr && !context.user.empty() && TextIn(*change.after, owner).empty()) {
    change.after->GetReflection()->SetString(change.after.get(), owner, std::string(context.user));
  }
  if (within != nullptr) KITH_RETURN_IF_ERROR(rules_.within.place(within, *change.after));
  KITH_RETURN_IF_ERROR(Finish(*rules_.resource, context, change));
  return change;
}

absl::StatusOr<ResourceChange> StandardCommand::PlanUpdate(const Message& before,
                                                           const Message& request,
                                                           const CommandContext& context) const {
  const Message& sent = request.GetReflection()->GetMessage(request, resource_);
  KITH_RETURN_IF_ERROR(CheckEtag(TextIn(sent, own_etag_), TextIn(before, own_etag_)));
  const FieldMask& mask = MaskIn(request);
  const std::unique_ptr<Message> wanted = WantedIn(request);
  if (rules_.identity != nullptr && TextIn(sent, own_name_).empty() && mask.paths().empty()) {
    // What it was found by, which may be some of what there is, changes only where the mask says.
    wanted->GetReflection()->ClearField(wanted.get(), rules_.identity);
  }
  // What creates it says them, and may say so again.
  if (MayCreate(request) && mask.paths().empty()) ClearImmutable(wanted.get());
  KITH_ASSIGN_OR_RETURN(const FieldMask meant, ChangedFields(before, *wanted, mask));
  if (context.custom_fields != nullptr) {
    KITH_RETURN_IF_ERROR(CheckCustomPaths(*context.custom_fields, before, mask));
  }
  ResourceChange change{method_};
  if (meant.paths().empty()) return change;
  change.name = TextIn(before, own_name_);
  if (const std::string asked = NameIn(request); asked != change.name) change.origin = asked;
  change.after = CopyOf(before);
  ApplyFields(*wanted, meant, change.after.get());
  KITH_RETURN_IF_ERROR(Finish(before, context, change));
  return change;
}

ResourceChange StandardCommand::PlanDelete(const Message& before,
                                           const CommandContext& context) const {
  ResourceChange change{method_};
  change.is_any = true;
  change.name = TextIn(before, own_name_);
  // What it claims becomes free, or is claimed as if it came into being.
  const ClaimValues none(rules_.claims, *rules_.resource);
  const ClaimValues all(rules_.claims, before);
  const bool comes_back = method_ == StandardMethod::kUndelete;
  FindClaims(comes_back ? none : all, comes_back ? all : none, context, change);
  if (!comes_back) return change;
  change.after = CopyOf(before);
  const FieldDescriptor* const owner_field = OwnerFieldOf(*rules_.resource->GetDescriptor());
  for (const HeldLink& link : rules_.held_links) {
    const FieldDescriptor* const told = link.field == owner_field ? owner_field : name_;
    for (const absl::string_view record : link.RecordsIn(*change.after)) {
      // It may name itself, and is there when it is back.
      if (record != change.name) change.links.push_back({told->name(), record});
    }
  }
  if (const std::optional<HeldLink> owner = OwnerLinkOf(rules_); owner.has_value()) {
    for (const absl::string_view record : owner->RecordsIn(*change.after)) {
      change.links.push_back({owner_field->name(), record});
    }
  }
  for (const FieldDescriptor* const link : rules_.acyclic_links) {
    // While it was gone nobody could mend it that it names itself.
    if (!Contains(NamesIn(*change.after, *link), change.name)) {
      change.acyclic.push_back({link, link->name()});
    }
  }
  return change;
}

absl::Status StandardCommand::CheckNew(const Message& request) const {
  const Message& sent = request.GetReflection()->GetMessage(request, resource_);
  KITH_RETURN_IF_ERROR(CheckEtag(TextIn(sent, own_etag_), ""));
  KITH_RETURN_IF_ERROR(CheckMaskOfNew(*sent.GetDescriptor(), MaskIn(request)));
  std::vector<const FieldDescriptor*> set;
  sent.GetReflection()->ListFields(sent, &set);
  google::rpc::BadRequest violations;
  const Descriptor& type = *sent.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (!field->options().GetExtension(options::v1::field).required()) continue;
    if (std::find(set.begin(), set.end(), field) != set.end()) continue;
    AddViolation(absl::StrCat(resource_->name(), ".", field->name()), "is required", violations);
  }
  return RejectFields(violations);
}

absl::Status StandardCommand::Finish(const Message& before, const CommandContext& context,
                                     ResourceChange& change) const {
  if (context.custom_fields != nullptr) {
    KITH_RETURN_IF_ERROR(TakeCustomValues(*context.custom_fields, before,
                                          change.method == StandardMethod::kCreate,
                                          resource_->name(), *change.after));
  }
  rules_.complete(before, context.settings, *change.after);
  if (change.method == StandardMethod::kUpdate) {
    change.changed = DifferingFields(before, *change.after);
    change.is_any = !change.changed.paths().empty();
    if (!change.is_any) return absl::OkStatus();
  }
  const ClaimValues wanted(rules_.claims, *change.after);
  KITH_RETURN_IF_ERROR(rules_.check(*change.after, wanted, facts_));
  KITH_RETURN_IF_ERROR(rules_.authorise(before, *change.after, context));
  change.links = NewLinks(before, *change.after, resource_->name());
  for (const FieldDescriptor* const link : rules_.acyclic_links) {
    const std::vector<std::string> known = NamesIn(before, *link);
    const std::vector<std::string> named = NamesIn(*change.after, *link);
    const bool is_known = std::all_of(named.begin(), named.end(), [&](const std::string& record) {
      return Contains(known, record);
    });
    if (is_known) continue;
    change.acyclic.push_back({link, absl::StrCat(resource_->name(), ".", link->name())});
  }
  FindClaims(ClaimValues(rules_.claims, before), wanted, context, change);
  return absl::OkStatus();
}

void StandardCommand::FindClaims(const ClaimValues& before, const ClaimValues& after,
                                 const CommandContext& context, ResourceChange& change) const {
  for (size_t claim = 0; claim < rules_.claims.size(); ++claim) {
    const ClaimRule& rule = rules_.claims[claim];
    const std::vector<std::string>& held = before[claim];
    const std::vector<std::string>& wanted = after[claim];
    const bool is_unique = rule.is_unique != nullptr && rule.is_unique(context.settings);
    for (const std::string& value : held) {
      if (Contains(wanted, value)) continue;
      change.claims.push_back({rule.purpose, value});
      if (rule.last != nullptr) change.unique.push_back({&rule, 0, value, /*is_given_up=*/true});
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (Contains(held, wanted[i])) continue;
      change.claims.push_back({rule.purpose, wanted[i]});
      if (is_unique) change.unique.push_back({&rule, i, wanted[i]});
    }
  }
}

Decision StandardCommand::DecideUndelete(ResourceChange change, LinkedRecords linked,
                                         const CommandContext& context) const {
  std::vector<NamedRecord> emptied;
  std::vector<NamedRecord> missing;
  const auto look_for = [&](const HeldLink& link, absl::string_view record) {
    const auto at = std::find_if(change.links.begin(), change.links.end(),
                                 [&](const Link& one) { return one.record == record; });
    if (at == change.links.end()) return;  // it is itself
    const LinkedRecord* const state = linked[static_cast<size_t>(at - change.links.begin())];
    if (state->lifecycle == Lifecycle::kActive) return;
    const bool is_missed = link.on_delete == options::v1::ON_DELETE_REFUSE;
    (is_missed ? missing : emptied).push_back({&link, std::string(record)});
  };
  for (const HeldLink& link : rules_.held_links) {
    for (const absl::string_view record : link.RecordsIn(*change.after)) look_for(link, record);
  }
  const std::optional<HeldLink> owner = OwnerLinkOf(rules_);
  if (owner.has_value()) {
    for (const absl::string_view record : owner->RecordsIn(*change.after)) {
      look_for(*owner, record);
    }
  }
  if (!missing.empty()) return LinkedRecordDeleted(change.name, missing);
  std::unique_ptr<Message> event(rules_.event->New());
  WriteUndeleted(change.name, *rules_.resource->GetDescriptor(), *event);
  Changes changes =
      Changes().Add({std::move(change.name), std::move(event), std::move(change.claims)});
  if (emptied.empty()) return changes;
  return std::move(changes).Add(EmptyLinks(rules_, *change.after, emptied, context));
}

void StandardCommand::TakeNames(const std::vector<ResourceNow>& linked,
                                ResourceChange& change) const {
  const bool is_made =
      change.method == StandardMethod::kCreate || change.method == StandardMethod::kUpdate;
  if (!is_made || !change.is_any) return;
  const FieldDescriptor* const erased = rules_.resource->GetDescriptor()->FindFieldByName("erased");
  const bool is_erased =
      erased != nullptr && change.after->GetReflection()->GetBool(*change.after, erased);
  for (const NamedAfterRule& rule : rules_.named_after) {
    // Nothing that would be sealed is told of the erased any more.
    if (is_erased && rule.text->options().GetExtension(options::v1::field).personal()) continue;
    const std::string& text = rule.text->name();
    const auto& changed = change.changed.paths();
    const bool is_said = change.method == StandardMethod::kCreate
                             ? !TextIn(*change.after, rule.text).empty()
                             : std::find(changed.begin(), changed.end(), text) != changed.end();
    const std::string path =
        absl::StrCat(resource_->name(), ".", PathOfNamed(*change.after, *rule.link));
    const auto link = std::find_if(change.links.begin(), change.links.end(),
                                   [&](const Link& one) { return one.field == path; });
    if (is_said || link == change.links.end()) continue;
    const Message& record = *linked[static_cast<size_t>(link - change.links.begin())].resource;
    const std::string name = TextIn(record, FieldOf(*record.GetDescriptor(), "display_name"));
    if (name == TextIn(*change.after, rule.text)) continue;
    const ClaimValues unnamed(rules_.claims, *change.after);
    change.after->GetReflection()->SetString(change.after.get(), rule.text, name);
    ClaimNamed(rules_, unnamed, *change.after, change);
    if (change.method == StandardMethod::kUpdate) change.changed.add_paths(text);
  }
}

absl::Status StandardCommand::Authorise(const Links& links, LinkedRecords linked,
                                        const Grants* grants) const {
  for (size_t i = 0; i < links.size(); ++i) {
    for (const LinkAuthority& authority : rules_.link_authorities) {
      if (linked[i]->lifecycle != Lifecycle::kActive ||
          eventstore::CategoryOf(links[i].record) != authority.category) {
        continue;
      }
      KITH_RETURN_IF_ERROR(authority.check(*linked[i], links[i].field, grants));
    }
  }
  return absl::OkStatus();
}

absl::Status StandardCommand::CheckHolders(const ResourceChange::Unique& unique,
                                           absl::string_view name,
                                           const std::vector<ResourceNow>& holders) const {
  for (const ResourceNow& holder : holders) {
    // What two shared before the workspace wanted it unique stays as it is; and what one claimed
    // it may have given up.
    if (holder.lifecycle != Lifecycle::kActive || TextIn(*holder.resource, own_name_) == name ||
        !Contains(unique.rule->values(*holder.resource), unique.value)) {
      continue;
    }
    return unique.is_given_up ? absl::OkStatus()
                              : unique.rule->taken(*holder.resource, unique.index, unique.value);
  }
  return unique.is_given_up ? unique.rule->last(name) : absl::OkStatus();
}

Decision StandardCommand::Decide(ResourceChange change, LinkedRecords linked,
                                 const Holders& holders, const CommandContext& context) const {
  KITH_CHECK(holders.size() == change.unique.size() && linked.size() == change.links.size());
  if (!change.is_any) return NoChange();
  if (!change.links.empty() && change.method != StandardMethod::kUndelete) {
    KITH_RETURN_IF_ERROR(CheckLinksFor(*rules_.link_not_found, change.links, linked));
  }
  KITH_RETURN_IF_ERROR(Authorise(change.links, linked, context.grants));
  for (size_t i = 0; i < holders.size(); ++i) {
    KITH_RETURN_IF_ERROR(CheckHolders(change.unique[i], change.name, holders[i]));
  }
  std::unique_ptr<Message> event(rules_.event->New());
  switch (change.method) {
    case StandardMethod::kCreate:
      WriteCreated(change.name, *change.after, *event);
      break;
    case StandardMethod::kUpdate:
      WriteUpdated(change.name, change.changed, *change.after, *event);
      if (!change.origin.empty()) WriteOrigin(change.origin, *event);
      break;
    case StandardMethod::kDelete:
      WriteDeleted(change.name, *rules_.resource->GetDescriptor(), *event);
      break;
    case StandardMethod::kUndelete:
      return DecideUndelete(std::move(change), linked, context);
  }
  return Changes().Add({std::move(change.name), std::move(event), std::move(change.claims)});
}

std::unique_ptr<Message> StandardCommand::WantedIn(const Message& request) const {
  std::unique_ptr<Message> wanted = CopyOf(request.GetReflection()->GetMessage(request, resource_));
  ClearOutputOnly(wanted.get());
  wanted->GetReflection()->ClearField(wanted.get(), own_etag_);
  return wanted;
}

const FieldMask& StandardCommand::MaskIn(const Message& request) const {
  return static_cast<const FieldMask&>(request.GetReflection()->GetMessage(request, mask_));
}

std::string StandardCommand::TextIn(const Message& message, const FieldDescriptor* field) const {
  return message.GetReflection()->GetString(message, field);
}

}  // namespace kith
