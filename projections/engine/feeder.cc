#include "projections/engine/feeder.h"

#include <algorithm>
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
      takers_[category].push_back(
          {uint64_t{1} << i, views[i]->position(), &views[i]->projection()});
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
  NameThisThread("kith-feeder");
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
  for (size_t i = 0; i < views_.size(); ++i) {
    if ((chunk->takers & uint64_t{1} << i) != 0) {
      views_[i]->Take(chunk);
    } else {
      views_[i]->Skip(chunk->last);
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<const Chunk> Feeder::Decode(const Records& records) const {
  auto chunk = std::make_shared<Chunk>();
  chunk->last = records.back()->header.position;
  for (const auto& record : records) {
    const absl::Span<const Taker> takers = TakersOf(record->header);
    if (takers.empty()) continue;
    FedEvent fed = Decode(record, takers);
    if (fed.takers == 0) continue;
    chunk->takers |= fed.takers;
    chunk->events.push_back(std::move(fed));
  }
  return chunk;
}

FedEvent Feeder::Decode(const std::shared_ptr<const eventstore::Record>& record,
                        absl::Span<const Taker> takers) const {
  FedEvent fed{.record = record};
  const bool personal = std::any_of(takers.begin(), takers.end(), [](const Taker& taker) {
    return taker.projection->reads_personal();
  });
  auto event = personal ? registry_.Decode(record, keys_) : registry_.DecodeClear(record);
  for (const Taker& taker : takers) {
    if (record->header.position <= taker.after) continue;
    if (event.ok() && !taker.projection->Takes(**event)) continue;
    fed.takers |= taker.bit;
  }
  if (event.ok()) {
    fed.event = *std::move(event);
  } else {
    fed.undecoded = std::move(event).status();
  }
  return fed;
}

// Those that have folded the event already are among them.
absl::Span<const Feeder::Taker> Feeder::TakersOf(const eventstore::EventHeader& header) const {
  const auto found = takers_.find(eventstore::CategoryOf(header.stream));
  if (found == takers_.end()) return {};
  return found->second;
}

}  // namespace kith::projections
