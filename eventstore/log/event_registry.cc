#include "eventstore/log/event_registry.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/wire_fields.h"
#include "eventstore/seal/key_store.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "kith/options/v1/options.pb.h"

namespace kith::eventstore {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

// A field that is sealed, and the string field beside it that names whose it is.
struct EventRegistry::PersonalField {
  const FieldDescriptor* field;
  const FieldDescriptor* subject;
};

// One event of a category.
struct EventRegistry::Member {
  EventType type;
  const FieldDescriptor* field;         // in the oneof
  std::vector<PersonalField> personal;  // by rising field number
};

struct EventRegistry::Category {
  const Message* prototype;
  const OneofDescriptor* event;
  std::vector<Member> members;  // by rising type

  // Null when there is none.
  const Member* Find(EventType type) const {
    const auto found =
        std::lower_bound(members.begin(), members.end(), type,
                         [](const Member& member, EventType t) { return member.type < t; });
    return found != members.end() && found->type == type ? &*found : nullptr;
  }
};

namespace {

std::string Serialise(const Message& message) {
  std::string bytes(message.ByteSizeLong(), '\0');
  google::protobuf::io::ArrayOutputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream out(&array);
  out.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&out);
  KITH_CHECK(!out.HadError());
  return bytes;
}

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0
                              : reflection->HasField(message, field);
}

bool IsSingularString(const FieldDescriptor* field) {
  return field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated();
}

// What takes one field out of a serialised message and gives it to a person.
struct Assignment {
  uint32_t field;
  size_t part;  // index in NewEvent::personal
};

size_t PartFor(absl::string_view subject, std::vector<PersonalPart>& parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].subject == subject) return i;
  }
  parts.push_back({.subject = std::string(subject)});
  return parts.size() - 1;
}

// Moves the fields that are assigned out of the payload and into their parts.
void TakeApart(const std::vector<Assignment>& assignments, NewEvent& event) {
  std::string clear;
  clear.reserve(event.payload.size());
  const bool is_message =
      ForEachWireField(event.payload, [&](uint32_t number, absl::string_view bytes) {
        const auto found =
            std::find_if(assignments.begin(), assignments.end(),
                         [&](const Assignment& assignment) { return assignment.field == number; });
        std::string& target =
            found == assignments.end() ? clear : event.personal[found->part].payload;
        target.append(bytes.data(), bytes.size());
      });
  KITH_CHECK(is_message);
  event.payload = std::move(clear);
}

}  // namespace

void EventRegistry::Register(absl::string_view category, const Message& prototype) {
  auto entry = std::make_shared<Category>();
  entry->prototype = &prototype;
  entry->event = prototype.GetDescriptor()->FindOneofByName("event");
  KITH_CHECK(entry->event != nullptr);
  for (int i = 0; i < entry->event->field_count(); ++i) {
    const FieldDescriptor* const field = entry->event->field(i);
    const Descriptor* const message = field->message_type();
    KITH_CHECK(message != nullptr);
    Member member{.type = EventType(static_cast<uint32_t>(field->number())), .field = field};
    for (int j = 0; j < message->field_count(); ++j) {
      const FieldDescriptor* const inner = message->field(j);
      const std::string& subject_name =
          inner->options().GetExtension(options::v1::field).personal_subject();
      if (subject_name.empty()) continue;
      const FieldDescriptor* const subject = message->FindFieldByName(subject_name);
      KITH_CHECK(IsSingularString(subject) && subject != inner);
      member.personal.push_back({inner, subject});
    }
    entry->members.push_back(std::move(member));
  }
  std::sort(entry->members.begin(), entry->members.end(),
            [](const Member& a, const Member& b) { return a.type < b.type; });
  KITH_CHECK(categories_.emplace(category, std::move(entry)).second);
}

NewEvent EventRegistry::Encode(absl::string_view category_name, const Message& event) const {
  const Category* const category = Find(category_name);
  KITH_CHECK(category != nullptr && event.GetDescriptor() == category->prototype->GetDescriptor());
  const google::protobuf::Reflection* reflection = event.GetReflection();
  const FieldDescriptor* const set = reflection->GetOneofFieldDescriptor(event, category->event);
  KITH_CHECK(set != nullptr);
  const Member* const member = category->Find(EventType(static_cast<uint32_t>(set->number())));
  const Message& inner = reflection->GetMessage(event, set);

  NewEvent encoded{.type = member->type, .payload = Serialise(inner)};
  std::vector<Assignment> assignments;
  for (const PersonalField& personal : member->personal) {
    if (!IsSet(inner, personal.field)) continue;
    std::string scratch;
    const std::string& subject =
        inner.GetReflection()->GetStringReference(inner, personal.subject, &scratch);
    if (subject.empty()) continue;
    assignments.push_back(
        {static_cast<uint32_t>(personal.field->number()), PartFor(subject, encoded.personal)});
  }
  if (!assignments.empty()) TakeApart(assignments, encoded);
  return encoded;
}

absl::StatusOr<std::shared_ptr<const RecordedEvent>> EventRegistry::DecodeWith(
    std::shared_ptr<const Record> record, const KeyStore* keys) const {
  const EventHeader& header = record->header;
  const auto data_loss = [&](absl::string_view what) {
    return absl::DataLossError(absl::StrCat("The event at position ", header.position.value(),
                                            " of ", header.stream, " ", what, "."));
  };
  const Category* const category = Find(CategoryOf(header.stream));
  if (category == nullptr) return data_loss("is of no category known here");
  const Member* const member = category->Find(header.type);
  if (member == nullptr)
    return data_loss(absl::StrCat("has type ", header.type.value(), ", unknown here"));

  std::unique_ptr<Message> event(category->prototype->New());
  Message* const inner = event->GetReflection()->MutableMessage(event.get(), member->field);
  if (!inner->ParseFromString(record->payload)) return data_loss("does not parse");
  bool erased = false;
  for (const SealedPart& part : record->sealed) {
    if (keys == nullptr) break;
    KITH_ASSIGN_OR_RETURN(const std::optional<std::string> plain,
                          keys->Unseal(header.workspace, part));
    if (!plain.has_value()) {
      erased = true;
    } else if (!inner->MergeFromString(*plain)) {
      return data_loss("has a sealed part that does not parse");
    }
  }
  auto decoded = std::make_shared<RecordedEvent>();
  decoded->record = std::move(record);
  decoded->event = std::move(event);
  decoded->erased = erased;
  return decoded;
}

absl::string_view EventRegistry::TypeName(absl::string_view category_name, EventType type) const {
  const Category* const category = Find(category_name);
  const Member* const member = category == nullptr ? nullptr : category->Find(type);
  return member == nullptr ? absl::string_view() : absl::string_view(member->field->name());
}

EventType EventRegistry::TypeOf(absl::string_view category_name, absl::string_view name) const {
  const Category* const category = Find(category_name);
  if (category == nullptr) return EventType();
  for (const Member& member : category->members) {
    if (member.field->name() == name) return member.type;
  }
  return EventType();
}

std::vector<std::string> EventRegistry::Categories() const {
  std::vector<std::string> names;
  for (const auto& [name, category] : categories_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<EventType> EventRegistry::TypesOf(absl::string_view category_name) const {
  std::vector<EventType> types;
  const Category* const category = Find(category_name);
  if (category == nullptr) return types;
  for (const Member& member : category->members) types.push_back(member.type);
  return types;
}

const Descriptor* EventRegistry::MessageOf(absl::string_view category_name, EventType type) const {
  const Category* const category = Find(category_name);
  const Member* const member = category == nullptr ? nullptr : category->Find(type);
  return member == nullptr ? nullptr : member->field->message_type();
}

const EventRegistry::Category* EventRegistry::Find(absl::string_view category) const {
  const auto found = categories_.find(category);
  return found == categories_.end() ? nullptr : found->second.get();
}

}  // namespace kith::eventstore
