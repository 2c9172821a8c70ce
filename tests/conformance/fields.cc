#include "tests/conformance/fields.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/core/update_mask.h"

namespace kith::testing {

using google::protobuf::util::MessageDifferencer;

MessagePtr NewMessage(const Descriptor& type) {
  const Message* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
  KITH_CHECK(prototype != nullptr);
  return MessagePtr(prototype->New());
}

MessagePtr CopyOf(const Message& message) {
  MessagePtr copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

const options::v1::FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field);
}

const FieldDescriptor& FieldOf(const Descriptor& type, absl::string_view name) {
  const FieldDescriptor* const field = type.FindFieldByName(std::string(name));
  KITH_CHECK(field != nullptr);
  return *field;
}

const FieldDescriptor* FieldOfType(const Descriptor& message, const Descriptor& type) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->message_type() == &type) return message.field(i);
  }
  return nullptr;
}

namespace {

const FieldDescriptor* Field(const Message& message, absl::string_view name) {
  return &FieldOf(*message.GetDescriptor(), name);
}

}  // namespace

std::string TextOf(const Message& message, absl::string_view field) {
  return message.GetReflection()->GetString(message, Field(message, field));
}

std::vector<std::string> TextsOf(const Message& message, absl::string_view field) {
  std::vector<std::string> texts;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, Field(message, field)); ++i) {
    texts.push_back(message.GetReflection()->GetRepeatedString(message, Field(message, field), i));
  }
  return texts;
}

bool FlagOf(const Message& message, absl::string_view field) {
  return message.GetReflection()->GetBool(message, Field(message, field));
}

bool IsSet(const Message& message, absl::string_view field) {
  const FieldDescriptor* const known = Field(message, field);
  return known->is_repeated() ? message.GetReflection()->FieldSize(message, known) > 0
                              : message.GetReflection()->HasField(message, known);
}

void SetText(Message& message, absl::string_view field, absl::string_view text) {
  message.GetReflection()->SetString(&message, Field(message, field), std::string(text));
}

void AddText(Message& message, absl::string_view field, absl::string_view text) {
  message.GetReflection()->AddString(&message, Field(message, field), std::string(text));
}

void SetNumber(Message& message, absl::string_view field, int number) {
  message.GetReflection()->SetInt32(&message, Field(message, field), number);
}

void SetFlag(Message& message, absl::string_view field, bool flag) {
  message.GetReflection()->SetBool(&message, Field(message, field), flag);
}

void ClearField(Message& message, absl::string_view field) {
  message.GetReflection()->ClearField(&message, Field(message, field));
}

const Message& In(const Message& message, absl::string_view field) {
  return message.GetReflection()->GetMessage(message, Field(message, field));
}

Message& MutableIn(Message& message, absl::string_view field) {
  return *message.GetReflection()->MutableMessage(&message, Field(message, field));
}

std::vector<const Message*> RowsOf(const Message& message, absl::string_view field) {
  std::vector<const Message*> rows;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, Field(message, field)); ++i) {
    rows.push_back(&message.GetReflection()->GetRepeatedMessage(message, Field(message, field), i));
  }
  return rows;
}

Message& AddRow(Message& message, absl::string_view field) {
  return *message.GetReflection()->AddMessage(&message, Field(message, field));
}

void CopyField(const Message& from, Message& to, const FieldDescriptor& field) {
  google::protobuf::FieldMask mask;
  mask.add_paths(field.name());
  ApplyFields(from, mask, &to);
}

bool Alike(const Message& a, const Message& b, const FieldDescriptor& field, bool or_more) {
  const MessagePtr one = NewMessage(*a.GetDescriptor());
  const MessagePtr other = NewMessage(*a.GetDescriptor());
  CopyField(a, *one, field);
  CopyField(b, *other, field);
  ClearOutputOnly(one.get());
  ClearOutputOnly(other.get());
  MessageDifferencer differencer;
  if (or_more) differencer.set_scope(MessageDifferencer::PARTIAL);
  return differencer.Compare(*one, *other);
}

std::vector<std::string> Differences(const Message& sent, const Message& got) {
  std::vector<std::string> different;
  const Descriptor& type = *sent.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (RulesOf(field).output_only() || field.name() == "etag") continue;
    if (!Alike(sent, got, field, /*or_more=*/true)) different.push_back(field.name());
  }
  return different;
}

std::string Place::text() const {
  return index < 0 ? message->GetReflection()->GetString(*message, field)
                   : message->GetReflection()->GetRepeatedString(*message, field, index);
}

void Place::Set(absl::string_view text) const {
  if (index < 0) {
    message->GetReflection()->SetString(message, field, std::string(text));
  } else {
    message->GetReflection()->SetRepeatedString(message, field, index, std::string(text));
  }
}

std::vector<Place> TextsIn(Message& message, absl::string_view path) {
  std::vector<Place> places;
  std::vector<const FieldDescriptor*> set;
  const auto& reflection = *message.GetReflection();
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* const field : set) {
    if (RulesOf(*field).output_only()) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string at = absl::StrCat(path, ".", field->name(),
                                          field->is_repeated() ? absl::StrCat("[", i, "]") : "");
      if (field->type() == FieldDescriptor::TYPE_STRING) {
        places.push_back({&message, field, field->is_repeated() ? i : -1, at});
      } else if (field->message_type() != nullptr &&
                 absl::StartsWith(field->message_type()->full_name(), "kith.")) {
        Message& within = field->is_repeated()
                              ? *reflection.MutableRepeatedMessage(&message, field, i)
                              : *reflection.MutableMessage(&message, field);
        for (Place& place : TextsIn(within, at)) places.push_back(std::move(place));
      }
    }
  }
  return places;
}

}  // namespace kith::testing
