#include "projections/engine/feeder.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

// Records of one chunk: large enough to share the cost of handing it over, small enough to keep
// views close behind.
constexpr size_t kChunkRecords = 512;
// How long a wait may take before it is begun again; nothing depends on it.
constexpr absl::Duration kWaitMax = absl::Seconds(10);
// While the log is being reopened after a failed write it answers Unavailable.
constexpr absl::Duration kRetryAfter = absl::Milliseconds(50);

Position FirstCheckpoint(const std::vector<std::unique_ptr<LiveView>>& views,
                         const eventstore::EventLog& log) {
  Position first = log.head();
  for (const auto& view : views) first = std::min(first, view->position());
  return first;
}

}  // namespace

Feeder::Feeder(eventstore::EventLog& log, const eventstore::EventRegistry& registry,
               const eventstore::KeyStore& keys,
               const std::vector<std::unique_ptr<LiveView>>& views)
    : registry_(registry),
      keys_(keys),
      views_(views),
      follower_(log.Follow(FirstCheckpoint(views, log))) {
  KITH_CHECK(views.size() <= 64);
  for (size_t i = 0; i < views.size(); ++i) {
    for (const std::string& category : views[i]->projection().categories()) {
      takers_[category].push_back({uint64_t{1} << i, views[i]->position()});
    }
  }
}

Feeder::~Feeder() { KITH_CHECK(!thread_.joinable()); }

void Feeder::Start() {
  thread_ = std::thread([this] { Follow(); });
}

void Feeder::Stop() {
  stopping_ = true;
  follower_->Close();
  if (thread_.joinable()) thread_.join();
}

void Feeder::Follow() {
  while (!stopping_) {
    const absl::Status fed = FeedSome();
    if (fed.ok()) continue;
    if (absl::IsUnavailable(fed)) {
      follower_->Wait(kRetryAfter);
      continue;
    }
    for (const auto& view : views_) view->Fail(fed);
    return;
  }
}

absl::Status Feeder::FeedSome() {
  KITH_ASSIGN_OR_RETURN(const Records records, follower_->Poll(kChunkRecords));
  if (records.empty()) {
    follower_->Wait(kWaitMax);
    return absl::OkStatus();
  }
  const std::shared_ptr<const Chunk> chunk = Decode(records);
  for (const auto& view : views_) view->feed().Push(chunk);
  return absl::OkStatus();
}

std::shared_ptr<const Chunk> Feeder::Decode(const Records& records) const {
  auto chunk = std::make_shared<Chunk>();
  chunk->last = records.back()->header.position;
  for (const auto& record : records) {
    const uint64_t takers = TakersOf(record->header);
    if (takers == 0) continue;
    FedEvent& fed = chunk->events.emplace_back();
    fed.record = record;
    fed.takers = takers;
    auto event = registry_.Decode(record, keys_);
    if (event.ok()) {
      fed.event = *std::move(event);
    } else {
      fed.undecoded = std::move(event).status();
    }
  }
  return chunk;
}

uint64_t Feeder::TakersOf(const eventstore::EventHeader& header) const {
  const auto found = takers_.find(eventstore::CategoryOf(header.stream));
  if (found == takers_.end()) return 0;
  uint64_t takers = 0;
  for (const Taker& taker : found->second) {
    if (header.position > taker.after) takers |= taker.bit;
  }
  return takers;
}

}  // namespace kith::projections
