#include "tests/testing/shorter_log.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"

namespace kith::testing {
namespace {

using eventstore::Direction;
using eventstore::EventLog;
using eventstore::ReadTier;
using eventstore::Record;
using eventstore::RecordCursor;

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

class ShorterLog final : public EventLog {
 public:
  ShorterLog(EventLog& log, Position head) : log_(log), head_(head) {}

  void AppendAsync(eventstore::Append, AppendDone done) override {
    done(absl::FailedPreconditionError("a past log takes no appends"));
  }
  Position head() const override { return head_; }
  Sequence WorkspaceHead(WorkspaceId workspace) const override {
    return log_.WorkspaceHead(workspace);
  }
  absl::string_view store_id() const override { return log_.store_id(); }
  bool takes_writes() const override { return false; }
  uint64_t epoch() const override { return log_.epoch(); }
  const eventstore::TokenSealer& token_sealer() const override { return log_.token_sealer(); }
  absl::StatusOr<eventstore::StreamHead> HeadOf(WorkspaceId workspace, absl::string_view stream,
                                                ReadTier tier) const override {
    return log_.HeadOf(workspace, stream, tier);
  }
  absl::StatusOr<std::optional<std::pair<eventstore::RequestKey, eventstore::Appended>>>
  FindRequest(WorkspaceId workspace, absl::string_view method, absl::string_view request_id,
              ReadTier tier) const override {
    return log_.FindRequest(workspace, method, request_id, tier);
  }
  absl::StatusOr<std::shared_ptr<const Record>> ReadAt(Position position,
                                                       ReadTier tier) const override {
    if (position > head_) return nullptr;
    return log_.ReadAt(position, tier);
  }
  std::unique_ptr<RecordCursor> ReadAll(Position from, Direction direction) const override {
    return log_.ReadAll(from, direction);
  }
  std::unique_ptr<RecordCursor> ReadStream(WorkspaceId workspace, absl::string_view stream,
                                           Revision from, Direction direction,
                                           ReadTier tier) const override {
    return log_.ReadStream(workspace, stream, from, direction, tier);
  }
  std::unique_ptr<RecordCursor> ReadWorkspace(WorkspaceId workspace, Sequence from,
                                              Direction direction) const override {
    return log_.ReadWorkspace(workspace, from, direction);
  }
  std::unique_ptr<RecordCursor> ReadTag(WorkspaceId workspace, const eventstore::Tag& tag,
                                        Position after) const override {
    return log_.ReadTag(workspace, tag, after);
  }
  void Settle(absl::Time time, Settled done) const override { log_.Settle(time, std::move(done)); }
  absl::StatusOr<Position> PositionAt(absl::Time time, ReadTier tier) const override {
    KITH_ASSIGN_OR_RETURN(const Position position, log_.PositionAt(time, tier));
    return std::min(position, head_);
  }
  absl::StatusOr<Position> PositionOf(WorkspaceId workspace, Sequence sequence,
                                      eventstore::ReadTier tier) const override {
    KITH_ASSIGN_OR_RETURN(const Position position, log_.PositionOf(workspace, sequence, tier));
    return std::min(position, head_);
  }
  std::unique_ptr<Follower> FollowWorkspace(WorkspaceId workspace, Sequence after) override {
    return log_.FollowWorkspace(workspace, after);
  }
  std::unique_ptr<Follower> Follow(Position after) override {
    return std::make_unique<ShorterFollower>(log_.Follow(after), head_, after >= head_);
  }

 private:
  EventLog& log_;
  const Position head_;
};

}  // namespace

std::unique_ptr<EventLog> NewShorterLog(EventLog& log, Position head) {
  return std::make_unique<ShorterLog>(log, head);
}

}  // namespace kith::testing
