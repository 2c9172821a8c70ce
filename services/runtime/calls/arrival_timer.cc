#include "services/runtime/calls/arrival_timer.h"

#include <memory>
#include <utility>

#include "grpcpp/alarm.h"
#include "services/runtime/admission/call_limits.h"

namespace kith::runtime {
namespace {

// `ring` is called on one of gRPC's threads, unless the alarm is destroyed before.
std::unique_ptr<grpc::Alarm> SetAlarm(absl::Duration after, absl::AnyInvocable<void()> ring) {
  auto alarm = std::make_unique<grpc::Alarm>();
  const gpr_timespec until =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_millis(absl::ToInt64Milliseconds(after), GPR_TIMESPAN));
  const auto shared = std::make_shared<absl::AnyInvocable<void()>>(std::move(ring));
  alarm->Set(until, [shared](bool rang) {
    if (rang) (*shared)();
  });
  return alarm;
}

}  // namespace

ArrivalTimer::ArrivalTimer() = default;
ArrivalTimer::~ArrivalTimer() = default;

void ArrivalTimer::LimitTurn(absl::Duration most, absl::AnyInvocable<bool()> give_up,
                             absl::AnyInvocable<void()> end) {
  turn_ =
      SetAlarm(most, [this, most, give_up = std::move(give_up), end = std::move(end)]() mutable {
        if (!give_up()) return;  // and this may be gone
        why_ = NotRead(most);
        end();
      });
}

void ArrivalTimer::LimitRead(absl::Duration most, absl::AnyInvocable<void()> end) {
  reading_ = std::make_shared<Reading>();
  read_ = SetAlarm(most, [this, most, reading = reading_, end = std::move(end)]() mutable {
    if (reading->ended.exchange(true)) return;  // and this may be gone
    why_ = TooSlow(most);
    end();
  });
}

bool ArrivalTimer::Arrive() { return reading_ == nullptr || !reading_->ended.exchange(true); }

}  // namespace kith::runtime
