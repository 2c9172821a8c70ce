// AggregateType: an aggregate without its C++ types, so that loading and caching states is written
// once.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "services/core/decider.h"

namespace kith::runtime {

// An event as every fold sees it, its message's type not yet known.
using RecordedMessage = Recorded<google::protobuf::Message>;

struct AggregateType {
  absl::string_view category;
  std::shared_ptr<void> (*create)();  // the state before the first event
  std::shared_ptr<void> (*copy)(const void* state);
  void (*evolve)(void* state, const RecordedMessage& recorded);  // in place
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
};

// A state and the revision of its stream.
struct Folded {
  std::shared_ptr<const void> state;
  Revision revision;
  bool erased = false;  // folded when the key of the person whose stream it is was destroyed
};

// The state of one stream, as one aggregate folds it.
struct LoadedState {
  const AggregateType* type;
  std::string stream;
  Folded folded;
};

}  // namespace kith::runtime
