#include "tests/testing/shorter_log.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "tests/testing/log_wrapper.h"

namespace kith::testing {
namespace {

using eventstore::EventLog;
using eventstore::ReadTier;
using eventstore::Record;

class ShorterFollower final : public EventLog::Follower {
 public:
  ShorterFollower(std::unique_ptr<EventLog::Follower> follower, Position head, bool at_end)
      : follower_(std::move(follower)), head_(head), ended_(at_end) {}

  absl::StatusOr<std::vector<std::shared_ptr<const Record>>> Poll(size_t limit) override {
    std::vector<std::shared_ptr<const Record>> records;
    if (ended_) return records;
    KITH_ASSIGN_OR_RETURN(records, follower_->Poll(limit));
    while (!records.empty() && records.back()->header.position > head_) records.pop_back();
    ended_ = records.empty() || records.back()->header.position == head_;
    return records;
  }
  void Wake(absl::AnyInvocable<void()> wake) override {
    if (!ended_) follower_->Wake(std::move(wake));
  }
  // Nothing comes after the end, so the wait is over when it is closed.
  bool Wait(absl::Duration timeout) override { return closed_.WaitFor(timeout) && !ended_; }
  void Close() override {
    closed_.Set();
    follower_->Close();
  }

 private:
  class Flag {
   public:
    void Set() {
      MutexLock lock(mutex_);
      set_ = true;
      changed_.NotifyAll();
    }
    bool WaitFor(absl::Duration timeout) {
      MutexLock lock(mutex_);
      if (!set_) changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(timeout));
      return set_;
    }

   private:
    Mutex mutex_;
    CondVar changed_;
    bool set_ KITH_GUARDED_BY(mutex_) = false;
  };

  const std::unique_ptr<EventLog::Follower> follower_;
  const Position head_;
  bool ended_;  // of the one thread that polls
  Flag closed_;
};

class ShorterLog final : public LogWrapper {
 public:
  ShorterLog(EventLog& log, Position head) : LogWrapper(log), head_(head) {}

  void AppendAsync(eventstore::Append, AppendDone done) override {
    done(absl::FailedPreconditionError("a past log takes no appends"));
  }
  Position head() const override { return head_; }
  bool takes_writes() const override { return false; }
  absl::StatusOr<std::shared_ptr<const Record>> ReadAt(Position position,
                                                       ReadTier tier) const override {
    if (position > head_) return nullptr;
    return LogWrapper::ReadAt(position, tier);
  }
  absl::StatusOr<Position> PositionAt(absl::Time time, ReadTier tier) const override {
    KITH_ASSIGN_OR_RETURN(const Position position, LogWrapper::PositionAt(time, tier));
    return std::min(position, head_);
  }
  absl::StatusOr<Position> PositionOf(WorkspaceId workspace, Sequence sequence,
                                      ReadTier tier) const override {
    KITH_ASSIGN_OR_RETURN(const Position position,
                          LogWrapper::PositionOf(workspace, sequence, tier));
    return std::min(position, head_);
  }
  std::unique_ptr<Follower> Follow(Position after) override {
    return std::make_unique<ShorterFollower>(LogWrapper::Follow(after), head_, after >= head_);
  }

 private:
  const Position head_;
};

}  // namespace

std::unique_ptr<EventLog> NewShorterLog(EventLog& log, Position head) {
  return std::make_unique<ShorterLog>(log, head);
}

}  // namespace kith::testing
