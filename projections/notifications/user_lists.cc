#include "projections/notifications/user_lists.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "projections/tables/fold_resource.h"

namespace kith::notifications {

using users::v1::User;

UserLists::UserLists(uint8_t table, const List& (User::*list)() const,
                     List* (User::*mutable_list)())
    : table_(projections::TableBuilder<User>(table)
                 .Key([](const User& user) -> const std::string& { return user.name(); })
                 .Build()),
      list_(list),
      mutable_list_(mutable_list) {}

std::set<std::string> UserLists::ListOf(const User& user) const {
  if (user.has_delete_time() || user.state() == users::v1::INACTIVE) return {};
  const List& list = (user.*list_)();
  return {list.begin(), list.end()};
}

absl::StatusOr<UserLists::Change> UserLists::Fold(const eventstore::RecordedEvent& event,
                                                  projections::ViewBatch& batch) const {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(auto known, table_.Get(batch, header.workspace, header.stream));
  User after = known.has_value() ? *std::move(known) : User();
  const std::set<std::string> before = ListOf(after);
  FoldStandardEvent(projections::HappeningOf(event), after);
  User row;
  row.set_name(header.stream);
  *(row.*mutable_list_)() = (after.*list_)();
  row.set_state(after.state());
  if (after.has_delete_time()) *row.mutable_delete_time() = after.delete_time();
  KITH_RETURN_IF_ERROR(table_.Put(batch, header.workspace, row));
  const std::set<std::string> now = ListOf(row);
  Change change;
  std::set_difference(before.begin(), before.end(), now.begin(), now.end(),
                      std::back_inserter(change.gone));
  std::set_difference(now.begin(), now.end(), before.begin(), before.end(),
                      std::back_inserter(change.come));
  return change;
}

}  // namespace kith::notifications
