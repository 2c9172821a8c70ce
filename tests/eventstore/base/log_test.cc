#include "eventstore/base/log.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/testing/captured_log.h"

namespace kith {
namespace {

using testing::CapturedLog;

std::string WithoutTime(const std::string& json) {
  const size_t end = json.find("\",");
  EXPECT_EQ(json.rfind("{\"time\":\"", 0), 0u) << json;
  return "{" + json.substr(end + 2);
}

TEST(Log, WritesOneJsonObjectALine) {
  const CapturedLog log;
  const std::string path = "/a \"b\"";
  Log(LogLevel::kWarning, "a \"view\" has\nstopped", {{"view", path}, {"at", uint64_t{17}}},
      {{"left", -3}, {"empty", ""}});
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_EQ(WithoutTime(log.lines()[0].json),
            R"({"level":"warning","message":"a \"view\" has\u000astopped",)"
            R"("view":"/a \"b\"","at":17,"left":-3})");
}

TEST(Log, LinesSayTheSameWhateverTheirDetailsAre) {
  const CapturedLog log;
  Log(LogLevel::kInfo, "call", {{"method", "Get"}}, {{"duration_us", 1}});
  Log(LogLevel::kInfo, "call", {{"method", "Get"}}, {{"duration_us", 2}});
  Log(LogLevel::kInfo, "call", {{"method", "List"}}, {{"duration_us", 2}});
  Log(LogLevel::kError, "call", {{"method", "Get"}}, {{"duration_us", 1}});
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].kind, lines[1].kind);
  EXPECT_NE(lines[0].kind, lines[2].kind);
  EXPECT_NE(lines[0].kind, lines[3].kind);
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  const CapturedLog log(LogLevel::kWarning);
  EXPECT_FALSE(IsLogged(LogLevel::kInfo));
  EXPECT_TRUE(IsLogged(LogLevel::kWarning));
  Log(LogLevel::kInfo, "started");
  Log(LogLevel::kError, "broken");
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_EQ(log.lines()[0].level, LogLevel::kError);
}

TEST(Log, IsThrownAwayWhereNobodyTakesIt) {
  { const CapturedLog log; }
  EXPECT_FALSE(IsLogged(LogLevel::kError));
  Log(LogLevel::kError, "nobody hears this");
}

TEST(Log, TakesLinesOfManyThreads) {
  const CapturedLog log;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int n = 0; n < 100; ++n) Log(LogLevel::kInfo, "line", {}, {{"n", n}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(log.lines().size(), 400u);
}

}  // namespace
}  // namespace kith
