#include "eventstore/log/follower.h"

#include <atomic>
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
      if (!tail_.CopyAfter(after_, limit - before, &records)) {
        KITH_ASSIGN_OR_RETURN(Records piece,
                              reader_.ReadRange(after_.Next(), tail_.head(), ReadTier::kDisk));
        const size_t count = std::min(piece.size(), limit - before);
        records.insert(records.end(), piece.begin(), piece.begin() + count);
      }
      if (records.size() == before) break;
      after_ = records.back()->header.position;
    }
    return records;
  }

  void Wake(absl::AnyInvocable<void()> wake) override {
    waker_->Arm(std::move(wake));
    tail_.WakeBeyond(after_, waker_);
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
