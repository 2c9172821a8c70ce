// HeldExecutor: runs nothing before it is told to. One thread.
#pragma once

#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "eventstore/log/event_log.h"

namespace kith::testing {

class HeldExecutor final : public Executor {
 public:
  void Run(absl::AnyInvocable<void()> work) override { queue_.push_back(std::move(work)); }
  // What was queued when it began; what that queues waits.
  void RunAll() {
    for (auto& work : std::exchange(queue_, {})) work();
  }

 private:
  std::vector<absl::AnyInvocable<void()>> queue_;
};

}  // namespace kith::testing
