// Fields: messages of any type, whose fields are set from texts by their paths, as flags and CSV
// columns give them.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/options/v1/options.pb.h"

namespace kith::cli {

// A new, empty message of a type that is linked in.
std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor& type);

// Reads a whole message. InvalidArgument that says where it does not fit, and of an enum's value
// which there are.
absl::Status ReadJson(const std::string& json, google::protobuf::Message* message);

// Sets `path` ("first_name", "emails.address") of `message`. The text is read by the field's type:
// values.h for money, times and durations, a name for an enum, JSON where it begins with { on a
// message or with [ on a repeated field. A text for a message with one required string field is
// that field: `emails` takes "ada@example.com". On a repeated field a text, or one message as JSON,
// adds an element, and a path through one goes to the last element, or to a new one where the last
// has the field already: emails.address, emails.label, emails.address make two. Of a map the next
// part is a key, "custom.tier", and the text the first field of its value. An empty text
// leaves a message field as it is. Fails with InvalidArgument, not naming the path.
absl::Status SetField(google::protobuf::Message* message, absl::string_view path,
                      absl::string_view text);

// The field at the end of `path`, of a key of a map its value; null when there is none.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& message,
                                                   absl::string_view path);

// What kith.options.v1 says of a field.
const options::v1::FieldRules& RulesOf(const google::protobuf::FieldDescriptor& field);

// Whether names of records stand in the field: of kinds that its rules say, or of any, where a
// merge takes something and where a timeline says what an entry is about.
bool NamesRecords(const google::protobuf::FieldDescriptor& field);

}  // namespace kith::cli
