// RunEach: runs independent pieces of one answer side by side.
#pragma once

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "services/runtime/admission/pools.h"

namespace kith::runtime {

// Calls `run` with each number below `count`, each once, on the calling thread and on those of the
// pool that come to it meanwhile; returns when all have ended. Where the pool is busy the calling
// thread runs them all. It may be one of the pool's own: what it waits for has begun already.
void RunEach(Pool& pool, size_t count, absl::FunctionRef<void(size_t number)> run);

}  // namespace kith::runtime
