#include "projections/visitors/site_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::visitors {

using projections::Table;
using projections::TableBuilder;

const Table<v1::Site>& SiteDirectory::Sites() {
  static const auto& table =
      *new Table<v1::Site>(TableBuilder<v1::Site>(1)
                               .Key([](const v1::Site& site) { return site.name(); })
                               .Words([](const v1::Site& site, projections::WordSink& out) {
                                 out.Add(site.display_name());
                               })
                               .Field("display_name", {.normalise = FoldedName})
                               .Alias()
                               .Field("owner")
                               .Field("create_time")
                               .Index(1, {"display_name"})
                               .Index(2, {"owner", "display_name"})
                               .Index(3, {"create_time"})
                               .Index(4, {"words"})
                               .Build());
  return table;
}

}  // namespace kith::visitors
