#include "services/custom_fields/custom_field_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kith/custom_fields/v1/custom_fields_errors.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/custom_fields.h"
#include "services/core/reject.h"

namespace kith::custom_fields {
namespace {

using google::protobuf::FieldDescriptor;
using google::rpc::BadRequest;

bool HasChoices(v1::CustomFieldType type) { return type == v1::CHOICE || type == v1::CHOICES; }

// Some map of the resource holds values that are personal, or some that are not.
bool Holds(const Collection& collection, bool personal) {
  const auto maps = CustomMapsOf(*collection.resource);
  return std::any_of(maps.begin(), maps.end(), [&](const FieldDescriptor* map) {
    return map->options().GetExtension(options::v1::field).personal() == personal;
  });
}

const Collection* Find(const Collections& collections, const std::string& name) {
  const auto found = std::find_if(collections.begin(), collections.end(),
                                  [&](const Collection& each) { return each.name == name; });
  return found == collections.end() ? nullptr : &*found;
}

void CheckResource(const v1::CustomField& custom_field, const Collections& collections,
                   BadRequest& violations) {
  const Collection* const collection = Find(collections, custom_field.resource());
  if (collection == nullptr || !Holds(*collection, false)) {
    std::vector<std::string> known;
    for (const Collection& each : collections) {
      if (Holds(each, false)) known.push_back(each.name);
    }
    AddViolation("custom_field.resource",
                 absl::StrCat("must be one of ", absl::StrJoin(known, ", ")), violations);
  } else if (custom_field.personal() && !Holds(*collection, true)) {
    AddViolation("custom_field.personal",
                 absl::StrCat("cannot be of ", collection->name, ", which are no people"),
                 violations);
  }
}

void CheckChoices(const v1::CustomField& custom_field, BadRequest& violations) {
  if (!HasChoices(custom_field.type())) {
    if (custom_field.choices().empty()) return;
    return AddViolation("custom_field.choices", "go with the types CHOICE and CHOICES only",
                        violations);
  }
  AddRepeats("custom_field.choices", custom_field.choices(), violations);
  for (int i = 0; i < custom_field.choices_size(); ++i) {
    if (!custom_field.choices(i).empty()) continue;
    AddViolation(absl::StrCat("custom_field.choices[", i, "]"), "must not be empty", violations);
  }
}

// What a value may name says its proto.
void CheckRecords(const v1::CustomField& custom_field, BadRequest& violations) {
  const std::string& collection = custom_field.record_collection();
  if (custom_field.type() != v1::RECORD) {
    if (collection.empty()) return;
    return AddViolation("custom_field.record_collection", "goes with the type RECORD only",
                        violations);
  }
  if (collection.empty()) return;  // any
  std::vector<std::string> known;
  const FieldDescriptor& record =
      *type::v1::CustomValue::descriptor()->FindFieldByNumber(v1::RECORD);
  for (const std::string& pattern : record.options().GetExtension(options::v1::field).resource()) {
    known.push_back(pattern.substr(0, pattern.find('/')));
  }
  if (std::find(known.begin(), known.end(), collection) != known.end()) return;
  AddViolation("custom_field.record_collection",
               absl::StrCat("must be one of ", absl::StrJoin(known, ", ")), violations);
}

const v1::CustomField& FieldOf(const ResourceNow& other) {
  return static_cast<const v1::CustomField&>(*other.resource);
}

absl::Status KeyTaken(const ResourceNow& other) {
  const v1::CustomField& field = FieldOf(other);
  const bool is_there = other.lifecycle == Lifecycle::kActive;
  return RejectTaken(
      v1::CUSTOM_FIELDS_ERROR_KEY_TAKEN,
      is_there ? absl::StrCat("The ", field.resource(), " have a custom field with this key.")
               : absl::StrCat("The ", field.resource(),
                              " had a custom field with this key, and a key is never given again. "
                              "Undelete it, or choose another key."),
      "custom_field", field.name(), "custom_field.key");
}

}  // namespace

absl::Status CheckFields(const v1::CustomField& custom_field, const ServerFacts& facts) {
  BadRequest violations;
  CheckResource(custom_field, facts.collections, violations);
  CheckChoices(custom_field, violations);
  CheckRecords(custom_field, violations);
  return RejectFields(violations);
}

absl::Status Place(const std::vector<ResourceNow>& others, v1::CustomField& custom_field) {
  int number = 0;
  int slot = 0;
  for (const ResourceNow& other : others) {
    if (FieldOf(other).key() == custom_field.key()) return KeyTaken(other);
    number = std::max(number, FieldOf(other).number());
    slot = std::max(slot, FieldOf(other).slot());
  }
  if (number == kFieldsMax) {
    return Reject(v1::CUSTOM_FIELDS_ERROR_TOO_MANY,
                  absl::StrCat("The ", custom_field.resource(), " have had ", kFieldsMax,
                               " custom fields, deleted ones among them, and no more there may be. "
                               "Change or undelete one."),
                  {{"resource", custom_field.resource()}, {"most", absl::StrCat(kFieldsMax)}});
  }
  if (custom_field.indexed() && slot == kSlotsMax) {
    return Reject(v1::CUSTOM_FIELDS_ERROR_TOO_MANY_INDEXED,
                  absl::StrCat("The ", custom_field.resource(), " have had ", kSlotsMax,
                               " custom fields that are indexed, deleted ones among them, and no "
                               "more there may be. Make this one without an index."),
                  {{"resource", custom_field.resource()}, {"most", absl::StrCat(kSlotsMax)}});
  }
  custom_field.set_number(number + 1);
  custom_field.set_slot(custom_field.indexed() ? slot + 1 : 0);
  return absl::OkStatus();
}

std::vector<std::string> CustomisedKeys(const v1::CustomField& custom_field) {
  if (custom_field.resource().empty()) return {};  // none yet
  return {custom_field.resource()};
}

}  // namespace kith::custom_fields
