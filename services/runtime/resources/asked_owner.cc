#include "services/runtime/resources/asked_owner.h"

#include <algorithm>

#include "eventstore/base/check.h"

namespace kith::runtime {
namespace {

projections::Field OwnerField() {
  projections::Field field;
  field.name = "owner";
  field.links = {"users/{user}"};
  return field;
}

projections::View* UsersOf(const std::vector<ResourceType>& types, const Runtime& runtime) {
  const auto users = std::find_if(types.begin(), types.end(), [](const ResourceType& type) {
    return type.rules->category == "users";
  });
  KITH_CHECK(users != types.end());
  return &runtime.views.Find(users->directory->name());
}

}  // namespace

AskedOwner::Known::Known(const std::vector<ResourceType>& all, const Runtime& runtime)
    : types(all),
      fields({OwnerField()}),
      aliases(types, fields, nullptr, runtime),
      users(UsersOf(types, runtime)) {}

AskedOwner::AskedOwner(const std::vector<ResourceType>& types, const Runtime& runtime)
    : known_(std::make_shared<const Known>(types, runtime)) {}

ReadViews AskedOwner::ViewsFor(const std::string& owner) const {
  if (owner.empty()) return {};
  return {known_->users};
}

absl::StatusOr<std::string> AskedOwner::In(const ReadContext& context,
                                           const std::string& owner) const {
  if (owner.empty()) return std::string();
  return known_->aliases.UserNamed(context, known_->fields.front(), owner);
}

}  // namespace kith::runtime
