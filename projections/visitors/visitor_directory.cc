#include "projections/visitors/visitor_directory.h"

namespace kith::visitors {

using projections::Table;
using projections::TableBuilder;

const Table<v1::Visitor>& VisitorDirectory::Visitors() {
  static const auto& table =
      *new Table<v1::Visitor>(TableBuilder<v1::Visitor>(1)
                                  .Key([](const v1::Visitor& visitor) { return visitor.name(); })
                                  .Field("site")
                                  .Field("contact")
                                  .Field("owner")
                                  .Field("create_time")
                                  .Field("last_view_time")
                                  .Index(1, {"contact"})
                                  .Index(2, {"create_time"})
                                  .CurrentIndex(3, {"last_view_time"})
                                  .Index(4, {"owner", "create_time"})
                                  .CurrentIndex(5, {"site", "last_view_time"})
                                  .Index(6, {"owner"})
                                  .Build());
  return table;
}

}  // namespace kith::visitors
