// DuplexCall: one call that is a stream both ways: messages of the client are read, and answered as
// their answers are ready. Bulk loads and sessions are such calls.
//
// What was accepted before a stream ends, for whatever reason, is answered first, where the client
// is still there. A client that takes no answers is not read from either. Nothing is read any more
// when the server stops or the credentials are revoked.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/calls/call.h"

namespace kith::runtime {

// The course of such a call, without what its messages are.
class DuplexCourse : public StreamedCall, public CallTracker::Stream {
 public:
  ~DuplexCourse() override { environment_.calls.Remove(this); }

  void Begin() final;
  void Arrived(bool ok) final KITH_EXCLUDES(mutex_);
  void Writing(size_t) final {}  // answers are counted when they are there
  void Written(bool ok) final KITH_EXCLUDES(mutex_);
  void Cancelled() final KITH_EXCLUDES(mutex_);
  void EndForShutdown() final KITH_EXCLUDES(mutex_);

 protected:
  DuplexCourse(const CallEnvironment& environment, const Method& method, StreamCarrier& carrier)
      : counted_(environment.calls),
        open_(*method.counters),
        environment_(environment),
        method_(method),
        carrier_(carrier) {}

  // Who calls now, with the settings of now; an error once the credentials are revoked. Any thread.
  absl::StatusOr<std::shared_ptr<const Caller>> CallerNow() KITH_EXCLUDES(caller_mutex_);

  // Takes the message that came, which can be read from the carrier. An error ends the stream: the
  // message has no effect then. One at a time.
  virtual absl::Status Take() = 0;
  // Whether a further message may be read.
  virtual bool MayRead() const KITH_REQUIRES(mutex_) = 0;
  // The next answer, which is kept until the one after is asked for; null where none is ready.
  virtual const google::protobuf::Message* NextAnswer() KITH_REQUIRES(mutex_) = 0;
  // The answer asked for last is on its way, or nobody takes it.
  virtual void AnswerTaken() KITH_REQUIRES(mutex_) {}
  // Nobody takes answers any more.
  virtual void DropAnswers() KITH_REQUIRES(mutex_) = 0;
  // Everything that was taken is answered, and each answer was asked for.
  virtual bool IsIdle() const KITH_REQUIRES(mutex_) = 0;

  // Keeps the call until Continue, which must follow on this thread or another: wherever any of the
  // above may answer something new, because another thread may end the call as soon as the lock is
  // given up.
  void Hold() KITH_REQUIRES(mutex_) { ++held_; }
  // Writes what is answered, reads on, and ends the stream when nothing is left to do.
  void Continue() KITH_EXCLUDES(mutex_);
  // Nothing that was taken from now on has an effect.
  bool is_stopping() const KITH_REQUIRES(mutex_) { return !stop_.ok(); }
  bool is_gone() const KITH_REQUIRES(mutex_) { return gone_; }

  const CallTracker::Call counted_;
  const CallCounters::OpenStream open_;
  const CallEnvironment& environment_;
  const Method& method_;
  StreamCarrier& carrier_;
  CallerContext caller_;  // as it was let in
  Mutex mutex_;

 private:
  // What a thread that holds the lock has decided to do when it has given it up.
  enum class Next { kNothing, kRead, kWrite, kFinish };

  absl::Status Prepare();
  void StopWith(absl::Status reason) KITH_EXCLUDES(mutex_);
  Next Choose(const google::protobuf::Message** answer) KITH_REQUIRES(mutex_);

  absl::Duration began_;
  Mutex caller_mutex_;
  uint64_t generation_ KITH_GUARDED_BY(caller_mutex_) = 0;  // of the authentication, when asked
  absl::StatusOr<std::shared_ptr<const Caller>> caller_now_ KITH_GUARDED_BY(caller_mutex_);
  absl::Status stop_ KITH_GUARDED_BY(mutex_);  // not OK: nothing further is read, and it ends so
  bool gone_ KITH_GUARDED_BY(mutex_) = false;  // nobody is there to be answered
  bool reading_ KITH_GUARDED_BY(mutex_) = false;
  bool read_all_ KITH_GUARDED_BY(mutex_) = false;
  bool writing_ KITH_GUARDED_BY(mutex_) = false;
  bool finished_ KITH_GUARDED_BY(mutex_) = false;
  int held_ KITH_GUARDED_BY(mutex_) = 1;  // by those who will continue; at first Begin
};

}  // namespace kith::runtime
