#include "services/messages/message_report.h"

#include <gtest/gtest.h>

#include "tests/testing/decider_spec.h"

namespace kith::messages {
namespace {

using testing::Proto;

// Sent to seven: one mail server refused it, two took none; of the four others one opened it, one
// followed a link only, and for one a program opened it.
TEST(MessageReport, HasRatesOfWhatWasDelivered) {
  const auto totals = Proto<v1::MessageTotals>(R"(
      delivered: 4 rejected: 1 given_up: 2 not_attempted: 3 queued: 1 tracked: 4
      opened: 2 opened_by_programs: 1 clicked: 2 unsubscribed: 1)");
  const v1::MessageReport report = ReportOf(totals, /*include_automatic=*/false);
  EXPECT_EQ(report.attempted(), 7);
  EXPECT_EQ(report.delivered(), 4);
  EXPECT_NEAR(report.delivery_percent(), 57.14, 0.005);
  EXPECT_NEAR(report.bounce_percent(), 42.86, 0.005);
  EXPECT_EQ(report.opened(), 2);
  EXPECT_EQ(report.open_percent(), 50);
  EXPECT_EQ(report.click_percent(), 50);
  EXPECT_EQ(report.click_to_open_percent(), 100);
  EXPECT_EQ(report.unsubscribe_percent(), 25);

  const v1::MessageReport with_programs = ReportOf(totals, /*include_automatic=*/true);
  EXPECT_EQ(with_programs.opened(), 3);
  EXPECT_EQ(with_programs.open_percent(), 75);
  EXPECT_NEAR(with_programs.click_to_open_percent(), 66.67, 0.005);
}

// What came back after a mail server took it counts as what none took.
TEST(MessageReport, CountsWhatCameBackAsBounced) {
  const v1::MessageReport report = ReportOf(
      Proto<v1::MessageTotals>("delivered: 4 hard_bounced: 1 soft_bounced: 2 tracked: 4"), false);
  EXPECT_EQ(report.attempted(), 7);
  EXPECT_EQ(report.delivered(), 4);
  EXPECT_EQ(report.hard_bounced(), 1);
  EXPECT_EQ(report.soft_bounced(), 2);
  EXPECT_NEAR(report.delivery_percent(), 57.14, 0.005);
  EXPECT_NEAR(report.bounce_percent(), 42.86, 0.005);
}

// All that was sent came back.
TEST(MessageReport, HasNoRatesOfWhatCameBack) {
  const v1::MessageReport report = ReportOf(Proto<v1::MessageTotals>("hard_bounced: 2"), false);
  EXPECT_EQ(report.bounce_percent(), 100);
  EXPECT_FALSE(report.has_open_percent());
  EXPECT_FALSE(report.has_click_percent());
  EXPECT_FALSE(report.has_unsubscribe_percent());
}

TEST(MessageReport, HasNoRatesOfNothing) {
  const v1::MessageReport report = ReportOf(Proto<v1::MessageTotals>("rejected: 2"), true);
  EXPECT_EQ(report.bounce_percent(), 100);
  EXPECT_TRUE(report.has_delivery_percent());
  EXPECT_FALSE(report.has_open_percent());
  EXPECT_FALSE(report.has_click_percent());
  EXPECT_FALSE(report.has_click_to_open_percent());
  EXPECT_FALSE(report.has_unsubscribe_percent());
  EXPECT_FALSE(ReportOf({}, false).has_bounce_percent());
}

}  // namespace
}  // namespace kith::messages
