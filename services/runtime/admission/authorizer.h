// Authorizer: who is calling, and what the caller may do. services/workspaces implements it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/log/types.h"
#include "services/core/access.h"
#include "services/core/decider.h"
#include "services/runtime/admission/call_limits.h"

namespace kith::runtime {

using kith::Grants;

// What a service must be granted to act for users. No method asks for it.
inline constexpr absl::string_view kActForUsers = "users.impersonate";

// Who calls, where the credentials are a user's. Immutable.
struct Member {
  std::string user;                // "users/01J…"
  std::vector<std::string> teams;  // theirs, and all that are parts of these; sorted
  // Who is in one of these teams; sorted. Who was deleted is in none.
  std::vector<std::string> colleagues;
  // By what a record is shared with them: their name, their teams, and all that these are parts of;
  // sorted.
  std::vector<std::string> groups;
  bool reads_personal = false;  // fields of the group PERSONAL
  bool reads_money = false;     // of the group MONEY
};

// Whether a workspace lets its callers in.
enum class Standing { kActive, kSuspended, kClosed };

// Immutable; shared by the calls in flight.
struct Caller {
  WorkspaceId workspace;
  std::string actor;  // the id of the key, or the name of a token's user
  Grants grants;      // and with whose records: ScopeOf
  // The workspace's, as of authentication; never null. Commands are decided under them; reads take
  // those of their moment (Authorizer::SettingsAt).
  std::shared_ptr<const Settings> settings;
  // What these credentials have on their way; null where nobody counts it.
  std::shared_ptr<KeyUsage> usage;
  // When the credentials cease to count by themselves: CheckStanding.
  absl::Time expire_time = absl::InfiniteFuture();
  Standing standing = Standing::kActive;  // of the workspace
  bool has_token = false;                 // the credentials are a token, and no key
  // Whose credentials they are; null where they are a service's, which has no teams and reads all.
  std::shared_ptr<const Member> member;
  // For whom a service acts: "users/01J…", whose `member` and roles these are then. Empty: for
  // nobody.
  std::string on_behalf_of;
};

// What a token that was verified says of who shows it.
struct TokenClaims {
  WorkspaceId workspace;
  std::string user;  // "users/01J…"
  Grants grants;
  absl::Time expire_time;
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // Who shows `credentials`, the text after "Bearer "; null when nobody does, or no longer; whoever
  // asks looks at CheckStanding. From memory: it is called on gRPC's threads, by many at once,
  // and costs a lookup.
  virtual std::shared_ptr<const Caller> Authenticate(absl::string_view credentials) const = 0;
  // Who the key "apiKeys/01J…" is for, though nobody shows its secret; as Authenticate otherwise.
  virtual std::shared_ptr<const Caller> CallerOfKey(WorkspaceId workspace,
                                                    absl::string_view key) const = 0;
  // Who the claims are of, as far as the user's roles grant what they do; ERROR_TOKEN_WITHOUT_USER
  // where there is no such workspace, or no such user who is active. From memory.
  virtual absl::StatusOr<std::shared_ptr<const Caller>> CallerOfUser(
      const TokenClaims& claims) const = 0;
  // Who the caller is as they act for the user of this name: what both may do.
  // ERROR_PERMISSION_DENIED where they are no service that may act for others,
  // ERROR_ON_BEHALF_OF_NOBODY where there is no such user who is active. From memory.
  virtual absl::StatusOr<std::shared_ptr<const Caller>> OnBehalfOf(
      std::shared_ptr<const Caller> caller, absl::string_view user) const = 0;
  // Who does what follows by itself in a workspace, "policies/task_reminders": as if it were the
  // process. Null where there is no such workspace; whoever asks looks at the standing. From
  // memory.
  virtual std::shared_ptr<const Caller> CallerOfPolicy(WorkspaceId workspace,
                                                       absl::string_view policy) const = 0;
  // Those workspaces that were made when there were fewer policies (policy_state.h).
  virtual std::vector<WorkspaceId> WorkspacesBefore(int policy_generation) const = 0;
  // A call of this caller was let in on that day, since 1970-01-01: told of the first of each day
  // since the server started. From memory.
  virtual void NoteUse(const Caller& caller, int64_t day) const = 0;
  // Rises whenever one of these may answer something new: a call that goes on for long asks again
  // then, and not otherwise. Costs a load.
  virtual uint64_t generation() const = 0;
  // The settings of the workspace that were recorded by `position`, which is not beyond the log's
  // head: a past answer does not change with what is chosen later. The defaults before the
  // workspace's first event. Unavailable when the tier is kMemory and the answer needs the disk,
  // DataLoss when the log is damaged there.
  virtual absl::StatusOr<std::shared_ptr<const Settings>> SettingsAt(
      WorkspaceId workspace, Position position, eventstore::ReadTier tier) const = 0;
};

}  // namespace kith::runtime
