#include "projections/saved_views/saved_view_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::saved_views {

using projections::Table;
using projections::TableBuilder;

const Table<v1::SavedView>& SavedViewDirectory::SavedViews() {
  static const auto& table = *new Table<v1::SavedView>(
      TableBuilder<v1::SavedView>(1)
          .Key([](const v1::SavedView& saved_view) { return saved_view.name(); })
          .Words([](const v1::SavedView& saved_view, projections::WordSink& out) {
            out.Add(saved_view.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Field("resource")
          .Field("owner")
          .Field("shared")
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"resource", "display_name"})
          .Index(3, {"owner", "display_name"})
          .Index(4, {"shared", "display_name"})
          .Index(5, {"create_time"})
          .Index(6, {"words"})
          .Build());
  return table;
}

}  // namespace kith::saved_views
