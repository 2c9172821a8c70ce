// The site directory: which sites there are, and which of them have this name or this owner.
#pragma once

#include "kith/visitors/v1/site.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::visitors {

class SiteDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "site_directory";

  // Beside every field: the words of the name. By index: these, display_name, owner, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::Site>& Sites();

  SiteDirectory() : ResourceDirectory(kName, 1, "sites", Sites().core()) {}
};

}  // namespace kith::visitors
