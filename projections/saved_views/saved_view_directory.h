// The saved view directory: which saved views there are, and which of them have this name, list
// this resource, are this owner's or everybody's.
#pragma once

#include "kith/saved_views/v1/saved_view.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::saved_views {

class SavedViewDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "saved_view_directory";

  // Beside every field of a saved view: the words of its name. By index: these, display_name,
  // resource, owner, shared, create_time. Names are compared by their normal forms.
  static const projections::Table<v1::SavedView>& SavedViews();

  SavedViewDirectory() : ResourceDirectory(kName, 1, "savedViews", SavedViews().core()) {}
};

}  // namespace kith::saved_views
