#include "services/cli/text/render.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string AnyText(const Any& any) {
  const std::string& url = any.type_url();
  return url.substr(url.find_last_of("./") + 1);
}

// Writes values as texts. A message in a table is brief: its columns, or its first set field; where
// there is room it is whole.
class Writer {
 public:
  enum class Detail { kBrief, kWhole };

  Writer(absl::TimeZone zone, Detail detail) : zone_(zone), detail_(detail) {}

  // `index` is -1 for a singular field.
  std::string Element(const Message& message, const FieldDescriptor* field, int index) const {
    const Reflection* reflection = message.GetReflection();
    const auto pick = [&](auto get, auto get_repeated) {
      return index < 0 ? (reflection->*get)(message, field)
                       : (reflection->*get_repeated)(message, field, index);
    };
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return FormatCount(pick(&Reflection::GetInt32, &Reflection::GetRepeatedInt32));
      case FieldDescriptor::CPPTYPE_INT64:
        return FormatCount(pick(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
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
        return pick(&Reflection::GetString, &Reflection::GetRepeatedString);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return index < 0 ? Nested(reflection->GetMessage(message, field))
                         : Nested(reflection->GetRepeatedMessage(message, field, index));
    }
    return "";
  }

 private:
  std::string Nested(const Message& message) const {
    if (const auto* money = DynamicCastToGenerated<google::type::Money>(&message)) {
      return FormatMoney(*money);
    }
    if (const auto* date = DynamicCastToGenerated<google::type::Date>(&message)) {
      return FormatDate(*date);
    }
    if (const auto* time = DynamicCastToGenerated<google::protobuf::Timestamp>(&message)) {
      return FormatTimestamp(*time, zone_);
    }
    if (const auto* duration = DynamicCastToGenerated<google::protobuf::Duration>(&message)) {
      return FormatDuration(*duration);
    }
    if (const auto* any = DynamicCastToGenerated<Any>(&message)) return AnyText(*any);
    return detail_ == Detail::kBrief ? Brief(message) : Whole(message);
  }

  std::string Brief(const Message& message) const {
    for (const FieldDescriptor* field : ColumnsOf(*message.GetDescriptor())) {
      if (std::string cell = CellOf(message, field, zone_); !cell.empty()) return cell;
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
        texts.push_back(CellOf(message, field, zone_));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
        texts.push_back(field->name());
      } else {
        texts.push_back(Element(message, field, -1));
      }
    }
    return absl::StrJoin(texts, " · ");
  }

  const absl::TimeZone zone_;
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
  return field->name() == "name" || RulesOf(*field).resource_size() > 0;
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
  std::string text;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", writer.Element(message, field, i));
  }
  return text;
}

}  // namespace

std::string CellOf(const Message& message, const FieldDescriptor* field, absl::TimeZone zone) {
  return Text(message, field, Writer(zone, Writer::Detail::kBrief));
}

std::string TextOf(const Message& message, const FieldDescriptor* field, absl::TimeZone zone) {
  return Text(message, field, Writer(zone, Writer::Detail::kWhole));
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

void PrintRows(const std::vector<const Message*>& messages, const Descriptor& type,
               absl::TimeZone zone, std::ostream& out) {
  const std::vector<const FieldDescriptor*> columns = ColumnsOf(type);
  TextTable table;
  for (const FieldDescriptor* column : columns) AddColumn(column, &table);
  for (const Message* message : messages) {
    std::vector<std::string> cells;
    for (const FieldDescriptor* column : columns) cells.push_back(CellOf(*message, column, zone));
    table.AddRow(std::move(cells));
  }
  if (table.empty()) {
    out << "Nothing found.\n";
    return;
  }
  table.Print(out);
}

void PrintFields(const Message& message, absl::TimeZone zone, std::ostream& out) {
  int width = 0;
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (CellOf(message, field, zone).empty()) continue;
    fields.push_back(field);
    width = std::max(width, DisplayWidth(field->name()));
  }
  const Writer writer(zone, Writer::Detail::kWhole);
  for (const FieldDescriptor* field : fields) {
    out << field->name() << std::string(width - DisplayWidth(field->name()) + 2, ' ');
    if (!field->is_repeated()) {
      out << writer.Element(message, field, -1) << '\n';
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      if (i > 0) out << std::string(width + 2, ' ');
      out << writer.Element(message, field, i) << '\n';
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
