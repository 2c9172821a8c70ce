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

// What is sealed is opened only where a view looks at it that takes the event, not for one that
// takes few of the category.
FedEvent EventDecoder::Decode(const std::shared_ptr<const eventstore::Record>& record,
                              absl::Span<const Taker> takers, const ViewSet& views) const {
  FedEvent fed;
  for (const Taker& taker : takers) {
    if (views.Contains(taker.view)) fed.takers.Add(taker.view);
  }
  if (fed.takers.empty()) return fed;
  fed.record = record;
  auto event = registry_.DecodeClear(record);
  bool personal = false;
  for (const Taker& taker : takers) {
    if (!event.ok() || !fed.takers.Contains(taker.view)) continue;
    if (taker.projection->Takes(**event)) {
      personal = personal || taker.projection->reads_personal();
    } else {
      fed.takers.Remove(taker.view);
    }
  }
  if (personal && !record->sealed.empty()) event = registry_.Decode(record, keys_);
  if (event.ok()) {
    fed.event = *std::move(event);
  } else {
    fed.undecoded = std::move(event).status();
  }
  return fed;
}

absl::Span<const EventDecoder::Taker> EventDecoder::TakersOf(
    const eventstore::EventHeader& header) const {
  const auto found = takers_.find(eventstore::CategoryOf(header.stream));
  if (found == takers_.end()) return {};
  return found->second;
}

}  // namespace kith::projections
