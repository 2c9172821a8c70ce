#include "projections/users/user_fold.h"

namespace kith::users {

StandardEvent FoldUser(const Happening& happening, v1::User& user) {
  const StandardEvent kind = FoldStandardEvent(happening, user);
  if (kind == StandardEvent::kCreated) user.set_state(v1::ACTIVE);
  return kind;
}

}  // namespace kith::users
