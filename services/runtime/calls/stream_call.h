// StreamCall: one server stream. Messages are made on the pool for streams: while one is being
// written the next is made, and no further one before the client has taken it. A slow client holds
// two messages in memory, and one where its key has many that are not taken. Once the caller's
// credentials are revoked nothing more is sent: the stream ends at its next message or heartbeat.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/arena.h"
#include "grpcpp/alarm.h"
#include "services/runtime/calls/call.h"

namespace kith::runtime {

// What a stream sends. Called by one thread at a time; destroyed when the stream ends.
template <class Response>
class StreamSource {
 public:
  virtual ~StreamSource() = default;

  enum class Next { kMessage, kIdle, kEnd };
  // Fills `response` and answers kMessage; kIdle when there is nothing to send now; kEnd when there
  // never will be. An error ends the stream. `response` holds an earlier message: the source clears
  // it, and may use its memory again.
  virtual absl::StatusOr<Next> Fill(Response* response) = 0;

  // After kIdle: calls `wake`, from any thread, when there is something to send. Destroying the
  // source cancels it. Sources that are never idle leave it.
  virtual void Wake(absl::AnyInvocable<void()> wake) { (void)wake; }
  // After kIdle: how long to wait at most before Fill is called again, e.g. for a heartbeat.
  virtual absl::Duration IdleMax() const { return absl::Seconds(10); }
};

// One idle time, which any of several causes may end: the stream is resumed once, and not before
// the pause has begun. Thread-safe.
class Pause {
 public:
  explicit Pause(absl::AnyInvocable<void()> resume) : resume_(std::move(resume)) {}

  // The stream has done all that it does before it rests.
  void Begin() { Advance(begun_); }
  void End() { Advance(ended_); }

 private:
  void Advance(bool& reached) KITH_EXCLUDES(mutex_);

  Mutex mutex_;
  bool begun_ = false;
  bool ended_ = false;
  absl::AnyInvocable<void()> resume_ KITH_GUARDED_BY(mutex_);
};

// The course of a stream, without its messages' types: it is always either taking a step on the
// pool, or writing a message and making the next, or in a pause, and ends from a step.
class StreamCourse : public StreamedCall, public CallTracker::Stream {
 public:
  ~StreamCourse() override { environment_.calls.Remove(this); }

  void Begin() final;
  void Arrived(bool ok) final;
  void Writing(size_t bytes) final;
  void Written(bool ok) final;
  void Cancelled() final;
  void EndForShutdown() final;

 protected:
  StreamCourse(const CallEnvironment& environment, const Method& method, StreamCarrier& carrier,
               google::protobuf::Message* request)
      : counted_(environment.calls),
        open_(*method.counters),
        environment_(environment),
        method_(method),
        carrier_(carrier),
        request_(request) {}

  // Whether it is for this caller; before every message.
  virtual absl::Status Check(const CallerContext& caller) = 0;
  enum class Step { kWrite, kIdle, kEnd };
  // Opens the source where it is not, and fills the next message. On the pool.
  virtual absl::StatusOr<Step> Take(const CallerContext& caller) = 0;
  // Gives the message filled last, and the next one is filled beside it.
  virtual const google::protobuf::Message& Swap() = 0;
  virtual void WakeBy(absl::AnyInvocable<void()> wake) = 0;
  virtual absl::Duration IdleMax() const = 0;
  virtual void CloseSource() = 0;

 private:
  absl::Status Prepare(bool arrived);
  void Schedule();
  void TakeStep();
  void WriteAndTakeNext();
  // The message is written, or the next is made: the later of both goes on.
  void HalfDone() KITH_EXCLUDES(mutex_);
  void Rest();
  void StopWith(absl::Status reason) KITH_EXCLUDES(mutex_);
  void End(const absl::Status& status);

  const CallTracker::Call counted_;
  const CallCounters::OpenStream open_;
  const CallEnvironment& environment_;
  const Method& method_;
  StreamCarrier& carrier_;
  google::protobuf::Message* const request_;
  absl::Duration began_;
  CallerContext caller_;
  int64_t writing_bytes_ = 0;
  std::unique_ptr<grpc::Alarm> alarm_;         // of the pause
  std::optional<absl::StatusOr<Step>> taken_;  // made while the message before was written

  Mutex mutex_;
  absl::Status stop_ KITH_GUARDED_BY(mutex_);  // not OK: the next step ends the stream so
  std::shared_ptr<Pause> pause_ KITH_GUARDED_BY(mutex_);  // while idle
  bool half_done_ KITH_GUARDED_BY(mutex_) = false;        // of writing one and making the next
};

template <class Request, class Response>
using OpenFunction = std::function<absl::StatusOr<std::unique_ptr<StreamSource<Response>>>(
    const CallerContext&, const Request&)>;

// Whether a stream is for a caller that its permission lets in. Asked again where their credentials
// grant something else.
using StreamCheck = std::function<absl::Status(const Caller&)>;

// Lives on an arena with its request.
template <class Request, class Response>
class StreamCall final : public StreamCourse {
 public:
  StreamCall(const CallEnvironment& environment, StreamCarrier& carrier,
             google::protobuf::Arena* arena, const OpenFunction<Request, Response>& open,
             const StreamCheck& check)
      : StreamCall(environment, carrier, google::protobuf::Arena::CreateMessage<Request>(arena),
                   open, check) {}

 private:
  StreamCall(const CallEnvironment& environment, StreamCarrier& carrier, Request* request,
             const OpenFunction<Request, Response>& open, const StreamCheck& check)
      : StreamCourse(environment, MethodOf<Request>(), carrier, request),
        request_(*request),
        open_(open),
        check_(check) {}

  using Source = StreamSource<Response>;

  absl::Status Check(const CallerContext& caller) override {
    if (check_ == nullptr || checked_ == caller.generation) return absl::OkStatus();
    checked_ = caller.generation;
    return check_(*caller.caller);
  }
  absl::StatusOr<Step> Take(const CallerContext& caller) override {
    if (source_ == nullptr) {
      absl::StatusOr<std::unique_ptr<Source>> opened = open_(caller, request_);
      if (!opened.ok()) return std::move(opened).status();
      source_ = *std::move(opened);
    }
    const absl::StatusOr<typename Source::Next> next = source_->Fill(filling_);
    if (!next.ok()) return next.status();
    switch (*next) {
      case Source::Next::kMessage:
        return Step::kWrite;
      case Source::Next::kIdle:
        return Step::kIdle;
      case Source::Next::kEnd:
        return Step::kEnd;
    }
    return absl::InternalError("a stream source answered nothing known");
  }
  const google::protobuf::Message& Swap() override {
    std::swap(filling_, writing_);
    return *writing_;
  }
  void WakeBy(absl::AnyInvocable<void()> wake) override { source_->Wake(std::move(wake)); }
  absl::Duration IdleMax() const override { return source_->IdleMax(); }
  void CloseSource() override { source_.reset(); }

  const Request& request_;
  const OpenFunction<Request, Response>& open_;
  const StreamCheck& check_;
  std::optional<uint64_t> checked_;  // the generation of who was checked last
  std::unique_ptr<Source> source_;
  Response responses_[2];
  Response* filling_ = &responses_[0];
  Response* writing_ = &responses_[1];
};

}  // namespace kith::runtime
