#include "services/core/custom_fields.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/normalise.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/custom_text.h"
#include "services/core/field_of.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"

namespace kith {
namespace {

using custom_fields::v1::CustomField;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using type::v1::CustomValue;

bool IsPersonal(const FieldDescriptor& map) {
  return map.options().GetExtension(options::v1::field).personal();
}

const CustomValue& ValueOf(const Message& value) { return static_cast<const CustomValue&>(value); }

// Without what the server put beside it.
CustomValue BareOf(const CustomValue& value) {
  CustomValue bare = value;
  bare.clear_slot();
  bare.clear_unique();
  return bare;
}

bool AreSame(const CustomValue& a, const CustomValue& b) {
  return google::protobuf::util::MessageDifferencer::Equals(BareOf(a), BareOf(b));
}

// "number" of what is to hold one.
const std::string& NameOf(const CustomField& field) {
  return CustomValue::descriptor()->FindFieldByNumber(field.type())->name();
}

bool IsChoice(const CustomField& field, const std::string& choice) {
  return std::find(field.choices().begin(), field.choices().end(), choice) != field.choices().end();
}

std::string NoChoice(const CustomField& field) {
  return absl::StrCat("must be one of ", absl::StrJoin(field.choices(), ", "));
}

// In the order in which the field has them, each once; what is wrong with them otherwise.
std::string TakeChoices(const CustomField& field, CustomValue& value) {
  const type::v1::CustomChoices chosen = value.choices();
  for (const std::string& choice : chosen.values()) {
    if (!IsChoice(field, choice)) return NoChoice(field);
  }
  value.mutable_choices()->clear_values();
  for (const std::string& choice : field.choices()) {
    const auto& values = chosen.values();
    if (std::find(values.begin(), values.end(), choice) == values.end()) continue;
    value.mutable_choices()->add_values(choice);
  }
  return "";
}

std::string RecordDefect(const CustomField& field, const std::string& record) {
  const FieldDescriptor& link =
      *CustomValue::descriptor()->FindFieldByNumber(CustomValue::kRecordFieldNumber);
  std::vector<std::string> patterns;
  for (const std::string& pattern : link.options().GetExtension(options::v1::field).resource()) {
    const bool is_meant = field.record_collection().empty() ||
                          absl::StartsWith(pattern, absl::StrCat(field.record_collection(), "/"));
    if (is_meant && ResourcePattern(pattern).Matches(record)) return "";
    if (is_meant) patterns.push_back(pattern);
  }
  return absl::StrCat("must be a name like ", absl::StrJoin(patterns, " or "));
}

// What is wrong with a value of the field's own type, which is brought into its normal form; empty
// where nothing is.
std::string TakeValue(const CustomField& field, CustomValue& value) {
  switch (value.value_case()) {
    case CustomValue::kNumber:
      if (!std::isfinite(value.number())) return "must be a finite number";
      if (value.number() == 0) value.set_number(0);  // there are two zeros
      return "";
    case CustomValue::kChoice:
      return IsChoice(field, value.choice()) ? "" : NoChoice(field);
    case CustomValue::kChoices:
      return TakeChoices(field, value);
    case CustomValue::kRecord:
      return RecordDefect(field, value.record());
    default:
      return "";
  }
}

bool IsEmpty(const CustomValue& value) {
  switch (value.value_case()) {
    case CustomValue::VALUE_NOT_SET:
      return true;
    case CustomValue::kText:
      return IsBlank(value.text());
    case CustomValue::kChoice:
      return value.choice().empty();
    case CustomValue::kChoices:
      return value.choices().values().empty();
    case CustomValue::kUrl:
      return value.url().empty();
    case CustomValue::kEmail:
      return value.email().empty();
    case CustomValue::kRecord:
      return value.record().empty();
    default:
      return false;
  }
}

// Takes the values of one map.
class MapTaker {
 public:
  MapTaker(const CustomFieldSet& fields, const FieldDescriptor& map, absl::string_view record,
           google::rpc::BadRequest& violations)
      : fields_(fields), map_(map), record_(record), violations_(violations) {}

  void Take(const Message& before, Message& after) {
    for (const auto& [key, sent] : EntriesIn(after, map_)) {
      CustomValue value = ValueOf(*sent);
      const Message* const held = FindMapValue(before, map_, key);
      if (IsEmpty(value)) continue;  // for the next loop
      if (held != nullptr && AreSame(value, ValueOf(*held))) {
        value = ValueOf(*held);
      } else {
        Check(key, value);
      }
      taken_.emplace_back(key, std::move(value));
    }
    for (const auto& [key, held] : EntriesIn(before, map_)) {
      const CustomField* const field = fields_.Find(key);
      if (field != nullptr && field->required() && !Has(key)) Report(key, "is required");
    }
    after.GetReflection()->ClearField(&after, &map_);
    for (const auto& [key, value] : taken_) MutableMapValue(after, map_, key).CopyFrom(value);
  }

  // What a new record must have.
  void CheckRequired() {
    for (const CustomField& field : fields_.fields()) {
      if (field.required() && field.personal() == IsPersonal(map_) && !Has(field.key())) {
        Report(field.key(), "is required");
      }
    }
  }

 private:
  bool Has(absl::string_view key) const {
    return std::any_of(taken_.begin(), taken_.end(),
                       [&](const auto& each) { return each.first == key; });
  }

  void Check(const std::string& key, CustomValue& value) {
    const CustomField* const field = fields_.Find(key);
    if (field == nullptr) return Report(key, "is no custom field of this resource");
    if (field->personal() != IsPersonal(map_)) {
      return Report(key, field->personal() ? "is personal, and stands in personal_custom"
                                           : "is not personal, and stands in custom");
    }
    std::string defect;
    if (value.value_case() == CustomValue::kText) defect = ReadCustomText(*field, value);
    if (defect.empty() && static_cast<int>(value.value_case()) != static_cast<int>(field->type())) {
      defect = absl::StrCat("must have a value as ", NameOf(*field));
    }
    if (defect.empty()) defect = TakeValue(*field, value);
    if (!defect.empty()) Report(key, defect);
    value.set_slot(field->slot());
    value.set_unique(field->unique());
  }

  void Report(absl::string_view key, absl::string_view description) {
    AddViolation(absl::StrCat(record_, ".", map_.name(), "[\"", key, "\"]"), description,
                 violations_);
  }

  const CustomFieldSet& fields_;
  const FieldDescriptor& map_;
  const absl::string_view record_;
  google::rpc::BadRequest& violations_;
  std::vector<std::pair<std::string, CustomValue>> taken_;
};

// The form in which values are the same.
std::string FormOf(const CustomValue& value) {
  switch (value.value_case()) {
    case CustomValue::kText: {
      std::string form = FoldedName(value.text());
      return form.empty() ? value.text() : form;
    }
    case CustomValue::kEmail:
      return EmailForm(value.email());
    default:
      return BareOf(value).SerializeAsString();
  }
}

constexpr char kAfterKey = '\n';  // in no key

}  // namespace

CustomFieldSet::CustomFieldSet(const google::protobuf::Descriptor& resource,
                               std::vector<CustomField> fields)
    : maps_(CustomMapsOf(resource)), fields_(std::move(fields)) {
  std::sort(fields_.begin(), fields_.end(),
            [](const CustomField& a, const CustomField& b) { return a.key() < b.key(); });
}

const CustomField* CustomFieldSet::Find(absl::string_view key) const {
  const auto found = std::lower_bound(
      fields_.begin(), fields_.end(), key,
      [](const CustomField& field, absl::string_view k) { return field.key() < k; });
  return found == fields_.end() || found->key() != key ? nullptr : &*found;
}

absl::Status TakeCustomValues(const CustomFieldSet& fields, const Message& before, bool is_new,
                              absl::string_view record, Message& after) {
  google::rpc::BadRequest violations;
  for (const FieldDescriptor* const map : fields.maps()) {
    MapTaker taker(fields, *map, record, violations);
    const bool has_any = after.GetReflection()->FieldSize(after, map) > 0 ||
                         before.GetReflection()->FieldSize(before, map) > 0;
    if (has_any) taker.Take(before, after);
    if (is_new) taker.CheckRequired();
  }
  return RejectFields(violations);
}

absl::Status CheckCustomPaths(const CustomFieldSet& fields, const Message& before,
                              const google::protobuf::FieldMask& mask) {
  google::rpc::BadRequest violations;
  for (const std::string& path : mask.paths()) {
    const FieldPath named = FieldPathOf(*before.GetDescriptor(), path);
    if (named.key.empty() || !IsCustomMap(*named.field)) continue;
    const CustomField* const field = fields.Find(named.key);
    if (field != nullptr && field->personal() == IsPersonal(*named.field)) continue;
    // What was deleted may still be emptied.
    if (FindMapValue(before, *named.field, named.key) != nullptr) continue;
    AddViolation("update_mask", absl::StrCat(path, " is no custom field of this resource"),
                 violations);
  }
  return RejectFields(violations);
}

std::vector<std::string> UniqueCustomValues(const CustomMaps& maps, const Message& resource) {
  std::vector<std::string> values;
  for (const FieldDescriptor* const map : maps) {
    for (const auto& [key, entry] : EntriesIn(resource, *map)) {
      const CustomValue& value = ValueOf(*entry);
      if (!value.unique()) continue;
      values.push_back(absl::StrCat(key, std::string(1, kAfterKey), FormOf(value)));
    }
  }
  return values;
}

absl::Status CustomValueTaken(const Message& holder, absl::string_view value) {
  const absl::string_view key = value.substr(0, value.find(kAfterKey));
  std::string path;
  for (const FieldDescriptor* const map : CustomMapsOf(*holder.GetDescriptor())) {
    if (FindMapValue(holder, *map, key) != nullptr) path = absl::StrCat(map->name(), ".", key);
  }
  return RejectTaken(
      type::v1::ERROR_CUSTOM_VALUE_TAKEN,
      absl::StrCat("Another record has this value in ", path, ", which is unique."), "record",
      holder.GetReflection()->GetString(holder, FieldOf(*holder.GetDescriptor(), "name")), path);
}

}  // namespace kith
