#include "projections/store/recent_spans.h"

#include <algorithm>
#include <utility>

namespace kith::projections {

void RecentSpans::Add(std::vector<Span> ended, Position before, Position last) {
  auto batch = std::make_shared<Batch>();
  for (const Span& span : ended) batch->bytes += sizeof(span) + span.entry.size();
  batch->ended = std::move(ended);
  batch->last = last;
  MutexLock lock(mutex_);
  if (!complete_after_.has_value()) complete_after_ = before;
  if (batch->ended.empty()) return;
  bytes_ += batch->bytes;
  batches_.push_back(std::move(batch));
  while (bytes_ > bytes_max_) {
    complete_after_ = batches_.front()->last;
    bytes_ -= batches_.front()->bytes;
    batches_.pop_front();
  }
}

std::optional<std::vector<std::string>> RecentSpans::HeldAt(Position at,
                                                            const KeyRange& range) const {
  Batches later;
  {
    MutexLock lock(mutex_);
    if (!complete_after_.has_value() || at < *complete_after_) return std::nullopt;
    const auto first = std::find_if(batches_.rbegin(), batches_.rend(),
                                    [&](const auto& batch) { return batch->last <= at; });
    later.assign(first.base(), batches_.end());
  }
  std::vector<std::string> entries;
  for (const auto& batch : later) {
    for (const Span& span : batch->ended) {
      if (span.from <= at && at < span.to && range.Contains(span.entry)) {
        entries.push_back(span.entry);
      }
    }
  }
  std::sort(entries.begin(), entries.end());
  if (range.direction == eventstore::Direction::kBackwards) {
    std::reverse(entries.begin(), entries.end());
  }
  return entries;
}

}  // namespace kith::projections
