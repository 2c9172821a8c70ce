#include "projections/engine/event_decoder.h"

#include <utility>

namespace kith::projections {

void EventDecoder::Add(size_t view, const Projection& projection) {
  for (const std::string& category : projection.categories()) {
    takers_[category].push_back({view, &projection});
  }
}

std::shared_ptr<const Chunk> EventDecoder::Decode(const Records& records,
                                                  const ViewSet& views) const {
  auto chunk = std::make_shared<Chunk>();
  chunk->last = records.back()->header.position;
  chunk->views = views;
  for (const auto& record : records) {
    const absl::Span<const Taker> takers = TakersOf(record->header);
    FedEvent fed = Decode(record, takers, views);
    if (fed.takers.empty()) continue;
    chunk->takers.Add(fed.takers);
    chunk->events.push_back(std::move(fed));
  }
  return chunk;
}

FedEvent EventDecoder::Decode(const std::shared_ptr<const eventstore::Record>& record,
                              absl::Span<const Taker> takers, const ViewSet& views) const {
  FedEvent fed;
  bool personal = false;
  for (const Taker& taker : takers) {
    if (!views.Contains(taker.view)) continue;
    fed.takers.Add(taker.view);
    personal = personal || taker.projection->reads_personal();
  }
  if (fed.takers.empty()) return fed;
  fed.record = record;
  auto event = personal ? registry_.Decode(record, keys_) : registry_.DecodeClear(record);
  if (!event.ok()) {
    fed.undecoded = std::move(event).status();
    return fed;
  }
  for (const Taker& taker : takers) {
    if (fed.takers.Contains(taker.view) && !taker.projection->Takes(**event)) {
      fed.takers.Remove(taker.view);
    }
  }
  fed.event = *std::move(event);
  return fed;
}

absl::Span<const EventDecoder::Taker> EventDecoder::TakersOf(
    const eventstore::EventHeader& header) const {
  const auto found = takers_.find(eventstore::CategoryOf(header.stream));
  if (found == takers_.end()) return {};
  return found->second;
}

}  // namespace kith::projections
