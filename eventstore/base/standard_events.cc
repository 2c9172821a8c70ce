#include "eventstore/base/standard_events.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/proto_time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;

// The member of the oneof `event` that is set; the registry has made sure there is one.
const FieldDescriptor& MemberOf(const Message& event) {
  const auto* oneof = event.GetDescriptor()->FindOneofByName("event");
  KITH_CHECK(oneof != nullptr);
  const FieldDescriptor* member = event.GetReflection()->GetOneofFieldDescriptor(event, oneof);
  KITH_CHECK(member != nullptr);
  return *member;
}

const Message& PayloadOf(const Message& event) {
  return event.GetReflection()->GetMessage(event, &MemberOf(event));
}

// The values an event carries, clear and personal together.
std::unique_ptr<Message> ValuesOf(const Message& payload, const Message& resource) {
  const auto* reflection = payload.GetReflection();
  std::unique_ptr<Message> values(resource.New());
  const FieldDescriptor* clear = ValuesField(*payload.GetDescriptor(), *resource.GetDescriptor());
  const FieldDescriptor* personal = payload.GetDescriptor()->FindFieldByName("personal");
  values->MergeFrom(reflection->GetMessage(payload, clear));
  if (personal != nullptr) values->MergeFrom(reflection->GetMessage(payload, personal));
  return values;
}

// Moves the fields that the update names from `values` to `resource`.
void TakeMasked(const Message& payload, Message& values, Message& resource) {
  const FieldDescriptor* field = payload.GetDescriptor()->FindFieldByName("update_mask");
  KITH_CHECK(field != nullptr && field->message_type() == FieldMask::descriptor());
  const auto& mask =
      static_cast<const FieldMask&>(payload.GetReflection()->GetMessage(payload, field));
  std::vector<const FieldDescriptor*> changed;
  for (const std::string& path : mask.paths()) {
    const FieldPath target = FieldPathOf(*resource.GetDescriptor(), path);
    if (target.field == nullptr) continue;
    if (!target.key.empty()) {
      TakeMapValue(values, *target.field, target.key, resource);
    } else {
      changed.push_back(target.field);
    }
  }
  resource.GetReflection()->SwapFields(&resource, &values, changed);
}

void SetText(Message& resource, const char* name, std::string value) {
  const FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return;
  resource.GetReflection()->SetString(&resource, field, std::move(value));
}

// Where the event keeps the name beside the resource and not in it.
void TakeName(const Message& payload, Message& resource) {
  const FieldDescriptor* name = payload.GetDescriptor()->FindFieldByName("name");
  if (name == nullptr) return;
  SetText(resource, "name", payload.GetReflection()->GetString(payload, name));
}

void SetTime(Message& resource, const char* name, absl::Time time) {
  const FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return;
  resource.GetReflection()->MutableMessage(&resource, field)->CopyFrom(ToTimestamp(time));
}

void Clear(Message& resource, const char* name) {
  const FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName(name);
  if (field != nullptr) resource.GetReflection()->ClearField(&resource, field);
}

void SetFlag(Message& resource, const char* name) {
  const FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return;
  resource.GetReflection()->SetBool(&resource, field, true);
}

}  // namespace

const FieldDescriptor* ValuesField(const Descriptor& payload, const Descriptor& resource) {
  for (int i = 0; i < payload.field_count(); ++i) {
    const FieldDescriptor* field = payload.field(i);
    if (field->message_type() == &resource && field->name() != "personal") return field;
  }
  return nullptr;
}

StandardEvent KindOf(const Message& event, const Descriptor& resource) {
  const FieldDescriptor& member = MemberOf(event);
  absl::string_view noun = member.name();
  StandardEvent kind;
  if (absl::ConsumeSuffix(&noun, "_created")) {
    kind = StandardEvent::kCreated;
  } else if (absl::ConsumeSuffix(&noun, "_updated")) {
    kind = StandardEvent::kUpdated;
  } else if (absl::ConsumeSuffix(&noun, "_deleted")) {
    kind = StandardEvent::kDeleted;
  } else if (absl::ConsumeSuffix(&noun, "_undeleted")) {
    kind = StandardEvent::kUndeleted;
  } else {
    return StandardEvent::kOther;
  }
  // A stage_updated among a pipeline's events is no update of the pipeline: the creation tells
  // whose noun it is.
  const FieldDescriptor* created =
      event.GetDescriptor()->FindFieldByName(absl::StrCat(noun, "_created"));
  const bool own = created != nullptr && ValuesField(*created->message_type(), resource) != nullptr;
  return own ? kind : StandardEvent::kOther;
}

StandardEvent FoldStandardEvent(const Happening& happening, Message& resource) {
  const Message& payload = PayloadOf(happening.event);
  const StandardEvent kind = KindOf(happening.event, *resource.GetDescriptor());
  switch (kind) {
    case StandardEvent::kCreated: {
      std::unique_ptr<Message> values = ValuesOf(payload, resource);
      resource.GetReflection()->Swap(&resource, values.get());
      TakeName(payload, resource);
      SetTime(resource, "create_time", happening.occur_time);
      break;
    }
    case StandardEvent::kUpdated:
      TakeMasked(payload, *ValuesOf(payload, resource), resource);
      break;
    case StandardEvent::kDeleted:
      SetTime(resource, "delete_time", happening.occur_time);
      break;
    case StandardEvent::kUndeleted:
      Clear(resource, "delete_time");
      break;
    case StandardEvent::kOther:
      break;
  }
  SetText(resource, "etag", absl::StrCat(happening.revision.value()));
  SetTime(resource, "update_time", happening.occur_time);
  if (happening.erased) SetFlag(resource, "erased");
  return kind;
}

}  // namespace kith
