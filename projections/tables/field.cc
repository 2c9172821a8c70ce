#include "projections/tables/field.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/money_text.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_date.h"
#include "eventstore/base/status_macros.h"
#include "google/type/money.pb.h"
#include "kith/options/v1/options.pb.h"
#include "projections/store/versioned_store.h"
#include "projections/tables/nearest_name.h"
#include "projections/tables/time_period.h"

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
  if (message == google::type::Money::descriptor()) return FieldType::kMoney;
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
  if (leaf->message_type() == google::type::Money::descriptor()) {
    return out.Add(static_cast<const google::type::Money&>(value));
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
  if (leaf->message_type() == google::type::Money::descriptor()) {
    const auto& money_a = static_cast<const google::type::Money&>(in_a);
    const auto& money_b = static_cast<const google::type::Money&>(in_b);
    return money_a.currency_code() == money_b.currency_code() &&
           money_a.units() == money_b.units() && money_a.nanos() == money_b.nanos();
  }
  const auto& time_a = static_cast<const google::protobuf::Timestamp&>(in_a);
  const auto& time_b = static_cast<const google::protobuf::Timestamp&>(in_b);
  return time_a.seconds() == time_b.seconds() && time_a.nanos() == time_b.nanos();
}

#undef KITH_SAME

bool IsSameRepeated(const Message& a, const Message& b, const Path& path, size_t depth);

// What is at a path from `depth` on.
bool IsSameAt(const Message& a, const Message& b, const Path& path, size_t depth) {
  const FieldDescriptor* const field = path[depth];
  if (field->is_repeated()) return IsSameRepeated(a, b, path, depth);
  if (depth + 1 == path.size()) return IsSameLeaf(a, b, field);
  return IsSameAt(a.GetReflection()->GetMessage(a, field), b.GetReflection()->GetMessage(b, field),
                  path, depth + 1);
}

// Of repeated leaves only texts are looked at.
bool IsSameRepeated(const Message& a, const Message& b, const Path& path, size_t depth) {
  const FieldDescriptor* const field = path[depth];
  const Reflection& r = *a.GetReflection();
  const int count = r.FieldSize(a, field);
  if (count != r.FieldSize(b, field)) return false;
  const bool leaf = depth + 1 == path.size();
  if (leaf && count > 0 && field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return false;
  std::string scratch_a, scratch_b;
  for (int i = 0; i < count; ++i) {
    const bool same = leaf ? r.GetRepeatedStringReference(a, field, i, &scratch_a) ==
                                 r.GetRepeatedStringReference(b, field, i, &scratch_b)
                           : IsSameAt(r.GetRepeatedMessage(a, field, i),
                                      r.GetRepeatedMessage(b, field, i), path, depth + 1);
    if (!same) return false;
  }
  return true;
}

bool IsPersonal(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).personal();
}

absl::Status NotA(absl::string_view literal, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("\"", literal, "\" is not ", what));
}

// As people write one: "nan", "inf" and "0x10" are none, though the library reads them.
bool ParseNumber(absl::string_view text, double* number) {
  return text.find_first_not_of("0123456789+-.eE ") == absl::string_view::npos &&
         absl::SimpleAtod(text, number) && std::isfinite(*number);
}

// The name of those that is nearest to `text`; empty when none is near.
std::string NearestName(absl::string_view text, const google::protobuf::EnumDescriptor& type) {
  std::vector<absl::string_view> names;
  for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
  return std::string(NearestOf(text, names));
}

LiteralValues One(std::string value) {
  std::string end = PrefixEnd(value);
  return {std::move(value), std::move(end), true, {}};
}

absl::StatusOr<LiteralValues> EnumFor(absl::string_view literal,
                                      const google::protobuf::EnumDescriptor* type) {
  std::string key;
  int32_t number = 0;
  if (type == nullptr) {
    if (!absl::SimpleAtoi(literal, &number)) return NotA(literal, "the number of an enum value");
    AppendEnumKey(number, &key);
    return One(std::move(key));
  }
  const auto* value =
      literal.empty() ? type->FindValueByNumber(0) : type->FindValueByName(std::string(literal));
  if (value == nullptr) {
    std::vector<absl::string_view> names;
    for (int i = 0; i < type->value_count(); ++i) names.push_back(type->value(i)->name());
    const std::string nearest = NearestName(literal, *type);
    return NotA(literal, absl::StrCat("one of ", absl::StrJoin(names, ", "),
                                      nearest.empty() ? "" : "; did you mean ", nearest));
  }
  AppendEnumKey(value->number(), &key);
  return One(std::move(key));
}

// The empty literal is the unset value of times and dates.
absl::StatusOr<LiteralValues> TimesFor(absl::string_view literal, const Moment& moment) {
  if (literal.empty()) return One(KeyOf(absl::InfinitePast()));
  KITH_ASSIGN_OR_RETURN(std::optional<TimePeriod> period, ParseTimePeriod(literal, moment));
  if (!period.has_value()) {
    KITH_ASSIGN_OR_RETURN(const TimeLiteral time, ParseTimeLiteral(literal, moment, false));
    if (time.time.has_value()) return One(KeyOf(*time.time));
    period = {time.day, time.day};
  }
  return LiteralValues{KeyOf(BeginningOf(period->first, moment.zone)),
                       KeyOf(BeginningOf(period->last + 1, moment.zone)),
                       false,
                       {}};
}

absl::StatusOr<LiteralValues> DaysFor(absl::string_view literal, const Moment& moment) {
  if (literal.empty()) return One(KeyOf(google::type::Date()));
  KITH_ASSIGN_OR_RETURN(const std::optional<TimePeriod> period, ParseTimePeriod(literal, moment));
  if (period.has_value()) {
    return LiteralValues{KeyOf(DateOf(period->first)), KeyOf(DateOf(period->last + 1)), false, {}};
  }
  KITH_ASSIGN_OR_RETURN(const TimeLiteral time, ParseTimeLiteral(literal, moment, true));
  return One(KeyOf(DateOf(time.day)));
}

// Amounts are compared within a currency only. The empty literal is the amount of what has none.
absl::StatusOr<LiteralValues> MoneyFor(absl::string_view literal) {
  google::type::Money money;
  if (!literal.empty() && !ParseMoneyText(literal, &money)) {
    return NotA(literal, "an amount with its currency like \"24000.50 EUR\"");
  }
  LiteralValues values = One(KeyOf(money));
  const std::string currency = KeyOf(money.currency_code());
  values.among = {currency, PrefixEnd(currency)};
  return values;
}

// Whether a name, or the beginning of one, can be of a pattern like "users/{user}".
bool IsOfPattern(absl::string_view name, absl::string_view pattern, bool is_beginning) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  const std::vector<absl::string_view> wanted = absl::StrSplit(pattern, '/');
  if (parts.size() > wanted.size() || (!is_beginning && parts.size() < wanted.size())) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_id = absl::StartsWith(wanted[i], "{");
    const bool is_open = is_beginning && i + 1 == parts.size();
    if (is_id ? parts[i].empty() && !is_open
              : !(is_open ? absl::StartsWith(wanted[i], parts[i]) : wanted[i] == parts[i])) {
      return false;
    }
  }
  return true;
}

bool IsOfSome(absl::string_view name, const std::vector<std::string>& links, bool is_beginning) {
  return links.empty() || std::any_of(links.begin(), links.end(), [&](const std::string& pattern) {
           return IsOfPattern(name, pattern, is_beginning);
         });
}

// What a resource may be called itself; null of any other field.
std::function<absl::Status(absl::string_view)> NameCheckOf(const FieldDescriptor& field) {
  const auto& resource = field.containing_type()->options().GetExtension(options::v1::resource);
  if (field.name() != "name" || resource.pattern().empty()) return nullptr;
  std::vector<std::string> patterns = {resource.pattern()};
  patterns.insert(patterns.end(), resource.further_patterns().begin(),
                  resource.further_patterns().end());
  return [patterns = std::move(patterns)](absl::string_view text) -> absl::Status {
    if (IsOfSome(text, patterns, false)) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("must be a name like ", absl::StrJoin(patterns, " or ")));
  };
}

absl::Status CheckLink(absl::string_view literal, const std::vector<std::string>& links,
                       bool is_beginning) {
  if (literal.empty() || IsOfSome(literal, links, is_beginning)) return absl::OkStatus();
  return NotA(literal, absl::StrCat(is_beginning ? "the beginning of a name like " : "a name like ",
                                    absl::StrJoin(links, " or ")));
}

}  // namespace

bool ValueRange::Contains(absl::string_view value) const {
  return !none && value >= from && (to.empty() || value < to);
}

void ValueRange::Intersect(const ValueRange& other) {
  from = std::max(from, other.from);
  if (to.empty() || (!other.to.empty() && other.to < to)) to = other.to;
  none = none || other.none || (!to.empty() && from >= to);
}

void WordSink::Add(absl::string_view name) {
  if (names_ != nullptr) {
    names_->emplace_back(name);
    return;
  }
  for (const std::string& word : FoldedWords(name)) words_->Add(word);
}

std::string FoldAscii(absl::string_view text) { return absl::AsciiStrToLower(text); }

std::vector<std::string> Field::ValuesOf(const Message& row) const {
  std::vector<std::string> values;
  static const Normalise kNone;
  ValueSink sink(is_words ? kNone : normalise, &values);
  get(row, sink);
  KITH_CHECK(many || values.size() == 1);
  if (values.size() < 2) return values;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

absl::StatusOr<LiteralValues> Field::ValuesFor(absl::string_view literal,
                                               const Moment& moment) const {
  switch (type) {
    case FieldType::kString:
      KITH_RETURN_IF_ERROR(CheckLink(literal, links, false));
      return One(KeyOf(normalise ? normalise(literal) : std::string(literal)));
    case FieldType::kBool:
      if (literal != "true" && literal != "false") return NotA(literal, "true or false");
      return One(KeyOf(literal == "true"));
    case FieldType::kInteger: {
      int64_t value = 0;
      if (!absl::SimpleAtoi(literal, &value)) return NotA(literal, "a whole number");
      return One(KeyOf(value));
    }
    case FieldType::kUnsigned: {
      uint64_t value = 0;
      if (!absl::SimpleAtoi(literal, &value)) return NotA(literal, "a whole number from 0 on");
      return One(KeyOf(value));
    }
    case FieldType::kDouble: {
      double value = 0;
      if (!ParseNumber(literal, &value)) return NotA(literal, "a number");
      return One(KeyOf(value));
    }
    case FieldType::kEnum:
      return EnumFor(literal, enum_type);
    case FieldType::kTime:
      return TimesFor(literal, moment);
    case FieldType::kDate:
      return DaysFor(literal, moment);
    case FieldType::kMoney:
      return MoneyFor(literal);
  }
  return absl::InternalError("unknown field type");
}

absl::StatusOr<ValueRange> Field::BeginningWith(absl::string_view literal) const {
  KITH_RETURN_IF_ERROR(CheckLink(literal, links, true));
  const std::string beginning =
      StringKeyPrefix(normalise ? normalise(literal) : std::string(literal));
  return ValueRange{beginning, PrefixEnd(beginning)};
}

bool Field::MayHoldName(absl::string_view name) const { return IsOfSome(name, links, false); }

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
    case FieldType::kMoney:
      return KeyOf(google::type::Money());
  }
  return "";
}

bool HasPersonal(const Descriptor& row) {
  for (int i = 0; i < row.field_count(); ++i) {
    if (IsPersonal(*row.field(i))) return true;
  }
  return false;
}

Field FieldAt(const Descriptor& row, absl::string_view name, absl::string_view path,
              Normalise normalise) {
  Field field;
  field.name = std::string(name);
  field.path = std::string(path);
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
    field.money = field.money || message == google::type::Money::descriptor();
  }
  field.type = TypeOf(*steps.back());
  if (field.type == FieldType::kEnum) field.enum_type = steps.back()->enum_type();
  const auto& rules = steps.back()->options().GetExtension(options::v1::field);
  field.links.assign(rules.resource().begin(), rules.resource().end());
  field.check = NameCheckOf(*steps.back());
  KITH_CHECK(!normalise || field.type == FieldType::kString);
  field.normalise = std::move(normalise);
  field.alike = [steps](const Message& a, const Message& b) { return IsSameAt(a, b, steps, 0); };
  field.get = [steps = std::move(steps)](const Message& message, ValueSink& out) {
    AddPath(message, steps, 0, out);
  };
  return field;
}

}  // namespace kith::projections
