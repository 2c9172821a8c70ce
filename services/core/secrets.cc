#include "services/core/secrets.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "kith/options/v1/options.pb.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsSecret(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).secret();
}

// In it, or in a message within it that was not looked at before.
bool Find(const Descriptor& type, std::vector<const Descriptor*>& seen) {
  if (std::find(seen.begin(), seen.end(), &type) != seen.end()) return false;
  seen.push_back(&type);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsSecret(field)) return true;
    if (field.message_type() != nullptr && Find(*field.message_type(), seen)) return true;
  }
  return false;
}

}  // namespace

bool HasSecrets(const Descriptor& type) {
  // By thread: it is asked for every event that is told.
  static thread_local auto& known = *new absl::flat_hash_map<const Descriptor*, bool>;
  const auto found = known.find(&type);
  if (found != known.end()) return found->second;
  std::vector<const Descriptor*> seen;
  return known[&type] = Find(type, seen);
}

void ClearSecrets(Message* message) {
  const Reflection& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(*message, &set);
  for (const FieldDescriptor* const field : set) {
    if (IsSecret(*field)) {
      reflection.ClearField(message, field);
    } else if (field->message_type() == nullptr || !HasSecrets(*field->message_type())) {
      continue;
    } else if (!field->is_repeated()) {
      ClearSecrets(reflection.MutableMessage(message, field));
    } else {
      for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
        ClearSecrets(reflection.MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

void PackTold(const Message& event, google::protobuf::Any* any) {
  if (!HasSecrets(*event.GetDescriptor())) {
    any->PackFrom(event);
    return;
  }
  const std::unique_ptr<Message> told(event.New());
  told->CopyFrom(event);
  ClearSecrets(told.get());
  any->PackFrom(*told);
}

}  // namespace kith
