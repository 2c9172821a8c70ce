#include "services/core/resource_events.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/standard_events.h"
#include "services/core/personal.h"
#include "services/core/update_mask.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

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

void SetText(const char* name, absl::string_view text, Message& payload) {
  const FieldDescriptor* field = payload.GetDescriptor()->FindFieldByName(name);
  if (field != nullptr) payload.GetReflection()->SetString(&payload, field, std::string(text));
}

void SetName(absl::string_view name, Message& payload) { SetText("name", name, payload); }

void SetMask(const char* name, const FieldMask& mask, Message& payload) {
  const FieldDescriptor* field = payload.GetDescriptor()->FindFieldByName(name);
  KITH_CHECK(field != nullptr);
  if (mask.paths().empty()) return;
  payload.GetReflection()->MutableMessage(&payload, field)->CopyFrom(mask);
}

void AddTexts(const char* name, const std::vector<std::string>& texts, Message& payload) {
  const FieldDescriptor* field = payload.GetDescriptor()->FindFieldByName(name);
  KITH_CHECK(field != nullptr);
  for (const std::string& text : texts) payload.GetReflection()->AddString(&payload, field, text);
}

// Moves the personal fields of `values` into the event. Where there are none nothing is sealed, so
// the clear fields of somebody whose key is gone can still change.
void SetPersonal(Message& values, Message& payload) {
  const FieldDescriptor* field = payload.GetDescriptor()->FindFieldByName("personal");
  if (field == nullptr) return;
  std::unique_ptr<Message> personal(values.New());
  MovePersonal(&values, personal.get());
  if (personal->ByteSizeLong() == 0) return;
  payload.GetReflection()->SetAllocatedMessage(&payload, personal.release(), field);
}

// Moves `values` into the event, split into its clear and its personal part.
void SetValues(Message& values, Message& payload) {
  SetPersonal(values, payload);
  const FieldDescriptor* clear = ValuesField(*payload.GetDescriptor(), *values.GetDescriptor());
  KITH_CHECK(clear != nullptr);
  Message& target = *payload.GetReflection()->MutableMessage(&payload, clear);
  target.GetReflection()->Swap(&target, &values);
}

}  // namespace

void WriteCreated(absl::string_view name, Message& resource, Message& event) {
  Message& payload = Choose("_created", *resource.GetDescriptor(), event);
  // It stands once, in the event where that has a place for it.
  const FieldDescriptor* own = resource.GetDescriptor()->FindFieldByName("name");
  if (payload.GetDescriptor()->FindFieldByName("name") != nullptr) {
    resource.GetReflection()->ClearField(&resource, own);
  } else {
    resource.GetReflection()->SetString(&resource, own, std::string(name));
  }
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

void WriteUndeleted(absl::string_view name, const Descriptor& resource, Message& event) {
  SetName(name, Choose("_undeleted", resource, event));
}

void WriteOrigin(absl::string_view origin, Message& event) {
  const OneofDescriptor* events = event.GetDescriptor()->FindOneofByName("event");
  const FieldDescriptor* member = event.GetReflection()->GetOneofFieldDescriptor(event, events);
  KITH_CHECK(member != nullptr);
  SetText("origin", origin, *event.GetReflection()->MutableMessage(&event, member));
}

void WriteMerged(absl::string_view name, const MergedValues& merged, Message& event) {
  Message& payload = Choose("_merged", *merged.values->GetDescriptor(), event);
  SetName(name, payload);
  SetText("merged", merged.merged, payload);
  SetText("subject", merged.subject, payload);
  const FieldDescriptor* revision = payload.GetDescriptor()->FindFieldByName("merged_revision");
  KITH_CHECK(revision != nullptr);
  payload.GetReflection()->SetInt64(&payload, revision, merged.revision);
  SetMask("update_mask", merged.changed, payload);
  AddTexts("flags", merged.flags, payload);
  SetMask("picked", merged.picked, payload);
  SetMask("kept", merged.kept, payload);
  std::unique_ptr<Message> values(merged.values->New());
  values->CopyFrom(*merged.values);
  SetValues(*values, payload);
  if (merged.joined == nullptr) return;
  const FieldDescriptor* joined = payload.GetDescriptor()->FindFieldByName("joined");
  KITH_CHECK(joined != nullptr);
  payload.GetReflection()->MutableMessage(&payload, joined)->CopyFrom(*merged.joined);
}

void WriteMergedInto(absl::string_view name, const Descriptor& resource, absl::string_view survivor,
                     Message& event) {
  Message& payload = Choose("_merged_into", resource, event);
  SetName(name, payload);
  SetText("survivor", survivor, payload);
}

void WriteUnmerged(absl::string_view name, const std::vector<std::string>& names,
                   const FieldMask& changed, const Message& values, Message& event) {
  Message& payload = Choose("_unmerged", *values.GetDescriptor(), event);
  SetName(name, payload);
  SetText("merged", names.front(), payload);
  AddTexts("names", names, payload);
  SetMask("update_mask", changed, payload);
  std::unique_ptr<Message> picked(values.New());
  ApplyFields(values, changed, picked.get());
  SetValues(*picked, payload);
}

void WriteUnmergedFrom(absl::string_view name, const Descriptor& resource,
                       absl::string_view survivor, Message& event) {
  Message& payload = Choose("_unmerged_from", resource, event);
  SetName(name, payload);
  SetText("survivor", survivor, payload);
}

}  // namespace kith
