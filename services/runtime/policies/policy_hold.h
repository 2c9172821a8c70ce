// PolicyHold: that nothing follows by itself for now, because the server's data is a copy.
//
// The original may have sent what waits in the copy, or does so still. So whoever starts the server
// makes a hold, over which the policy runner begins nothing, until an operator ends it. What is
// held waits, as where a policy is paused. Thread-safe; outlives the server.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "kith/policies/v1/policy.pb.h"

namespace kith::runtime {

class PolicyHold {
 public:
  // Sees to it that the next start holds nothing, for good when it returns OK.
  using Forget = std::function<absl::Status()>;

  PolicyHold(policies::v1::RestoredCopy copy, Forget forget);

  // What the data is a copy of.
  const policies::v1::RestoredCopy& copy() const { return copy_; }
  bool holds() const { return holds_.load(); }
  // Ends it, and says of what it was one; nullopt where it had ended. Where that cannot be noted it
  // goes on, and the error says why.
  absl::StatusOr<std::optional<policies::v1::RestoredCopy>> End() KITH_EXCLUDES(mutex_);
  // Calls `ended` once it ends; null: nobody any more.
  void Tell(std::function<void()> ended) KITH_EXCLUDES(mutex_);

 private:
  const policies::v1::RestoredCopy copy_;
  const Forget forget_;
  std::atomic<bool> holds_ = true;
  Mutex mutex_;
  std::function<void()> ended_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::runtime
