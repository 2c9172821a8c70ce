#include "services/runtime/reads/hide_masked.h"

#include <vector>

#include "absl/strings/match.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/type/money.pb.h"
#include "kith/options/v1/options.pb.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsMoney(const Descriptor* type) { return type == google::type::Money::descriptor(); }

// What may hold any field of any record.
bool IsOpen(const Descriptor* type) {
  return type == google::protobuf::Any::descriptor() ||
         type == google::protobuf::Struct::descriptor();
}

bool IsHidden(const Member& member, const FieldDescriptor& field) {
  const Descriptor* const type = field.message_type();
  if (type != nullptr && IsOpen(type)) return true;
  if (!member.reads_money && type != nullptr && IsMoney(type)) return true;
  return !member.reads_personal && field.options().GetExtension(options::v1::field).personal();
}

void HideIn(const Member& member, Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* const field : set) {
    if (IsHidden(member, *field)) {
      reflection.ClearField(&message, field);
      continue;
    }
    const bool is_ours = field->message_type() != nullptr &&
                         absl::StartsWith(field->message_type()->full_name(), "kith.");
    if (!is_ours) continue;
    if (!field->is_repeated()) {
      HideIn(member, *reflection.MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      HideIn(member, *reflection.MutableRepeatedMessage(&message, field, i));
    }
  }
}

bool ReadsAll(const Caller& caller) {
  return caller.member == nullptr || (caller.member->reads_personal && caller.member->reads_money);
}

}  // namespace

void HideMasked(const Caller& caller, Message* reply) {
  if (!ReadsAll(caller)) HideIn(*caller.member, *reply);
}

bool IsMasked(const Caller& caller, const projections::Field& field) {
  if (ReadsAll(caller)) return false;
  if (field.personal && !caller.member->reads_personal) return true;
  return field.type == projections::FieldType::kMoney && !caller.member->reads_money;
}

}  // namespace kith::runtime
