// The user directory: who works with Kith, and who of them has this name or sits in this office.
#pragma once

#include "kith/users/v1/user.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::users {

class UserDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "user_directory";

  // Beside every field of a user: the words of its name. By index: these, display_name, email,
  // office, manager, teams, roles, state, create_time. Names and e-mail addresses are compared by
  // their normal forms.
  static const projections::Table<v1::User>& Users();

  UserDirectory();
};

}  // namespace kith::users
