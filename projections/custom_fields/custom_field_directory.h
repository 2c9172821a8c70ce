// The custom field directory: which custom fields there are, and of which resource.
#pragma once

#include "kith/custom_fields/v1/custom_field.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::custom_fields {

class CustomFieldDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "custom_field_directory";

  // Beside every field: the words of the name. By index: these, display_name, resource, then
  // key, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::CustomField>& CustomFields();

  CustomFieldDirectory() : ResourceDirectory(kName, 1, "customFields", CustomFields().core()) {}
};

}  // namespace kith::custom_fields
