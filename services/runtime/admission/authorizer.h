// Authorizer: who is calling, and what the caller may do. services/workspaces implements it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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
  std::string actor;  // opaque id of the credentials
  Grants grants;
  // The workspace's, as of authentication; never null. Commands are decided under them; reads take
  // those of their moment (Authorizer::SettingsAt).
  std::shared_ptr<const Settings> settings;
  // What these credentials have on their way; null where nobody counts it.
  std::shared_ptr<KeyUsage> usage;
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // Who shows `credentials`, the text after "Bearer "; null when nobody does, or no longer. From
  // memory: it is called on gRPC's threads, by many at once, and costs a lookup.
  virtual std::shared_ptr<const Caller> Authenticate(absl::string_view credentials) const = 0;
  // Rises whenever Authenticate may answer something new: a call that goes on for long asks again
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
