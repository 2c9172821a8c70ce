// AggregateType: an aggregate without its C++ types, so that what is done to any of them is written
// once.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "services/core/decider.h"

namespace kith {

// An event as every fold sees it, its message's type not yet known.
using RecordedMessage = Recorded<google::protobuf::Message>;

struct AggregateType {
  absl::string_view category;
  std::shared_ptr<void> (*create)();  // the state before the first event
  std::shared_ptr<void> (*copy)(const void* state);
  void (*evolve)(void* state, const RecordedMessage& recorded);  // in place
  // The record that the state's name means; empty where that is itself. Points into the state.
  absl::string_view (*merged_into)(const void* state);
};

// One object per aggregate; its address is the aggregate's identity.
template <class Aggregate>
inline constexpr AggregateType kAggregateType = {
    .category = Aggregate::kCategory,
    .create = []() -> std::shared_ptr<void> {
      return std::make_shared<typename Aggregate::State>();
    },
    .copy = [](const void* state) -> std::shared_ptr<void> {
      return std::make_shared<typename Aggregate::State>(
          *static_cast<const typename Aggregate::State*>(state));
    },
    .evolve =
        [](void* state, const RecordedMessage& recorded) {
          using Event = typename Aggregate::Event;
          auto& typed = *static_cast<typename Aggregate::State*>(state);
          typed =
              Evolve(std::move(typed),
                     Recorded<Event>{static_cast<const Event&>(recorded.event), recorded.revision,
                                     recorded.occur_time, recorded.record_time, recorded.erased});
        },
    .merged_into = [](const void* state) -> absl::string_view {
      using State = typename Aggregate::State;
      if constexpr (requires(const State& typed) { typed.merged_into; }) {
        return static_cast<const State*>(state)->merged_into;
      } else {
        return {};
      }
    },
};

}  // namespace kith
