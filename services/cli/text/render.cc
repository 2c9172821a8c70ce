#include "services/cli/text/render.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/type/v1/custom_value.pb.h"
#include "services/cli/text/csv_guard.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/nearest_words.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char kDisplayName[] = "display_name";

std::string AnyText(const Any& any) {
  const std::string& url = any.type_url();
  return url.substr(url.find_last_of("./") + 1);
}

// The day beside a time that is the end of it, as due_date beside due_time: told as a time, it
// would be the day after. Null where none is said.
const google::type::Date* DayBeside(const Message& message, const FieldDescriptor& time) {
  absl::string_view name = time.name();
  if (!absl::ConsumeSuffix(&name, "_time")) return nullptr;
  const FieldDescriptor* const day =
      message.GetDescriptor()->FindFieldByName(absl::StrCat(name, "_date"));
  const Reflection& reflection = *message.GetReflection();
  if (day == nullptr || day->is_repeated() ||
      day->message_type() != google::type::Date::descriptor() ||
      !reflection.HasField(message, day)) {
    return nullptr;
  }
  return DynamicCastToGenerated<google::type::Date>(&reflection.GetMessage(message, day));
}

// Writes values as texts. A message in a table is brief: its columns, or its first set field; where
// there is room it is whole. Programs get plain values, and of a link what it calls the record
// where they ask for that.
class Writer {
 public:
  enum class Detail { kBrief, kWhole, kPlain, kCalled };

  Writer(const Style& style, Detail detail) : style_(style), detail_(detail) {}

  bool is_plain() const { return detail_ == Detail::kPlain || detail_ == Detail::kCalled; }

  // `index` is -1 for a singular field.
  std::string Element(const Message& message, const FieldDescriptor* field, int index) const {
    const Reflection* reflection = message.GetReflection();
    const auto pick = [&](auto get, auto get_repeated) {
      return index < 0 ? (reflection->*get)(message, field)
                       : (reflection->*get_repeated)(message, field, index);
    };
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Number(pick(&Reflection::GetInt32, &Reflection::GetRepeatedInt32), field);
      case FieldDescriptor::CPPTYPE_INT64:
        return Count(pick(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
      case FieldDescriptor::CPPTYPE_UINT32:
        return absl::StrCat(pick(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
      case FieldDescriptor::CPPTYPE_UINT64:
        return absl::StrCat(pick(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return absl::StrCat(pick(&Reflection::GetDouble, &Reflection::GetRepeatedDouble));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return absl::StrCat(pick(&Reflection::GetFloat, &Reflection::GetRepeatedFloat));
      case FieldDescriptor::CPPTYPE_BOOL:
        return pick(&Reflection::GetBool, &Reflection::GetRepeatedBool) ? "yes" : "no";
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto* value = pick(&Reflection::GetEnum, &Reflection::GetRepeatedEnum);
        return value->number() == 0 ? "" : value->name();
      }
      case FieldDescriptor::CPPTYPE_STRING:
        return Called(pick(&Reflection::GetString, &Reflection::GetRepeatedString), field);
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        if (index >= 0) return Nested(reflection->GetRepeatedMessage(message, field, index));
        const google::type::Date* const day = is_plain() ? nullptr : DayBeside(message, *field);
        return day != nullptr ? FormatDate(*day) : Nested(reflection->GetMessage(message, field));
      }
    }
    return "";
  }

  // Those of a repeated field, of a map in the order of its keys: "tier=gold".
  std::vector<std::string> Elements(const Message& message, const FieldDescriptor* field) const {
    std::vector<std::string> texts;
    if (IsTextMap(*field)) {
      for (const auto& [key, value] : EntriesIn(message, *field)) {
        texts.push_back(absl::StrCat(key, "=", Value(*value)));
      }
      return texts;
    }
    const int size = message.GetReflection()->FieldSize(message, field);
    for (int i = 0; i < size; ++i) texts.push_back(Element(message, field, i));
    return texts;
  }

  // Of a map.
  std::string Value(const Message& value) const {
    const auto* custom = DynamicCastToGenerated<type::v1::CustomValue>(&value);
    if (custom == nullptr) return Nested(value);
    const FieldDescriptor* const set = custom->GetReflection()->GetOneofFieldDescriptor(
        *custom, custom->GetDescriptor()->oneof_decl(0));
    if (custom->has_choices()) return absl::StrJoin(custom->choices().values(), ", ");
    return set == nullptr ? "" : Element(value, set, -1);
  }

 private:
  std::string Count(int64_t count) const {
    return is_plain() ? absl::StrCat(count) : FormatCount(count);
  }

  // A year is no count.
  std::string Number(int64_t number, const FieldDescriptor* field) const {
    return absl::EndsWith(field->name(), "_year") ? absl::StrCat(number) : Count(number);
  }

  // What people call a record that the field links to.
  std::string Called(std::string name, const FieldDescriptor* field) const {
    if (!NamesRecords(*field) || detail_ == Detail::kPlain) return name;
    const auto found = style_.names.find(name);
    if (detail_ == Detail::kCalled) return found == style_.names.end() ? "" : found->second;
    if (found == style_.names.end()) return name;
    if (found->second.empty()) return absl::StrCat(name, " (deleted, or not shown)");
    return detail_ == Detail::kWhole ? absl::StrCat(name, " (", found->second, ")") : found->second;
  }

  std::string Nested(const Message& message) const {
    if (is_plain()) return Plain(message);
    if (const auto* money = DynamicCastToGenerated<google::type::Money>(&message)) {
      return FormatMoney(*money);
    }
    if (const auto* date = DynamicCastToGenerated<google::type::Date>(&message)) {
      return FormatDate(*date);
    }
    if (const auto* time = DynamicCastToGenerated<google::protobuf::Timestamp>(&message)) {
      return FormatTimestamp(*time, style_.zone);
    }
    if (const auto* duration = DynamicCastToGenerated<google::protobuf::Duration>(&message)) {
      return FormatDuration(*duration);
    }
    if (const auto* any = DynamicCastToGenerated<Any>(&message)) return AnyText(*any);
    // As filters and imports take it.
    if (const auto* id = DynamicCastToGenerated<contacts::v1::ExternalId>(&message)) {
      return absl::StrCat(id->system(), ":", id->id());
    }
    return detail_ == Detail::kBrief ? Brief(message) : Whole(message);
  }

  // As it is written in a flag or a column of an import.
  static std::string Plain(const Message& message) {
    if (const auto* money = DynamicCastToGenerated<google::type::Money>(&message)) {
      return absl::StrReplaceAll(FormatMoney(*money), {{",", ""}});
    }
    if (const auto* date = DynamicCastToGenerated<google::type::Date>(&message)) {
      return FormatDate(*date);
    }
    if (const auto* time = DynamicCastToGenerated<google::protobuf::Timestamp>(&message)) {
      return google::protobuf::util::TimeUtil::ToString(*time);
    }
    if (const auto* duration = DynamicCastToGenerated<google::protobuf::Duration>(&message)) {
      return google::protobuf::util::TimeUtil::ToString(*duration);
    }
    return ToJson(message, false);
  }

  // A record by its name and what people call it.
  std::string Brief(const Message& message) const {
    const FieldDescriptor* const called =
        message.GetDescriptor()->options().HasExtension(options::v1::resource)
            ? message.GetDescriptor()->FindFieldByName("display_name")
            : nullptr;
    const FieldDescriptor* const name = message.GetDescriptor()->FindFieldByName("name");
    if (called != nullptr && name != nullptr) {
      const auto& reflection = *message.GetReflection();
      const std::string text = reflection.GetString(message, called);
      if (!text.empty()) return absl::StrCat(reflection.GetString(message, name), " (", text, ")");
    }
    for (const FieldDescriptor* field : ColumnsOf(*message.GetDescriptor())) {
      if (std::string cell = CellOf(message, field, style_); !cell.empty()) return cell;
    }
    return "";
  }

  // "ada@example.com · work · primary"
  std::string Whole(const Message& message) const {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    std::vector<std::string> texts;
    for (const FieldDescriptor* field : fields) {
      if (field->is_repeated()) {
        texts.push_back(CellOf(message, field, style_));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
        texts.push_back(field->name());
      } else {
        texts.push_back(Element(message, field, -1));
      }
    }
    return absl::StrJoin(texts, " · ");
  }

  const Style& style_;
  const Detail detail_;
};

bool IsNumber(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return field->message_type()->full_name() == "google.type.Money" ||
             field->message_type()->full_name() == "google.protobuf.Duration";
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_BOOL:
      return false;
    default:
      return true;
  }
}

// A name is there to be copied.
bool IsName(const FieldDescriptor* field) {
  return field->name() == "name" || NamesRecords(*field);
}

std::string TitleOf(const FieldDescriptor* field) {
  return absl::AsciiStrToUpper(absl::StrReplaceAll(field->name(), {{"_", " "}}));
}

// Numbers of a singular field are shown where the proto cannot tell zero from unset: 0 deals is an
// answer. Of a resource, what the server counts is told where there is any.
bool IsShown(const Message& message, const FieldDescriptor* field) {
  if (field->is_repeated()) return message.GetReflection()->FieldSize(message, field) > 0;
  if (!field->has_presence() && IsNumber(field) && !RulesOf(*field).output_only()) return true;
  return message.GetReflection()->HasField(message, field);
}

std::string Text(const Message& message, const FieldDescriptor* field, const Writer& writer) {
  if (!IsShown(message, field)) return "";
  if (!field->is_repeated()) return writer.Element(message, field, -1);
  return absl::StrJoin(writer.Elements(message, field), writer.is_plain() ? "; " : ", ");
}

// The values at the end of a path, of which the first parts are gone already.
std::string TextAt(const Message& message, absl::Span<const FieldDescriptor* const> path,
                   const std::string& key, const Writer& writer) {
  const FieldDescriptor* const field = path.front();
  if (path.size() == 1) {
    if (key.empty()) return Text(message, field, writer);
    const Message* const value = FindMapValue(message, *field, key);
    return value == nullptr ? "" : writer.Value(*value);
  }
  const Reflection& reflection = *message.GetReflection();
  path.remove_prefix(1);
  if (!field->is_repeated()) {
    return reflection.HasField(message, field)
               ? TextAt(reflection.GetMessage(message, field), path, key, writer)
               : "";
  }
  std::vector<std::string> texts;
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    texts.push_back(TextAt(reflection.GetRepeatedMessage(message, field, i), path, key, writer));
  }
  return absl::StrJoin(texts, writer.is_plain() ? "; " : ", ");
}

std::string PathText(const Path& path) {
  if (!path.asked.empty()) return path.asked;
  const std::string fields = absl::StrJoin(
      path.fields, ".",
      [](std::string* text, const FieldDescriptor* field) { *text += field->name(); });
  if (path.is_called) return absl::StrCat(fields, ".", kDisplayName);
  return path.key.empty() ? fields : absl::StrCat(fields, ".", path.key);
}

// What was asked about the record; empty where it was not told.
std::string AskedOf(const Message& message, const Path& path, const Style& style) {
  const std::string name = message.GetReflection()->GetString(message, path.fields.front());
  const auto found = style.names.find(AskedKey(path.asked, name));
  return found == style.names.end() ? "" : found->second;
}

absl::Status NoSuchPath(absl::string_view word, absl::string_view part, const Descriptor& asked) {
  std::vector<std::string> known;
  for (int i = 0; i < asked.field_count(); ++i) known.push_back(asked.field(i)->name());
  return absl::InvalidArgumentError(
      absl::StrCat("there is no ", word, "; ", NearestTold(asked.name(), part, known)));
}

// Quoted where it has to be, and no formula to who opens it.
std::string CsvCell(absl::string_view text) {
  std::string cell = WithGuard(text);
  if (cell.find_first_of("\",\r\n") == cell.npos) return cell;
  return absl::StrCat("\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\"");
}

}  // namespace

std::string CellOf(const Message& message, const FieldDescriptor* field, const Style& style) {
  return Text(message, field, Writer(style, Writer::Detail::kBrief));
}

std::string TextOf(const Message& message, const FieldDescriptor* field, const Style& style) {
  return Text(message, field, Writer(style, Writer::Detail::kWhole));
}

std::string AskedKey(absl::string_view asked, absl::string_view name) {
  return absl::StrCat(asked, " of ", name);
}

std::string TextAt(const Message& message, const Path& path, const Style& style) {
  if (!path.asked.empty()) return AskedOf(message, path, style);
  return TextAt(message, path.fields, path.key, Writer(style, Writer::Detail::kWhole));
}

bool IsLink(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING && NamesRecords(field);
}

absl::StatusOr<std::vector<Path>> ParsePaths(const Descriptor& type, absl::string_view text) {
  std::vector<Path> paths;
  for (const absl::string_view word : absl::StrSplit(text, ',')) {
    Path& path = paths.emplace_back();
    const Descriptor* inside = &type;
    for (const absl::string_view part : absl::StrSplit(absl::StripAsciiWhitespace(word), '.')) {
      const bool is_behind_field = !path.fields.empty() && path.key.empty() && !path.is_called;
      if (is_behind_field && IsTextMap(*path.fields.back())) {
        path.key = std::string(part);
        inside = nullptr;
        continue;
      }
      if (is_behind_field && IsLink(*path.fields.back()) && part == kDisplayName) {
        path.is_called = true;
        continue;
      }
      const FieldDescriptor* const field =
          inside == nullptr ? nullptr : inside->FindFieldByName(std::string(part));
      if (field == nullptr) return NoSuchPath(word, part, inside == nullptr ? type : *inside);
      path.fields.push_back(field);
      inside = field->message_type();
    }
  }
  return paths;
}

std::vector<const FieldDescriptor*> ColumnsOf(const Descriptor& type) {
  std::vector<const FieldDescriptor*> marked, plain;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (RulesOf(*field).column()) marked.push_back(field);
    if (!field->is_repeated() && field->name() != "etag") plain.push_back(field);
  }
  if (marked.empty()) return plain;
  const FieldDescriptor* const deleted = type.FindFieldByName("delete_time");
  if (deleted != nullptr && !RulesOf(*deleted).column()) marked.push_back(deleted);
  return marked;
}

void AddColumn(const FieldDescriptor* field, TextTable* table) {
  table->AddColumn(TitleOf(field),
                   IsNumber(field) ? TextTable::Align::kRight : TextTable::Align::kLeft,
                   !IsName(field));
}

std::vector<Path> PathsOf(const std::vector<const FieldDescriptor*>& fields) {
  std::vector<Path> paths;
  for (const FieldDescriptor* field : fields) paths.push_back({{field}, ""});
  return paths;
}

void PrintRows(const std::vector<const Message*>& messages, const std::vector<Path>& columns,
               const Style& style, std::ostream& out, const std::vector<const Message*>& totals) {
  const Writer writer(style, Writer::Detail::kBrief);
  TextTable table;
  for (const Path& column : columns) {
    if (!column.asked.empty()) {
      table.AddColumn(absl::AsciiStrToUpper(column.asked), TextTable::Align::kRight);
    } else if (column.fields.size() == 1 && column.key.empty() && !column.is_called) {
      AddColumn(column.fields.front(), &table);
    } else {
      table.AddColumn(absl::AsciiStrToUpper(absl::StrReplaceAll(PathText(column), {{"_", " "}})));
    }
  }
  const Writer called(style, Writer::Detail::kCalled);
  const auto cells_of = [&](const Message& message) {
    std::vector<std::string> cells;
    for (const Path& column : columns) {
      cells.push_back(!column.asked.empty() ? AskedOf(message, column, style)
                                            : TextAt(message, column.fields, column.key,
                                                     column.is_called ? called : writer));
    }
    return cells;
  };
  // Totals are called so where they have nothing and the rows have something, so that no column is
  // shown for that word alone.
  std::vector<bool> are_told(columns.size(), false);
  for (const Message* message : messages) {
    std::vector<std::string> cells = cells_of(*message);
    for (size_t i = 0; i < cells.size(); ++i) are_told[i] = are_told[i] || !cells[i].empty();
    table.AddRow(std::move(cells));
  }
  if (!messages.empty() && !totals.empty()) table.AddRule();
  for (const Message* total : totals) {
    std::vector<std::string> cells = cells_of(*total);
    size_t label = 0;
    while (label < cells.size() && !(are_told[label] && cells[label].empty())) ++label;
    if (label == cells.size()) label = 0;
    if (cells[label].empty()) cells[label] = "total";
    table.AddRow(std::move(cells));
  }
  if (table.empty()) {
    out << "Nothing found.\n";
    return;
  }
  table.Print(style.width, out);
}

void PrintCsv(const std::vector<const Message*>& messages, const std::vector<Path>& columns,
              std::ostream& out, const CalledNames& names) {
  PrintCsvHeader(columns, out);
  PrintCsvRows(messages, columns, out, names);
}

void PrintCsvHeader(const std::vector<Path>& columns, std::ostream& out) {
  out << absl::StrJoin(columns, ",", [](std::string* text, const Path& path) {
    *text += PathText(path);
  }) << "\r\n";
}

void PrintCsvRows(const std::vector<const Message*>& messages, const std::vector<Path>& columns,
                  std::ostream& out, const CalledNames& names) {
  Style style;
  style.names = names;
  const Writer plain(style, Writer::Detail::kPlain);
  const Writer called(style, Writer::Detail::kCalled);
  for (const Message* message : messages) {
    std::vector<std::string> cells;
    for (const Path& column : columns) {
      const Writer& writer = column.is_called ? called : plain;
      cells.push_back(CsvCell(!column.asked.empty()
                                  ? AskedOf(*message, column, style)
                                  : TextAt(*message, column.fields, column.key, writer)));
    }
    out << absl::StrJoin(cells, ",") << "\r\n";
  }
}

void PrintFields(const Message& message, const Style& style, std::ostream& out) {
  int width = 0;
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (CellOf(message, field, style).empty()) continue;
    fields.push_back(field);
    width = std::max(width, DisplayWidth(field->name()));
  }
  const Writer writer(style, Writer::Detail::kWhole);
  for (const FieldDescriptor* field : fields) {
    out << field->name() << std::string(width - DisplayWidth(field->name()) + 2, ' ');
    if (!field->is_repeated()) {
      out << writer.Element(message, field, -1) << '\n';
      continue;
    }
    bool is_first = true;
    for (const std::string& text : writer.Elements(message, field)) {
      if (!std::exchange(is_first, false)) out << std::string(width + 2, ' ');
      out << text << '\n';
    }
  }
}

std::string ToJson(const Message& message, bool indented) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = indented;
  std::string json;
  if (google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return json;
  // Only for an Any of a type that this program does not know. It is still one JSON document.
  return nlohmann::json{{"unreadable", message.ShortDebugString()}}.dump();
}

}  // namespace kith::cli
