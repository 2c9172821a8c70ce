#include "services/core/merge_choices.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/map_field.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/reject.h"

namespace kith {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;

absl::Status CheckChoices(const ResourceRules& rules, absl::Span<const MergeChoice> choices,
                          const std::vector<std::string>& names) {
  google::rpc::BadRequest violations;
  std::vector<std::string> seen;
  for (size_t i = 0; i < choices.size(); ++i) {
    const MergeChoice& choice = choices[i];
    const std::string path = absl::StrCat("picks[", i, "]");
    const FieldPath at = FieldPathOf(*rules.resource->GetDescriptor(), choice.field);
    const bool is_whole_map = at.field != nullptr && at.field->is_map() && at.key.empty();
    if (at.field == nullptr || !IsMerged(*at.field) || is_whole_map) {
      AddViolation(absl::StrCat(path, ".field"),
                   "must be a field that can be set, or one key of a map field", violations);
    } else if (IsList(*at.field)) {
      AddViolation(absl::StrCat(path, ".field"), "is a list: lists are joined", violations);
    } else if (at.field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      AddViolation(absl::StrCat(path, ".field"), "is true where any of them has it", violations);
    } else if (std::find(seen.begin(), seen.end(), choice.field) != seen.end()) {
      AddViolation(absl::StrCat(path, ".field"), "is picked already", violations);
    }
    seen.push_back(choice.field);
    if (std::find(names.begin(), names.end(), choice.from) == names.end()) {
      AddViolation(absl::StrCat(path, ".source"), "must be one of the records of the merge",
                   violations);
    }
  }
  return RejectFields(violations);
}

FieldMask ChosenFrom(absl::Span<const MergeChoice> choices, absl::string_view name) {
  FieldMask chosen;
  for (const MergeChoice& choice : choices) {
    if (choice.from == name) chosen.add_paths(choice.field);
  }
  return chosen;
}

bool IsList(const FieldDescriptor& field) { return field.is_repeated() && !field.is_map(); }

bool IsMerged(const FieldDescriptor& field) {
  return !field.options().GetExtension(options::v1::field).output_only() && field.name() != "etag";
}

}  // namespace kith
