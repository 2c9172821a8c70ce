// The user: somebody who works with Kith. Records keep the name of a deleted user as their owner.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/users/v1/user.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::users {

struct UserAggregate : ResourceAggregate<v1::User, v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

const ResourceRules& Rules();

}  // namespace kith::users
