#include "eventstore/base/map_field.h"

#include <algorithm>

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const std::string& KeyOf(const Message& entry, std::string* scratch) {
  return entry.GetReflection()->GetStringReference(entry, entry.GetDescriptor()->map_key(),
                                                   scratch);
}

const Message& ValueOf(const Message& entry) {
  return entry.GetReflection()->GetMessage(entry, entry.GetDescriptor()->map_value());
}

// Where the key stands among the entries; -1: nowhere.
int Find(const Message& message, const FieldDescriptor& map, absl::string_view key) {
  const Reflection& reflection = *message.GetReflection();
  std::string scratch;
  const int size = reflection.FieldSize(message, &map);
  for (int i = 0; i < size; ++i) {
    if (KeyOf(reflection.GetRepeatedMessage(message, &map, i), &scratch) == key) return i;
  }
  return -1;
}

}  // namespace

bool IsTextMap(const FieldDescriptor& field) {
  if (!field.is_map()) return false;
  const Descriptor& entry = *field.message_type();
  return entry.map_key()->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
         entry.map_value()->message_type() != nullptr;
}

FieldPath FieldPathOf(const Descriptor& type, absl::string_view path) {
  const size_t dot = path.find('.');
  const FieldDescriptor* const field = type.FindFieldByName(std::string(path.substr(0, dot)));
  if (dot == absl::string_view::npos || field == nullptr) return {field, ""};
  const absl::string_view key = path.substr(dot + 1);
  return !key.empty() && IsTextMap(*field) ? FieldPath{field, std::string(key)} : FieldPath();
}

MapEntries EntriesIn(const Message& message, const FieldDescriptor& map) {
  const Reflection& reflection = *message.GetReflection();
  MapEntries entries;
  std::string scratch;
  const int size = reflection.FieldSize(message, &map);
  for (int i = 0; i < size; ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &map, i);
    entries.emplace_back(KeyOf(entry, &scratch), &ValueOf(entry));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

const Message* FindMapValue(const Message& message, const FieldDescriptor& map,
                            absl::string_view key) {
  const int at = Find(message, map, key);
  return at < 0 ? nullptr
                : &ValueOf(message.GetReflection()->GetRepeatedMessage(message, &map, at));
}

Message& MutableMapValue(Message& message, const FieldDescriptor& map, absl::string_view key) {
  const Reflection& reflection = *message.GetReflection();
  const int at = Find(message, map, key);
  Message& entry = at < 0 ? *reflection.AddMessage(&message, &map)
                          : *reflection.MutableRepeatedMessage(&message, &map, at);
  const Descriptor& type = *entry.GetDescriptor();
  if (at < 0) entry.GetReflection()->SetString(&entry, type.map_key(), std::string(key));
  return *entry.GetReflection()->MutableMessage(&entry, type.map_value());
}

void EraseMapValue(Message& message, const FieldDescriptor& map, absl::string_view key) {
  const Reflection& reflection = *message.GetReflection();
  const int at = Find(message, map, key);
  if (at < 0) return;
  const int last = reflection.FieldSize(message, &map) - 1;
  if (at != last) reflection.SwapElements(&message, &map, at, last);
  reflection.RemoveLast(&message, &map);
}

void TakeMapValue(const Message& from, const FieldDescriptor& map, absl::string_view key,
                  Message& to) {
  const Message* const value = FindMapValue(from, map, key);
  if (value == nullptr) return EraseMapValue(to, map, key);
  MutableMapValue(to, map, key).CopyFrom(*value);
}

}  // namespace kith
