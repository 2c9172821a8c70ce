#include "services/runtime/calls/read_permission.h"

#include <gtest/gtest.h>

#include "tests/testing/test_server.h"

namespace kith::runtime {
namespace {

// Whatever happens, happens to a record that a caller may be let read or not.
TEST(ReadPermission, IsDeclaredForEveryKindOfRecord) {
  testing::TestServer server;
  for (const std::string& category : server.runtime().registry.Categories()) {
    // Nobody asks for how many messages a day has, whose turn is next, what the times of a task or
    // a deal led to, when a form was looked at, what was left out of a site's visitors, or what
    // scores are made of as one of many.
    if (category == "sendingDays" || category == "assignmentTurns" || category == "reminders" ||
        category == "staleness" || category == "formTraffic" || category == "siteTraffic" ||
        category == "scores") {
      continue;
    }
    EXPECT_NE(ReadPermissionOf(server.methods(), category), "") << category;
  }
}

TEST(ReadPermission, IsThatOfTheMethodThatGetsOne) {
  testing::TestServer server;
  EXPECT_EQ(ReadPermissionOf(server.methods(), "contacts"), "contacts.read");
  EXPECT_EQ(ReadPermissionOf(server.methods(), "pipelines"), "deals.read");
  EXPECT_EQ(ReadPermissionOf(server.methods(), "interactions"), "interactions.read");
  EXPECT_EQ(ReadPermissionOf(server.methods(), "nothing"), "");
}

}  // namespace
}  // namespace kith::runtime
