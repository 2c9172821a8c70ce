#include "services/cli/text/fields.h"

#include <google/protobuf/util/json_util.h>

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/type/v1/merge.pb.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// "OPEN, WON, LOST".
std::string NamesOf(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

// The number of an enum's value by its name, in any case and with dashes or spaces for underscores.
absl::StatusOr<int> ParseEnum(const EnumDescriptor& type, absl::string_view text) {
  const std::string name =
      absl::AsciiStrToUpper(absl::StrReplaceAll(text, {{"-", "_"}, {" ", "_"}}));
  if (const EnumValueDescriptor* value = type.FindValueByName(name); value != nullptr) {
    return value->number();
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not one of ", NamesOf(type)));
}

// What the parser says of a mistake, with the values there are where it is a value of an enum:
// `(kind): invalid value "FOO" for type type.googleapis.com/kith.interactions.v1.InteractionKind`.
std::string JsonMistake(absl::string_view message) {
  constexpr absl::string_view kValue = "invalid value ", kType = " for type type.googleapis.com/";
  const size_t value = message.find(kValue), type = message.rfind(kType);
  if (value == message.npos || type == message.npos || type < value) return std::string(message);
  const EnumDescriptor* const named =
      google::protobuf::DescriptorPool::generated_pool()->FindEnumTypeByName(
          std::string(message.substr(type + kType.size())));
  if (named == nullptr) return std::string(message);
  const size_t said = value + kValue.size();
  return absl::StrCat(message.substr(0, value), message.substr(said, type - said),
                      " is not one of ", NamesOf(*named));
}

template <class Number>
absl::StatusOr<Number> ParseNumber(absl::string_view text) {
  Number number;
  bool read = false;
  if constexpr (std::is_floating_point_v<Number>) {
    double value = 0;
    read = absl::SimpleAtod(text, &value);
    number = static_cast<Number>(value);
  } else {
    read = absl::SimpleAtoi(text, &number);
  }
  if (!read) return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a number"));
  return number;
}

// How a value of the field is written as JSON, for somebody who wrote it otherwise: its message by
// the required fields, else the first.
std::string JsonFormOf(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return R"(["…", "…"])";
  const Descriptor& type = *field.message_type();
  std::vector<std::string> members;
  for (const bool required : {true, false}) {
    for (int i = 0; i < type.field_count() && (required || members.empty()); ++i) {
      const options::v1::FieldRules& rules = RulesOf(*type.field(i));
      if (rules.output_only() || (required && !rules.required())) continue;
      const bool is_text = type.field(i)->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
      members.push_back(absl::StrCat("\"", type.field(i)->name(), "\": ", is_text ? "\"…\"" : "…"));
    }
  }
  return absl::StrCat("{", absl::StrJoin(members, ", "), "}",
                      field.is_repeated() ? ", or several in [ ]" : "");
}

// A field of a message, to be set if it is singular and added to if it is repeated.
class Target {
 public:
  Target(Message* message, const FieldDescriptor* field) : message_(message), field_(field) {}

  absl::Status Set(absl::string_view text) {
    switch (field_->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return SetNumber<int32_t>(text, &Reflection::SetInt32, &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return SetNumber<int64_t>(text, &Reflection::SetInt64, &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT32:
        return SetNumber<uint32_t>(text, &Reflection::SetUInt32, &Reflection::AddUInt32);
      case FieldDescriptor::CPPTYPE_UINT64:
        return SetNumber<uint64_t>(text, &Reflection::SetUInt64, &Reflection::AddUInt64);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return SetNumber<double>(text, &Reflection::SetDouble, &Reflection::AddDouble);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return SetNumber<float>(text, &Reflection::SetFloat, &Reflection::AddFloat);
      case FieldDescriptor::CPPTYPE_BOOL: {
        KITH_ASSIGN_OR_RETURN(const bool value, ParseBool(text));
        Put(value, &Reflection::SetBool, &Reflection::AddBool);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        KITH_ASSIGN_OR_RETURN(const int value, ParseEnum(*field_->enum_type(), text));
        Put(value, &Reflection::SetEnumValue, &Reflection::AddEnumValue);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        const auto& patterns = RulesOf(*field_).resource();
        Put(patterns.size() == 1 ? ExpandName(patterns[0], text) : std::string(text),
            &Reflection::SetString, &Reflection::AddString);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return SetMessage(text);
    }
    return absl::InternalError("a field of an unknown type");
  }

 private:
  template <class Value>
  void Put(Value value, void (Reflection::*set)(Message*, const FieldDescriptor*, Value) const,
           void (Reflection::*add)(Message*, const FieldDescriptor*, Value) const) {
    const Reflection* reflection = message_->GetReflection();
    (reflection->*(field_->is_repeated() ? add : set))(message_, field_, std::move(value));
  }

  template <class Number>
  absl::Status SetNumber(absl::string_view text,
                         void (Reflection::*set)(Message*, const FieldDescriptor*, Number) const,
                         void (Reflection::*add)(Message*, const FieldDescriptor*, Number) const) {
    KITH_ASSIGN_OR_RETURN(const Number number, ParseNumber<Number>(text));
    Put(number, set, add);
    return absl::OkStatus();
  }

  template <class Known>
  absl::Status SetKnown(absl::StatusOr<Known> value) {
    KITH_RETURN_IF_ERROR(value.status());
    Element()->CopyFrom(*value);
    return absl::OkStatus();
  }

  Message* Element() {
    const Reflection* reflection = message_->GetReflection();
    return field_->is_repeated() ? reflection->AddMessage(message_, field_)
                                 : reflection->MutableMessage(message_, field_);
  }

  absl::Status SetMessage(absl::string_view text) {
    const std::string& type = field_->message_type()->full_name();
    if (type == "google.type.Money") return SetKnown(ParseMoney(text));
    if (type == "google.type.Date") return SetKnown(ParseDay(text));
    if (type == "google.protobuf.Timestamp") return SetKnown(ParseTimestamp(text));
    if (type == "google.protobuf.Duration") return SetKnown(ParseDuration(text));
    if (type == "google.protobuf.FieldMask") {
      Message* mask = Element();
      for (absl::string_view path : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
        mask->GetReflection()->AddString(mask, mask->GetDescriptor()->FindFieldByName("paths"),
                                         std::string(path));
      }
      return absl::OkStatus();
    }
    const FieldDescriptor* plain = PlainField(*field_->message_type());
    if (plain == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "it holds a ", field_->message_type()->name(), ": write it like ", JsonFormOf(*field_),
          "; or give its fields, like --", absl::StrReplaceAll(field_->name(), {{"_", "-"}}), ".",
          field_->message_type()->field(0)->name()));
    }
    return Target(Element(), plain).Set(text);
  }

  // The one required string field of a message.
  static const FieldDescriptor* PlainField(const Descriptor& type) {
    const FieldDescriptor* plain = nullptr;
    for (int i = 0; i < type.field_count(); ++i) {
      if (!RulesOf(*type.field(i)).required()) continue;
      if (plain != nullptr || type.field(i)->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
        return nullptr;
      }
      plain = type.field(i);
    }
    return plain;
  }

  Message* const message_;
  const FieldDescriptor* const field_;
};

bool IsJson(const FieldDescriptor* field, absl::string_view text) {
  return (absl::StartsWith(text, "[") && field->is_repeated()) ||
         (absl::StartsWith(text, "{") && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE);
}

// JSON for a whole field, or for one element of a repeated one, so that protobuf's own parser does
// the work: {"field": text} of the message around it.
absl::Status SetFromJson(Message* message, const FieldDescriptor* field, absl::string_view text) {
  std::unique_ptr<Message> parsed(message->New());
  // The parser takes a single object for a repeated field too.
  const absl::Status status =
      ReadJson(absl::StrCat("{\"", field->name(), "\":", text, "}"), parsed.get());
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(status.message(), "\nwrite it like ", JsonFormOf(*field)));
  }
  message->MergeFrom(*parsed);
  return absl::OkStatus();
}

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0
                              : reflection->HasField(message, field);
}

// Under the key of a map: what its value is as a text, which is its first field, or JSON.
absl::Status SetMapValue(Message* message, const FieldDescriptor& map, const std::string& key,
                         absl::string_view text) {
  if (text.empty()) return absl::OkStatus();
  Message& value = MutableMapValue(*message, map, key);
  if (!absl::StartsWith(text, "{"))
    return Target(&value, value.GetDescriptor()->field(0)).Set(text);
  return ReadJson(std::string(text), &value);
}

// The message at `field`, where the rest of a path, beginning with `next`, goes on.
Message* Enter(Message* message, const FieldDescriptor* field, absl::string_view next) {
  const Reflection* reflection = message->GetReflection();
  if (!field->is_repeated()) return reflection->MutableMessage(message, field);
  if (const int size = reflection->FieldSize(*message, field); size > 0) {
    Message* last = reflection->MutableRepeatedMessage(message, field, size - 1);
    const FieldDescriptor* inner = field->message_type()->FindFieldByName(std::string(next));
    if (inner == nullptr || inner->is_repeated() || !IsSet(*last, inner)) return last;
  }
  return reflection->AddMessage(message, field);
}

}  // namespace

std::unique_ptr<Message> NewMessage(const Descriptor& type) {
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

absl::Status ReadJson(const std::string& json, Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(json, message);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "this JSON does not fit: ",
      JsonMistake(absl::string_view(status.message().data(), status.message().size()))));
}

absl::Status SetField(Message* message, absl::string_view path, absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(path, '.');
  const FieldDescriptor* field = nullptr;
  for (size_t i = 0; i < parts.size(); ++i) {
    field = message->GetDescriptor()->FindFieldByName(parts[i]);
    if (field == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(message->GetDescriptor()->name(), " has no field ", parts[i]));
    }
    if (i + 1 == parts.size()) break;
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return absl::InvalidArgumentError(absl::StrCat(parts[i], " has no fields of its own"));
    }
    if (IsTextMap(*field) && i + 2 == parts.size()) {
      return SetMapValue(message, *field, parts[i + 1], text);
    }
    message = Enter(message, field, parts[i + 1]);
  }
  const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (text.empty() && (is_message || field->is_repeated())) return absl::OkStatus();
  if (IsJson(field, text)) return SetFromJson(message, field, text);
  return Target(message, field).Set(text);
}

const FieldDescriptor* FindField(const Descriptor& message, absl::string_view path) {
  const Descriptor* type = &message;
  const FieldDescriptor* field = nullptr;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(path, '.'))) {
    if (field != nullptr && IsTextMap(*field) && type == field->message_type()) {
      field = type->map_value();
      type = nullptr;
      continue;
    }
    field = type == nullptr ? nullptr : type->FindFieldByName(part);
    if (field == nullptr) return nullptr;
    type = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE ? field->message_type() : nullptr;
  }
  return field;
}

const options::v1::FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field);
}

bool NamesRecords(const FieldDescriptor& field) {
  if (RulesOf(field).resource_size() > 0) return true;
  using interactions::v1::TimelineEntry;
  using type::v1::MergedField;
  return (field.containing_type() == MergedField::descriptor() &&
          field.number() == MergedField::kSourceFieldNumber) ||
         (field.containing_type() == TimelineEntry::descriptor() &&
          field.number() == TimelineEntry::kRecordFieldNumber);
}

}  // namespace kith::cli
