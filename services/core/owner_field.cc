#include "services/core/owner_field.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

std::string OwnerPurpose(absl::string_view category) { return absl::StrCat(category, ".owner"); }

std::optional<Claim> OwnerClaim(absl::string_view category, const google::protobuf::Message* before,
                                const google::protobuf::Message& after) {
  const auto* const field = OwnerFieldOf(*after.GetDescriptor());
  if (field == nullptr || field->options().GetExtension(options::v1::field).on_delete() !=
                              options::v1::ON_DELETE_UNSPECIFIED) {
    return std::nullopt;
  }
  const auto owner_of = [&](const google::protobuf::Message& resource) {
    return resource.GetReflection()->GetString(resource, field);
  };
  std::string owner = owner_of(after);
  const bool had_it = before != nullptr && owner_of(*before) == owner;
  if (had_it || !absl::StartsWith(owner, "users/")) return std::nullopt;
  return Claim{OwnerPurpose(category), std::move(owner)};
}

bool MayTeamsOwn(const google::protobuf::FieldDescriptor& owner) {
  const auto& patterns = owner.options().GetExtension(options::v1::field).resource();
  return std::find(patterns.begin(), patterns.end(), "teams/{team}") != patterns.end();
}

}  // namespace kith
