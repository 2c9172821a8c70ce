#include "services/server/log_writer.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace kith::server {
namespace {

// A pipe, both of whose ends are closed at the end.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void CloseReader() { Close(ends_[0]); }
  void CloseWriter() { Close(ends_[1]); }

  // The next line; empty at the end.
  std::string ReadLine() {
    std::string line;
    char c = 0;
    while (read(reader(), &c, 1) == 1 && c != '\n') line += c;
    return line;
  }
  // All lines up to the end.
  std::vector<std::string> ReadLines() {
    std::string text;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = read(reader(), buffer, sizeof buffer)) > 0) text.append(buffer, size);
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }

 private:
  static void Close(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
  int ends_[2] = {-1, -1};
};

LogLine Numbered(int number) {
  return MakeLogLine(LogLevel::kInfo, "line", {{"n", number}}, {{"fill", std::string(80, '.')}});
}

// What a line that tells of dropped ones says; 0 for any other.
uint64_t DroppedIn(const std::string& line) {
  const std::vector<std::string> parts = absl::StrSplit(line, "\"dropped\":");
  uint64_t dropped = 0;
  if (parts.size() == 2) {
    EXPECT_TRUE(absl::SimpleAtoi(absl::StripSuffix(parts[1], "}"), &dropped)) << line;
  }
  return dropped;
}

TEST(LogWriter, WritesLinesInOrder) {
  Pipe pipe;
  {
    LogWriter writer({.file = pipe.writer()});
    for (int i = 0; i < 100; ++i) writer.Take(Numbered(i));
    writer.Close(absl::InfiniteDuration());
    EXPECT_EQ(writer.counts().written, 100u);
    EXPECT_EQ(writer.counts().dropped, 0u);
  }
  pipe.CloseWriter();
  const auto lines = pipe.ReadLines();
  ASSERT_EQ(lines.size(), 100u);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(absl::StrContains(lines[i], absl::StrCat("\"n\":", i, ","))) << lines[i];
  }
}

TEST(LogWriter, WritesALineLongerThanAPipeTakesAtOnce) {
  Pipe pipe;
  {
    LogWriter writer({.file = pipe.writer()});
    writer.Take(MakeLogLine(LogLevel::kInfo, std::string(20'000, 'x')));
    writer.Close(absl::InfiniteDuration());
  }
  pipe.CloseWriter();
  const auto lines = pipe.ReadLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(absl::StrContains(lines[0], std::string(20'000, 'x')));
}

// Goal: who logs never waits for who reads, and what is missing is told. Method: nobody reads while
// far more is logged than pipe and queue hold; then somebody does.
TEST(LogWriter, DropsAndCountsWhatNobodyReads) {
  Pipe pipe;
  LogWriter writer({.file = pipe.writer(), .lines_max = 1000});
  constexpr int kLines = 20'000;
  for (int i = 0; i < kLines; ++i) writer.Take(Numbered(i));
  EXPECT_GT(writer.counts().dropped, 0u);
  uint64_t told = 0;
  uint64_t read = 0;
  while (told + read < kLines) {
    const std::string line = pipe.ReadLine();
    ASSERT_NE(line, "");
    const uint64_t dropped = DroppedIn(line);
    told += dropped;
    read += dropped == 0 ? 1 : 0;
  }
  EXPECT_EQ(told, writer.counts().dropped);
  EXPECT_EQ(told + read, static_cast<uint64_t>(kLines));
}

TEST(LogWriter, TakesNoMoreBytesThanItWasTold) {
  Pipe pipe;
  LogWriter writer({.file = pipe.writer(), .bytes_max = 1000});
  writer.Take(MakeLogLine(LogLevel::kInfo, std::string(1000, 'x')));
  EXPECT_EQ(writer.counts().dropped, 1u);
}

TEST(LogWriter, EndsThoughNobodyReads) {
  Pipe pipe;
  LogWriter writer({.file = pipe.writer()});
  for (int i = 0; i < 5000; ++i) writer.Take(Numbered(i));
  writer.Close(absl::Milliseconds(1));
  EXPECT_GT(writer.counts().dropped, 0u);
  writer.Take(Numbered(0));  // is dropped, and does no harm
}

TEST(LogWriter, OutlivesItsReader) {
  signal(SIGPIPE, SIG_IGN);  // as kithd does
  Pipe pipe;
  pipe.CloseReader();
  LogWriter writer({.file = pipe.writer()});
  for (int i = 0; i < 100; ++i) writer.Take(Numbered(i));
  writer.Close(absl::InfiniteDuration());
  EXPECT_EQ(writer.counts().written, 0u);
  EXPECT_GE(writer.counts().dropped, 100u);
}

TEST(LogWriter, CountsABurstOfEqualLines) {
  Pipe pipe;
  {
    LogWriter writer({.file = pipe.writer()});
    for (int i = 0; i < 50'000; ++i) {
      writer.Take(MakeLogLine(LogLevel::kInfo, "call refused", {{"method", "Create"}}));
      if (i == 0) {
        EXPECT_TRUE(absl::StrContains(pipe.ReadLine(), "refused"));
      }
    }
    writer.Close(absl::InfiniteDuration());
  }
  pipe.CloseWriter();
  const auto lines = pipe.ReadLines();
  ASSERT_FALSE(lines.empty());
  EXPECT_LE(lines.size(), 20u);
  EXPECT_TRUE(absl::StrContains(lines.back(), "\"repeated\":") || DroppedIn(lines.back()) > 0)
      << lines.back();
}

}  // namespace
}  // namespace kith::server
