// AppendLoad: keeps a number of appends in flight on a log, without a server.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"

namespace kith::bench {

// Aborts when an append is refused.
class AppendLoad {
 public:
  // `next` makes one append after the other and nullopt when there are no more; one thread at a
  // time calls it. Borrows the log.
  using Next = std::function<std::optional<eventstore::Append>()>;
  AppendLoad(eventstore::EventLog& log, Next next) : log_(log), next_(std::move(next)) {}

  // Returns when all are on disk.
  void Run(int in_flight) {
    for (int i = 0; i < in_flight; ++i) Begin();
    MutexLock lock(mutex_);
    while (busy_ > 0) done_.Wait(mutex_);
  }

 private:
  void Begin() {
    std::optional<eventstore::Append> append;
    {
      MutexLock lock(mutex_);
      append = next_();
      if (!append.has_value()) return;
      ++busy_;
    }
    log_.AppendAsync(*std::move(append),
                     [this](const absl::StatusOr<eventstore::Appended>& answer) {
                       KITH_CHECK(answer.ok());
                       Begin();
                       MutexLock lock(mutex_);
                       if (--busy_ == 0) done_.NotifyAll();
                     });
  }

  eventstore::EventLog& log_;
  Mutex mutex_;
  CondVar done_;
  Next next_ KITH_GUARDED_BY(mutex_);
  int busy_ KITH_GUARDED_BY(mutex_) = 0;
};

}  // namespace kith::bench
