// FoldPool: the threads on which views are folded: as many as there are cores, however many views
// there are.
//
// What folds is a task: it does a piece of work, then lets others have their turn, and is called
// again for the next piece; by one thread at a time. Tasks that are near the head of the log come
// before those that are far behind it, which have every fourth turn at least. A piece waits for
// nothing but the disk, and for who does a part of it (fold_crew.h): then another task has its
// turn meanwhile.
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "eventstore/base/mutex.h"

namespace kith::projections {

class FoldTask {
 public:
  // What is to become of a task that has done a piece of work.
  enum class Next {
    kSoon,   // there is more
    kLater,  // there is more, and it is far behind
    kRest,   // nothing until Wake
  };

  FoldTask() = default;
  virtual ~FoldTask() = default;
  // Does a piece of work.
  virtual Next Step() = 0;

 protected:
  // One that comes behind the others whenever it is woken.
  explicit FoldTask(bool always_behind) : always_behind_(always_behind), behind_(always_behind) {}

 private:
  friend class FoldPool;
  enum class State { kResting, kQueued, kRunning, kWoken };  // kWoken: running, and to run again

  const bool always_behind_ = false;
  // Guarded by the pool's mutex.
  State state_ = State::kResting;
  bool behind_ = false;
};

// Thread-safe.
class FoldPool {
 public:
  explicit FoldPool(size_t threads);
  ~FoldPool();

  // The task has something to do: it is called soon, if not at once once more. It must outlive the
  // pool. Any thread, tasks too.
  void Wake(FoldTask& task);
  // How many tasks have their turn at once.
  size_t threads() const { return active_max_; }
  // While it lives a task waits, in its turn, for what others do in theirs.
  class Wait {
   public:
    explicit Wait(FoldPool& pool) : pool_(pool) { pool_.BeginWait(); }
    ~Wait() { pool_.EndWait(); }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

   private:
    FoldPool& pool_;
  };
  // Waits until every task rests, then ends the threads. Nobody else may wake any by then.
  void Stop();

 private:
  void Work();
  void BeginWait();
  void EndWait();
  void Queue(FoldTask& task) KITH_REQUIRES(mutex_);
  FoldTask* TakeNext() KITH_REQUIRES(mutex_);

  const size_t active_max_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<FoldTask*> urgent_ KITH_GUARDED_BY(mutex_);
  std::deque<FoldTask*> behind_ KITH_GUARDED_BY(mutex_);
  size_t turns_ KITH_GUARDED_BY(mutex_) = 0;
  size_t running_ KITH_GUARDED_BY(mutex_) = 0;  // tasks that have their turn
  size_t waiting_ KITH_GUARDED_BY(mutex_) = 0;  // of them
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace kith::projections
