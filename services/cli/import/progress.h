// Progress: how far a long job is, for people who watch it.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/time/time.h"
#include "eventstore/base/clock.h"

namespace kith::cli {

// On a terminal a bar that is drawn over itself, at most ten times a second; elsewhere a line at
// each tenth of the way. One thread at a time. Borrows the stream and the clock.
class Progress {
 public:
  Progress(std::string what, int64_t total, bool live, std::ostream& out, const Clock& clock);

  void Update(int64_t done);
  // Wipes the bar, so that something else can be printed; the next Update draws it again.
  void Clear();

 private:
  void Draw(int64_t done);

  const std::string what_;
  const int64_t total_;
  const bool live_;
  std::ostream& out_;
  const Clock& clock_;
  const absl::Duration began_;
  absl::Duration drawn_;  // or told
  int64_t tenths_told_ = 0;
  bool visible_ = false;
};

}  // namespace kith::cli
