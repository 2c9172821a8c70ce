#include "services/runtime/resources/asked_owner.h"

#include "services/runtime/resources/find_type.h"

namespace kith::runtime {
namespace {

projections::Field OwnerField() {
  projections::Field field;
  field.name = "owner";
  field.links = {"users/{user}"};
  return field;
}

}  // namespace

AskedOwner::Known::Known(const std::vector<ResourceType>& all, const Runtime& runtime)
    : types(all),
      fields({OwnerField()}),
      aliases(types, fields, nullptr, runtime),
      users(&runtime.views.Find(TypeOf(types, "users").directory->name())) {}

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
