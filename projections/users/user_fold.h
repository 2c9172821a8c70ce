// What the events of a user make of it: the standard fold, and that who comes into being is active.
//
// For the user directory and for what commands on users are decided on. Pure functions.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/users/v1/user.pb.h"

namespace kith::users {

StandardEvent FoldUser(const Happening& happening, v1::User& user);

}  // namespace kith::users
