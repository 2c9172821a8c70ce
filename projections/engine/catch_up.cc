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

absl::StatusOr<std::shared_ptr<const Chunk>> CatchUp::After(size_t view, Position after) {
  uint64_t views = 0;
  {
    MutexLock lock(mutex_);
    places_[view] = after;
    DropPassed();
    for (;;) {
      if (auto found = Find(view, after); found != nullptr) return found;
      if (!reading_.contains(after)) break;
      read_.Wait(mutex_);
    }
    reading_.insert(after);
    views = ViewsBehind(after);
  }
  absl::StatusOr<Kept> kept = Read(after, views);
  MutexLock lock(mutex_);
  reading_.erase(after);
  read_.NotifyAll();
  if (!kept.ok()) return kept.status();
  ++reads_;
  std::shared_ptr<const Chunk> chunk = kept->chunk;
  if (chunk != nullptr && places_.size() > 1) Keep(after, *std::move(kept));
  return chunk;
}

void CatchUp::Leave(size_t view) {
  MutexLock lock(mutex_);
  places_.erase(view);
  DropPassed();
}

uint64_t CatchUp::reads() const {
  MutexLock lock(mutex_);
  return reads_;
}

absl::StatusOr<CatchUp::Kept> CatchUp::Read(Position after, uint64_t views) {
  const auto follower = log_.Follow(after);
  KITH_ASSIGN_OR_RETURN(const Records records,
                        follower->Poll(kChunkRecords - after.value() % kChunkRecords));
  if (records.empty()) return Kept{nullptr, 0};
  return Kept{decoder_.Decode(records, views), BytesOf(records)};
}

std::shared_ptr<const Chunk> CatchUp::Find(size_t view, Position after) const {
  const auto found = kept_.find(after);
  if (found == kept_.end()) return nullptr;
  const auto& chunk = found->second.chunk;
  return (chunk->views & uint64_t{1} << view) != 0 ? chunk : nullptr;
}

uint64_t CatchUp::ViewsBehind(Position after) const {
  uint64_t views = 0;
  for (const auto& [view, place] : places_) {
    if (place <= after) views |= uint64_t{1} << view;
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
  for (const auto& [view, place] : places_) {
    last = any ? std::min(last, place) : place;
    any = true;
  }
  while (!kept_.empty() && (!any || kept_.begin()->first < last)) {
    kept_bytes_ -= kept_.begin()->second.bytes;
    kept_.erase(kept_.begin());
  }
}

}  // namespace kith::projections
