// When a mail that tells of something is sent.
#include "services/notifications/mail_time.h"

#include <gtest/gtest.h>

#include "tests/testing/decider_spec.h"

namespace kith::notifications {
namespace {

absl::TimeZone Berlin() {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone("Europe/Berlin", &zone));
  return zone;
}

absl::Time At(int year, int month, int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute), Berlin());
}

absl::Time Mailed(absl::Time now, const std::string& preferences, bool in_digest = false) {
  return MailTime(now, testing::Proto<v1::NotificationPreferences>(preferences), in_digest,
                  Berlin());
}

constexpr char kNight[] = "quiet_start_time: '22:00' quiet_end_time: '07:00' ";

TEST(MailTime, IsNowWhereNothingIsSaid) {
  EXPECT_EQ(Mailed(At(2026, 3, 2, 3), ""), At(2026, 3, 2, 3));
}

TEST(MailTime, WaitsUntilQuietHoursEnd) {
  EXPECT_EQ(Mailed(At(2026, 3, 2, 21, 59), kNight), At(2026, 3, 2, 21, 59));
  EXPECT_EQ(Mailed(At(2026, 3, 2, 22), kNight), At(2026, 3, 3, 7));
  EXPECT_EQ(Mailed(At(2026, 3, 3, 6, 59), kNight), At(2026, 3, 3, 7));
  EXPECT_EQ(Mailed(At(2026, 3, 3, 7), kNight), At(2026, 3, 3, 7));
  const char* const noon = "quiet_start_time: '12:00' quiet_end_time: '13:30'";
  EXPECT_EQ(Mailed(At(2026, 3, 3, 11, 59), noon), At(2026, 3, 3, 11, 59));
  EXPECT_EQ(Mailed(At(2026, 3, 3, 12), noon), At(2026, 3, 3, 13, 30));
  EXPECT_EQ(Mailed(At(2026, 3, 3, 23), "quiet_start_time: '20:00' quiet_end_time: '24:00'"),
            At(2026, 3, 4, 0));
}

TEST(MailTime, IsOfTheNextDigest) {
  EXPECT_EQ(Mailed(At(2026, 3, 2, 7, 59), "", true), At(2026, 3, 2, 8));
  EXPECT_EQ(Mailed(At(2026, 3, 2, 8), "", true), At(2026, 3, 3, 8));
  EXPECT_EQ(Mailed(At(2026, 3, 2, 9), "digest_time: '17:30'", true), At(2026, 3, 2, 17, 30));
  // One in quiet hours waits, too.
  EXPECT_EQ(Mailed(At(2026, 3, 2, 9), absl::StrCat(kNight, "digest_time: '06:00'"), true),
            At(2026, 3, 3, 7));
}

TEST(MailTime, KeepsTheTimeThatClocksShow) {
  // The clocks go forward on 29 March, from 02:00 to 03:00.
  EXPECT_EQ(Mailed(At(2026, 3, 28, 23), kNight), At(2026, 3, 29, 7));
  EXPECT_EQ(At(2026, 3, 29, 7) - At(2026, 3, 28, 23), absl::Hours(7));
  EXPECT_EQ(Mailed(At(2026, 3, 28, 9), "digest_time: '02:30'", true), At(2026, 3, 29, 3, 30));
}

}  // namespace
}  // namespace kith::notifications
