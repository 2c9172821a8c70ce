// Executor: where work is done later, on some other thread.
#pragma once

#include "absl/functional/any_invocable.h"

namespace kith {

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `work` once. Any thread may call; `work` runs on a thread of the executor's.
  virtual void Run(absl::AnyInvocable<void()> work) = 0;
};

}  // namespace kith
