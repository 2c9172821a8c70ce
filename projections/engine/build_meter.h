// BuildMeter: how far a view that is being built has come, how fast it is and how long it still
// takes. A value; not thread-safe.
#pragma once

#include <algorithm>

#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "projections/engine/view.h"

namespace kith::projections {

class BuildMeter {
 public:
  // The building began here and then. Times are as Clock::Elapsed counts.
  BuildMeter(Position from, absl::Duration began) : from_(from), began_(began) {}

  BuildProgress At(Position position, Position head, absl::Duration now) const {
    BuildProgress progress;
    const auto folded = static_cast<double>(position.value());
    const auto whole = static_cast<double>(std::max(head, position).value());
    if (position >= head) {
      progress.percent = 100;
    } else {
      progress.percent = static_cast<int>(folded * 100 / whole);
    }
    const double seconds = absl::ToDoubleSeconds(now - began_);
    if (position <= from_ || seconds <= 0) return progress;
    progress.events_per_second = (folded - static_cast<double>(from_.value())) / seconds;
    progress.left = absl::Seconds((whole - folded) / progress.events_per_second);
    return progress;
  }

 private:
  Position from_;
  absl::Duration began_;
};

}  // namespace kith::projections
