#include "projections/engine/feeder.h"

#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/thread_name.h"

namespace kith::projections {
namespace {

// Records of one chunk: large enough to share the cost of handing it over, small enough to keep
// views close behind.
constexpr size_t kChunkRecords = 512;
// How long a wait may take before it is begun again; nothing depends on it.
constexpr absl::Duration kWaitMax = absl::Seconds(10);

}  // namespace

Feeder::Feeder(eventstore::EventLog& log, const EventDecoder& decoder,
               const std::vector<std::unique_ptr<LiveView>>& views, Position begin)
    : log_(log), decoder_(decoder), views_(views), follower_(log.Follow(begin)) {
  KITH_CHECK(views.size() <= 64);
}

Feeder::~Feeder() { KITH_CHECK(!thread_.joinable()); }

void Feeder::Start() {
  thread_ = std::thread([this] { Follow(); });
}

void Feeder::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    follower_->Close();
  }
  if (thread_.joinable()) thread_.join();
}

eventstore::EventLog::Follower& Feeder::follower() {
  MutexLock lock(mutex_);
  return *follower_;
}

void Feeder::Follow() {
  NameThisThread("kith-feeder");
  while (!stopping_) {
    if (!FeedSome().ok()) LeaveOut();
  }
}

absl::Status Feeder::FeedSome() {
  KITH_ASSIGN_OR_RETURN(const Records records, follower().Poll(kChunkRecords));
  if (records.empty()) {
    follower().Wait(kWaitMax);
    return absl::OkStatus();
  }
  uint64_t joined = 0;
  for (size_t i = 0; i < views_.size(); ++i) {
    if (views_[i]->feed().joined()) joined |= uint64_t{1} << i;
  }
  Offer(decoder_.Decode(records, joined));
  return absl::OkStatus();
}

void Feeder::Offer(const std::shared_ptr<const Chunk>& chunk) {
  for (size_t i = 0; i < views_.size(); ++i) {
    const uint64_t bit = uint64_t{1} << i;
    if ((chunk->views & bit) == 0) {
      views_[i]->feed().Miss(chunk->last);
    } else if ((chunk->takers & bit) != 0) {
      views_[i]->feed().Push(chunk);
    } else {
      views_[i]->Skip(chunk->last);
    }
  }
}

// Only records that are no longer in memory are read from disk, and what the disk does not give is
// the views' own to try again. From the head on everything is in memory.
void Feeder::LeaveOut() {
  const Position head = log_.head();
  for (const auto& view : views_) view->feed().Miss(head);
  auto follower = log_.Follow(head);
  MutexLock lock(mutex_);
  follower_.swap(follower);
  if (stopping_) follower_->Close();
}

}  // namespace kith::projections
