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
               const std::vector<std::unique_ptr<Lane>>& lanes, Position begin)
    : log_(log), decoder_(decoder), lanes_(lanes), follower_(log.Follow(begin)) {}

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
  ViewSet joined;
  for (const auto& lane : lanes_) {
    if (lane->feed().joined()) joined.Add(lane->members()->set);
  }
  Offer(decoder_.Decode(records, joined));
  return absl::OkStatus();
}

void Feeder::Offer(const std::shared_ptr<const Chunk>& chunk) {
  for (const auto& lane : lanes_) {
    const std::shared_ptr<const Lane::Members> members = lane->members();
    if (!chunk->views.ContainsAll(members->set)) {
      lane->feed().Miss(chunk->last);
    } else if (chunk->takers.ContainsAny(members->set)) {
      lane->feed().Push(chunk);
    } else {
      lane->Skip(chunk->last);
    }
  }
}

// Only records that are no longer in memory are read from disk, and what the disk does not give is
// the views' own to try again. From the head on everything is in memory.
void Feeder::LeaveOut() {
  const Position head = log_.head();
  for (const auto& lane : lanes_) lane->feed().Miss(head);
  auto follower = log_.Follow(head);
  MutexLock lock(mutex_);
  follower_.swap(follower);
  if (stopping_) follower_->Close();
}

}  // namespace kith::projections
