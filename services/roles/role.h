// The role: what a user may do, and with whose records. Some are there in every workspace, without
// an event: services/core/built_in_roles.h.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/roles/v1/role.pb.h"
#include "kith/roles/v1/role_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::roles {

struct RoleAggregate : ResourceAggregate<v1::Role, v1::RoleEvent> {
  static constexpr absl::string_view kCategory = "roles";
};

const ResourceRules& Rules();

}  // namespace kith::roles
