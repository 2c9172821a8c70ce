#include "services/runtime/calls/duplex_call.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/runtime/calls/standing_checks.h"

namespace kith::runtime {

void DuplexCourse::Begin() {
  began_ = environment_.clock.Elapsed();
  if (absl::Status ready = Prepare(); !ready.ok()) {
    StopWith(std::move(ready));
  } else {
    StandingChecks::Instance().Begin(this, [this] { EndForShutdown(); });
  }
  Continue();
}

absl::Status DuplexCourse::Prepare() {
  KITH_ASSIGN_OR_RETURN(caller_, Admit(environment_, method_, carrier_, began_));
  {
    MutexLock lock(caller_mutex_);
    generation_ = caller_.generation;
    caller_now_ = caller_.caller;
  }
  return environment_.calls.Add(this) ? absl::OkStatus() : ShuttingDown();
}

void DuplexCourse::Arrived(bool ok) {
  absl::Status taken;
  if (ok) {
    taken = CallerNow().status();
    if (taken.ok()) taken = Take();
  }
  {
    MutexLock lock(mutex_);
    reading_ = false;
    if (!ok) read_all_ = true;
    if (stop_.ok()) stop_ = std::move(taken);
    Hold();
  }
  Continue();
}

void DuplexCourse::Written(bool ok) {
  {
    MutexLock lock(mutex_);
    writing_ = false;
    AnswerTaken();
    if (!ok) gone_ = true;
    if (!ok && stop_.ok()) stop_ = absl::CancelledError("the client is gone");
    Hold();
  }
  Continue();
}

void DuplexCourse::Cancelled() {
  {
    MutexLock lock(mutex_);
    gone_ = true;
    if (stop_.ok()) stop_ = absl::CancelledError("the client hung up");
    Hold();
  }
  Continue();
}

// Also called every kStandingPeriod while the server does not stop: the call goes on then where its
// credentials count.
void DuplexCourse::EndForShutdown() {
  {
    MutexLock lock(mutex_);
    if (finished_ || !stop_.ok()) return;
    Hold();  // the carrier is there until this is answered
  }
  absl::Status why = environment_.calls.stopping() ? ShuttingDown() : CallerNow().status();
  {
    MutexLock lock(mutex_);
    if (stop_.ok()) stop_ = std::move(why);
    if (stop_.ok() && !read_all_) {  // nobody waits for what is held
      --held_;
      return;
    }
  }
  environment_.pools.folds.Run([this] { Continue(); });
}

absl::StatusOr<std::shared_ptr<const Caller>> DuplexCourse::CallerNow() {
  const uint64_t generation = environment_.authentication.generation();
  MutexLock lock(caller_mutex_);
  if (generation != generation_) {
    generation_ = generation;
    caller_now_ = Authorise(environment_, method_, carrier_);
  }
  if (!caller_now_.ok()) return caller_now_;
  if (absl::Status counts = environment_.authentication.CheckStanding(**caller_now_);
      !counts.ok()) {
    caller_now_ = std::move(counts);
  }
  return caller_now_;
}

void DuplexCourse::StopWith(absl::Status reason) {
  MutexLock lock(mutex_);
  if (stop_.ok()) stop_ = std::move(reason);
}

DuplexCourse::Next DuplexCourse::Choose(const google::protobuf::Message** answer) {
  if (finished_) return Next::kNothing;
  if (gone_) DropAnswers();
  if (!writing_ && (*answer = NextAnswer()) != nullptr) return Next::kWrite;
  if (!read_all_ && stop_.ok()) return !reading_ && MayRead() ? Next::kRead : Next::kNothing;
  // A stream that stops does not wait for what its client may still send.
  return !writing_ && held_ == 0 && IsIdle() ? Next::kFinish : Next::kNothing;
}

void DuplexCourse::Continue() {
  for (;;) {
    Next next = Next::kNothing;
    absl::Status status;
    const google::protobuf::Message* answer = nullptr;
    {
      MutexLock lock(mutex_);
      --held_;
      next = Choose(&answer);
      switch (next) {
        case Next::kNothing:
          return;
        case Next::kRead:
          reading_ = true;
          break;
        case Next::kWrite:
          writing_ = true;
          break;
        case Next::kFinish:
          finished_ = true;
          status = stop_;
          break;
      }
      Hold();  // the read or write that is started may end, and with it the call
    }
    if (next == Next::kRead) carrier_.StartRead();
    if (next == Next::kWrite) carrier_.StartWrite(*answer);
    if (next == Next::kFinish) {
      StandingChecks::Instance().End(this);
      Conclude(environment_, method_, caller_.caller.get(), "",
               environment_.clock.Elapsed() - began_, status);
      return carrier_.Finish(status);
    }
  }
}

}  // namespace kith::runtime
