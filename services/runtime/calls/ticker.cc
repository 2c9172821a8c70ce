#include "services/runtime/calls/ticker.h"

#include <utility>

#include "eventstore/base/mutex.h"
#include "grpcpp/alarm.h"

namespace kith::runtime {

struct Ticker::State : std::enable_shared_from_this<State> {
  State(absl::Duration period, absl::AnyInvocable<bool()> tick)
      : period(period), tick(std::move(tick)) {}

  void SetAlarm() KITH_REQUIRES(mutex) {
    const gpr_timespec until =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_millis(absl::ToInt64Milliseconds(period), GPR_TIMESPAN));
    alarm = std::make_unique<grpc::Alarm>();
    alarm->Set(until, [self = shared_from_this()](bool rang) {
      if (rang) self->Ring();
    });
  }

  void Ring() KITH_EXCLUDES(mutex) {
    std::unique_ptr<grpc::Alarm> rung;
    {
      MutexLock lock(mutex);
      if (ended) return;
      rung = std::move(alarm);
      ringing = true;
      started = false;  // whoever starts it from now on wants a further tick
    }
    const bool is_wanted = tick();
    MutexLock lock(mutex);
    ringing = false;
    if (ended) return changed.NotifyAll();
    started |= is_wanted;
    if (started) SetAlarm();
  }

  const absl::Duration period;
  absl::AnyInvocable<bool()> tick;  // while `ringing`
  Mutex mutex;
  CondVar changed;
  std::unique_ptr<grpc::Alarm> alarm KITH_GUARDED_BY(mutex);
  bool started KITH_GUARDED_BY(mutex) = false;
  bool ringing KITH_GUARDED_BY(mutex) = false;
  bool ended KITH_GUARDED_BY(mutex) = false;
};

Ticker::Ticker(absl::Duration period, absl::AnyInvocable<bool()> tick)
    : state_(std::make_shared<State>(period, std::move(tick))) {}

Ticker::~Ticker() {
  std::unique_ptr<grpc::Alarm> unwanted;
  MutexLock lock(state_->mutex);
  state_->ended = true;
  unwanted = std::move(state_->alarm);
  while (state_->ringing) state_->changed.Wait(state_->mutex);
}

void Ticker::Start() {
  MutexLock lock(state_->mutex);
  if (std::exchange(state_->started, true) || state_->ringing) return;
  state_->SetAlarm();
}

}  // namespace kith::runtime
