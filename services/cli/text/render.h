// Render: messages as tables for people and as JSON for programs.
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/cli/text/text_table.h"

namespace kith::cli {

// How people are shown what there is.
struct Style {
  absl::TimeZone zone;  // of times
  int width = 0;        // of a table, in columns of the terminal; 0: as wide as it takes
  // What records are called, shown where a field links to one, by their resource names; empty: it
  // is not there any more. And what was asked about a record, by AskedKey.
  std::map<std::string, std::string> names;
};

// A field as a cell: money, times and durations readable, enums by name, lists with commas,
// messages by what names them best; a time that is the end of a day as that day, where a field
// beside it says so, as due_date beside due_time. Empty where the field is not set.
std::string CellOf(const google::protobuf::Message& message,
                   const google::protobuf::FieldDescriptor* field, const Style& style);

// The same with all of the messages: "ada@example.com · work · primary".
std::string TextOf(const google::protobuf::Message& message,
                   const google::protobuf::FieldDescriptor* field, const Style& style);

// Fields of a message and of those inside it, from the outside in: "emails", "address".
struct Path {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  std::string key;  // of the last one, which is a map; empty: all of it
  // What people call the record that the last one links to: "owner.display_name".
  bool is_called = false;
  // No field, and the server was asked for it about the record whose name stands there: "score".
  std::string asked;
};

// What was asked about a record is known by.
std::string AskedKey(absl::string_view asked, absl::string_view name);

// Whether a field holds names of records.
bool IsLink(const google::protobuf::FieldDescriptor& field);

// What stands at a path of one part, or of a part and a key, as TextOf.
std::string TextAt(const google::protobuf::Message& message, const Path& path, const Style& style);

// "display_name,emails.address,custom.tier,owner.display_name". InvalidArgument naming a path that
// is none, those that are like it, and where all are told.
absl::StatusOr<std::vector<Path>> ParsePaths(const google::protobuf::Descriptor& type,
                                             absl::string_view text);

// The fields of `type` that its proto marks as columns, and when it was deleted, which is of no
// resource that is there; where it marks none, all that are not lists.
std::vector<const google::protobuf::FieldDescriptor*> ColumnsOf(
    const google::protobuf::Descriptor& type);
// The same as paths, of one part each.
std::vector<Path> PathsOf(const std::vector<const google::protobuf::FieldDescriptor*>& fields);

// Adds a column for the field, titled as it is called and aligned as its type asks.
void AddColumn(const google::protobuf::FieldDescriptor* field, TextTable* table);

// Messages of one type, one a row, and below a line those of the same type that are totals.
void PrintRows(const std::vector<const google::protobuf::Message*>& messages,
               const std::vector<Path>& columns, const Style& style, std::ostream& out,
               const std::vector<const google::protobuf::Message*>& totals = {});

// The same as CSV (RFC 4180) for programs: a line with the paths, then a line each. Nothing is cut
// or called otherwise, times are RFC 3339 in UTC, numbers have no separators, and several values of
// a field are joined by "; ". `names` says what records are called, and what was asked about them,
// for the columns that want it; one that it does not know has an empty cell.
using CalledNames = std::map<std::string, std::string>;
void PrintCsv(const std::vector<const google::protobuf::Message*>& messages,
              const std::vector<Path>& columns, std::ostream& out, const CalledNames& names = {});
// Its first line, and the others.
void PrintCsvHeader(const std::vector<Path>& columns, std::ostream& out);
void PrintCsvRows(const std::vector<const google::protobuf::Message*>& messages,
                  const std::vector<Path>& columns, std::ostream& out,
                  const CalledNames& names = {});

// One message, a field a line; fields that are not set are left out.
void PrintFields(const google::protobuf::Message& message, const Style& style, std::ostream& out);

// A message as JSON with the fields called as in the protos: on several lines, or on one.
std::string ToJson(const google::protobuf::Message& message, bool indented);

}  // namespace kith::cli
