// LateCalls: calls that come when a server that stops is about to close its connections.
//
// gRPC says that it closes them, and ends with a bare CANCELLED whatever comes before a client has
// heard that. Who is refused a moment before, with its cause, asks again at once and comes just
// then. So the last calls are kept, with nothing told, until gRPC has said its word, and refused
// after it. Owned by the server; thread-safe.
#pragma once

#include <atomic>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "eventstore/base/mutex.h"

namespace kith::runtime {

class LateCalls {
 public:
  // Whether calls are kept now; costs a load.
  bool keeping() const { return keeping_.load(std::memory_order_acquire); }
  // Keeps a call that has come, which begins by `begin`. False, and it may begin, when none are
  // kept any more, or many are.
  bool Keep(absl::AnyInvocable<void()> begin) KITH_EXCLUDES(mutex_);

  // From now on calls are kept.
  void Start();
  // Waits until none has come for `quiet`, no longer than `max`.
  void AwaitQuiet(absl::Duration quiet, absl::Duration max) KITH_EXCLUDES(mutex_);
  // Begins those that were kept, in their order, and keeps no more.
  void BeginAll() KITH_EXCLUDES(mutex_);

 private:
  static constexpr size_t kKeptMax = 4'096;

  std::atomic<bool> keeping_ = false;
  Mutex mutex_;
  CondVar came_;
  std::vector<absl::AnyInvocable<void()>> kept_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::runtime
