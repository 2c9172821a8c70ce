// The team: users who work together. Which users are in it, they say themselves.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/teams/v1/team.pb.h"
#include "kith/teams/v1/team_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::teams {

struct TeamAggregate : ResourceAggregate<v1::Team, v1::TeamEvent> {
  static constexpr absl::string_view kCategory = "teams";
};

const ResourceRules& Rules();

}  // namespace kith::teams
