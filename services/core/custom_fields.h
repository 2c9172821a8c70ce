// The custom fields of a resource, and what they make of its records' values.
//
// A resource has them by a map field whose values are CustomValues, `custom`; where its records are
// people, by another one that is personal. What a value must be says its definition, a CustomField
// of the workspace. Of that, what never changes stands beside the value: its index slot, and that
// it is unique. So whoever has the record, a view or a claim, needs no definition, and no change of
// one can be missed by a command that is decided at the same moment. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/custom_maps.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "kith/custom_fields/v1/custom_field.pb.h"
#include "kith/type/v1/custom_value.pb.h"

namespace kith {

// The purpose of a custom field's claim of its resource. Persisted inside the hashes of the log's
// tags.
inline constexpr absl::string_view kCustomisedClaim = "custom_fields.resource";

// The fields of a resource that hold values: CustomMapsOf.
using CustomMaps = std::vector<const google::protobuf::FieldDescriptor*>;

// Those of one resource that are there. Immutable.
class CustomFieldSet {
 public:
  CustomFieldSet(const google::protobuf::Descriptor& resource,
                 std::vector<custom_fields::v1::CustomField> fields);

  // Null where there is none.
  const custom_fields::v1::CustomField* Find(absl::string_view key) const;
  const std::vector<custom_fields::v1::CustomField>& fields() const { return fields_; }
  const CustomMaps& maps() const { return maps_; }

 private:
  const CustomMaps maps_;
  std::vector<custom_fields::v1::CustomField> fields_;  // by key
};

// Checks the values that differ between `before`, which is empty where the record comes into being,
// and `after`; all violations at once, in paths that begin with `record`: contact.custom["tier"].
// Brings them into their normal forms, and puts beside each what its definition says for ever. A
// value without one empties its field. Values that stay as they are need no definition.
absl::Status TakeCustomValues(const CustomFieldSet& fields, const google::protobuf::Message& before,
                              bool is_new, absl::string_view record,
                              google::protobuf::Message& after);

// Refuses an update's mask that names a custom field which there is not, and `before` does not
// have.
absl::Status CheckCustomPaths(const CustomFieldSet& fields, const google::protobuf::Message& before,
                              const google::protobuf::FieldMask& mask);

// What a record claims in custom fields that are unique.
std::vector<std::string> UniqueCustomValues(const CustomMaps& maps,
                                            const google::protobuf::Message& resource);
// `holder` has one of them.
absl::Status CustomValueTaken(const google::protobuf::Message& holder, absl::string_view value);

}  // namespace kith
