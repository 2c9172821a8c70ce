// Fields of messages that are known only by their descriptors. A field that is not there aborts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "kith/options/v1/options.pb.h"

namespace kith::testing {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using MessagePtr = std::shared_ptr<Message>;

MessagePtr NewMessage(const Descriptor& type);
MessagePtr CopyOf(const Message& message);

const options::v1::FieldRules& RulesOf(const FieldDescriptor& field);
const FieldDescriptor& FieldOf(const Descriptor& type, absl::string_view name);
// The one field of this type; null where there is none.
const FieldDescriptor* FieldOfType(const Descriptor& message, const Descriptor& type);

std::string TextOf(const Message& message, absl::string_view field);
std::vector<std::string> TextsOf(const Message& message, absl::string_view field);
bool FlagOf(const Message& message, absl::string_view field);
bool IsSet(const Message& message, absl::string_view field);
void SetText(Message& message, absl::string_view field, absl::string_view text);
void AddText(Message& message, absl::string_view field, absl::string_view text);
void SetNumber(Message& message, absl::string_view field, int number);
void SetFlag(Message& message, absl::string_view field, bool flag = true);
void ClearField(Message& message, absl::string_view field);
const Message& In(const Message& message, absl::string_view field);
Message& MutableIn(Message& message, absl::string_view field);
std::vector<const Message*> RowsOf(const Message& message, absl::string_view field);
Message& AddRow(Message& message, absl::string_view field);

// `to` gets the value that `from`, of its type, has there.
void CopyField(const Message& from, Message& to, const FieldDescriptor& field);
// Whether both have the field alike; the second may have more within it, where `or_more`: what the
// resource's rules complete.
bool Alike(const Message& a, const Message& b, const FieldDescriptor& field, bool or_more = false);
// The same of all fields of a resource that a caller may set, each that differs.
std::vector<std::string> Differences(const Message& sent, const Message& got);

// A value of a message, wherever it stands in it.
struct Place {
  Message* message;
  const FieldDescriptor* field;
  int index;         // -1 where the field is not repeated
  std::string path;  // "contact.emails[0].address"

  std::string text() const;
  void Set(absl::string_view text) const;
};
// Every string of it that is set and that a caller may set.
std::vector<Place> TextsIn(Message& message, absl::string_view path);

}  // namespace kith::testing
