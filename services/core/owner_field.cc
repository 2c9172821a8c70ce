#include "services/core/owner_field.h"

#include <algorithm>
#include <string>

#include "kith/options/v1/options.pb.h"

namespace kith {

const google::protobuf::FieldDescriptor* OwnerFieldOf(
    const google::protobuf::Descriptor& resource) {
  const google::protobuf::FieldDescriptor* const owner = resource.FindFieldByName("owner");
  if (owner == nullptr || owner->is_repeated()) return nullptr;
  const options::v1::FieldRules& rules = owner->options().GetExtension(options::v1::field);
  return rules.resource().empty() || rules.immutable() || rules.output_only() ? nullptr : owner;
}

bool HandsOverOnly(const google::protobuf::FieldMask& changed, absl::string_view follows) {
  const auto& paths = changed.paths();
  return std::find(paths.begin(), paths.end(), "owner") != paths.end() &&
         std::all_of(paths.begin(), paths.end(),
                     [&](const std::string& path) { return path == "owner" || path == follows; });
}

bool MayTeamsOwn(const google::protobuf::FieldDescriptor& owner) {
  const auto& patterns = owner.options().GetExtension(options::v1::field).resource();
  return std::find(patterns.begin(), patterns.end(), "teams/{team}") != patterns.end();
}

}  // namespace kith
