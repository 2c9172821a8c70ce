// UserLists: of each user one list, as their teams or their roles, as a policy remembers it, and
// what an event of theirs changes of it. Who is deleted or inactive has nothing in it.
//
// Pure; any thread. Of a user a row has that list only, and whether they are there.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/log/event_registry.h"
#include "kith/users/v1/user.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/tables/table.h"

namespace kith::notifications {

class UserLists {
 public:
  using List = google::protobuf::RepeatedPtrField<std::string>;
  struct Change {
    std::vector<std::string> gone;
    std::vector<std::string> come;
  };

  // `table` is the policy's number for it.
  UserLists(uint8_t table, const List& (users::v1::User::*list)() const,
            List* (users::v1::User::*mutable_list)());

  // Folds an event of a user.
  absl::StatusOr<Change> Fold(const eventstore::RecordedEvent& event,
                              projections::ViewBatch& batch) const;

 private:
  std::set<std::string> ListOf(const users::v1::User& user) const;

  const projections::Table<users::v1::User> table_;
  const List& (users::v1::User::*const list_)() const;
  List* (users::v1::User::*const mutable_list_)();
};

}  // namespace kith::notifications
