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
#include "services/core/decider.h"
#include "services/runtime/admission/call_limits.h"

namespace kith::runtime {

// What credentials grant: permissions with at most one wildcard: "contacts.read", "contacts.*",
// "*.read", "*". Permissions that begin with "operator." reach across workspaces: only a grant that
// begins so contains them.
class Grants {
 public:
  Grants() = default;
  explicit Grants(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

  bool Contain(absl::string_view permission) const;
  // Whether one grant contains every permission that `pattern` matches.
  bool ContainAll(absl::string_view pattern) const { return Contain(pattern); }
  const std::vector<std::string>& patterns() const { return patterns_; }

 private:
  std::vector<std::string> patterns_;
};

// Immutable; shared by the calls in flight.
struct Caller {
  WorkspaceId workspace;
  std::string actor;  // the id of the key, or the name of a token's user
  Grants grants;
  // The workspace's, as of authentication; never null. Commands are decided under them; reads take
  // those of their moment (Authorizer::SettingsAt).
  std::shared_ptr<const Settings> settings;
  // What these credentials have on their way; null where nobody counts it.
  std::shared_ptr<KeyUsage> usage;
  // When the credentials cease to count by themselves.
  absl::Time expire_time = absl::InfiniteFuture();
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
  // Who shows `credentials`, the text after "Bearer "; null when nobody does, or no longer. From
  // memory: it is called on gRPC's threads, by many at once, and costs a lookup.
  virtual std::shared_ptr<const Caller> Authenticate(absl::string_view credentials) const = 0;
  // Who the key "apiKeys/01J…" is for, though nobody shows its secret; null where there is none, or
  // no longer. From memory.
  virtual std::shared_ptr<const Caller> CallerOfKey(WorkspaceId workspace,
                                                    absl::string_view key) const = 0;
  // Who the claims are of; ERROR_TOKEN_WITHOUT_USER where there is no such workspace or user. Reads
  // a user that is not in memory from disk: it is asked once for a token and generation.
  virtual absl::StatusOr<std::shared_ptr<const Caller>> CallerOfUser(
      const TokenClaims& claims) const = 0;
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
