// Map fields whose keys are texts and whose values are messages, as those of custom fields, by
// reflection; and paths that name one key of such a field: "custom.tier".
//
// Pure functions; any thread, as far as the message allows.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kith {

// It is such a map.
bool IsTextMap(const google::protobuf::FieldDescriptor& field);

// A field of a message, or one key of a map field of it.
struct FieldPath {
  const google::protobuf::FieldDescriptor* field = nullptr;  // null: there is none
  std::string key;                                           // empty: the whole field
};

// What a path of an update mask names.
FieldPath FieldPathOf(const google::protobuf::Descriptor& type, absl::string_view path);

// The entries of a map, in the order of their keys. Until the message changes.
using MapEntries = std::vector<std::pair<std::string, const google::protobuf::Message*>>;
MapEntries EntriesIn(const google::protobuf::Message& message,
                     const google::protobuf::FieldDescriptor& map);

// Null where there is no such key. Until the message changes.
const google::protobuf::Message* FindMapValue(const google::protobuf::Message& message,
                                              const google::protobuf::FieldDescriptor& map,
                                              absl::string_view key);
// The same, made where there is none.
google::protobuf::Message& MutableMapValue(google::protobuf::Message& message,
                                           const google::protobuf::FieldDescriptor& map,
                                           absl::string_view key);
void EraseMapValue(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& map,
                   absl::string_view key);

// `to` has under the key what `from`, a message of the same type, has there.
void TakeMapValue(const google::protobuf::Message& from,
                  const google::protobuf::FieldDescriptor& map, absl::string_view key,
                  google::protobuf::Message& to);

}  // namespace kith
