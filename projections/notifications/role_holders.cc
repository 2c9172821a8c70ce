#include "projections/notifications/role_holders.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/notifications/v1/notification_rows.pb.h"
#include "kith/users/v1/user.pb.h"
#include "projections/notifications/user_lists.h"
#include "projections/tables/table.h"

namespace kith::notifications {
namespace {

using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;
using users::v1::User;

// So many rows has a role.
constexpr int kParts = 32;

const UserLists& Users() {
  static const auto& users = *new UserLists(13, &User::roles, &User::mutable_roles);
  return users;
}
const Table<v1::RoleHolders>& Holders() {
  static const auto& table = *new Table<v1::RoleHolders>(
      TableBuilder<v1::RoleHolders>(14)
          .Key([](const v1::RoleHolders& row) -> const std::string& { return row.key(); })
          .Build());
  return table;
}

std::string KeyOf(const std::string& role, int part) { return absl::StrCat(role, "/", part); }

// Names that are drawn end at random.
int PartOf(const std::string& user) {
  return user.empty() ? 0 : static_cast<unsigned char>(user.back()) % kParts;
}

absl::Status Give(const std::string& role, const std::string& user, WorkspaceId workspace,
                  ViewBatch& batch) {
  const std::string key = KeyOf(role, PartOf(user));
  return Holders().Change(batch, workspace, key, [&](v1::RoleHolders& row) {
    row.set_key(key);
    std::set<std::string> users(row.users().begin(), row.users().end());
    users.insert(user);
    row.mutable_users()->Assign(users.begin(), users.end());
    return true;
  });
}

absl::Status Take(const std::string& role, const std::string& user, WorkspaceId workspace,
                  ViewBatch& batch) {
  const std::string key = KeyOf(role, PartOf(user));
  return Holders().Change(batch, workspace, key, [&](v1::RoleHolders& row) {
    auto& users = *row.mutable_users();
    users.erase(std::remove(users.begin(), users.end(), user), users.end());
    return !users.empty();
  });
}

}  // namespace

bool IsRole(absl::string_view name) { return absl::StartsWith(name, "roles/"); }

bool IsOfHolders(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == "users";
}

absl::Status FoldHolders(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(const UserLists::Change change, Users().Fold(event, batch));
  for (const std::string& role : change.gone) {
    KITH_RETURN_IF_ERROR(Take(role, header.stream, header.workspace, batch));
  }
  for (const std::string& role : change.come) {
    KITH_RETURN_IF_ERROR(Give(role, header.stream, header.workspace, batch));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> HoldersOf(const std::string& role, WorkspaceId workspace,
                                                   size_t limit, ViewBatch& batch) {
  std::set<std::string> holders;
  for (int part = 0; part < kParts; ++part) {
    KITH_ASSIGN_OR_RETURN(const auto row, Holders().Get(batch, workspace, KeyOf(role, part)));
    if (!row.has_value()) continue;
    holders.insert(row->users().begin(), row->users().end());
  }
  std::vector<std::string> first(holders.begin(), holders.end());
  if (first.size() > limit) first.resize(limit);
  return first;
}

}  // namespace kith::notifications
