// Business calendars over gRPC: what is their own. What every resource does is asked in
// tests/conformance, and what business time is in tests/services/core.
#include <gtest/gtest.h>

#include <string>

#include "eventstore/base/proto_time.h"
#include "google/protobuf/text_format.h"
#include "kith/business_calendars/v1/business_calendars_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::business_calendars {
namespace {

using Stub = v1::BusinessCalendarsService::Stub;

constexpr char kWeek[] = R"(
  display_name: 'Office' time_zone: 'Europe/Berlin'
  periods { weekdays: [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]
            start: '09:00' end: '17:00' })";

google::protobuf::Timestamp Time(absl::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << text;
  return ToTimestamp(time);
}

class BusinessCalendarsServiceTest : public ::testing::Test {
 protected:
  testing::Reply<v1::BusinessCalendar> Create(const std::string& text) {
    v1::CreateBusinessCalendarRequest request;
    EXPECT_TRUE(
        google::protobuf::TextFormat::ParseFromString(text, request.mutable_business_calendar()));
    return server_.Call(&Stub::CreateBusinessCalendar, request);
  }
  testing::Reply<v1::BusinessMoment> Add(const std::string& name, absl::string_view start,
                                         absl::Duration amount, const std::string& token = "") {
    v1::AddBusinessTimeRequest request;
    request.set_name(name);
    *request.mutable_start_time() = Time(start);
    *request.mutable_amount() = ToDuration(amount);
    if (!token.empty()) request.mutable_read()->set_token(token);
    return server_.Call(&Stub::AddBusinessTime, request);
  }
  testing::Reply<v1::BusinessSpan> Measure(const std::string& name, absl::string_view start,
                                           absl::string_view end) {
    v1::MeasureBusinessTimeRequest request;
    request.set_name(name);
    *request.mutable_start_time() = Time(start);
    *request.mutable_end_time() = Time(end);
    return server_.Call(&Stub::MeasureBusinessTime, request);
  }
  void ExpectRefused(const std::string& text, const std::vector<std::string>& fields) {
    const auto made = Create(text);
    EXPECT_EQ(made.reason(), "INVALID_FIELD") << text;
    EXPECT_EQ(made.fields(), fields) << text;
  }

  testing::TestServer server_;
};

TEST_F(BusinessCalendarsServiceTest, AddAndMeasureTimeAtWork) {
  const auto made = Create(std::string(kWeek) + R"(
    holidays { date { year: 2026 month: 12 day: 25 } display_name: 'Christmas Day' }
    holidays { date { year: 2026 month: 12 day: 25 } display_name: 'The same' }
    special_days { date { year: 2026 month: 12 day: 24 }
                   periods { start: '09:00' end: '12:00' } })");
  ASSERT_EQ(made.reason(), "");
  // Thursday the 24th has one hour left, Friday none.
  EXPECT_EQ(FromTimestamp(Add(made->name(), "2026-12-24T10:00:00Z", absl::Hours(2))->time()),
            FromTimestamp(Time("2026-12-28T09:00:00Z")));
  EXPECT_EQ(FromTimestamp(Add(made->name(), "2026-12-24T10:00:00Z", absl::Hours(-1))->time()),
            FromTimestamp(Time("2026-12-24T09:00:00Z")));
  EXPECT_EQ(
      Measure(made->name(), "2026-12-24T10:00:00Z", "2026-12-28T09:00:00Z")->amount().seconds(),
      2 * 3'600);
  EXPECT_EQ(
      Measure(made->name(), "2026-12-28T09:00:00Z", "2026-12-24T10:00:00Z")->amount().seconds(),
      -2 * 3'600);
}

TEST_F(BusinessCalendarsServiceTest, AnswerAsTheCalendarWasThen) {
  const auto made = Create(kWeek);
  ASSERT_EQ(made.reason(), "");
  v1::UpdateBusinessCalendarRequest update;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "business_calendar { periods { weekdays: MONDAY start: '10:00' end: '24:00' } }", &update));
  update.mutable_business_calendar()->set_name(made->name());
  ASSERT_EQ(server_.Call(&Stub::UpdateBusinessCalendar, update).reason(), "");
  const absl::string_view friday = "2026-11-27T12:00:00Z";
  EXPECT_EQ(FromTimestamp(Add(made->name(), friday, absl::Hours(14))->time()),
            FromTimestamp(Time("2026-11-30T23:00:00Z")));
  EXPECT_EQ(FromTimestamp(Add(made->name(), friday, absl::Hours(1), made.token)->time()),
            FromTimestamp(Time("2026-11-27T13:00:00Z")));
}

TEST_F(BusinessCalendarsServiceTest, SayWhatIsTooFar) {
  const auto made = Create(kWeek);
  ASSERT_EQ(made.reason(), "");
  EXPECT_EQ(Add(made->name(), "2026-11-27T12:00:00Z", absl::Hours(100'000)).reason(),
            "BEYOND_TWENTY_YEARS");
  EXPECT_EQ(Add(made->name(), "9999-12-31T12:00:00Z", absl::Hours(100)).reason(),
            "BEYOND_TWENTY_YEARS");
  EXPECT_EQ(Measure(made->name(), "2026-11-27T12:00:00Z", "2066-11-27T12:00:00Z").reason(),
            "BEYOND_TWENTY_YEARS");
  EXPECT_EQ(Add("businessCalendars/none", "2026-11-27T12:00:00Z", absl::Hours(1)).reason(),
            "BUSINESS_CALENDAR_NOT_FOUND");
}

// BT-6.
TEST_F(BusinessCalendarsServiceTest, AreRefusedWhereTheyAreNeverOpenOrContradictThemselves) {
  const std::string at = "display_name: 'Office' time_zone: 'Europe/Berlin' ";
  const std::string ok = at + "periods { weekdays: MONDAY start: '09:00' end: '17:00' } ";
  ExpectRefused(at, {"business_calendar.periods"});
  ExpectRefused(at + "periods { start: '09:00' end: '17:00' }",
                {"business_calendar.periods[0].weekdays"});
  ExpectRefused(at + "periods { weekdays: MONDAY start: '22:00' end: '06:00' }",
                {"business_calendar.periods[0].end"});
  ExpectRefused(at + "periods { weekdays: MONDAY start: '09:00' end: '00:00' }",
                {"business_calendar.periods[0].end"});
  ExpectRefused(at + "periods { weekdays: MONDAY start: '9' end: '25:00' }",
                {"business_calendar.periods[0].start", "business_calendar.periods[0].end"});
  ExpectRefused(at + "periods { weekdays: [MONDAY, MONDAY] start: '09:00' end: '17:00' }",
                {"business_calendar.periods[0].weekdays[1]"});
  ExpectRefused(at + "periods { weekdays: [WEEKDAY_UNSPECIFIED] start: '09:00' end: '17:00' }",
                {"business_calendar.periods[0].weekdays[0]"});
  ExpectRefused(ok + "periods { weekdays: [SUNDAY, MONDAY] start: '16:59' end: '18:00' }",
                {"business_calendar.periods[1]"});
  ExpectRefused(
      "display_name: 'Office' time_zone: 'Europe/Atlantis' "
      "periods { weekdays: MONDAY start: '09:00' end: '17:00' }",
      {"business_calendar.time_zone"});
  ExpectRefused(ok + "special_days { date { year: 2026 month: 12 day: 24 } }",
                {"business_calendar.special_days[0].periods"});
  ExpectRefused(ok + "holidays { date { year: 2026 month: 2 day: 30 } }",
                {"business_calendar.holidays[0].date"});
  ExpectRefused(
      ok + "holidays { date { year: 2026 month: 12 day: 24 } } "
           "special_days { date { year: 2026 month: 12 day: 24 } "
           "periods { start: '09:00' end: '12:00' } periods { start: '11:00' end: '13:00' } }",
      {"business_calendar.special_days[0].date", "business_calendar.special_days[0].periods[1]"});
  // One that begins as the other ends, on another day, and to the end of a day.
  EXPECT_EQ(Create(ok + "periods { weekdays: MONDAY start: '17:00' end: '24:00' } "
                        "periods { weekdays: TUESDAY start: '09:00' end: '17:00' }")
                .reason(),
            "");
}

TEST_F(BusinessCalendarsServiceTest, KeepBeingOpenWhenTheyChange) {
  const auto made = Create(kWeek);
  ASSERT_EQ(made.reason(), "");
  v1::UpdateBusinessCalendarRequest update;
  update.mutable_business_calendar()->set_name(made->name());
  update.mutable_update_mask()->add_paths("periods");
  EXPECT_EQ(server_.Call(&Stub::UpdateBusinessCalendar, update).fields(),
            std::vector<std::string>{"business_calendar.periods"});
}

}  // namespace
}  // namespace kith::business_calendars
