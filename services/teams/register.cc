// Everything that teams bring to a server.
#include <memory>

#include "kith/teams/v1/teams_errors.pb.h"
#include "kith/teams/v1/teams_service.pb.h"
#include "projections/teams/team_directory.h"
#include "services/runtime/server_builder.h"
#include "services/teams/team.h"

namespace kith::teams {

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<TeamAggregate>()
                             .NotFound(v1::TEAMS_ERROR_TEAM_NOT_FOUND)
                             .LinkNotFound(v1::TEAMS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<TeamAggregate, v1::GetTeamRequest>(Rules(), std::make_unique<TeamDirectory>());
}

}  // namespace kith::teams
