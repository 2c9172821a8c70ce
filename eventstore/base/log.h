// Log: what any part of Kith tells its operator, a line at a time.
//
// A line is one JSON object: when, how bad, a sentence, facts, details. Lines of the same level,
// sentence and facts say the same thing, whatever their details are; a burst of them is counted and
// not repeated. So what differs from one occurrence to the next (a duration, a request id) is a
// detail. Never what people said or are called.
//
// A program says where its lines go; without that they are thrown away. Logging waits for nobody:
// whoever takes the lines takes them at once or counts them as lost. Any thread, at any time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace kith {

enum class LogLevel {
  kDebug,    // for who looks for it
  kInfo,     // what is as it should be
  kWarning,  // Kith goes on, and somebody should look
  kError,    // something failed that must not
  kOff,
};

// "debug", "info", "warning", "error", "off".
absl::string_view LogLevelName(LogLevel level);

// A name and a text or a whole number: {"view", name}, {"duration_ms", 17}. One with an empty text
// is left out. Borrows its texts.
struct LogFact {
  LogFact(absl::string_view name, absl::string_view text) : name(name), text(text) {}
  LogFact(absl::string_view name, const char* text) : name(name), text(text) {}
  LogFact(absl::string_view name, const std::string& text) : name(name), text(text) {}
  template <class Number, std::enable_if_t<std::is_integral_v<Number>, int> = 0>
  LogFact(absl::string_view name, Number number)
      : name(name), number(static_cast<int64_t>(number)), is_number(true) {}

  absl::string_view name;
  absl::string_view text;
  int64_t number = 0;
  bool is_number = false;
};
using LogFacts = std::initializer_list<LogFact>;

struct LogLine {
  LogLevel level;
  std::string kind;  // equal for lines that say the same
  std::string json;  // the object, without a newline
};

// Where lines go. Called by any thread, several at a time; must not wait.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void Take(LogLine line) = 0;
};

// From now on lines of `lowest` and above go to `sink`, and to no other; null throws them away.
void SetLogSink(std::shared_ptr<LogSink> sink, LogLevel lowest);

// Whether lines of this level go anywhere; costs one load.
bool IsLogged(LogLevel level);

// Log(LogLevel::kWarning, "a view has stopped", {{"view", name}}, {{"position", position}});
void Log(LogLevel level, absl::string_view sentence, LogFacts facts = {}, LogFacts details = {});

// The line that Log would hand to the sink, for a sink that has something to say itself.
LogLine MakeLogLine(LogLevel level, absl::string_view sentence, LogFacts facts = {},
                    LogFacts details = {});

// The text as a JSON string, with its quotes; bytes that are not ASCII are replaced.
std::string JsonString(absl::string_view text);

}  // namespace kith
