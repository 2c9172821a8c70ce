#include "services/runtime/admission/field_groups.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/status_macros.h"
#include "google/type/money.pb.h"
#include "kith/options/v1/options.pb.h"
#include "projections/tables/query.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;

std::vector<const FieldDescriptor*> SetIn(const Message& message) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  return set;
}

bool IsOurs(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         absl::StartsWith(field.message_type()->full_name(), "kith.");
}

bool HoldsMasked(const Caller& caller, const Message& message);

// Whether the field, or something that is set in what the message has there, is masked.
bool HoldsMasked(const Caller& caller, const Message& message, const FieldDescriptor& field) {
  if (IsMasked(caller, field)) return true;
  if (!IsOurs(field)) return false;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) return HoldsMasked(caller, reflection.GetMessage(message, &field));
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (HoldsMasked(caller, reflection.GetRepeatedMessage(message, &field, i))) return true;
  }
  return false;
}

// As deep as messages are, which their parser bounds.
bool HoldsMasked(const Caller& caller, const Message& message) {
  const std::vector<const FieldDescriptor*> set = SetIn(message);
  return std::any_of(set.begin(), set.end(), [&](const FieldDescriptor* field) {
    return HoldsMasked(caller, message, *field);
  });
}

// What an update changes; null where the request is none.
const FieldDescriptor* ResourceIn(const Descriptor& request) {
  if (request.FindFieldByName("update_mask") == nullptr) return nullptr;
  for (int i = 0; i < request.field_count(); ++i) {
    if (IsOurs(*request.field(i)) && !request.field(i)->is_repeated()) return request.field(i);
  }
  return nullptr;
}

// That of an update.
const FieldMask& MaskOf(const Message& update) {
  const FieldDescriptor* const field = update.GetDescriptor()->FindFieldByName("update_mask");
  return static_cast<const FieldMask&>(update.GetReflection()->GetMessage(update, field));
}

// The fields that an update may change.
std::vector<const FieldDescriptor*> MeantBy(const Message& update, const Message& resource) {
  const FieldMask& mask = MaskOf(update);
  if (mask.paths().empty()) return SetIn(resource);
  absl::flat_hash_set<absl::string_view> named;
  for (const std::string& path : mask.paths()) {
    named.insert(absl::string_view(path).substr(0, path.find('.')));
  }
  const Descriptor& type = *resource.GetDescriptor();
  std::vector<const FieldDescriptor*> meant;
  for (int i = 0; i < type.field_count(); ++i) {
    if (named.contains("*") || named.contains(type.field(i)->name()))
      meant.push_back(type.field(i));
  }
  return meant;
}

absl::Status MaskedIn(const FieldDescriptor& resource, const FieldDescriptor& field) {
  return projections::FieldMasked(absl::StrCat(resource.name(), ".", field.name()));
}

}  // namespace

bool ReadsAllGroups(const Caller& caller) {
  return caller.member == nullptr || (caller.member->reads_personal && caller.member->reads_money);
}

bool IsMasked(const Caller& caller, const FieldDescriptor& field) {
  if (ReadsAllGroups(caller)) return false;
  const bool is_money = field.message_type() == google::type::Money::descriptor();
  if (is_money && !caller.member->reads_money) return true;
  return !caller.member->reads_personal &&
         field.options().GetExtension(options::v1::field).personal();
}

absl::Status CheckRequest(const Caller& caller, const Message& request) {
  if (ReadsAllGroups(caller)) return absl::OkStatus();
  for (const FieldDescriptor* const field : SetIn(request)) {
    if (IsMasked(caller, *field)) return projections::FieldMasked(field->name());
  }
  const FieldDescriptor* const may_create =
      request.GetDescriptor()->FindFieldByName("allow_missing");
  if (may_create != nullptr && request.GetReflection()->GetBool(request, may_create)) {
    return absl::OkStatus();
  }
  return CheckUpdate(caller, request);
}

absl::Status CheckUpdate(const Caller& caller, const Message& update) {
  if (ReadsAllGroups(caller)) return absl::OkStatus();
  const FieldDescriptor* const within = ResourceIn(*update.GetDescriptor());
  if (within == nullptr) return absl::OkStatus();
  const Message& resource = update.GetReflection()->GetMessage(update, within);
  for (const FieldDescriptor* const field : MeantBy(update, resource)) {
    // What the server sets counts for nothing, whoever says it.
    if (field->options().GetExtension(options::v1::field).output_only()) continue;
    if (HoldsMasked(caller, resource, *field)) return MaskedIn(*within, *field);
  }
  return absl::OkStatus();
}

absl::Status CheckCustomUpdate(const Caller& caller, const CustomFieldSet& fields,
                               const Message& update) {
  const FieldDescriptor* const within = ResourceIn(*update.GetDescriptor());
  if (within == nullptr || caller.member == nullptr || caller.member->reads_money) {
    return absl::OkStatus();
  }
  const auto check = [&](const FieldDescriptor& map, const std::string& key) {
    const custom_fields::v1::CustomField* const field = fields.Find(key);
    if (field == nullptr || field->type() != custom_fields::v1::MONEY) return absl::OkStatus();
    return projections::FieldMasked(absl::StrCat(within->name(), ".", map.name(), ".", key));
  };
  const Message& resource = update.GetReflection()->GetMessage(update, within);
  for (const FieldDescriptor* const map : fields.maps()) {
    for (const auto& [key, value] : EntriesIn(resource, *map)) {
      KITH_RETURN_IF_ERROR(check(*map, key));
    }
  }
  for (const std::string& path : MaskOf(update).paths()) {
    const FieldPath found = FieldPathOf(*resource.GetDescriptor(), path);
    if (!found.key.empty()) KITH_RETURN_IF_ERROR(check(*found.field, found.key));
  }
  return absl::OkStatus();
}

absl::Status CheckKept(const Caller& caller, const Message& before, const FieldMask& changed) {
  if (ReadsAllGroups(caller)) return absl::OkStatus();
  for (const std::string& path : changed.paths()) {
    const FieldPath found = FieldPathOf(*before.GetDescriptor(), path);
    if (found.key.empty()) continue;
    const Message* const value = FindMapValue(before, *found.field, found.key);
    if (value != nullptr && HoldsMasked(caller, *value)) return projections::FieldMasked(path);
  }
  return absl::OkStatus();
}

absl::Status CheckIdentity(const Caller& caller, const Message& update,
                           const FieldDescriptor& identity) {
  const FieldDescriptor* const within = ResourceIn(*update.GetDescriptor());
  if (within == nullptr || !IsMasked(caller, identity)) return absl::OkStatus();
  const std::vector<const FieldDescriptor*> set =
      SetIn(update.GetReflection()->GetMessage(update, within));
  const bool is_set = std::find(set.begin(), set.end(), &identity) != set.end();
  return is_set ? MaskedIn(*within, identity) : absl::OkStatus();
}

}  // namespace kith::runtime
