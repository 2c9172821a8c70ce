#include "eventstore/log/follower.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include "eventstore/base/status_macros.h"

namespace kith::eventstore {
namespace {

class LogFollower final : public EventLog::Follower {
 public:
  LogFollower(const LogReader& reader, Tail& tail, Position after)
      : reader_(reader), tail_(tail), after_(after), waker_(std::make_shared<Waker>()) {}

  ~LogFollower() override {
    tail_.Forget(waker_);
    waker_->Cancel();
  }

  absl::StatusOr<Records> Poll(size_t limit) override {
    Records records;
    while (records.size() < limit) {
      const size_t before = records.size();
      const bool in_memory = tail_.CopyAfter(after_, limit - before, &records);
      if (!in_memory) {
        const Position last(std::min(tail_.head().value(), after_.value() + (limit - before)));
        KITH_ASSIGN_OR_RETURN(Records piece,
                              reader_.ReadRange(after_.Next(), last, ReadTier::kDisk));
        std::move(piece.begin(), piece.end(), std::back_inserter(records));
      }
      KeepAboutAMebibyte(&records);
      if (records.size() == before) break;
      after_ = records.back()->header.position;
      if (!in_memory) break;  // one piece at a time, because its bytes are bounded
    }
    return records;
  }

  void Wake(absl::AnyInvocable<void()> wake) override {
    const uint64_t ticket = waker_->Arm(std::move(wake));
    tail_.WakeBeyond(after_, waker_, ticket);
  }

  bool Wait(absl::Duration timeout) override { return tail_.WaitBeyond(after_, timeout, closed_); }

  void Close() override {
    closed_.store(true);
    tail_.StirWaiters();
  }

 private:
  const LogReader& reader_;
  Tail& tail_;
  Position after_;
  std::atomic<bool> closed_{false};
  const std::shared_ptr<Waker> waker_;  // shared with the tail and with a task on the executor
};

}  // namespace

std::unique_ptr<EventLog::Follower> NewFollower(const LogReader& reader, Tail& tail,
                                                Position after) {
  return std::make_unique<LogFollower>(reader, tail, after);
}

}  // namespace kith::eventstore
