// OpenConnections: which descriptors of the process are connections that it accepted. gRPC does not
// tell when it closes one, so each is known by its socket: it is gone once its descriptor is closed
// or is something else. Files, whose descriptors come between, count for nothing.
//
// One for the process, as descriptors are; every listener counts in it. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "eventstore/base/mutex.h"

namespace kith::runtime {

class OpenConnections {
 public:
  static OpenConnections& OfProcess();

  // Counts a connection that was accepted just now. False, and it is not counted, where `most` are
  // open. Some that were closed may still count where there are thousands, until more have come.
  bool Add(int descriptor, int most) KITH_EXCLUDES(mutex_);
  // Of one that was added, and that the caller is about to close.
  void Remove(int descriptor) KITH_EXCLUDES(mutex_);

 private:
  void Forget(size_t descriptor) KITH_REQUIRES(mutex_);
  void ForgetSomeClosed() KITH_REQUIRES(mutex_);

  Mutex mutex_;
  std::vector<uint64_t> sockets_ KITH_GUARDED_BY(mutex_);  // by descriptor; 0: none was added
  int count_ KITH_GUARDED_BY(mutex_) = 0;                  // of those that are not 0
  size_t next_ KITH_GUARDED_BY(mutex_) = 0;                // which one is looked at next
};

}  // namespace kith::runtime
