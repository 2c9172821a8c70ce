#include "eventstore/log/record_clock.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"

namespace kith::eventstore {
namespace {

// The precision of record times.
constexpr absl::Duration kTick = absl::Microseconds(1);
// How far ahead the bound is written. After a crash, events may be recorded so much late.
constexpr absl::Duration kAhead = absl::Seconds(1);

absl::Time FloorToTick(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

absl::Status NotKnownYet() {
  return absl::UnavailableError(
      "a write to the log failed: what was recorded at that time is not known yet");
}

}  // namespace

void RecordClock::Reset(absl::Time last) {
  std::vector<Waiting> waiting;
  {
    MutexLock lock(mutex_);
    last_ = std::max(last_, last);
    published_ = std::max(published_, last);
    in_flight_.clear();
    failed_ = false;
    waiting.swap(waiting_);
  }
  Post(std::move(waiting), absl::OkStatus());
}

absl::Time RecordClock::BeginBatch(absl::Duration* behind) {
  MutexLock lock(mutex_);
  const absl::Time now = clock_.Now();
  last_ = std::max({now, last_, settled_ + kTick});
  if (behind != nullptr) *behind = last_ - now;
  in_flight_.push_back(last_);
  return last_;
}

absl::Time RecordClock::Now() const {
  MutexLock lock(mutex_);
  told_ = std::max({clock_.Now(), last_, told_});
  return told_;
}

void RecordClock::EndBatch() {
  std::vector<Waiting> reached;
  {
    MutexLock lock(mutex_);
    KITH_CHECK(!in_flight_.empty());
    published_ = in_flight_.front();
    in_flight_.pop_front();
    const auto still = std::stable_partition(
        waiting_.begin(), waiting_.end(),
        [this](const Waiting& one) KITH_REQUIRES(mutex_) { return !IsPublished(one.time); });
    reached.assign(std::make_move_iterator(still), std::make_move_iterator(waiting_.end()));
    waiting_.erase(still, waiting_.end());
  }
  Post(std::move(reached), absl::OkStatus());
}

void RecordClock::Fail() {
  std::vector<Waiting> waiting;
  {
    MutexLock lock(mutex_);
    failed_ = true;
    waiting.swap(waiting_);
  }
  Post(std::move(waiting), NotKnownYet());
}

void RecordClock::Settle(absl::Time time, EventLog::Settled done) {
  absl::StatusOr<absl::Time> answer;
  std::optional<absl::Time> bound;
  {
    MutexLock lock(mutex_);
    // The log's own now, which does not step back when the machine's clock does.
    const absl::Time now = std::max(clock_.Now(), last_);
    time = FloorToTick(std::min(time, now));
    if (IsKept(time)) {
      settled_ = std::max(settled_, time);
      if (!IsPublished(time) && !failed_) return waiting_.push_back({time, std::move(done)});
      answer = IsPublished(time) ? absl::StatusOr<absl::Time>(time) : NotKnownYet();
    } else {
      unkept_.push_back({time, std::move(done)});
      done = nullptr;
      if (std::exchange(keeping_, true)) return;
      bound = FloorToTick(now) + kAhead;
    }
  }
  if (done != nullptr) return done(std::move(answer));
  keep_(*bound, [this, bound = *bound](const absl::Status& status) { TakeKept(bound, status); });
}

void RecordClock::TakeKept(absl::Time bound, const absl::Status& status) {
  std::vector<Waiting> waiting;
  {
    MutexLock lock(mutex_);
    keeping_ = false;
    if (status.ok()) kept_ = std::max(kept_, bound);
    waiting.swap(unkept_);
  }
  if (!status.ok()) return Post(std::move(waiting), status);
  for (Waiting& one : waiting) Settle(one.time, std::move(one.done));
}

std::optional<absl::Time> RecordClock::Unkept() const {
  MutexLock lock(mutex_);
  if (settled_ == kept_ || kept_ < published_) return std::nullopt;
  return settled_;
}

void RecordClock::Post(std::vector<Waiting> waiting, const absl::Status& status) {
  for (Waiting& one : waiting) {
    absl::StatusOr<absl::Time> answer = status.ok() ? absl::StatusOr<absl::Time>(one.time) : status;
    executor_.Run([done = std::move(one.done), answer = std::move(answer)]() mutable {
      done(std::move(answer));
    });
  }
}

}  // namespace kith::eventstore
