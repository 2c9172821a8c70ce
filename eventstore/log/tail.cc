#include "eventstore/log/tail.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/log/keys.h"

namespace kith::eventstore {
namespace {

// Records in memory may take this much; a log of large events keeps fewer of them.
constexpr size_t kTailBytesMax = 64 << 20;
// Longer waits are cut to this, which no caller notices and no clock overflows on.
constexpr absl::Duration kWaitMax = absl::Hours(1);

size_t SizeOf(const Record& record) {
  size_t bytes = sizeof(Record) + record.payload.size() + 256;  // 256: the header's strings, about
  for (const SealedPart& part : record.sealed) bytes += sizeof(part) + part.ciphertext.size();
  return bytes;
}

}  // namespace

uint64_t Waker::Arm(absl::AnyInvocable<void()> wake) {
  MutexLock lock(mutex_);
  wake_ = std::move(wake);
  return ++ticket_;
}

void Waker::Fire(uint64_t ticket) {
  absl::AnyInvocable<void()> wake;
  {
    MutexLock lock(mutex_);
    if (ticket != ticket_ || wake_ == nullptr) return;
    wake = std::exchange(wake_, nullptr);
    running_ = std::this_thread::get_id();
  }
  wake();
  MutexLock lock(mutex_);
  running_ = {};
  idle_.NotifyAll();
}

void Waker::Cancel() {
  MutexLock lock(mutex_);
  wake_ = nullptr;
  const std::thread::id self = std::this_thread::get_id();
  while (running_ != std::thread::id() && running_ != self) idle_.Wait(mutex_);
}

Tail::Tail(Executor& executor, size_t records_max, size_t streams_max)
    : executor_(executor), recent_heads_(streams_max), ring_(std::max<size_t>(records_max, 1)) {}

Sequence Tail::WorkspaceHead(WorkspaceId workspace) const {
  MutexLock lock(mutex_);
  const auto found = workspaces_.find(workspace);
  return found == workspaces_.end() ? Sequence() : found->second;
}

std::pair<Position, Sequence> Tail::HeadsOf(WorkspaceId workspace) const {
  MutexLock lock(mutex_);
  const auto found = workspaces_.find(workspace);
  return {head(), found == workspaces_.end() ? Sequence() : found->second};
}

void Tail::Reset(Position head, const WorkspaceHeads& workspaces) {
  std::vector<Waiting> woken;
  recent_heads_.Clear();
  {
    MutexLock lock(mutex_);
    std::fill(ring_.begin(), ring_.end(), nullptr);
    bytes_ = 0;
    first_ = head.value() + 1;
    workspaces_ = workspaces;
    head_.store(head.value(), std::memory_order_release);
    woken.swap(waiting_);
    for (const auto& [workspace, waiting] : waiting_in_) touched_.push_back(workspace);
    TakeWoken(&woken);
    advanced_.NotifyAll();
  }
  for (const Waiting& waiting : woken) Post(waiting);
}

void Tail::Publish(absl::Span<const std::shared_ptr<const Record>> records) {
  if (records.empty()) return;
  // Before the head moves: whoever sees the new head sees these.
  for (const auto& record : records) {
    const EventHeader& header = record->header;
    recent_heads_.Put(HeadKey(header.workspace, header.stream), {header.revision, header.position});
  }
  Records evicted;  // freed after the lock
  MutexLock lock(mutex_);
  KITH_CHECK(records.front()->header.position.value() == head_.load() + 1);
  for (const auto& record : records) Store(record, &evicted);
  head_.store(records.back()->header.position.value(), std::memory_order_release);
}

void Tail::WakeFollowers() {
  std::vector<Waiting> woken;
  {
    MutexLock lock(mutex_);
    // One that was faster, and has read what was published, waits for what comes next.
    const auto sleep_on =
        std::partition(waiting_.begin(), waiting_.end(),
                       [this](const Waiting& waiting) { return waiting.after < head(); });
    woken.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(sleep_on));
    waiting_.erase(waiting_.begin(), sleep_on);
    TakeWoken(&woken);
    advanced_.NotifyAll();
  }
  for (const Waiting& waiting : woken) Post(waiting);
}

void Tail::Store(const std::shared_ptr<const Record>& record, Records* evicted) {
  const uint64_t position = record->header.position.value();
  bytes_ += SizeOf(*record);
  while (first_ < position && (position - first_ >= ring_.size() || bytes_ > kTailBytesMax)) {
    auto& oldest = Slot(first_++);
    bytes_ -= SizeOf(*oldest);
    evicted->push_back(std::move(oldest));
  }
  Slot(position) = record;
  const WorkspaceId workspace = record->header.workspace;
  workspaces_[workspace] = record->header.sequence;
  if (waiting_in_.empty() || (!touched_.empty() && touched_.back() == workspace)) return;
  if (waiting_in_.contains(workspace)) touched_.push_back(workspace);
}

void Tail::TakeWoken(std::vector<Waiting>* woken) {
  for (const WorkspaceId workspace : touched_) {
    const auto waiting = waiting_in_.find(workspace);
    if (waiting == waiting_in_.end()) continue;
    const Sequence last = workspaces_[workspace];
    for (auto one = waiting->second.begin(); one != waiting->second.end();) {
      if (one->second.after >= last) {
        ++one;
        continue;
      }
      woken->push_back({std::move(one->second.waker), one->second.ticket, Position()});
      waiting->second.erase(one++);
    }
    if (waiting->second.empty()) waiting_in_.erase(waiting);
  }
  touched_.clear();
}

std::optional<Position> Tail::LastRecordedAt(absl::Time time) const {
  MutexLock lock(mutex_);
  // Record times never fall: the last record that is not after `time` is found by halving.
  uint64_t low = first_ - 1;
  uint64_t high = head_.load(std::memory_order_relaxed) + 1;  // after it, or beyond the head
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (Slot(middle)->header.record_time <= time ? low : high) = middle;
  }
  if (low > 0 && low < first_) return std::nullopt;
  return Position(low);
}

std::shared_ptr<const Record> Tail::Find(Position position) const {
  MutexLock lock(mutex_);
  if (position.value() < first_ || position > head()) return nullptr;
  return Slot(position.value());
}

bool Tail::CopyAfter(Position after, size_t limit,
                     std::vector<std::shared_ptr<const Record>>* out) const {
  MutexLock lock(mutex_);
  const uint64_t head = head_.load(std::memory_order_relaxed);
  if (after.value() >= head) return true;
  uint64_t position = after.value() + 1;
  if (position < first_) return false;
  for (; position <= head && limit > 0; ++position, --limit) out->push_back(Slot(position));
  return true;
}

bool Tail::WaitBeyond(Position after, absl::Duration timeout,
                      const std::atomic<bool>& closed) const {
  const auto wait = absl::ToChronoNanoseconds(std::min(timeout, kWaitMax));
  MutexLock lock(mutex_);
  // Woken without cause it waits for the whole time again: the limit is about right, which is all
  // it is for.
  while (head() <= after && !closed.load()) {
    if (!advanced_.WaitFor(mutex_, wait)) break;
  }
  return head() > after && !closed.load();
}

bool Tail::WaitBeyond(WorkspaceId workspace, Sequence after, absl::Duration timeout,
                      const std::atomic<bool>& closed) const {
  const auto wait = absl::ToChronoNanoseconds(std::min(timeout, kWaitMax));
  MutexLock lock(mutex_);
  const auto is_beyond = [&]() KITH_REQUIRES(mutex_) {
    const auto found = workspaces_.find(workspace);
    return found != workspaces_.end() && found->second > after;
  };
  while (!is_beyond() && !closed.load()) {
    if (!advanced_.WaitFor(mutex_, wait)) break;
  }
  return is_beyond() && !closed.load();
}

void Tail::StirWaiters() const {
  MutexLock lock(mutex_);
  advanced_.NotifyAll();
}

void Tail::WakeBeyond(Position after, const std::shared_ptr<Waker>& waker, uint64_t ticket) {
  {
    MutexLock lock(mutex_);
    Remove(waker);
    if (head() <= after) {
      waiting_.push_back({waker, ticket, after});
      return;
    }
  }
  Post({waker, ticket, after});
}

void Tail::WakeBeyond(WorkspaceId workspace, Sequence after, const std::shared_ptr<Waker>& waker,
                      uint64_t ticket) {
  {
    MutexLock lock(mutex_);
    const auto found = workspaces_.find(workspace);
    if (found == workspaces_.end() || found->second <= after) {
      waiting_in_[workspace][waker.get()] = {waker, ticket, after};
      return;
    }
  }
  Post({waker, ticket, Position()});
}

void Tail::Forget(WorkspaceId workspace, const std::shared_ptr<Waker>& waker) {
  MutexLock lock(mutex_);
  const auto waiting = waiting_in_.find(workspace);
  if (waiting == waiting_in_.end()) return;
  waiting->second.erase(waker.get());
  if (waiting->second.empty()) waiting_in_.erase(waiting);
}

void Tail::Forget(const std::shared_ptr<Waker>& waker) {
  MutexLock lock(mutex_);
  Remove(waker);
}

void Tail::Remove(const std::shared_ptr<Waker>& waker) {
  waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(),
                                [&](const Waiting& waiting) { return waiting.waker == waker; }),
                 waiting_.end());
}

void Tail::Post(const Waiting& waiting) {
  executor_.Run([waiting] { waiting.waker->Fire(waiting.ticket); });
}

}  // namespace kith::eventstore
