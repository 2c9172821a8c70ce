#include "projections/engine/catch_up.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

// Stretches begin at multiples of this wherever they can, so that views from different places meet.
constexpr uint64_t kChunkRecords = 512;
// What a record takes beside its payload, roughly.
constexpr size_t kRecordBytes = 512;

size_t BytesOf(const Records& records) {
  size_t bytes = 0;
  for (const auto& record : records) {
    bytes += kRecordBytes + record->payload.size();
    for (const auto& part : record->sealed) bytes += part.ciphertext.size();
  }
  return bytes;
}

}  // namespace

absl::StatusOr<CatchUp::Stretch> CatchUp::After(size_t lane, const ViewSet& views, Position after,
                                                std::function<void()> wake) {
  ViewSet readers;
  {
    MutexLock lock(mutex_);
    places_[lane] = {after, views};
    DropPassed();
    if (auto found = Find(views, after); found != nullptr) return Stretch{std::move(found)};
    if (const auto reading = reading_.find(after); reading != reading_.end()) {
      reading->second.push_back(std::move(wake));
      return Stretch{.is_coming = true};
    }
    reading_[after];
    readers = ViewsBehind(after);
  }
  absl::StatusOr<Kept> kept = Read(after, readers);
  const absl::Status read = kept.status();
  MutexLock lock(mutex_);
  const auto waiting = std::move(reading_.extract(after).mapped());
  std::shared_ptr<const Chunk> chunk;
  if (read.ok()) {
    ++reads_;
    chunk = kept->chunk;
    if (chunk != nullptr && places_.size() > 1) Keep(after, *std::move(kept));
  }
  lock.Unlock();
  for (const auto& wake_another : waiting) wake_another();
  KITH_RETURN_IF_ERROR(read);
  return Stretch{std::move(chunk)};
}

void CatchUp::Leave(size_t lane) {
  MutexLock lock(mutex_);
  places_.erase(lane);
  DropPassed();
}

uint64_t CatchUp::reads() const {
  MutexLock lock(mutex_);
  return reads_;
}

absl::StatusOr<CatchUp::Kept> CatchUp::Read(Position after, const ViewSet& views) {
  const auto follower = log_.Follow(after);
  KITH_ASSIGN_OR_RETURN(const Records records,
                        follower->Poll(kChunkRecords - after.value() % kChunkRecords));
  if (records.empty()) return Kept{nullptr, 0};
  return Kept{decoder_.Decode(records, views), BytesOf(records)};
}

std::shared_ptr<const Chunk> CatchUp::Find(const ViewSet& views, Position after) const {
  const auto found = kept_.find(after);
  if (found == kept_.end()) return nullptr;
  const auto& chunk = found->second.chunk;
  return chunk->views.ContainsAll(views) ? chunk : nullptr;
}

ViewSet CatchUp::ViewsBehind(Position after) const {
  ViewSet views;
  for (const auto& [lane, place] : places_) {
    if (place.position <= after) views.Add(place.views);
  }
  return views;
}

void CatchUp::Keep(Position after, Kept kept) {
  kept_bytes_ += kept.bytes;
  if (const auto found = kept_.find(after); found != kept_.end()) {
    kept_bytes_ -= found->second.bytes;
    kept_.erase(found);
  }
  kept_.emplace(after, std::move(kept));
  // Those in front are newest, and whoever is far behind will not come by in time.
  while (kept_bytes_ > kept_bytes_max_ && kept_.size() > 1) {
    kept_bytes_ -= kept_.begin()->second.bytes;
    kept_.erase(kept_.begin());
  }
}

void CatchUp::DropPassed() {
  Position last;
  bool any = false;
  for (const auto& [lane, place] : places_) {
    last = any ? std::min(last, place.position) : place.position;
    any = true;
  }
  while (!kept_.empty() && (!any || kept_.begin()->first < last)) {
    kept_bytes_ -= kept_.begin()->second.bytes;
    kept_.erase(kept_.begin());
  }
}

}  // namespace kith::projections
