// Who could see a record, and why. Pure functions, any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "kith/roles/v1/role.pb.h"
#include "kith/users/v1/user.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "kith/workspaces/v1/workspace.pb.h"
#include "services/core/nested_teams.h"

namespace kith::users {

// What decides about it, of one record.
struct RecordShares {
  std::string read_permission;   // "deals.read"
  std::string write_permission;  // "deals.write"
  std::string owner;
  std::vector<std::string> viewers;
  std::vector<std::string> editors;
};

// Who else works with Kith at that moment. By resource names, of those that are there.
struct Staff {
  std::map<std::string, v1::User> users;
  std::map<std::string, roles::v1::Role> roles;
  TeamParents teams;
};

// More who can see it are not told.
inline constexpr int kUsersToldMax = 1'000;

v1::RecordAccess AccessTo(const RecordShares& record, const Staff& staff);

// Puts to it what the key can do with the record at `now`, where it is a service's and can see it.
void AddKey(const RecordShares& record, const workspaces::v1::ApiKey& key, absl::Time now,
            v1::RecordAccess& access);

}  // namespace kith::users
