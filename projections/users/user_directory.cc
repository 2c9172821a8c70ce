#include "projections/users/user_directory.h"

#include "eventstore/base/normalise.h"
#include "projections/users/user_fold.h"

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
                               .Field("roles")
                               .Field("state")
                               .Field("create_time")
                               .Index(1, {"display_name"})
                               .Index(2, {"email"})
                               .Index(3, {"office", "display_name"})
                               .Index(4, {"create_time"})
                               .Index(5, {"manager"})
                               .Index(6, {"words"})
                               .Index(7, {"teams", "display_name"})
                               .Index(8, {"roles", "display_name"})
                               .Index(9, {"state", "display_name"})
                               .Build());
  return table;
}

UserDirectory::UserDirectory()
    : ResourceDirectory(kName, 7, "users", Users().core(),
                        [](const Happening& happening, google::protobuf::Message& user) {
                          return FoldUser(happening, static_cast<v1::User&>(user));
                        }) {}

}  // namespace kith::users
