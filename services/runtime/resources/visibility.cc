#include "services/runtime/resources/visibility.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "kith/options/v1/options.pb.h"
#include "services/runtime/admission/reach.h"

namespace kith::runtime {

using projections::Expression;

const std::string& ReadPermissionOf(const ResourceType& type) {
  const std::string& name = type.rules->resource->GetDescriptor()->name();
  const auto* const get = type.service->FindMethodByName(absl::StrCat("Get", name));
  if (get != nullptr) return get->options().GetExtension(options::v1::method).permission();
  static const auto* const none = new std::string();
  return *none;
}

Visibility::Visibility(const ResourceType& type)
    : owner_(type.rules->resource->GetDescriptor()->FindFieldByName("owner")) {
  if (owner_ == nullptr) return;
  read_permission_ = ReadPermissionOf(type);
  KITH_CHECK(!read_permission_.empty());
}

std::string Visibility::OwnerOf(const google::protobuf::Message& resource) const {
  return resource.GetReflection()->GetString(resource, owner_);
}

bool Visibility::IsBounded(const Caller& caller) const {
  return has_owner() && !Reach(caller, read_permission_).is_everything();
}

bool Visibility::Hides(const Caller& caller, const google::protobuf::Message& resource) const {
  return has_owner() && !Reach(caller, read_permission_).Covers(OwnerOf(resource));
}

std::optional<Expression> Visibility::Within(const Caller& caller) const {
  if (!IsBounded(caller)) return std::nullopt;
  Expression any{Expression::Kind::kAny, {}, {}};
  for (std::string& owner : Reach(caller, read_permission_).Owners()) {
    Expression one{Expression::Kind::kComparison, {}, {}};
    one.comparison.field = owner_->name();
    one.comparison.literal = std::move(owner);
    any.parts.push_back(std::move(one));
  }
  return any;
}

OwnedTypes OwnedTypesOf(const std::vector<ResourceType>& types) {
  OwnedTypes owned;
  for (const ResourceType& type : types) {
    const Visibility visibility(type);
    if (!visibility.has_owner()) continue;
    owned.emplace(type.rules->category,
                  OwnedType{type.aggregate,
                            [visibility, now_of = type.now_of](const void* state) {
                              return visibility.OwnerOf(*now_of(state).resource);
                            },
                            visibility.read_permission()});
  }
  return owned;
}

}  // namespace kith::runtime
