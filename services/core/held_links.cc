#include "services/core/held_links.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/field_of.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/resource_rules.h"
#include "services/core/update_mask.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using options::v1::FieldRules;

// So many are named to who is refused.
constexpr size_t kNamedMax = 10;

std::string NameOf(const Message& resource) {
  return resource.GetReflection()->GetString(resource, FieldOf(*resource.GetDescriptor(), "name"));
}

// What claims are taken or released.
std::vector<Claim> ChangedClaims(const ResourceRules& rules, const Message& before,
                                 const Message& after) {
  std::vector<Claim> changed;
  const ClaimValues all_held(rules.claims, before);
  const ClaimValues all_wanted(rules.claims, after);
  for (size_t i = 0; i < rules.claims.size(); ++i) {
    std::vector<std::string> held = all_held[i];
    std::vector<std::string> wanted = all_wanted[i];
    std::sort(held.begin(), held.end());
    std::sort(wanted.begin(), wanted.end());
    std::vector<std::string> differing;
    std::set_symmetric_difference(held.begin(), held.end(), wanted.begin(), wanted.end(),
                                  std::back_inserter(differing));
    for (std::string& value : differing)
      changed.push_back({rules.claims[i].purpose, std::move(value)});
  }
  return changed;
}

size_t SeenOf(absl::Span<const LinkingResource> linking) {
  return std::count_if(linking.begin(), linking.end(),
                       [](const LinkingResource& one) { return !one.is_hidden; });
}

// "2 that are there name it, deals/ada for one, and others that the credentials do not show".
std::string WhoNamesIt(absl::Span<const LinkingResource> linking) {
  const std::string hidden = "others that the credentials do not show";
  const auto first = std::find_if(linking.begin(), linking.end(),
                                  [](const LinkingResource& one) { return !one.is_hidden; });
  if (first == linking.end()) return absl::StrCat(hidden, " name it");
  const size_t seen = SeenOf(linking);
  return absl::StrCat(seen, seen > kEmptiedMax ? " records or more" : " that are there",
                      " name it, ", NameOf(*first->resource), " for one",
                      seen == linking.size() ? "" : absl::StrCat(", and ", hidden));
}

template <class Enum>
absl::Status RefuseLinked(Enum error, absl::string_view message, absl::string_view record,
                          absl::Span<const LinkingResource> linking) {
  google::rpc::PreconditionFailure failure;
  std::vector<std::string> names;
  for (const LinkingResource& one : linking) {
    if (names.size() == kNamedMax) break;
    if (one.is_hidden) continue;
    names.push_back(NameOf(*one.resource));
    auto* const violation = failure.add_violations();
    violation->set_type(
        ReasonOf(*google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(error)));
    violation->set_subject(names.back());
    violation->set_description(absl::StrCat("Its ", one.link->field->name(), " names the record."));
  }
  return Error(error, message,
               {{"name", std::string(record)},
                {"at_least", absl::StrCat(SeenOf(linking))},
                {"records", absl::StrJoin(names, ", ")}},
               failure);
}

const FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field);
}

[[noreturn]] void CannotBeHeld(const FieldDescriptor& field, absl::string_view because) {
  CheckFailed(__FILE__, __LINE__,
              absl::StrCat(field.full_name(), " has on_delete, but ", because).c_str());
}

// Aborts where a field within messages of a resource says what a deletion does: nobody would ask
// it.
void CheckHoldsNoLinks(const Descriptor& part, int depth = 0) {
  for (int i = 0; i < part.field_count(); ++i) {
    const FieldDescriptor* const field = part.field(i);
    if (RulesOf(*field).on_delete() != options::v1::ON_DELETE_UNSPECIFIED) {
      CannotBeHeld(*field, "is within a field of a resource, where no deletion looks");
    }
    const bool goes_on = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth < 10;
    if (goes_on) CheckHoldsNoLinks(*field->message_type(), depth + 1);
  }
}

}  // namespace

std::vector<absl::string_view> HeldLink::RecordsIn(const Message& resource) const {
  const google::protobuf::Reflection& reflection = *resource.GetReflection();
  std::vector<absl::string_view> records;
  std::string unused;  // what is held as a string is referred to where it is
  if (!field->is_repeated()) {
    const std::string& record = reflection.GetStringReference(resource, field, &unused);
    if (!record.empty()) records.push_back(record);
  }
  for (int i = 0; field->is_repeated() && i < reflection.FieldSize(resource, field); ++i) {
    records.push_back(reflection.GetRepeatedStringReference(resource, field, i, &unused));
  }
  return records;
}

void HeldLink::Empty(absl::string_view record, Message& resource) const {
  const std::vector<absl::string_view> records = RecordsIn(resource);
  const std::vector<std::string> names(records.begin(), records.end());
  const google::protobuf::Reflection& reflection = *resource.GetReflection();
  reflection.ClearField(&resource, field);
  for (const std::string& name : names) {
    if (name != record) reflection.AddString(&resource, field, name);  // of a list
  }
}

bool HeldLink::MayName(absl::string_view pattern) const {
  const auto& patterns = field->options().GetExtension(options::v1::field).resource();
  return std::find(patterns.begin(), patterns.end(), pattern) != patterns.end();
}

std::vector<HeldLink> HeldLinksOf(absl::string_view category, const Descriptor& resource) {
  std::vector<HeldLink> links;
  for (int i = 0; i < resource.field_count(); ++i) {
    const FieldDescriptor* const field = resource.field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      CheckHoldsNoLinks(*field->message_type());
    }
    const FieldRules& rules = RulesOf(*field);
    if (rules.on_delete() == options::v1::ON_DELETE_UNSPECIFIED) continue;
    const bool is_given = !rules.output_only() && !rules.personal() && !rules.resource().empty();
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING || !is_given) {
      CannotBeHeld(*field, "names no records that callers give");
    }
    const bool may_be_emptied = !rules.required() && !rules.immutable();
    if (!may_be_emptied && rules.on_delete() == options::v1::ON_DELETE_CLEAR) {
      CannotBeHeld(*field, "cannot be empty");
    }
    links.push_back({field, rules.on_delete(), absl::StrCat(category, ".", field->name())});
  }
  return links;
}

absl::Status StillLinked(absl::string_view record, absl::Span<const LinkingResource> linking) {
  return RefuseLinked(
      type::v1::ERROR_STILL_LINKED,
      absl::StrCat("It cannot be deleted: ", WhoNamesIt(linking), ". Change or delete them first."),
      record, linking);
}

absl::Status LinkedByMany(absl::string_view record, absl::Span<const LinkingResource> linking) {
  return RefuseLinked(type::v1::ERROR_LINKED_BY_MANY,
                      absl::StrCat("It cannot be deleted: more than ", kEmptiedMax,
                                   " records name it, and no more are changed by a deletion. "
                                   "Change some of them first."),
                      record, linking);
}

absl::Status LinkedRecordDeleted(absl::string_view resource,
                                 absl::Span<const NamedRecord> missing) {
  google::rpc::PreconditionFailure failure;
  std::vector<std::string> texts;
  for (const NamedRecord& each : missing) {
    const std::string text =
        absl::StrCat("its ", each.link->field->name(), ", ", each.record, ", was deleted");
    auto* const violation = failure.add_violations();
    violation->set_type("LINKED_RECORD_DELETED");
    violation->set_subject(each.record);
    violation->set_description(
        absl::StrCat("The ", each.link->field->name(), " of ", resource, ". Undelete it first."));
    texts.push_back(text);
  }
  return Error(type::v1::ERROR_LINKED_RECORD_DELETED,
               absl::StrCat("It cannot be brought back: ", absl::StrJoin(texts, ", and "),
                            ". Undelete that first."),
               {{"name", std::string(resource)},
                {"field", missing.front().link->field->name()},
                {"record", missing.front().record}},
               failure);
}

Change EmptyLinks(const ResourceRules& rules, const Message& before,
                  absl::Span<const NamedRecord> gone, const CommandContext& context) {
  const std::unique_ptr<Message> after(before.New());
  after->CopyFrom(before);
  for (const NamedRecord& each : gone) each.link->Empty(each.record, *after);
  rules.complete(before, context.settings, *after);
  std::unique_ptr<Message> event(rules.event->New());
  const std::string name = NameOf(before);
  WriteUpdated(name, DifferingFields(before, *after), *after, *event);
  return {name, std::move(event), ChangedClaims(rules, before, *after), std::nullopt,
          /*is_consequence=*/true};
}

}  // namespace kith
