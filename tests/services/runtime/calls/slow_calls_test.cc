// Calls that take too long are logged with where their time went.
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tests/services/runtime/person_server.h"
#include "tests/testing/captured_log.h"
#include "tests/testing/manual_clock.h"

namespace kith::runtime {
namespace {

using kith::testing::CapturedLog;
using kith::testing::ManualClock;

void CreateAndList(PersonServer& server) {
  contacts::v1::CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  request.set_request_id("r1");
  contacts::v1::Contact ada;
  Call creating;
  EXPECT_TRUE(server.contacts().CreateContact(&creating, request, &ada).ok());
  contacts::v1::ListContactsResponse response;
  Call listing;
  EXPECT_TRUE(server.contacts()
                  .ListContacts(&listing, contacts::v1::ListContactsRequest(), &response)
                  .ok());
}

TEST(SlowCalls, AreLoggedWithTheirParts) {
  const CapturedLog log(LogLevel::kWarning);
  ServerOptions options;
  options.slow_call = absl::ZeroDuration();  // any call is
  PersonServer server(options);
  CreateAndList(server);
  const std::string created = log.Await("/CreateContact");
  for (const char* part : {R"("message":"slow call")", R"("code":"OK")", R"("request_id":"r1")",
                           R"("queue_us":)", R"("wait_us":)", R"("load_us":)", R"("decide_us":)",
                           R"("commit_us":)", R"("render_us":)"}) {
    EXPECT_TRUE(absl::StrContains(created, part)) << part << " is not in " << created;
  }
  log.Await("/ListContacts");
}

TEST(SlowCalls, OthersAreNot) {
  const CapturedLog log(LogLevel::kWarning);
  PersonServer server;
  CreateAndList(server);
  server.Stop();
  for (const LogLine& line : log.lines()) {
    EXPECT_FALSE(absl::StrContains(line.json, "slow call")) << line.json;
  }
}

TEST(CallParts, WhatPassesBelongsToThePartThatIsMarkedNext) {
  ManualClock clock(absl::UnixEpoch());
  CallParts parts(clock);
  clock.Advance(absl::Seconds(2));
  parts.Mark(CallPart::kQueue);
  clock.Advance(absl::Seconds(5));
  parts.Mark(CallPart::kCommit);
  clock.Advance(absl::Seconds(9));
  EXPECT_EQ(parts.spent(CallPart::kQueue), absl::Seconds(2));
  EXPECT_EQ(parts.spent(CallPart::kCommit), absl::Seconds(5));
  EXPECT_EQ(parts.spent(CallPart::kRender), absl::ZeroDuration());
  EXPECT_EQ(parts.total(), absl::Seconds(7));
}

}  // namespace
}  // namespace kith::runtime
