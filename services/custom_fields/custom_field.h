// The custom field: what a workspace adds to the fields of a resource.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/custom_fields/v1/custom_field.pb.h"
#include "kith/custom_fields/v1/custom_field_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::custom_fields {

struct CustomFieldAggregate : ResourceAggregate<v1::CustomField, v1::CustomFieldEvent> {
  static constexpr absl::string_view kCategory = "customFields";
};

const ResourceRules& Rules();

}  // namespace kith::custom_fields
