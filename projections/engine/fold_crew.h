// FoldCrew: threads of a fold pool that lend a hand with what one task does in its turn.
//
// Items are done at once, in any order and by whoever is free: so nothing waits for a thread that
// does not come, and with nobody to help the task does all of it. Owned by the task, whose turns it
// is used in; the crew outlives the pool.
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

  // While it lives others may help. One at a time, within a turn of the task.
  class Session {
   public:
    explicit Session(FoldCrew& crew) : crew_(crew) { crew_.Call(); }
    ~Session() { crew_.Dismiss(); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // From now on others do items 0 to `count` - 1. `work` lives until End.
    void Begin(size_t count, absl::FunctionRef<void(size_t item)> work) {
      crew_.Begin(count, work);
    }
    // Does what nobody has begun, and waits for the rest.
    void End() { crew_.End(); }

   private:
    FoldCrew& crew_;
  };

 private:
  class Member;

  void Call();
  void Dismiss();
  void Begin(size_t count, absl::FunctionRef<void(size_t)> work);
  void End();
  // Does items until there are none.
  void DoSome() KITH_REQUIRES(mutex_);
  // Does items as they come, until it is dismissed.
  void Help();

  FoldPool& pool_;
  std::vector<std::unique_ptr<Member>> members_;

  Mutex mutex_;
  CondVar changed_;
  bool called_ KITH_GUARDED_BY(mutex_) = false;
  std::optional<absl::FunctionRef<void(size_t)>> work_ KITH_GUARDED_BY(mutex_);
  size_t next_ KITH_GUARDED_BY(mutex_) = 0;
  size_t count_ KITH_GUARDED_BY(mutex_) = 0;
  size_t running_ KITH_GUARDED_BY(mutex_) = 0;  // items
};

}  // namespace kith::projections
