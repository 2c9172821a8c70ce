// Turns: work of many keys on one pool, a piece of each key after the other, so that a key with
// much to do does not keep those with little waiting. Within a key, in the order in which it came.
//
// Thread-safe. What was given to the pool has run before it ends.
#pragma once

#include <cstddef>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "eventstore/base/mutex.h"

namespace kith::runtime {

class KeyUsage;
class Pool;

class Turns {
 public:
  explicit Turns(Pool& pool) : pool_(pool) {}

  // Runs `work` on the pool when it is the key's turn. `key` is what the credentials have on their
  // way; it lives until then.
  void Run(const KeyUsage* key, absl::AnyInvocable<void()> work) KITH_EXCLUDES(mutex_);
  // The same where the pool has room; else false, and `work` is dropped.
  [[nodiscard]] bool TryRun(const KeyUsage* key, absl::AnyInvocable<void()> work)
      KITH_EXCLUDES(mutex_);
  // Pieces of work that wait.
  size_t waiting() const KITH_EXCLUDES(mutex_);

 private:
  using Queue = std::deque<absl::AnyInvocable<void()>>;

  void Add(const KeyUsage* key, absl::AnyInvocable<void()> work) KITH_REQUIRES(mutex_);
  void RunNext() KITH_EXCLUDES(mutex_);

  Pool& pool_;
  mutable Mutex mutex_;
  absl::flat_hash_map<const KeyUsage*, Queue> queues_ KITH_GUARDED_BY(mutex_);  // none is empty
  std::deque<const KeyUsage*> keys_ KITH_GUARDED_BY(mutex_);  // of the queues: whose turn is next
  size_t waiting_ KITH_GUARDED_BY(mutex_) = 0;
};

}  // namespace kith::runtime
