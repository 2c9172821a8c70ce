#include "services/runtime/reads/hide_masked.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "eventstore/base/custom_maps.h"
#include "eventstore/base/map_field.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/struct.pb.h"
#include "services/runtime/admission/field_groups.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What may hold any field of any record.
bool IsOpen(const Descriptor* type) {
  return type == google::protobuf::Any::descriptor() ||
         type == google::protobuf::Struct::descriptor();
}

bool IsHidden(const Caller& caller, const FieldDescriptor& field) {
  return (field.message_type() != nullptr && IsOpen(field.message_type())) ||
         IsMasked(caller, field);
}

// Takes out of a map of custom fields those whose values are hidden, key and all: one without a
// value would empty the field where somebody sends back what they read.
void HideEntries(const Caller& caller, const FieldDescriptor& map, Message& message) {
  std::vector<std::string> hidden;
  for (const auto& [key, value] : EntriesIn(message, map)) {
    std::vector<const FieldDescriptor*> set;
    value->GetReflection()->ListFields(*value, &set);
    const auto is_hidden = [&](const FieldDescriptor* field) { return IsHidden(caller, *field); };
    if (std::any_of(set.begin(), set.end(), is_hidden)) hidden.push_back(key);
  }
  for (const std::string& key : hidden) EraseMapValue(message, map, key);
}

void HideIn(const Caller& caller, Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* const field : set) {
    if (IsHidden(caller, *field)) {
      reflection.ClearField(&message, field);
      continue;
    }
    const bool is_ours = field->message_type() != nullptr &&
                         absl::StartsWith(field->message_type()->full_name(), "kith.");
    if (!is_ours) continue;
    if (!field->is_repeated()) {
      HideIn(caller, *reflection.MutableMessage(&message, field));
      continue;
    }
    if (IsCustomMap(*field)) {
      HideEntries(caller, *field, message);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      HideIn(caller, *reflection.MutableRepeatedMessage(&message, field, i));
    }
  }
}

}  // namespace

void HideMasked(const Caller& caller, Message* reply) {
  if (!ReadsAllGroups(caller)) HideIn(caller, *reply);
}

bool IsMasked(const Caller& caller, const projections::Field& field) {
  if (ReadsAllGroups(caller)) return false;
  if (field.personal && !caller.member->reads_personal) return true;
  return field.money && !caller.member->reads_money;
}

}  // namespace kith::runtime
