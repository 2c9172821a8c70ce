#include "projections/messages/message_reports.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "kith/messages/v1/message_events.pb.h"
#include "projections/messages/message_directory.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/view_spec.h"

namespace kith::messages {
namespace {

using testing::GivenOptions;
using testing::Proto;
using testing::ViewSpec;

class MessageReportsTest : public ::testing::Test {
 protected:
  // What happens to message number n, in the hour after what happened before.
  void Given(int n, const std::string& event) {
    start_ += absl::Hours(1);
    spec_.Given(StreamOf(n), Proto<v1::MessageEvent>(event), GivenOptions{.occur_time = start_});
  }
  void GivenQueued(int n, const std::string& mail_template = "mailTemplates/hello") {
    Given(n, absl::StrCat("message_queued { name: '", StreamOf(n), "' contact: 'contacts/", n,
                          "' message { tracked: true mail_template: '", mail_template, "' } }"));
  }
  void GivenSent(int n, bool is_tracked = true) {
    GivenQueued(n);
    Given(n, absl::StrCat("message_sent { tracked: ", is_tracked ? "true" : "false", " }"));
  }
  static std::string StreamOf(int n) { return absl::StrCat("contacts/", n, "/messages/1"); }

  std::string Totals(const projections::ViewSnapshot& snapshot,
                     const std::string& mail_template = "") {
    const auto totals = MessageReports::Totals().Get(snapshot, spec_.workspace(),
                                                     MessageReports::KeyOf(mail_template),
                                                     eventstore::ReadTier::kDisk);
    EXPECT_TRUE(totals.ok()) << totals.status();
    return totals.ok() && totals->has_value() ? (*totals)->ShortDebugString() : "";
  }

  absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);
  ViewSpec spec_ =
      ViewSpec::Of<MessageReports, MessageDirectory>().Takes<v1::MessageEvent>("messages");
};

// Sent to seven: one is refused and two are not taken. Of the four others one opens it three times
// and follows links twice, for one a program opens it, one follows a link three times without an
// image, and one does nothing.
TEST_F(MessageReportsTest, CountEachMessageOnce) {
  for (int n = 1; n <= 4; ++n) GivenSent(n);
  for (int n = 5; n <= 7; ++n) {
    GivenQueued(n);
    Given(n, absl::StrCat("message_failed { failure: ", n == 5 ? "REJECTED" : "GAVE_UP", " }"));
  }
  const auto before = spec_.Then();
  EXPECT_EQ(Totals(before), "delivered: 4 rejected: 1 given_up: 2 tracked: 4");
  for (int i = 0; i < 3; ++i) Given(1, "message_opened {}");
  for (int i = 0; i < 2; ++i) Given(1, "message_clicked {}");
  Given(2, "message_opened { automatic: KNOWN_AGENT }");
  for (int i = 0; i < 3; ++i) Given(3, "message_clicked { link: 1 }");
  Given(3, "message_unsubscribed {}");
  const std::string all =
      "delivered: 4 rejected: 1 given_up: 2 tracked: 4 opened: 2 opened_by_programs: 1 clicked: 2 "
      "unsubscribed: 1";
  const auto after = spec_.Then();
  EXPECT_EQ(Totals(after), all);
  EXPECT_EQ(Totals(after, "mailTemplates/hello"),
            absl::StrCat("mail_template: \"mailTemplates/hello\" ", all));
  EXPECT_EQ(Totals(after, "mailTemplates/none"), "");
}

TEST_F(MessageReportsTest, FollowWhatTurnsOutToBeAPrograms) {
  GivenSent(1);
  Given(1, "message_clicked { link: 0 }");
  EXPECT_EQ(Totals(spec_.Then()), "delivered: 1 tracked: 1 opened: 1 clicked: 1");
  Given(1,
        "message_clicked { link: 1 automatic: ALL_LINKS_AT_ONCE "
        "automatic_since { seconds: 1700000000 } }");
  EXPECT_EQ(Totals(spec_.Then()),
            "delivered: 1 tracked: 1 opened_by_programs: 1 clicked_by_programs: 1");
  // Somebody comes after the program.
  Given(1, "message_opened {}");
  EXPECT_EQ(Totals(spec_.Then()), "delivered: 1 tracked: 1 opened: 1 clicked_by_programs: 1");
}

TEST_F(MessageReportsTest, MeasureOpensByWhatIsTracked) {
  GivenSent(1, /*is_tracked=*/false);
  GivenSent(2);
  Given(2, "message_traffic_counted { traffic { opens: 7 automatic_clicks: 2 } }");
  GivenQueued(3, "");
  Given(4, "message_queued { name: 'contacts/4/messages/1' contact: 'contacts/4' message { } }");
  Given(4, "message_failed { failure: SUPPRESSED }");
  EXPECT_EQ(Totals(spec_.Then()),
            "queued: 1 delivered: 2 not_attempted: 1 tracked: 1 opened: 1 clicked_by_programs: 1");
}

// What comes back was not delivered, whatever programs did with it before.
TEST_F(MessageReportsTest, CountWhatCameBackApart) {
  for (int n = 1; n <= 3; ++n) GivenSent(n);
  Given(1, "message_opened { automatic: KNOWN_AGENT }");
  Given(1, "message_bounced { kind: SOFT }");
  Given(2, "message_bounced { kind: HARD }");
  EXPECT_EQ(Totals(spec_.Then()), "delivered: 1 tracked: 1 hard_bounced: 1 soft_bounced: 1");
  Given(1, "message_bounced { kind: HARD }");
  EXPECT_EQ(Totals(spec_.Then()), "delivered: 1 tracked: 1 hard_bounced: 2");
}

}  // namespace
}  // namespace kith::messages
