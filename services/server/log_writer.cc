#include "services/server/log_writer.h"

#include <limits.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread_name.h"
#include "services/server/log_bursts.h"

namespace kith::server {
namespace {

constexpr int kPollMs = 50;
// How long a thread that was told to give up may take to see it.
constexpr absl::Duration kGiveUp = absl::Milliseconds(500);
// One wait of a condition variable; longer ones overflow below it.
constexpr absl::Duration kWaitMax = absl::Hours(1);

// The next piece to be written: whole lines as far as they fit into what a pipe takes at once.
size_t PieceOf(absl::string_view text) {
  if (text.size() <= PIPE_BUF) return text.size();
  const size_t newline = text.substr(0, PIPE_BUF).rfind('\n');
  return newline == absl::string_view::npos ? PIPE_BUF : newline + 1;
}

// Waits until the file takes a piece without blocking; false when it never will, or `give_up` came
// true. A pipe that is said to be writable has room for PIPE_BUF bytes.
bool AwaitRoom(int file, const std::atomic<bool>& give_up) {
  while (!give_up.load()) {
    pollfd room{file, POLLOUT, 0};
    const int found = poll(&room, 1, kPollMs);
    if (found < 0 && errno != EINTR) return false;
    if (found > 0) return (room.revents & POLLOUT) != 0;
  }
  return false;
}

// How many of the text's lines were written.
size_t WriteLines(int file, absl::string_view text, const std::atomic<bool>& give_up) {
  size_t lines = 0;
  while (!text.empty() && AwaitRoom(file, give_up)) {
    const ssize_t written = write(file, text.data(), PieceOf(text));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) break;
    lines += std::count(text.begin(), text.begin() + written, '\n');
    text.remove_prefix(written);
  }
  return lines;
}

// What is to be written now: of the lines that came, and of the bursts that end by `ended`.
std::string TextOf(std::vector<LogLine> lines, LogBursts& bursts, absl::Duration now,
                   absl::Duration ended) {
  std::string text;
  for (LogLine& line : lines) {
    if (const auto json = bursts.Take(std::move(line), now)) absl::StrAppend(&text, *json, "\n");
  }
  for (const std::string& json : bursts.Ended(ended)) absl::StrAppend(&text, json, "\n");
  return text;
}

std::string DroppedLine(uint64_t count) {
  const LogLine line =
      MakeLogLine(LogLevel::kWarning, "lines of this log were dropped: nobody read it fast enough",
                  {}, {{"dropped", count}});
  return line.json + "\n";
}

}  // namespace

struct LogWriter::Queue {
  const Options options;

  Mutex mutex;
  CondVar changed;  // lines came, closing, done
  std::vector<LogLine> lines KITH_GUARDED_BY(mutex);
  size_t bytes KITH_GUARDED_BY(mutex) = 0;
  bool closing KITH_GUARDED_BY(mutex) = false;
  bool done KITH_GUARDED_BY(mutex) = false;

  std::atomic<bool> give_up = false;
  std::atomic<uint64_t> written = 0;
  std::atomic<uint64_t> dropped = 0;

  // The lines that have come, after waiting for some, until `until`, or for closing.
  std::vector<LogLine> Next(absl::Duration until) KITH_EXCLUDES(mutex) {
    MutexLock lock(mutex);
    while (lines.empty() && !closing) {
      if (until == absl::InfiniteDuration()) {
        changed.Wait(mutex);
      } else if (!changed.WaitFor(
                     mutex, absl::ToChronoNanoseconds(std::max(until - options.clock->Elapsed(),
                                                               absl::ZeroDuration())))) {
        break;
      }
    }
    bytes = 0;
    return std::exchange(lines, {});
  }

  bool IsAtEnd() KITH_EXCLUDES(mutex) {
    MutexLock lock(mutex);
    return closing && lines.empty();
  }

  // Whether the thread ends within `grace`.
  bool AwaitDone(absl::Duration grace) KITH_EXCLUDES(mutex) {
    const absl::Duration end = SystemClock().Elapsed() + grace;
    MutexLock lock(mutex);
    while (!done) {
      const absl::Duration left = end - SystemClock().Elapsed();
      if (left <= absl::ZeroDuration()) break;
      changed.WaitFor(mutex, absl::ToChronoNanoseconds(std::min(left, kWaitMax)));
    }
    return done;
  }
};

LogWriter::LogWriter(const Options& options)
    : queue_(new Queue{options}), thread_([queue = queue_] { Work(queue); }) {}

LogWriter::~LogWriter() { Close(absl::ZeroDuration()); }

void LogWriter::Take(LogLine line) {
  Queue& queue = *queue_;
  MutexLock lock(queue.mutex);
  if (queue.closing || queue.lines.size() >= queue.options.lines_max ||
      queue.bytes + line.json.size() > queue.options.bytes_max) {
    queue.dropped.fetch_add(1);
    return;
  }
  queue.bytes += line.json.size();
  queue.lines.push_back(std::move(line));
  if (queue.lines.size() == 1) queue.changed.NotifyAll();
}

void LogWriter::Work(const std::shared_ptr<Queue>& queue) {
  NameThisThread("kith-log");
  LogBursts bursts;
  uint64_t dropped_told = 0;
  bool at_end = false;
  while (!at_end) {
    std::vector<LogLine> lines = queue->Next(bursts.next_end());
    at_end = queue->IsAtEnd();
    const absl::Duration now = queue->options.clock->Elapsed();
    std::string text =
        TextOf(std::move(lines), bursts, now, at_end ? absl::InfiniteDuration() : now);
    if (const uint64_t dropped = queue->dropped.load(); dropped > dropped_told) {
      absl::StrAppend(&text, DroppedLine(dropped - std::exchange(dropped_told, dropped)));
    }
    const size_t all = std::count(text.begin(), text.end(), '\n');
    const size_t written = WriteLines(queue->options.file, text, queue->give_up);
    queue->written.fetch_add(written);
    queue->dropped.fetch_add(all - written);
  }
  MutexLock lock(queue->mutex);
  queue->done = true;
  queue->changed.NotifyAll();
}

void LogWriter::Close(absl::Duration grace) {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(queue_->mutex);
    queue_->closing = true;
    queue_->changed.NotifyAll();
  }
  bool done = queue_->AwaitDone(grace);
  if (!done) {
    queue_->give_up.store(true);
    done = queue_->AwaitDone(kGiveUp);
  }
  // Another writer may have filled the pipe between our look at it and our write: then the thread
  // is left behind, for the end of the process.
  if (done) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void LogWriter::AddMetrics(MetricPage& page) const {
  page.Counter("kith_server_log_lines_total", "Lines of the server's log that were written.",
               static_cast<double>(queue_->written.load()));
  page.Counter("kith_server_log_lines_dropped_total",
               "Lines of the server's log that nobody read in time.",
               static_cast<double>(queue_->dropped.load()));
}

LogWriter::Counts LogWriter::counts() const {
  return {queue_->written.load(), queue_->dropped.load()};
}

}  // namespace kith::server
