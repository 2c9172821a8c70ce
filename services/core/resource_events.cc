#include "services/core/resource_events.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "services/core/personal.h"
#include "services/core/update_mask.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

// "contact" for the fields { name, contact, personal } of an event of a Contact; null where there
// is none.
const FieldDescriptor* ValuesField(const Descriptor& payload, const Descriptor& resource) {
  for (int i = 0; i < payload.field_count(); ++i) {
    const FieldDescriptor* field = payload.field(i);
    if (field->message_type() == &resource && field->name() != "personal") return field;
  }
  return nullptr;
}

// Sets the member of `event` that tells of `resource` with this ending ("_created"), and returns
// its message.
Message& Choose(absl::string_view ending, const Descriptor& resource, Message& event) {
  const OneofDescriptor* events = event.GetDescriptor()->FindOneofByName("event");
  KITH_CHECK(events != nullptr);
  for (int i = 0; i < events->field_count(); ++i) {
    const FieldDescriptor* created = events->field(i);
    if (!absl::EndsWith(created->name(), "_created")) continue;
    const FieldDescriptor* values = ValuesField(*created->message_type(), resource);
    if (values == nullptr) continue;
    const FieldDescriptor* member =
        event.GetDescriptor()->FindFieldByName(absl::StrCat(values->name(), ending));
    KITH_CHECK(member != nullptr && member->containing_oneof() == events);
    return *event.GetReflection()->MutableMessage(&event, member);
  }
  KITH_UNREACHABLE();
}

void SetName(absl::string_view name, Message& payload) {
  const FieldDescriptor* field = payload.GetDescriptor()->FindFieldByName("name");
  if (field != nullptr) payload.GetReflection()->SetString(&payload, field, std::string(name));
}

// Moves `values` into the event, split into its clear and its personal part.
void SetValues(Message& values, Message& payload) {
  const auto* reflection = payload.GetReflection();
  const FieldDescriptor* clear = ValuesField(*payload.GetDescriptor(), *values.GetDescriptor());
  const FieldDescriptor* personal = payload.GetDescriptor()->FindFieldByName("personal");
  KITH_CHECK(clear != nullptr);
  if (personal != nullptr) MovePersonal(&values, reflection->MutableMessage(&payload, personal));
  Message& target = *reflection->MutableMessage(&payload, clear);
  target.GetReflection()->Swap(&target, &values);
}

}  // namespace

void WriteCreated(absl::string_view name, Message& resource, Message& event) {
  Message& payload = Choose("_created", *resource.GetDescriptor(), event);
  SetName(name, payload);
  SetValues(resource, payload);
}

void WriteUpdated(absl::string_view name, const FieldMask& changed, const Message& values,
                  Message& event) {
  Message& payload = Choose("_updated", *values.GetDescriptor(), event);
  const FieldDescriptor* mask = payload.GetDescriptor()->FindFieldByName("update_mask");
  KITH_CHECK(mask != nullptr);
  SetName(name, payload);
  payload.GetReflection()->MutableMessage(&payload, mask)->CopyFrom(changed);
  std::unique_ptr<Message> picked(values.New());
  ApplyFields(values, changed, picked.get());
  SetValues(*picked, payload);
}

void WriteDeleted(absl::string_view name, const Descriptor& resource, Message& event) {
  SetName(name, Choose("_deleted", resource, event));
}

}  // namespace kith
