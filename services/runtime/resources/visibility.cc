#include "services/runtime/resources/visibility.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/field_of.h"
#include "services/runtime/admission/reach.h"

namespace kith::runtime {
namespace {

using google::protobuf::Message;
using projections::Expression;

// By whom else a record may be seen, and changed.
constexpr absl::string_view kShares[] = {"viewers", "editors"};

Expression Equals(absl::string_view field, std::string value) {
  Expression one{Expression::Kind::kComparison, {}, {}};
  one.comparison.field = std::string(field);
  one.comparison.literal = std::move(value);
  return one;
}

}  // namespace

const std::string& ReadPermissionOf(const ResourceType& type) {
  const std::string& name = type.rules->resource->GetDescriptor()->name();
  const auto* const get = type.service->FindMethodByName(absl::StrCat("Get", name));
  if (get != nullptr) return get->options().GetExtension(options::v1::method).permission();
  static const auto* const none = new std::string();
  return *none;
}

Expression SharedWith(const Member& member) {
  Expression any{Expression::Kind::kAny, {}, {}};
  for (const std::string& group : member.groups) {
    for (const absl::string_view field : kShares) any.parts.push_back(Equals(field, group));
  }
  return any;
}

absl::StatusOr<bool> MayShareAny(const Member& member, const projections::TableCore& table,
                                 const projections::ViewSnapshot& snapshot, WorkspaceId workspace) {
  return table.MayHaveAny(snapshot, workspace, kShares, member.groups);
}

Visibility::Visibility(const ResourceType& type)
    : access_(*type.rules->resource->GetDescriptor(), ReadPermissionOf(type)),
      table_(&type.directory->table()) {
  KITH_CHECK(!access_.has_owner() || !access_.read_permission().empty());
}

Expression Visibility::Owned(const Caller& caller) const {
  Expression any{Expression::Kind::kAny, {}, {}};
  const Reach reach(caller, access_.read_permission());
  for (std::string& owner : access_.is_of_teams() ? reach.OwnersAndTeams() : reach.Owners()) {
    any.parts.push_back(Equals("owner", std::move(owner)));
  }
  return any;
}

std::optional<Expression> Visibility::Within(const Caller& caller) const {
  if (!IsBounded(caller)) return std::nullopt;
  Expression any = Owned(caller);
  if (!access_.has_shares()) return any;
  for (Expression& part : SharedWith(*caller.member).parts) any.parts.push_back(std::move(part));
  return any;
}

absl::StatusOr<std::optional<Visibility::Seen>> Visibility::SeenBy(
    const ReadContext& context) const {
  if (!IsBounded(context.caller)) return std::nullopt;
  Seen seen{Owned(context.caller), {}, ""};
  if (!access_.has_shares()) return seen;
  seen.groups = absl::StrJoin(context.caller.member->groups, ",");
  KITH_ASSIGN_OR_RETURN(const bool any, MayShareAny(*context.caller.member, *table_, context.view(),
                                                    context.workspace()));
  if (!any) return seen;
  const Expression shared = SharedWith(*context.caller.member);
  const std::unique_ptr<Message> row(table_->declaration().row->New());
  KITH_ASSIGN_OR_RETURN(
      const std::string more,
      table_->List(context.view(), context.workspace(),
                   {.page_size = kSharedMax, .within = &shared}, [&](absl::string_view bytes) {
                     if (!row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
                       return false;
                     }
                     seen.shared.push_back(row->GetReflection()->GetString(
                         *row, FieldOf(*row->GetDescriptor(), "name")));
                     return true;
                   }));
  if (more.empty()) return seen;
  return Seen{*Within(context.caller), {}, ""};
}

OwnedTypes OwnedTypesOf(const std::vector<ResourceType>& types) {
  OwnedTypes owned;
  for (const ResourceType& type : types) {
    const Visibility visibility(type);
    if (!visibility.access().has_owner()) continue;
    owned.emplace(type.rules->category,
                  OwnedType{type.aggregate,
                            [now_of = type.now_of](const void* state) -> const Message& {
                              return *now_of(state).resource;
                            },
                            visibility.access()});
  }
  return owned;
}

}  // namespace kith::runtime
