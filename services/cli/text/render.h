// Render: messages as tables for people and as JSON for programs.
#pragma once

#include <google/protobuf/message.h>

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/cli/text/text_table.h"

namespace kith::cli {

// A field as a cell: money, times and durations readable, enums by name, lists with commas,
// messages by what names them best. Empty where the field is not set. Times in `zone`.
std::string CellOf(const google::protobuf::Message& message,
                   const google::protobuf::FieldDescriptor* field, absl::TimeZone zone);

// The same with all of the messages: "ada@example.com · work · primary".
std::string TextOf(const google::protobuf::Message& message,
                   const google::protobuf::FieldDescriptor* field, absl::TimeZone zone);

// The fields of `type` that its proto marks as columns, and when it was deleted, which is of no
// resource that is there; where it marks none, all that are not lists.
std::vector<const google::protobuf::FieldDescriptor*> ColumnsOf(
    const google::protobuf::Descriptor& type);

// Adds a column for the field, titled as it is called and aligned as its type asks.
void AddColumn(const google::protobuf::FieldDescriptor* field, TextTable* table);

// Messages of one type, one a row.
void PrintRows(const std::vector<const google::protobuf::Message*>& messages,
               const google::protobuf::Descriptor& type, absl::TimeZone zone, std::ostream& out);

// One message, a field a line; fields that are not set are left out.
void PrintFields(const google::protobuf::Message& message, absl::TimeZone zone, std::ostream& out);

// A message as JSON with the fields called as in the protos: on several lines, or on one.
std::string ToJson(const google::protobuf::Message& message, bool indented);

}  // namespace kith::cli
