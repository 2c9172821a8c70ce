// CallLimits: how much callers may have on their way, in all and with one key, so that none can
// take the server from the others.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "services/runtime/requests/carrier.h"

namespace kith::runtime {

// Requests and replies of no more than a call's even share of a quarter of their bound are bounded
// by the number of calls, and not counted.
struct CallLimits {
  int64_t calls_max = 8'192;          // let in and in flight, streams included
  int64_t calls_per_key_max = 2'048;  // the same, with the credentials of one key
  int64_t streams_per_key_max = 512;  // of them those that stream
  int64_t loads_per_key_max = 32;     // of them those that stream items to the server
  int64_t arriving_per_key_max = 64;  // requests of a key that are being read; others wait
  absl::Duration arrival_max = absl::Seconds(20);  // to be read, where others may wait; and to wait
  int64_t request_bytes_max = 64 << 20;            // of all requests in flight; a key has half
  int64_t reply_bytes_max = 256 << 20;             // of all replies not taken yet; a key has half
  double events_per_second_per_key = 0;  // changes a key may make, with a burst of a second; 0: any
};

// What all keys of one workspace have on their way, who makes itself as many as it likes. A
// workspace has three quarters of what there is for all, so that none takes the server from the
// others.
struct WorkspaceUsage {
  std::atomic<int64_t> calls = 0;
  std::atomic<int64_t> request_bytes = 0;
  std::atomic<int64_t> load_bytes = 0;
  std::atomic<int64_t> reply_bytes = 0;

  static constexpr int64_t Of(int64_t all) { return all - all / 4; }
};

// What one key has on its way. Thread-safe.
class KeyUsage {
 public:
  KeyUsage() : KeyUsage(std::make_shared<WorkspaceUsage>()) {}
  explicit KeyUsage(std::shared_ptr<WorkspaceUsage> of_workspace)
      : workspace(std::move(of_workspace)) {}

  const std::shared_ptr<WorkspaceUsage> workspace;
  std::atomic<int64_t> calls = 0;
  std::atomic<int64_t> streams = 0;
  std::atomic<int64_t> loads = 0;
  std::atomic<int64_t> request_bytes = 0;
  std::atomic<int64_t> load_bytes = 0;  // of messages with items
  std::atomic<int64_t> reply_bytes = 0;
  // The last day since 1970-01-01, of UTC, on which Authorizer::NoteUse was told of a call.
  std::atomic<int64_t> use_day = 0;

  // Starts the reading of a request of `usage`, now or when one of arriving_per_key_max that arrive
  // has arrived. The carrier is kept until then, or until it gives up its wait. Those in the second
  // half of the places, and those that waited, have arrival_max to arrive, so that requests that
  // never come whole do not take the key's calls from it. The others cost no timer.
  static void StartRead(const std::shared_ptr<KeyUsage>& usage, Carrier& carrier,
                        const CallLimits& limits);
  // For every StartRead, with the same limits: the request is there, or will not come.
  void Arrived(const CallLimits& limits) KITH_EXCLUDES(mutex_);

  // Takes one change out of what the key may make at `now`, as Clock::Elapsed counts; how long
  // until it may where there is none left, else zero.
  absl::Duration TakeEvent(double per_second, absl::Duration now) KITH_EXCLUDES(mutex_);
  // Takes so many more at once, of what it may make later where there are not as many.
  void OweEvents(int events) KITH_EXCLUDES(mutex_);

 private:
  struct Waiting {
    uint64_t ticket;
    Carrier* carrier;
  };

  // Whether it still waited; then it has a place like those that are read, until Arrived.
  bool GiveUp(uint64_t ticket) KITH_EXCLUDES(mutex_);

  Mutex mutex_;
  int64_t arriving_ KITH_GUARDED_BY(mutex_) = 0;
  uint64_t tickets_ KITH_GUARDED_BY(mutex_) = 0;
  std::deque<Waiting> waiting_ KITH_GUARDED_BY(mutex_);  // to be read
  double left_ KITH_GUARDED_BY(mutex_) = 0;              // less than zero: it owes
  absl::Duration filled_ KITH_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
};

// What a request is told whose turn to be read has not come for so long (ERROR_LIMIT_REACHED).
absl::Status NotRead(absl::Duration waited);
// What one is told that took so long to arrive while others may wait for it (ERROR_LIMIT_REACHED).
absl::Status TooSlow(absl::Duration took);

// ERROR_LIMIT_REACHED with QuotaFailure, and with RetryInfo where waiting helps. `limit` is the
// name of the option that sets it, `subject` what it counts for: "server", "key", "request".
absl::Status LimitReached(absl::string_view limit, absl::string_view subject,
                          absl::string_view message, absl::Duration retry_after = absl::Seconds(1));

}  // namespace kith::runtime
