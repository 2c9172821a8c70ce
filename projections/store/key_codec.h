// Encoding of values into keys, such that the bytes sort as the values do. FORMAT.md, section
// data/views.
//
// A key is the concatenation of its components, and no component is a prefix of another one, so
// keys of several components sort component by component. Pure functions.
//   string     its bytes, each 00 as 00 FF, then 00 01        bool     one byte
//   integer    8 bytes, big-endian, the sign bit flipped      unsigned 8 bytes, big-endian
//   double     8 bytes, big-endian, negative ones inverted    enum     4 bytes, big-endian, the
//   sign bit flipped time       microseconds since 1970, as an integer         date     4 bytes:
//   year, month and day; 0 when unset                                           money    its
//   currency as a string, units as an integer, nanos as an enum
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/money.pb.h"

namespace kith::projections {

// What a component holds.
enum class FieldType { kString, kBool, kInteger, kUnsigned, kDouble, kEnum, kTime, kDate, kMoney };

void AppendStringKey(absl::string_view value, std::string* key);
void AppendBoolKey(bool value, std::string* key);
void AppendIntegerKey(int64_t value, std::string* key);
void AppendUnsignedKey(uint64_t value, std::string* key);
void AppendDoubleKey(double value, std::string* key);  // NaN sorts first
void AppendEnumKey(int32_t value, std::string* key);
void AppendTimeKey(absl::Time value,
                   std::string* key);  // InfinitePast, the unset time, sorts first
void AppendDateKey(const google::type::Date& value, std::string* key);
// Sorts by currency, and within one by amount.
void AppendMoneyKey(const google::type::Money& value, std::string* key);

// A string component as far as every string with this beginning shares it: without its end.
std::string StringKeyPrefix(absl::string_view beginning);

// Takes one component off the front of `key`; false when it is malformed.
bool SkipKeyComponent(FieldType type, absl::string_view* key);
// The same, and what it holds.
bool TakeStringKey(absl::string_view* key, std::string* value);
bool TakeUnsignedKey(absl::string_view* key, uint64_t* value);

// The time of a Timestamp that is set.
absl::Time TimeOf(const google::protobuf::Timestamp& timestamp);

// The component type that a C++ type is encoded as.
template <class Value>
constexpr FieldType FieldTypeOf() {
  using V = std::decay_t<Value>;
  if constexpr (std::is_same_v<V, bool>)
    return FieldType::kBool;
  else if constexpr (std::is_enum_v<V>)
    return FieldType::kEnum;
  else if constexpr (std::is_integral_v<V>)
    return std::is_signed_v<V> ? FieldType::kInteger : FieldType::kUnsigned;
  else if constexpr (std::is_floating_point_v<V>)
    return FieldType::kDouble;
  else if constexpr (std::is_same_v<V, absl::Time> ||
                     std::is_same_v<V, google::protobuf::Timestamp>)
    return FieldType::kTime;
  else if constexpr (std::is_same_v<V, google::type::Date>)
    return FieldType::kDate;
  else if constexpr (std::is_same_v<V, google::type::Money>)
    return FieldType::kMoney;
  else {
    static_assert(std::is_convertible_v<Value, absl::string_view>, "not a key component");
    return FieldType::kString;
  }
}

template <class Value>
void AppendKey(const Value& value, std::string* key) {
  constexpr FieldType type = FieldTypeOf<Value>();
  if constexpr (type == FieldType::kBool)
    AppendBoolKey(value, key);
  else if constexpr (type == FieldType::kEnum)
    AppendEnumKey(static_cast<int32_t>(value), key);
  else if constexpr (type == FieldType::kInteger)
    AppendIntegerKey(value, key);
  else if constexpr (type == FieldType::kUnsigned)
    AppendUnsignedKey(value, key);
  else if constexpr (type == FieldType::kDouble)
    AppendDoubleKey(value, key);
  else if constexpr (std::is_same_v<Value, google::protobuf::Timestamp>)
    AppendTimeKey(TimeOf(value), key);
  else if constexpr (type == FieldType::kTime)
    AppendTimeKey(value, key);
  else if constexpr (type == FieldType::kDate)
    AppendDateKey(value, key);
  else if constexpr (type == FieldType::kMoney)
    AppendMoneyKey(value, key);
  else
    AppendStringKey(value, key);
}

// A key of several components: KeyOf(pipeline, stage, DealStatus::OPEN, date). Good for primary
// keys of rows that stand for a group, and for the bounds of a scan.
template <class... Values>
std::string KeyOf(const Values&... values) {
  std::string key;
  (AppendKey(values, &key), ...);
  return key;
}

}  // namespace kith::projections
