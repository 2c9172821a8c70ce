#include "eventstore/base/log.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"

namespace kith {
namespace {

// Where the lines of this process go. Never destroyed: threads may log to the very end.
struct Destination {
  std::atomic<LogLevel> lowest = LogLevel::kOff;
  Mutex mutex;
  std::shared_ptr<LogSink> sink KITH_GUARDED_BY(mutex);
};

Destination& TheDestination() {
  static auto& destination = *new Destination();
  return destination;
}

void AddFacts(LogFacts facts, std::string& json) {
  for (const LogFact& fact : facts) {
    if (!fact.is_number && fact.text.empty()) continue;
    absl::StrAppend(&json, ",", JsonString(fact.name), ":",
                    fact.is_number ? absl::StrCat(fact.number) : JsonString(fact.text));
  }
}

}  // namespace

absl::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      return "off";
  }
  KITH_UNREACHABLE();
}

void SetLogSink(std::shared_ptr<LogSink> sink, LogLevel lowest) {
  Destination& destination = TheDestination();
  MutexLock lock(destination.mutex);
  destination.lowest.store(sink == nullptr ? LogLevel::kOff : lowest);
  destination.sink.swap(sink);
  lock.Unlock();  // the one before ends outside
}

bool IsLogged(LogLevel level) {
  return level >= TheDestination().lowest.load(std::memory_order_relaxed);
}

LogLine MakeLogLine(LogLevel level, absl::string_view sentence, LogFacts facts, LogFacts details) {
  LogLine line{level, absl::StrCat("\"level\":\"", LogLevelName(level),
                                   "\",\"message\":", JsonString(sentence))};
  AddFacts(facts, line.kind);
  line.json = absl::StrCat(
      "{\"time\":\"",
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", SystemClock().Now(), absl::UTCTimeZone()), "\",",
      line.kind);
  AddFacts(details, line.json);
  line.json += '}';
  return line;
}

void Log(LogLevel level, absl::string_view sentence, LogFacts facts, LogFacts details) {
  KITH_CHECK(level != LogLevel::kOff);
  if (!IsLogged(level)) return;
  Destination& destination = TheDestination();
  MutexLock lock(destination.mutex);
  const std::shared_ptr<LogSink> sink = destination.sink;
  lock.Unlock();
  if (sink != nullptr) sink->Take(MakeLogLine(level, sentence, facts, details));
}

std::string JsonString(absl::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string json = "\"";
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += static_cast<char>(c);
    } else if (c < 0x20) {
      absl::StrAppend(&json, "\\u00", std::string(1, kHex[c >> 4]), std::string(1, kHex[c & 15]));
    } else {
      json += c < 0x7f ? static_cast<char>(c) : '?';
    }
  }
  return json += '"';
}

}  // namespace kith
