#include "projections/users/user_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::users {

using projections::Table;
using projections::TableBuilder;

const Table<v1::User>& UserDirectory::Users() {
  static const auto& table =
      *new Table<v1::User>(TableBuilder<v1::User>(1)
                               .Key([](const v1::User& user) { return user.name(); })
                               .Words([](const v1::User& user, projections::WordSink& out) {
                                 out.Add(user.display_name());
                               })
                               .Field("display_name", {.normalise = FoldedName})
                               .Alias()
                               .Field("email", {.normalise = EmailForm})
                               .Alias()
                               .Field("office", {.normalise = FoldedName})
                               .Field("manager")
                               .Field("teams")
                               .Field("create_time")
                               .Index(1, {"display_name"})
                               .Index(2, {"email"})
                               .Index(3, {"office", "display_name"})
                               .Index(4, {"create_time"})
                               .Index(5, {"manager"})
                               .Index(6, {"words"})
                               .Index(7, {"teams", "display_name"})
                               .Build());
  return table;
}

}  // namespace kith::users
