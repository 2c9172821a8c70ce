// The role directory: which roles there are, those that are built in among them.
#pragma once

#include <string>
#include <vector>

#include "kith/roles/v1/role.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::roles {

class RoleDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "role_directory";

  // Beside every field: the words of the name. By index: these, display_name, built_in,
  // create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::Role>& Roles();

  RoleDirectory() : ResourceDirectory(kName, 4, "roles", Roles().core()) {}

  // Those that are built in are there from the workspace's creation on.
  std::vector<std::string> categories() const override { return {"roles", "workspaces"}; }
  bool Takes(const eventstore::RecordedEvent& event) const override;
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::roles
