#include "services/runtime/reads/hide_erased.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "kith/options/v1/options.pb.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsPersonal(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).personal();
}

// Timestamps and the like hold nobody's resource.
bool IsOurs(const Descriptor& type) { return absl::StartsWith(type.full_name(), "kith."); }

// Whether it is of somebody who was erased, by its own name or that of one that was merged into it.
bool IsErased(const eventstore::KeyStore& keys, WorkspaceId workspace, const Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const Descriptor& type = *message.GetDescriptor();
  if (keys.IsDestroyed(workspace, reflection.GetString(message, type.FindFieldByName("name")))) {
    return true;
  }
  const FieldDescriptor* const merged = type.FindFieldByName("merged");
  if (merged == nullptr || !merged->is_repeated()) return false;
  for (int i = 0; i < reflection.FieldSize(message, merged); ++i) {
    if (keys.IsDestroyed(workspace, reflection.GetRepeatedString(message, merged, i))) return true;
  }
  return false;
}

void HideIn(const eventstore::KeyStore& keys, WorkspaceId workspace, Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const FieldDescriptor* const name = type.FindFieldByName("name");
  const FieldDescriptor* const erased = type.FindFieldByName("erased");
  if (name != nullptr && erased != nullptr && IsErased(keys, workspace, message)) {
    for (int i = 0; i < type.field_count(); ++i) {
      if (IsPersonal(*type.field(i))) reflection.ClearField(&message, type.field(i));
    }
    reflection.SetBool(&message, erased, true);
  }

  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* const field : set) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || !IsOurs(*field->message_type())) {
      continue;
    }
    if (!field->is_repeated()) {
      HideIn(keys, workspace, *reflection.MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      HideIn(keys, workspace, *reflection.MutableRepeatedMessage(&message, field, i));
    }
  }
}

}  // namespace

void HideErased(const eventstore::KeyStore& keys, WorkspaceId workspace, Message* reply) {
  if (keys.AnyDestroyed()) HideIn(keys, workspace, *reply);
}

}  // namespace kith::runtime
