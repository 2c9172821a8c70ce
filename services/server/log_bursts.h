// LogBursts: counts lines of the log that say the same, instead of repeating them.
//
// The first of them is written at once. Those that follow within ten seconds are counted; then the
// last of them is written, with "repeated": how many there were. A burst that goes on is told of
// again after ten seconds more. Lines of level debug are for who looks for each of them, and are
// all written. Times are as Clock::Elapsed counts. Pure; one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "eventstore/base/log.h"

namespace kith::server {

class LogBursts {
 public:
  static constexpr absl::Duration kSpan = absl::Seconds(10);
  // Kinds of lines remembered at once; those beyond are written as they come.
  static constexpr size_t kKindsMax = 1000;

  // What is to be written of this line now: itself, or nothing where it was counted.
  std::optional<std::string> Take(LogLine line, absl::Duration now);
  // What was counted in spans that have ended by `now`.
  std::vector<std::string> Ended(absl::Duration now);
  // When Ended may have something next; infinite where nothing is counted.
  absl::Duration next_end() const;

 private:
  struct Burst {
    absl::Duration ends;
    uint64_t counted = 0;
    std::string last;
  };

  absl::flat_hash_map<std::string, Burst> bursts_;
};

}  // namespace kith::server
