// The team directory: which teams there are, and which of them are a part of another, or have this
// name or lead.
#pragma once

#include "kith/teams/v1/team.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::teams {

class TeamDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "team_directory";

  // Beside every field: the words of the name. By index: these, display_name, parent,
  // lead, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::Team>& Teams();

  TeamDirectory() : ResourceDirectory(kName, 1, "teams", Teams().core()) {}
};

}  // namespace kith::teams
