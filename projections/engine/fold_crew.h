// FoldCrew: threads of a fold pool that lend a hand with what one task does in its turn.
//
// Items are done at once, in any order and by whoever is free: so nothing waits for a thread that
// does not come, and with nobody to help the task does all of it. Owned by the task, which uses it
// in its turns; the crew outlives the pool.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "eventstore/base/mutex.h"
#include "projections/engine/fold_pool.h"

namespace kith::projections {

class FoldCrew {
 public:
  explicit FoldCrew(FoldPool& pool);
  ~FoldCrew();

  // From now on others do items 0 to `count` - 1. `work` lives until End, which follows in the same
  // turn.
  void Begin(size_t count, absl::FunctionRef<void(size_t item)> work);
  // Does what nobody has begun, and waits for the rest.
  void End();

 private:
  class Member;

  // Does items until there are none.
  void DoSome();

  FoldPool& pool_;
  std::vector<std::unique_ptr<Member>> members_;

  Mutex mutex_;
  CondVar done_;
  std::optional<absl::FunctionRef<void(size_t)>> work_ KITH_GUARDED_BY(mutex_);
  size_t next_ KITH_GUARDED_BY(mutex_) = 0;
  size_t count_ KITH_GUARDED_BY(mutex_) = 0;
  size_t running_ KITH_GUARDED_BY(mutex_) = 0;  // items
};

}  // namespace kith::projections
