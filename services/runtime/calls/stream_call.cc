#include "services/runtime/calls/stream_call.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/runtime/calls/standing_checks.h"

namespace kith::runtime {

void Pause::Advance(bool& reached) {
  absl::AnyInvocable<void()> resume;
  {
    MutexLock lock(mutex_);
    reached = true;
    if (begun_ && ended_) resume = std::exchange(resume_, nullptr);
  }
  if (resume != nullptr) resume();
}

void StreamCourse::Begin() {
  began_ = environment_.clock.Elapsed();
  absl::StatusOr<CallerContext> admitted = Admit(environment_, method_, carrier_, began_);
  if (!admitted.ok()) return End(admitted.status());
  caller_ = *std::move(admitted);
  caller_.share.StartRead(carrier_);
}

void StreamCourse::Arrived(bool ok) {
  if (const absl::Status ready = Prepare(ok); !ready.ok()) return End(ready);
  // The first step is refused when the server is busy; a stream that runs is not broken off for
  // that.
  if (!environment_.pools.streams.TryRun([this] { TakeStep(); })) End(QueueFull("streams"));
}

absl::Status StreamCourse::Prepare(bool arrived) {
  KITH_RETURN_IF_ERROR(TakeRequest(method_, carrier_, arrived, &caller_.share, request_));
  return environment_.calls.Add(this) ? absl::OkStatus() : ShuttingDown();
}

void StreamCourse::Schedule() {
  environment_.pools.streams.Run([this] { TakeStep(); });
}

void StreamCourse::TakeStep() {
  absl::Status stop;
  {
    MutexLock lock(mutex_);
    pause_ = nullptr;
    stop = stop_;
  }
  if (stop.ok()) {
    stop = AdmitStill(environment_, method_, carrier_, caller_.generation, caller_.caller);
  }
  if (stop.ok()) stop = Check(caller_);
  if (!stop.ok()) return End(stop);
  const absl::StatusOr<Step> step =
      taken_.has_value() ? *std::exchange(taken_, std::nullopt) : Take(caller_);
  if (!step.ok()) return End(step.status());
  switch (*step) {
    case Step::kWrite:
      return WriteAndTakeNext();
    case Step::kIdle:
      return Rest();
    case Step::kEnd:
      return End(absl::OkStatus());
  }
}

void StreamCourse::WriteAndTakeNext() {
  const google::protobuf::Message& message = Swap();
  if (caller_.share.HasRepliesEnough()) {
    HalfDone();  // the next is made when this one is taken
  } else {
    // On another thread, because writing takes as long: it serialises, and sends as much as fits.
    environment_.pools.streams.Run([this] {
      taken_ = Take(caller_);
      HalfDone();
    });
  }
  carrier_.StartWrite(message);
}

void StreamCourse::HalfDone() {
  {
    MutexLock lock(mutex_);
    half_done_ = !half_done_;
    if (half_done_) return;
  }
  Schedule();
}

void StreamCourse::Rest() {
  const auto pause = std::make_shared<Pause>([this] { Schedule(); });
  bool stopped = false;
  {
    MutexLock lock(mutex_);
    pause_ = pause;
    stopped = !stop_.ok();
  }
  // The step after it asks whether the credentials still count.
  const absl::Duration idle = std::min(IdleMax(), kStandingPeriod);
  const gpr_timespec until =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_millis(absl::ToInt64Milliseconds(idle), GPR_TIMESPAN));
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(until, [pause](bool) { pause->End(); });
  WakeBy([pause] { pause->End(); });
  if (stopped) pause->End();
  pause->Begin();
}

void StreamCourse::Writing(size_t bytes) {
  writing_bytes_ = static_cast<int64_t>(bytes);
  caller_.share.AddReplyBytes(writing_bytes_);
}

void StreamCourse::Written(bool ok) {
  caller_.share.AddReplyBytes(-writing_bytes_);
  if (!ok) StopWith(absl::CancelledError("the client is gone"));
  HalfDone();
}

void StreamCourse::Cancelled() { StopWith(absl::CancelledError("the client hung up")); }

void StreamCourse::EndForShutdown() { StopWith(ShuttingDown()); }

void StreamCourse::StopWith(absl::Status reason) {
  std::shared_ptr<Pause> pause;
  {
    MutexLock lock(mutex_);
    if (stop_.ok()) stop_ = std::move(reason);
    pause = pause_;
  }
  if (pause != nullptr) pause->End();
}

void StreamCourse::End(const absl::Status& status) {
  CloseSource();
  Conclude(environment_, method_, caller_.caller.get(), "", environment_.clock.Elapsed() - began_,
           status);
  carrier_.Finish(status);
}

}  // namespace kith::runtime
