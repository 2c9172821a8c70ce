// LoadedState: the state of one stream, as one aggregate folds it.
#pragma once

#include <memory>
#include <string>

#include "services/core/aggregate_type.h"

namespace kith::runtime {

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
