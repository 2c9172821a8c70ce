// Call: what the calls of every kind share: where they run, who calls, and how they begin and end.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "eventstore/seal/key_store.h"
#include "services/runtime/authorizer.h"
#include "services/runtime/carrier.h"
#include "services/runtime/method.h"
#include "services/runtime/moments.h"
#include "services/runtime/pools.h"

namespace kith::runtime {

class Transact;

// The calls in flight, and of them the streams that are open, so that a server that stops can end
// these and knows when none is left. Thread-safe.
class CallTracker {
 public:
  class Stream {
   public:
    virtual ~Stream() = default;
    virtual void EndForShutdown() = 0;
  };

  // Held by every call, from its beginning until its carrier is done with it.
  class Call {
   public:
    explicit Call(CallTracker& tracker) : tracker_(tracker) { tracker_.calls_.fetch_add(1); }
    ~Call() { tracker_.CallEnded(); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    CallTracker& tracker_;
  };

  // False when the server is stopping already.
  bool Add(Stream* stream) KITH_EXCLUDES(mutex_);
  void Remove(Stream* stream) KITH_EXCLUDES(mutex_);
  // Ends every stream and lets no further call begin.
  void Stop() KITH_EXCLUDES(mutex_);
  // After Stop: waits until no call is in flight, but no longer than `timeout`.
  void AwaitCalls(absl::Duration timeout) KITH_EXCLUDES(mutex_);
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }

 private:
  void CallEnded() KITH_EXCLUDES(mutex_);

  Mutex mutex_;
  absl::flat_hash_set<Stream*> streams_ KITH_GUARDED_BY(mutex_);
  std::atomic<bool> stopping_ = false;
  std::atomic<int64_t> calls_ = 0;
  CondVar idle_;
};

// What calls stand on. All of it outlives them.
struct CallEnvironment {
  const Authorizer& authorizer;
  const eventstore::EventLog& log;
  const Moments& moments;
  const eventstore::KeyStore& keys;
  Transact& transact;
  const Clock& clock;
  Pools& pools;
  CallTracker& calls;
};

// What a call knows of its caller once it was let in.
struct CallerContext {
  std::shared_ptr<const Caller> caller;
  absl::Time now;
  absl::Time deadline;      // infinite future where the client set none
  uint64_t generation = 0;  // of the authorizer, when it was asked
};

// Lets a call in or refuses it: shutting down, deadline, credentials, permission. From memory.
absl::StatusOr<CallerContext> Admit(const CallEnvironment& environment, const Method& method,
                                    const Carrier& carrier);

// Whether a call that was let in, and goes on, still may: its credentials may have been revoked
// meanwhile. Asks only when some credentials changed; costs a load otherwise. One thread at a time
// for a call.
absl::Status AdmitStill(const CallEnvironment& environment, const Method& method,
                        const Carrier& carrier, CallerContext* context);

// The 32 hexadecimal digits of the W3C trace id the client sent; empty when it sent none.
std::string TraceIdOf(const Carrier& carrier);

// ERROR_SHUTTING_DOWN.
absl::Status ShuttingDown();

// ERROR_INVALID_FIELD: the bytes that came are no message of the method.
absl::Status NoMessage();

// Writes what became of a call to the server's log. `caller` may be null.
void Conclude(const CallEnvironment& environment, const Method& method, const Caller* caller,
              absl::string_view request_id, absl::Time began, const absl::Status& status);

}  // namespace kith::runtime
