#include "projections/store/key_codec.h"

#include <cmath>
#include <cstring>

namespace kith::projections {
namespace {

// A string's bytes, each zero escaped, so that no string's encoding is the beginning of another's.
constexpr char kEscape = '\0';
constexpr char kEscapedZero = '\xff';
constexpr char kEnd = '\1';

template <class Unsigned>
void AppendBigEndian(Unsigned value, std::string* key) {
  char bytes[sizeof(Unsigned)];
  for (size_t i = sizeof(bytes); i > 0; --i, value >>= 8) bytes[i - 1] = static_cast<char>(value);
  key->append(bytes, sizeof(bytes));
}

void AppendEscaped(absl::string_view value, std::string* key) {
  for (size_t zero = value.find(kEscape); zero != value.npos; zero = value.find(kEscape)) {
    key->append(value.data(), zero + 1);
    key->push_back(kEscapedZero);
    value.remove_prefix(zero + 1);
  }
  key->append(value.data(), value.size());
}

bool SkipString(absl::string_view* key) {
  for (size_t at = 0; at + 1 < key->size(); ++at) {
    if ((*key)[at] != kEscape) continue;
    if ((*key)[at + 1] == kEnd) {
      key->remove_prefix(at + 2);
      return true;
    }
    if ((*key)[++at] != kEscapedZero) return false;
  }
  return false;
}

bool SkipBytes(size_t size, absl::string_view* key) {
  if (key->size() < size) return false;
  key->remove_prefix(size);
  return true;
}

}  // namespace

void AppendStringKey(absl::string_view value, std::string* key) {
  key->reserve(key->size() + value.size() + 2);
  AppendEscaped(value, key);
  key->push_back(kEscape);
  key->push_back(kEnd);
}

void AppendBoolKey(bool value, std::string* key) { key->push_back(value ? '\1' : '\0'); }

void AppendIntegerKey(int64_t value, std::string* key) {
  AppendBigEndian(static_cast<uint64_t>(value) ^ (uint64_t{1} << 63), key);
}

void AppendUnsignedKey(uint64_t value, std::string* key) { AppendBigEndian(value, key); }

void AppendDoubleKey(double value, std::string* key) {
  if (std::isnan(value)) return AppendUnsignedKey(0, key);
  if (value == 0) value = 0;  // one zero
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  constexpr uint64_t kSign = uint64_t{1} << 63;
  AppendBigEndian((bits & kSign) != 0 ? ~bits : bits | kSign, key);
}

void AppendEnumKey(int32_t value, std::string* key) {
  AppendBigEndian(static_cast<uint32_t>(value) ^ (uint32_t{1} << 31), key);
}

void AppendTimeKey(absl::Time value, std::string* key) {
  AppendIntegerKey(absl::ToUnixMicros(value), key);
}

void AppendDateKey(const google::type::Date& value, std::string* key) {
  const auto year = static_cast<uint32_t>(value.year()) & 0x3fffff;
  const auto month = static_cast<uint32_t>(value.month()) & 0xf;
  const auto day = static_cast<uint32_t>(value.day()) & 0x1f;
  AppendBigEndian(year << 9 | month << 5 | day, key);
}

void AppendMoneyKey(const google::type::Money& value, std::string* key) {
  AppendStringKey(value.currency_code(), key);
  AppendIntegerKey(value.units(), key);
  AppendEnumKey(value.nanos(), key);
}

std::string StringKeyPrefix(absl::string_view beginning) {
  std::string prefix;
  AppendEscaped(beginning, &prefix);
  return prefix;
}

bool SkipKeyComponent(FieldType type, absl::string_view* key) {
  switch (type) {
    case FieldType::kString:
      return SkipString(key);
    case FieldType::kBool:
      return SkipBytes(1, key);
    case FieldType::kEnum:
    case FieldType::kDate:
      return SkipBytes(4, key);
    case FieldType::kInteger:
    case FieldType::kUnsigned:
    case FieldType::kDouble:
    case FieldType::kTime:
      return SkipBytes(8, key);
    case FieldType::kMoney:
      return SkipString(key) && SkipBytes(12, key);
  }
  return false;
}

bool TakeStringKey(absl::string_view* key, std::string* value) {
  value->clear();
  for (;;) {
    const size_t at = key->find(kEscape);
    if (at == absl::string_view::npos || at + 1 == key->size()) return false;
    const char next = (*key)[at + 1];
    if (next != kEnd && next != kEscapedZero) return false;
    value->append(key->data(), next == kEnd ? at : at + 1);
    key->remove_prefix(at + 2);
    if (next == kEnd) return true;
  }
}

bool TakeUnsignedKey(absl::string_view* key, uint64_t* value) {
  if (key->size() < sizeof(*value)) return false;
  *value = 0;
  for (size_t at = 0; at < sizeof(*value); ++at) {
    *value = *value << 8 | static_cast<unsigned char>((*key)[at]);
  }
  key->remove_prefix(sizeof(*value));
  return true;
}

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace kith::projections
