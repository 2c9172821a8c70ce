// Merge choices: of whom a record takes a field when others are merged into it, where somebody says
// so; and which fields are merged at all.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"
#include "services/core/resource_rules.h"

namespace kith {

struct MergeChoice {
  std::string field;  // "job_title", "custom.tier"
  std::string from;   // the name of one of the records
};

// OK, or ERROR_INVALID_FIELD: each choice is of a field with one value that callers may set, or of
// a key of a map, once, and of one of these records. Of flags nobody picks: what somebody must not
// be asked stays forbidden.
absl::Status CheckChoices(const ResourceRules& rules, absl::Span<const MergeChoice> choices,
                          const std::vector<std::string>& names);

// The mask of those choices that are of this record.
google::protobuf::FieldMask ChosenFrom(absl::Span<const MergeChoice> choices,
                                       absl::string_view name);

// Whether the field has elements that are joined, and is no map.
bool IsList(const google::protobuf::FieldDescriptor& field);
// Whether it is what callers set, and so what is merged.
bool IsMerged(const google::protobuf::FieldDescriptor& field);

}  // namespace kith
