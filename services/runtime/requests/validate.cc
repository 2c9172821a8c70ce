#include "services/runtime/requests/validate.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/normalise.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/money.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/tables/query.h"
#include "services/core/date.h"
#include "services/core/money.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/runtime/requests/string_rules.h"

namespace kith::runtime {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;
using google::rpc::BadRequest;
using options::v1::FieldRules;

struct MessageRules::Field {
  const FieldDescriptor* field;
  FieldRules rules;
  std::vector<ResourcePattern> resources;
  size_t max_bytes;
  int max_items;
  const MessageRules* nested = nullptr;  // of a message with rules of its own
};

struct MessageRules::Place {
  const Place* outer;
  const FieldDescriptor* field;
  int index;             // -1 where the field is not repeated, or all of it is meant
  std::string key = "";  // of an entry of a map

  std::string Path() const {
    std::string path = outer == nullptr ? "" : absl::StrCat(outer->Path(), ".");
    absl::StrAppend(&path, field->name());
    if (!key.empty()) {
      absl::StrAppend(&path, "[\"", key, "\"]");
    } else if (index >= 0) {
      absl::StrAppend(&path, "[", index, "]");
    }
    return path;
  }
  void Report(absl::string_view description, BadRequest* violations) const {
    if (violations->field_violations_size() == kViolationsMax) return;
    AddViolation(Path(), description, *violations);
  }
};

struct MessageRules::Needed {
  // Null: every required field. Otherwise, in an update: those the mask names.
  const FieldMask* mask = nullptr;

  bool Contains(const FieldDescriptor* field) const {
    return mask == nullptr ||
           std::any_of(mask->paths().begin(), mask->paths().end(), [&](const std::string& path) {
             return path == field->name() || path == "*";
           });
  }
};

struct MessageRules::Registry {
  Mutex mutex;
  absl::flat_hash_map<const Descriptor*, std::unique_ptr<MessageRules>> rules;

  static Registry& Global() {
    static Registry* const registry = new Registry;
    return *registry;
  }
  // With the mutex held. A type that contains itself meets its own, unfinished rules, which stay
  // where they are.
  const MessageRules& Find(const Descriptor* type) {
    const auto known = rules.find(type);
    if (known != rules.end()) return *known->second;
    MessageRules* const made = new MessageRules;
    rules.emplace(type, made);
    made->Compile(type, *this);
    return *made;
  }
};

namespace {

// What a field takes beside a text: its tag and length, a number, a time or a mask.
constexpr size_t kFieldBytesMax = 16;
constexpr size_t kNumberBytesMax = 16;
constexpr size_t kWellKnownBytesMax = 16'384;
constexpr size_t kShortBytesMax = 64;
constexpr int kNestedMax = 8;
constexpr size_t kMessageSlack = 256 << 10;
constexpr size_t kMessageBytesMax = 4 << 20;
constexpr size_t kMaxBytes = 1024;
constexpr int kMaxItems = 100;
constexpr size_t kKeyMaxBytes = 48;
constexpr size_t kPageTokenMaxBytes = 8192;  // it holds keys of rows

constexpr int64_t kDurationMax = 315'576'000'000;  // 10,000 years
constexpr int32_t kNanosMax = 999'999'999;

size_t MaxBytesOf(const FieldDescriptor* field, const FieldRules& rules) {
  if (rules.max_bytes() > 0) return rules.max_bytes();
  if (field->name() == "filter") return projections::kFilterBytesMax;
  return field->name() == "page_token" ? kPageTokenMaxBytes : kMaxBytes;
}

bool IsWellKnown(const Descriptor* type) { return absl::StartsWith(type->full_name(), "google."); }

// A day, a moment, a length of time or an amount.
bool IsShort(const Descriptor& type) {
  return &type == google::type::Date::descriptor() || &type == Timestamp::descriptor() ||
         &type == Duration::descriptor() || &type == google::type::Money::descriptor();
}

template <class T>
const T* As(const Message& message) {
  return google::protobuf::DynamicCastToGenerated<T>(&message);
}

// What is wrong with a message of a type that everybody knows; empty when nothing is or the type is
// another.
std::string WellKnownDefect(const Message& message, const FieldRules& rules) {
  if (const auto* time = As<Timestamp>(message)) return TimeDefect(*time);
  if (const auto* duration = As<Duration>(message)) {
    const int64_t seconds = duration->seconds();
    const int32_t nanos = duration->nanos();
    const bool valid = std::abs(seconds) <= kDurationMax && std::abs(nanos) <= kNanosMax &&
                       !(seconds < 0 && nanos > 0) && !(seconds > 0 && nanos < 0);
    return valid ? "" : "must be a duration, seconds and nanos of one sign";
  }
  if (const auto* money = As<google::type::Money>(message)) return MoneyDefect(*money);
  // A personal date is a birthday, whose year need not be known.
  if (const auto* date = As<google::type::Date>(message)) {
    return DateDefect(*date, rules.personal());
  }
  return "";
}

std::string RangeDefect(int64_t value, const FieldRules& rules) {
  if (rules.min() == 0 && rules.max() == 0) return "";
  if (value >= rules.min() && value <= rules.max()) return "";
  return absl::StrCat("must be from ", rules.min(), " to ", rules.max(), ", and is ", value);
}

// The number in a field of any integer type; index -1 for one that is not repeated.
int64_t NumberIn(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return one ? reflection.GetInt32(message, field)
                 : reflection.GetRepeatedInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return one ? reflection.GetInt64(message, field)
                 : reflection.GetRepeatedInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT32:
      return one ? reflection.GetUInt32(message, field)
                 : reflection.GetRepeatedUInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<int64_t>(one ? reflection.GetUInt64(message, field)
                                      : reflection.GetRepeatedUInt64(message, field, index));
    default:
      return 0;
  }
}

const std::string& TextIn(const Message& message, const FieldDescriptor* field, int index,
                          std::string* scratch) {
  const Reflection& reflection = *message.GetReflection();
  return index < 0 ? reflection.GetStringReference(message, field, scratch)
                   : reflection.GetRepeatedStringReference(message, field, index, scratch);
}

bool IsKnownEnumValue(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const int number = index < 0 ? reflection.GetEnumValue(message, field)
                               : reflection.GetRepeatedEnumValue(message, field, index);
  return field->enum_type()->FindValueByNumber(number) != nullptr;
}

// Set, and not empty: zero counts as empty but where the proto says `optional`.
bool IsThere(const Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  return field->is_repeated() ? reflection.FieldSize(message, field) > 0
                              : reflection.HasField(message, field);
}

// Of spaces and what is not seen alone, as nobody means it.
bool IsBlankText(const Message& message, const FieldDescriptor* field) {
  if (field->is_repeated() || field->type() != FieldDescriptor::TYPE_STRING) return false;
  std::string unused;
  return IsBlank(message.GetReflection()->GetStringReference(message, field, &unused));
}

std::string ResourceDefect(absl::string_view name, const std::vector<ResourcePattern>& patterns) {
  if (patterns.empty() ||
      std::any_of(patterns.begin(), patterns.end(),
                  [&](const ResourcePattern& pattern) { return pattern.Matches(name); })) {
    return "";
  }
  return absl::StrCat(
      "must be a resource name like ",
      absl::StrJoin(patterns, " or ", [](std::string* out, const ResourcePattern& pattern) {
        out->append(pattern.pattern());
      }));
}

}  // namespace

const MessageRules& MessageRules::Of(const Descriptor* type) {
  Registry& registry = Registry::Global();
  MutexLock lock(registry.mutex);
  return registry.Find(type);
}

void MessageRules::Compile(const Descriptor* type, Registry& registry) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const descriptor = type->field(i);
    const FieldRules& rules = descriptor->options().GetExtension(options::v1::field);
    if (descriptor->message_type() == FieldMask::descriptor()) {
      update_mask_ = descriptor;
      continue;
    }
    if (rules.output_only()) continue;
    const bool text = descriptor->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    KITH_CHECK(text ||
               (rules.format() == options::v1::FORMAT_UNSPECIFIED && rules.resource().empty() &&
                rules.max_bytes() == 0 && rules.max_characters() == 0));
    auto field = std::make_shared<Field>();
    field->field = descriptor;
    field->rules = rules;
    for (const std::string& pattern : rules.resource()) field->resources.emplace_back(pattern);
    field->max_bytes = MaxBytesOf(descriptor, rules);
    field->max_items = rules.max_items() > 0 ? static_cast<int>(rules.max_items()) : kMaxItems;
    if (const Descriptor* const nested = descriptor->message_type();
        nested != nullptr && !IsWellKnown(nested)) {
      field->nested =
          &registry.Find(IsTextMap(*descriptor) ? nested->map_value()->message_type() : nested);
    }
    fields_.push_back(std::move(field));
  }
}

size_t MessageRules::BytesMax() const {
  return std::min(kMessageBytesMax, 2 * BytesAt(0) + kMessageSlack);
}

size_t MessageRules::BytesAt(int depth) const {
  if (depth == kNestedMax) return kMessageBytesMax;  // a type that contains itself
  size_t bytes = 0;
  size_t alternatives = 0;  // of a oneof, of which one is set
  for (const auto& field : fields_) {
    size_t one = kNumberBytesMax;
    if (field->nested != nullptr) {
      one = field->nested->BytesAt(depth + 1);
    } else if (field->field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      one = field->max_bytes;
    } else if (field->field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      one = IsShort(*field->field->message_type()) ? kShortBytesMax : kWellKnownBytesMax;
    }
    if (field->field->real_containing_oneof() != nullptr) {
      alternatives = std::max(alternatives, one + kFieldBytesMax);
      continue;
    }
    if (IsTextMap(*field->field)) one += kKeyMaxBytes + kFieldBytesMax;
    const size_t count =
        field->field->is_repeated() ? static_cast<size_t>(field->max_items) : size_t{1};
    bytes += count * (one + kFieldBytesMax);
    if (bytes >= kMessageBytesMax) return kMessageBytesMax;
  }
  return bytes + alternatives;
}

absl::Status MessageRules::Check(const Message& message, const FieldDescriptor* unlooked) const {
  BadRequest violations;
  Collect(message, nullptr, Needed(), unlooked, &violations);
  return ViolationsError(violations);
}

void MessageRules::Collect(const Message& message, const Place* outer, const Needed& needed,
                           const FieldDescriptor* unlooked, BadRequest* violations) const {
  for (const std::shared_ptr<const Field>& field : fields_) {
    const Place place{outer, field->field, -1};
    if (!IsThere(message, field->field)) {
      if (field->rules.required() && needed.Contains(field->field)) {
        place.Report("is required", violations);
      }
      continue;
    }
    if (field->rules.required() && IsBlankText(message, field->field)) {
      place.Report("is required, and must not be blank", violations);
      continue;
    }
    if (!field->field->is_repeated()) {
      CollectValue(message, *field, place, violations);
      continue;
    }
    const int size = message.GetReflection()->FieldSize(message, field->field);
    if (size > field->max_items) {
      place.Report(absl::StrCat("must have at most ", field->max_items, " items, and has ", size),
                   violations);
      continue;
    }
    if (IsTextMap(*field->field)) {
      CollectEntries(message, *field, place, violations);
      continue;
    }
    for (int i = 0; i < size && field->field != unlooked; ++i) {
      CollectValue(message, *field, {outer, field->field, i}, violations);
    }
  }
}

void MessageRules::CollectValue(const Message& message, const Field& field, const Place& place,
                                BadRequest* violations) const {
  std::string defect;
  std::string scratch;
  switch (field.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string& text = TextIn(message, field.field, place.index, &scratch);
      if (field.field->type() == FieldDescriptor::TYPE_BYTES) {
        if (text.size() > field.max_bytes) {
          defect = absl::StrCat("must be at most ", field.max_bytes, " bytes long");
        }
        break;
      }
      defect =
          TextDefect(text, field.rules.format(), field.max_bytes, field.rules.max_characters());
      // A field may be empty, but not one of several names.
      if (defect.empty() && (!text.empty() || place.index >= 0)) {
        defect = ResourceDefect(text, field.resources);
      }
      break;
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      if (!IsKnownEnumValue(message, field.field, place.index)) {
        defect = "must be a value that this server knows";
      }
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return CollectNested(message, field, place, violations);
    default:
      defect = RangeDefect(NumberIn(message, field.field, place.index), field.rules);
  }
  if (!defect.empty()) place.Report(defect, violations);
}

void MessageRules::CollectEntries(const Message& message, const Field& field, const Place& place,
                                  BadRequest* violations) {
  for (const auto& [key, value] : EntriesIn(message, *field.field)) {
    const std::string defect = key.empty()
                                   ? "must not be empty"
                                   : TextDefect(key, options::v1::FORMAT_KEY, kKeyMaxBytes, 0);
    if (!defect.empty()) {
      place.Report(absl::StrCat("has a key that ", defect), violations);
    } else {
      const Place entry{place.outer, place.field, -1, key};
      field.nested->Collect(*value, &entry, Needed(), nullptr, violations);
    }
  }
}

void MessageRules::CollectNested(const Message& message, const Field& field, const Place& place,
                                 BadRequest* violations) const {
  const Reflection& reflection = *message.GetReflection();
  const Message& nested = place.index < 0
                              ? reflection.GetMessage(message, field.field)
                              : reflection.GetRepeatedMessage(message, field.field, place.index);
  if (field.nested == nullptr) {
    const std::string defect = WellKnownDefect(nested, field.rules);
    if (!defect.empty()) place.Report(defect, violations);
    return;
  }
  Needed needed;
  if (update_mask_ != nullptr) {
    needed.mask = As<FieldMask>(reflection.GetMessage(message, update_mask_));
    CheckOwnName(nested, place, violations);
  }
  field.nested->Collect(nested, &place, needed, nullptr, violations);
}

void MessageRules::CheckOwnName(const Message& resource, const Place& place,
                                BadRequest* violations) {
  const Descriptor* const type = resource.GetDescriptor();
  const FieldDescriptor* const name = type->FindFieldByName("name");
  const auto& rules = type->options().GetExtension(options::v1::resource);
  if (name == nullptr || rules.pattern().empty()) return;
  const std::string said = resource.GetReflection()->GetString(resource, name);
  if (said.empty()) return;
  std::vector<ResourcePattern> patterns = {ResourcePattern(rules.pattern())};
  for (const std::string& further : rules.further_patterns()) {
    patterns.push_back(ResourcePattern(further));
  }
  const std::string defect = ResourceDefect(said, patterns);
  if (!defect.empty()) Place{&place, name, -1}.Report(defect, violations);
}

absl::Status ViolationsError(const BadRequest& violations) { return RejectFields(violations); }

absl::Status ViolationError(absl::string_view field, absl::string_view description) {
  BadRequest violations;
  AddViolation(field, description, violations);
  return ViolationsError(violations);
}

}  // namespace kith::runtime
