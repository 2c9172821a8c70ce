#include "services/runtime/calls/call_log.h"

#include "absl/strings/match.h"
#include "eventstore/base/error.h"
#include "gtest/gtest.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/testing/captured_log.h"

namespace kith::runtime {
namespace {

using testing::CapturedLog;

void LogCallThatEnded(const absl::Status& status, absl::string_view request_id = "") {
  LogCall({.method = "kith.a.v1.A/Get",
           .workspace = WorkspaceId(2),
           .request_id = request_id,
           .duration = absl::Microseconds(17),
           .status = status});
}

bool Contains(const LogLine& line, absl::string_view part) {
  return absl::StrContains(line.json, part);
}

TEST(CallLog, SaysWhoCalledWhatAndHowItEnded) {
  const CapturedLog log;
  LogCallThatEnded(absl::OkStatus(), "r1");
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].level, LogLevel::kDebug);
  EXPECT_TRUE(Contains(lines[0],
                       R"("message":"call","method":"kith.a.v1.A/Get","code":"OK","workspace":2,)"
                       R"("duration_us":17,"request_id":"r1"})"))
      << lines[0].json;
}

TEST(CallLog, SaysWhyACallWasRefusedButNotWhatItWasTold) {
  const CapturedLog log;
  LogCallThatEnded(Error(type::v1::ERROR_CONFLICT, "Ada's record."), "r1");
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].level, LogLevel::kInfo);
  EXPECT_TRUE(Contains(lines[0], R"("code":"ABORTED","reason":"CONFLICT")")) << lines[0].json;
  EXPECT_FALSE(Contains(lines[0], "Ada")) << lines[0].json;
}

TEST(CallLog, TellsOurFailuresInFull) {
  const CapturedLog log;
  LogCallThatEnded(absl::DataLossError("position 7"));
  LogCallThatEnded(absl::NotFoundError("not made by Error"));
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].level, LogLevel::kError);
  EXPECT_TRUE(Contains(lines[0], R"("error":"position 7")")) << lines[0].json;
  EXPECT_EQ(lines[1].level, LogLevel::kError);
}

TEST(CallLog, RefusalsOfOneKindSayTheSame) {
  const CapturedLog log;
  LogCallThatEnded(Error(type::v1::ERROR_CONFLICT, "One."), "r1");
  LogCallThatEnded(Error(type::v1::ERROR_CONFLICT, "Two."), "r2");
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].kind, lines[1].kind);
}

}  // namespace
}  // namespace kith::runtime
