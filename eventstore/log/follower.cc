#include "eventstore/log/follower.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/log/cursor.h"

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

// Events of other workspaces that are read past in memory; beyond, the workspace's own are found by
// its index.
constexpr uint64_t kReadPastMax = 1024;
// What one Poll takes, about.
constexpr size_t kPieceBytes = 1 << 20;

size_t BytesOf(const Record& record) {
  size_t bytes = record.payload.size();
  for (const SealedPart& part : record.sealed) bytes += part.ciphertext.size();
  return bytes;
}

class WorkspaceFollower final : public EventLog::Follower {
 public:
  WorkspaceFollower(const LogReader& reader, Tail& tail, WorkspaceId workspace, Sequence after)
      : reader_(reader),
        tail_(tail),
        workspace_(workspace),
        after_(after),
        waker_(std::make_shared<Waker>()) {}

  ~WorkspaceFollower() override {
    tail_.Forget(workspace_, waker_);
    waker_->Cancel();
  }

  absl::StatusOr<Records> Poll(size_t limit) override {
    const auto [head, last] = tail_.HeadsOf(workspace_);
    if (last <= after_) {
      position_ = head;
      return Records();
    }
    Records passed;
    if (head.value() - position_.value() <= kReadPastMax &&
        tail_.CopyAfter(position_, head.value() - position_.value(), &passed)) {
      return TakeOwn(std::move(passed), limit);
    }
    return ReadOwn(head, limit);
  }

  void Wake(absl::AnyInvocable<void()> wake) override {
    const uint64_t ticket = waker_->Arm(std::move(wake));
    tail_.WakeBeyond(workspace_, after_, waker_, ticket);
  }

  bool Wait(absl::Duration timeout) override {
    return tail_.WaitBeyond(workspace_, after_, timeout, closed_);
  }

  void Close() override {
    closed_.store(true);
    tail_.StirWaiters();
  }

 private:
  Records TakeOwn(Records passed, size_t limit) {
    Records own;
    size_t bytes = 0;
    for (auto& record : passed) {
      if (own.size() == limit || bytes >= kPieceBytes) break;
      position_ = record->header.position;
      if (record->header.workspace != workspace_) continue;
      bytes += BytesOf(*record);
      Take(std::move(record), &own);
    }
    return own;
  }

  absl::StatusOr<Records> ReadOwn(Position head, size_t limit) {
    const auto cursor = NewRunCursor(reader_, head, Table::kWorkspaces, WorkspacePrefix(workspace_),
                                     after_.Next().value(), Direction::kForwards, ReadTier::kDisk);
    Records own;
    for (size_t bytes = 0; own.size() < limit && bytes < kPieceBytes;) {
      KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
      if (record == nullptr) break;
      bytes += BytesOf(*record);
      position_ = record->header.position;
      Take(std::move(record), &own);
    }
    return own;
  }

  void Take(std::shared_ptr<const Record> record, Records* own) {
    // What was told before may come again where the position was not known.
    if (record->header.sequence <= after_) return;
    after_ = record->header.sequence;
    own->push_back(std::move(record));
  }

  const LogReader& reader_;
  Tail& tail_;
  const WorkspaceId workspace_;
  Sequence after_;     // of the workspace's events
  Position position_;  // none of the workspace's up to here is after `after_`
  std::atomic<bool> closed_{false};
  const std::shared_ptr<Waker> waker_;  // shared with the tail and with a task on the executor
};

}  // namespace

std::unique_ptr<EventLog::Follower> NewWorkspaceFollower(const LogReader& reader, Tail& tail,
                                                         WorkspaceId workspace, Sequence after) {
  return std::make_unique<WorkspaceFollower>(reader, tail, workspace, after);
}

std::unique_ptr<EventLog::Follower> NewFollower(const LogReader& reader, Tail& tail,
                                                Position after) {
  return std::make_unique<LogFollower>(reader, tail, after);
}

}  // namespace kith::eventstore
