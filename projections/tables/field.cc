#include "projections/tables/field.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "eventstore/base/check.h"
#include "kith/options/v1/options.pb.h"

namespace kith::projections {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Path = std::vector<const FieldDescriptor*>;

FieldType TypeOf(const FieldDescriptor& leaf) {
  switch (leaf.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return FieldType::kString;
    case FieldDescriptor::CPPTYPE_BOOL:
      return FieldType::kBool;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return FieldType::kInteger;
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return FieldType::kUnsigned;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return FieldType::kDouble;
    case FieldDescriptor::CPPTYPE_ENUM:
      return FieldType::kEnum;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  const Descriptor* message = leaf.message_type();
  if (message == google::type::Date::descriptor()) return FieldType::kDate;
  KITH_CHECK(message == google::protobuf::Timestamp::descriptor());
  return FieldType::kTime;
}

// A field of `message`, or element `index` of it when it is repeated (-1: it is not).
void AddString(const Message& message, const FieldDescriptor* leaf, int index, ValueSink& out) {
  const Reflection& reflection = *message.GetReflection();
  std::string scratch;
  out.Add(index < 0 ? reflection.GetStringReference(message, leaf, &scratch)
                    : reflection.GetRepeatedStringReference(message, leaf, index, &scratch));
}

void AddMessage(const Message& message, const FieldDescriptor* leaf, int index, ValueSink& out) {
  const Reflection& reflection = *message.GetReflection();
  const Message& value = index < 0 ? reflection.GetMessage(message, leaf)
                                   : reflection.GetRepeatedMessage(message, leaf, index);
  if (leaf->message_type() == google::type::Date::descriptor()) {
    return out.Add(static_cast<const google::type::Date&>(value));
  }
  const bool set = index >= 0 || reflection.HasField(message, leaf);
  out.Add(set ? TimeOf(static_cast<const google::protobuf::Timestamp&>(value))
              : absl::InfinitePast());
}

#define KITH_GET(type) \
  (index < 0 ? r.Get##type(message, leaf) : r.GetRepeated##type(message, leaf, index))

void AddLeaf(const Message& message, const FieldDescriptor* leaf, int index, ValueSink& out) {
  const Reflection& r = *message.GetReflection();
  switch (leaf->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return AddString(message, leaf, index, out);
    case FieldDescriptor::CPPTYPE_BOOL:
      return out.Add(KITH_GET(Bool));
    case FieldDescriptor::CPPTYPE_INT32:
      return out.Add(KITH_GET(Int32));
    case FieldDescriptor::CPPTYPE_INT64:
      return out.Add(KITH_GET(Int64));
    case FieldDescriptor::CPPTYPE_UINT32:
      return out.Add(KITH_GET(UInt32));
    case FieldDescriptor::CPPTYPE_UINT64:
      return out.Add(KITH_GET(UInt64));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return out.Add(KITH_GET(Float));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return out.Add(KITH_GET(Double));
    case FieldDescriptor::CPPTYPE_ENUM:
      return out.AddEnum(KITH_GET(EnumValue));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return AddMessage(message, leaf, index, out);
  }
}

#undef KITH_GET

// Adds every value at `path` from `depth` on: one, unless a part of the path is repeated.
void AddPath(const Message& message, const Path& path, size_t depth, ValueSink& out) {
  const FieldDescriptor* field = path[depth];
  const Reflection& reflection = *message.GetReflection();
  const bool leaf = depth + 1 == path.size();
  if (!field->is_repeated()) {
    if (leaf) return AddLeaf(message, field, -1, out);
    return AddPath(reflection.GetMessage(message, field), path, depth + 1, out);
  }
  const int count = reflection.FieldSize(message, field);
  for (int i = 0; i < count; ++i) {
    if (leaf) {
      AddLeaf(message, field, i, out);
    } else {
      AddPath(reflection.GetRepeatedMessage(message, field, i), path, depth + 1, out);
    }
  }
}

#define KITH_SAME(type) (r.Get##type(a, leaf) == r.Get##type(b, leaf))

// A field that is not repeated, of two messages of one type.
bool IsSameLeaf(const Message& a, const Message& b, const FieldDescriptor* leaf) {
  const Reflection& r = *a.GetReflection();
  std::string scratch_a, scratch_b;
  switch (leaf->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return r.GetStringReference(a, leaf, &scratch_a) == r.GetStringReference(b, leaf, &scratch_b);
    case FieldDescriptor::CPPTYPE_BOOL:
      return KITH_SAME(Bool);
    case FieldDescriptor::CPPTYPE_INT32:
      return KITH_SAME(Int32);
    case FieldDescriptor::CPPTYPE_INT64:
      return KITH_SAME(Int64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return KITH_SAME(UInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return KITH_SAME(UInt64);
    case FieldDescriptor::CPPTYPE_ENUM:
      return KITH_SAME(EnumValue);
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return false;  // NaN, and two zeros
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  if (r.HasField(a, leaf) != r.HasField(b, leaf)) return false;
  const Message& in_a = r.GetMessage(a, leaf);
  const Message& in_b = r.GetMessage(b, leaf);
  if (leaf->message_type() == google::type::Date::descriptor()) {
    const auto& date_a = static_cast<const google::type::Date&>(in_a);
    const auto& date_b = static_cast<const google::type::Date&>(in_b);
    return date_a.year() == date_b.year() && date_a.month() == date_b.month() &&
           date_a.day() == date_b.day();
  }
  const auto& time_a = static_cast<const google::protobuf::Timestamp&>(in_a);
  const auto& time_b = static_cast<const google::protobuf::Timestamp&>(in_b);
  return time_a.seconds() == time_b.seconds() && time_a.nanos() == time_b.nanos();
}

#undef KITH_SAME

// What is at a path no part of which is repeated.
bool IsSameAt(const Path& path, const Message& a, const Message& b) {
  const Message* in_a = &a;
  const Message* in_b = &b;
  for (size_t depth = 0; depth + 1 < path.size(); ++depth) {
    in_a = &in_a->GetReflection()->GetMessage(*in_a, path[depth]);
    in_b = &in_b->GetReflection()->GetMessage(*in_b, path[depth]);
  }
  return IsSameLeaf(*in_a, *in_b, path.back());
}

bool IsPersonal(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).personal();
}

absl::Status NotA(absl::string_view literal, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("\"", literal, "\" is not ", what));
}

absl::StatusOr<std::string> EncodeEnum(absl::string_view literal,
                                       const google::protobuf::EnumDescriptor* type) {
  std::string key;
  int32_t number = 0;
  if (type == nullptr) {
    if (!absl::SimpleAtoi(literal, &number)) return NotA(literal, "the number of an enum value");
    AppendEnumKey(number, &key);
    return key;
  }
  const auto* value = type->FindValueByName(std::string(literal));
  if (value == nullptr) {
    std::vector<absl::string_view> names;
    for (int i = 0; i < type->value_count(); ++i) names.push_back(type->value(i)->name());
    return NotA(literal, absl::StrCat("one of ", absl::StrJoin(names, ", ")));
  }
  AppendEnumKey(value->number(), &key);
  return key;
}

// "2026-11-23".
bool ParseDate(absl::string_view literal, absl::CivilDay* day) {
  if (literal.size() != 10) return false;
  for (size_t i = 0; i < literal.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? literal[i] != '-' : !absl::ascii_isdigit(literal[i])) return false;
  }
  int year = 0, month = 0, date = 0;
  if (!absl::SimpleAtoi(literal.substr(0, 4), &year) ||
      !absl::SimpleAtoi(literal.substr(5, 2), &month) ||
      !absl::SimpleAtoi(literal.substr(8, 2), &date)) {
    return false;
  }
  *day = absl::CivilDay(year, month, date);  // carries over where the date does not exist
  return day->year() == year && day->month() == month && day->day() == date;
}

// The empty literal is the unset value of times and dates.
absl::StatusOr<std::string> EncodeTime(absl::string_view literal) {
  if (literal.empty()) return KeyOf(absl::InfinitePast());
  absl::Time time;
  absl::CivilDay day;
  if (ParseDate(literal, &day)) {
    time = absl::FromCivil(day, absl::UTCTimeZone());
  } else if (std::string error; !absl::ParseTime(absl::RFC3339_full, literal, &time, &error)) {
    return NotA(literal, "a time like \"2026-11-23T09:30:00Z\" or a date like 2026-11-23");
  }
  return KeyOf(time);
}

absl::StatusOr<std::string> EncodeDate(absl::string_view literal) {
  if (literal.empty()) return KeyOf(google::type::Date());
  absl::CivilDay day;
  if (!ParseDate(literal, &day)) return NotA(literal, "a date like 2026-11-23");
  google::type::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return KeyOf(date);
}

}  // namespace

std::string FoldAscii(absl::string_view text) { return absl::AsciiStrToLower(text); }

std::vector<std::string> Field::ValuesOf(const Message& row) const {
  std::vector<std::string> values;
  ValueSink sink(normalise, &values);
  get(row, sink);
  KITH_CHECK(many || values.size() == 1);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

absl::StatusOr<std::string> Field::Encode(absl::string_view literal) const {
  switch (type) {
    case FieldType::kString:
      return KeyOf(normalise ? normalise(literal) : std::string(literal));
    case FieldType::kBool:
      if (literal != "true" && literal != "false") return NotA(literal, "true or false");
      return KeyOf(literal == "true");
    case FieldType::kInteger: {
      int64_t value = 0;
      if (!absl::SimpleAtoi(literal, &value)) return NotA(literal, "a whole number");
      return KeyOf(value);
    }
    case FieldType::kUnsigned: {
      uint64_t value = 0;
      if (!absl::SimpleAtoi(literal, &value)) return NotA(literal, "a whole number from 0 on");
      return KeyOf(value);
    }
    case FieldType::kDouble: {
      double value = 0;
      if (!absl::SimpleAtod(literal, &value)) return NotA(literal, "a number");
      return KeyOf(value);
    }
    case FieldType::kEnum:
      return EncodeEnum(literal, enum_type);
    case FieldType::kTime:
      return EncodeTime(literal);
    case FieldType::kDate:
      return EncodeDate(literal);
  }
  return absl::InternalError("unknown field type");
}

std::string Field::Unset() const {
  switch (type) {
    case FieldType::kString:
      return KeyOf("");
    case FieldType::kBool:
      return KeyOf(false);
    case FieldType::kInteger:
      return KeyOf(0);
    case FieldType::kUnsigned:
      return KeyOf(0u);
    case FieldType::kDouble:
      return KeyOf(0.0);
    case FieldType::kEnum:
      return KeyOf(FieldType(0));
    case FieldType::kTime:
      return KeyOf(absl::InfinitePast());
    case FieldType::kDate:
      return KeyOf(google::type::Date());
  }
  return "";
}

Field FieldAt(const Descriptor& row, absl::string_view name, absl::string_view path,
              Normalise normalise) {
  Field field;
  field.name = std::string(name);
  field.personal = false;
  Path steps;
  const Descriptor* message = &row;
  for (const absl::string_view step : absl::StrSplit(path, '.')) {
    KITH_CHECK(message != nullptr);
    steps.push_back(message->FindFieldByName(std::string(step)));
    KITH_CHECK(steps.back() != nullptr);
    field.many = field.many || steps.back()->is_repeated();
    field.personal = field.personal || IsPersonal(*steps.back());
    message = steps.back()->message_type();
  }
  field.type = TypeOf(*steps.back());
  if (field.type == FieldType::kEnum) field.enum_type = steps.back()->enum_type();
  KITH_CHECK(!normalise || field.type == FieldType::kString);
  field.normalise = std::move(normalise);
  if (!field.many) {
    field.alike = [steps](const Message& a, const Message& b) { return IsSameAt(steps, a, b); };
  }
  field.get = [steps = std::move(steps)](const Message& message, ValueSink& out) {
    AddPath(message, steps, 0, out);
  };
  return field;
}

}  // namespace kith::projections
