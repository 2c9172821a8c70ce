#include "projections/teams/team_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::teams {

using projections::Table;
using projections::TableBuilder;

const Table<v1::Team>& TeamDirectory::Teams() {
  static const auto& table =
      *new Table<v1::Team>(TableBuilder<v1::Team>(1)
                               .Key([](const v1::Team& team) { return team.name(); })
                               .Words([](const v1::Team& team, projections::WordSink& out) {
                                 out.Add(team.display_name());
                               })
                               .Field("display_name", {.normalise = FoldedName})
                               .Alias()
                               .Field("parent")
                               .Field("lead")
                               .Field("create_time")
                               .Index(1, {"display_name"})
                               .Index(2, {"parent", "display_name"})
                               .Index(3, {"lead", "display_name"})
                               .Index(4, {"create_time"})
                               .Index(5, {"words"})
                               .Build());
  return table;
}

}  // namespace kith::teams
