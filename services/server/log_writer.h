// LogWriter: brings the lines of the log to a file, on a thread of its own.
//
// Who logs waits for nobody: lines stand in a bounded queue, and those that find it full, because
// the other end of a pipe is not read, are dropped and counted. Once there is room again a line
// says how many are missing. Where nobody reads at all (the pipe is broken) every line is lost, and
// counted; the process must ignore SIGPIPE. Thread-safe.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <thread>

#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/log.h"
#include "eventstore/base/metrics.h"

namespace kith::server {

class LogWriter final : public LogSink {
 public:
  struct Options {
    int file = STDERR_FILENO;  // stays open as long as the process
    size_t lines_max = 8192;
    size_t bytes_max = 4 << 20;
    const Clock* clock = &SystemClock();  // of bursts; outlives the process
  };
  struct Counts {
    uint64_t written = 0;  // lines
    uint64_t dropped = 0;  // lines that nobody will see
  };

  explicit LogWriter(const Options& options);
  ~LogWriter() override;  // Close, with a grace of nothing

  void Take(LogLine line) override;

  // Writes what is there, as long as the file takes it, but for no longer than about `grace`: a
  // pipe that nobody reads does not keep a process from its end. Lines taken afterwards are
  // dropped.
  void Close(absl::Duration grace);

  Counts counts() const;

 private:
  struct Queue;
  void AddMetrics(MetricPage& page) const;
  static void Work(const std::shared_ptr<Queue>& queue);

  const std::shared_ptr<Queue> queue_;  // shared with a thread that could not be ended
  std::thread thread_;
  const MetricSource metrics_{[this](MetricPage& page) { AddMetrics(page); }};
};

}  // namespace kith::server
