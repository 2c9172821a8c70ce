// The user directory: who works with Kith, and who of them has this name or sits in this office.
//
// Holds every live user; a deleted one leaves no row, and is found as of before.
#pragma once

#include "kith/users/v1/user.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::users {

class UserDirectory final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "user_directory";

  // The users, by resource name. Filter fields: display_name, email, office, manager, create_time.
  // Names and e-mail addresses are compared by their normal forms.
  static const projections::Table<v1::User>& Users();

  absl::string_view name() const override { return kName; }
  int version() const override { return 2; }
  std::vector<std::string> categories() const override { return {"users"}; }
  bool has_indexes() const override { return true; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::users
