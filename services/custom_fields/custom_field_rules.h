// What the fields of a custom field mean together, and how many there may be. Pure functions, any
// thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kith/custom_fields/v1/custom_field.pb.h"
#include "services/core/collection.h"
#include "services/core/resource_rules.h"

namespace kith::custom_fields {

// Of one resource, those that were deleted among them.
inline constexpr int kFieldsMax = 100;
inline constexpr int kSlotsMax = 10;

// Every rule that no single field can state, all violations at once: its resource has custom
// fields, and personal ones if it is personal; its choices and its collection go with its type.
absl::Status CheckFields(const v1::CustomField& custom_field, const ServerFacts& facts);

// Gives a new one its number and its slot beside `others`, all that its resource has or had. Each
// of its refusals is an error of its own: the key is taken, or there are too many.
absl::Status Place(const std::vector<ResourceNow>& others, v1::CustomField& custom_field);

// {resource}: what it claims.
std::vector<std::string> CustomisedKeys(const v1::CustomField& custom_field);

}  // namespace kith::custom_fields
