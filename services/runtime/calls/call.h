// Call: what the calls of every kind share: where they run, who calls, and how they begin and end.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "eventstore/seal/key_store.h"
#include "services/runtime/admission/authentication.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/admission/call_limits.h"
#include "services/runtime/admission/pools.h"
#include "services/runtime/reads/moments.h"
#include "services/runtime/requests/call_parts.h"
#include "services/runtime/requests/carrier.h"
#include "services/runtime/requests/method.h"

namespace kith::runtime {

class Transact;

// The calls in flight, and of them the streams that are open, so that callers stay within their
// limits, and a server that stops can end the streams and knows when no call is left. Thread-safe.
class CallTracker {
 public:
  explicit CallTracker(const CallLimits& limits) : limits_(limits) {}

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

  // What a call that was let in takes of the limits, until it ends. One thread at a time.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept { *this = std::move(other); }
    Share& operator=(Share&& other) noexcept {
      std::swap(tracker_, other.tracker_);
      std::swap(usage_, other.usage_);
      std::swap(streams_, other.streams_);
      std::swap(loads_, other.loads_);
      std::swap(arriving_, other.arriving_);
      std::swap(request_bytes_, other.request_bytes_);
      std::swap(load_bytes_, other.load_bytes_);
      std::swap(reply_bytes_, other.reply_bytes_);
      return *this;
    }
    ~Share() {
      if (tracker_ != nullptr) tracker_->GiveBack(*this);
    }

    // Has the call's one request read, at once where it is there or few of the key's are arriving;
    // then Arrived, with the bytes it takes, or zero where none came. ERROR_LIMIT_REACHED when they
    // are too many.
    void StartRead(Carrier& carrier) {
      arriving_ = !carrier.HasArrived();
      if (!arriving_) return carrier.StartRead();
      KeyUsage::StartRead(usage_, carrier, tracker_->limits());
    }
    absl::Status Arrived(int64_t bytes);
    // Before StartRead: takes what a request of so many bytes does. ERROR_LIMIT_REACHED when there
    // is not as much left.
    absl::Status TakeRoom(int64_t bytes);
    // Counts the bytes of a message with items, or when it is through, takes them off.
    void AddLoadBytes(int64_t bytes);
    // Messages with items take so much that none should be read ahead.
    bool HasLoadsEnough() const;

    // The one reply of a call is there.
    void Replied(size_t bytes);
    // Counts the bytes of a reply that is there, or when the client has taken it, takes them off.
    void AddReplyBytes(int64_t bytes);
    // ERROR_LIMIT_REACHED when replies that are not taken fill what there is for them: no further
    // one is made then.
    absl::Status CheckReplies() const;
    // They fill half of that, so that none should be made ahead.
    bool HasRepliesEnough() const;

   private:
    friend class CallTracker;
    CallTracker* tracker_ = nullptr;
    std::shared_ptr<KeyUsage> usage_;
    bool streams_ = false;
    bool loads_ = false;
    bool arriving_ = false;  // takes one of the key's places for requests that arrive
    int64_t request_bytes_ = 0;
    int64_t load_bytes_ = 0;
    int64_t reply_bytes_ = 0;
  };

  // ERROR_LIMIT_REACHED when as many calls are in flight as may be, of those that were let in.
  // Asked before credentials are: who has none takes no place of others.
  absl::Status CheckCalls() const;
  // The share of a call of such a method with these credentials, or ERROR_LIMIT_REACHED.
  absl::StatusOr<Share> Enter(std::shared_ptr<KeyUsage> usage, const Method& method);
  const CallLimits& limits() const { return limits_; }
  // In flight now.
  int64_t calls() const { return calls_.load(std::memory_order_relaxed); }
  int64_t request_bytes() const { return request_bytes_.load(std::memory_order_relaxed); }
  int64_t reply_bytes() const { return reply_bytes_.load(std::memory_order_relaxed); }

  // False when the server is stopping already.
  bool Add(Stream* stream) KITH_EXCLUDES(mutex_);
  void Remove(Stream* stream) KITH_EXCLUDES(mutex_);
  // Ends every stream and lets no further call begin.
  void Stop() KITH_EXCLUDES(mutex_);
  // After Stop: waits until no call is in flight, but no longer than `timeout`, and for streams,
  // whose clients may not read what ends them, no longer than `streams_timeout`. Whether none was
  // left, but for streams.
  bool AwaitCalls(absl::Duration timeout, absl::Duration streams_timeout) KITH_EXCLUDES(mutex_);
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  // Calls that are still in flight have had the time that they get.
  void EndGrace() { grace_over_.store(true, std::memory_order_release); }
  bool grace_over() const { return grace_over_.load(std::memory_order_acquire); }

 private:
  void CallEnded() KITH_EXCLUDES(mutex_);
  void GiveBack(const Share& share);

  // So few of `max` bytes are not counted: what all calls together make of them is a quarter.
  int64_t OwnBytes(int64_t max) const { return max / 4 / limits_.calls_max; }

  const CallLimits limits_;
  std::atomic<int64_t> request_bytes_ = 0;
  std::atomic<int64_t> load_bytes_ = 0;
  std::atomic<int64_t> reply_bytes_ = 0;
  Mutex mutex_;
  absl::flat_hash_set<Stream*> streams_ KITH_GUARDED_BY(mutex_);
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> grace_over_ = false;
  std::atomic<int64_t> calls_ = 0;
  std::atomic<int64_t> let_in_ = 0;  // of them those that have a share
  CondVar ended_;                    // a call, while the server stops
  const MetricSource metrics_{[this](MetricPage& page) {
    page.Gauge("kith_calls_in_flight", "Calls that have begun and not ended, streams among them.",
               static_cast<double>(calls_.load()));
    page.Gauge("kith_reply_bytes", "Bytes of replies that their clients have not taken.",
               static_cast<double>(reply_bytes()));
  }};
};

// What calls stand on. All of it outlives them.
struct CallEnvironment {
  const Authorizer& authorizer;
  const Authentication& authentication;
  const eventstore::EventLog& log;
  const Moments& moments;
  const eventstore::KeyStore& keys;
  Transact& transact;
  const Clock& clock;
  Pools& pools;
  CallTracker& calls;
  absl::Duration slow_call;  // calls that take as long are logged with their parts
};

// What a call knows of its caller once it was let in.
struct CallerContext {
  std::shared_ptr<const Caller> caller;
  absl::Time now;
  absl::Duration deadline;  // as Clock::Elapsed counts; infinite where the client set none
  uint64_t generation = 0;  // of the authentication, when it was asked
  CallTracker::Share share;
};

// Lets a call that began when Clock::Elapsed was `began` in or refuses it: shutting down, limits,
// deadline, credentials, permission. From memory; no message of it is read yet.
absl::StatusOr<CallerContext> Admit(const CallEnvironment& environment, const Method& method,
                                    const Carrier& carrier, absl::Duration began);

// Who calls, and for whom, or why nobody is let in for what the call shows (Authentication,
// Authorizer::OnBehalfOf), or that it does not grant the method (ERROR_PERMISSION_DENIED).
absl::StatusOr<std::shared_ptr<const Caller>> Authorise(const CallEnvironment& environment,
                                                        const Method& method,
                                                        const Carrier& carrier);

// Whether a call that was let in, and goes on, still may: its credentials may have been revoked
// meanwhile, have expired, or grant less. Then `caller` is who calls now; `generation` is that of
// the question before. Asks only when some credentials changed; costs a few loads otherwise. One
// thread at a time for a call.
absl::Status AdmitStill(const CallEnvironment& environment, const Method& method,
                        const Carrier& carrier, uint64_t& generation,
                        std::shared_ptr<const Caller>& caller);

// The 32 hexadecimal digits of the W3C trace id the client sent; empty when it sent none.
std::string TraceIdOf(const Carrier& carrier);

// The event that causes what the call changes, whose token the client sent as kith-cause; 0 where
// it sent none. ERROR_INVALID_TOKEN.
absl::StatusOr<Position> CauseOf(const CallEnvironment& environment, const Carrier& carrier);

// ERROR_SHUTTING_DOWN.
absl::Status ShuttingDown();

// Reads what came into `message`, unless it is longer than any that could be valid
// (ERROR_LIMIT_REACHED) or no message of the method (ERROR_INVALID_FIELD).
absl::Status ReadMessage(const Method& method, Carrier& carrier,
                         google::protobuf::Message* message);

// The same for the one request of a call, whose share had it read: it may have come (`arrived`) or
// not, be more than is left of the limits (ERROR_LIMIT_REACHED), and break the method's rules; and
// there may be no room for its reply (ERROR_LIMIT_REACHED).
absl::Status TakeRequest(const Method& method, Carrier& carrier, bool arrived,
                         CallTracker::Share* share, google::protobuf::Message* request);

// ERROR_LIMIT_REACHED when the caller makes more changes than its key may.
absl::Status TakeEvent(const CallEnvironment& environment, const Caller& caller);

// Counts further changes of a call that TakeEvent let make one: the next waits for all of them.
void OweEvents(const CallEnvironment& environment, const Caller& caller, int events);

// Counts what became of a call, and writes it to the server's log. `caller` may be null, and so may
// `parts`, of calls whose time is not the server's.
void Conclude(const CallEnvironment& environment, const Method& method, const Caller* caller,
              absl::string_view request_id, absl::Duration took, const absl::Status& status,
              const CallParts* parts = nullptr);

}  // namespace kith::runtime
