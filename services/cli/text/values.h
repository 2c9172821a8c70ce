// Values as people write and read them: money, dates, times, durations, resource names.
//
// Pure functions, any thread. A text that is not understood is InvalidArgument with a message that
// shows the form wanted; where the text came from (a flag, a CSV column) is for the caller to add.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/type/date.pb.h"
#include "google/type/money.pb.h"

namespace kith::cli {

// "1000.50 EUR", "EUR 1000.50", "-3 JPY"; up to nine decimals, no thousands separators.
absl::StatusOr<google::type::Money> ParseMoney(absl::string_view text);
// "2026-01-31"; "--01-31" for a day without a year.
absl::StatusOr<google::type::Date> ParseDate(absl::string_view text);
// The same; of "2026-01-31T23:00:00-05:00" the day there.
absl::StatusOr<google::type::Date> ParseDay(absl::string_view text);
// A day counted from that of `now` in `zone`, as filters take it: "today", "-10d", "today+2w", and
// "yesterday"; the units are d, w, mo and y.
absl::StatusOr<google::type::Date> ParseRelativeDay(absl::string_view text, absl::Time now,
                                                    absl::TimeZone zone);
// RFC 3339, "2026-01-31T12:00:00Z", or a date, which means its midnight in UTC.
absl::StatusOr<google::protobuf::Timestamp> ParseTimestamp(absl::string_view text);
// A time as FormatTimestamp shows it, "2026-01-31 14:05" or with a T, or a day, in `zone`: the
// beginning of that minute or day.
absl::StatusOr<google::protobuf::Timestamp> ParseShownTime(absl::string_view text,
                                                           absl::TimeZone zone);
// A time in the words people have for it: RFC 3339; a day, "2026-01-31", "today" or "yesterday", or
// a minute as tables show it, which mean their beginnings; or one counted from these, as filters
// take it: "now", "-30d", "+12h", "today+2w", with the units m, h, d, w, mo and y. Days, weeks,
// months and years are those of the calendar in `zone`.
absl::StatusOr<google::protobuf::Timestamp> ParseSaidTime(absl::string_view text, absl::Time now,
                                                          absl::TimeZone zone);
// A moment that is over, in the words people have for it: a time, RFC 3339; a day, "2026-01-31",
// "today" or "yesterday", which means its end; a minute as tables show it, its end; how long ago it
// was, "-3d", "-1h30m", where a day has 24 hours; or what ParseSaidTime counts from now. Days and
// minutes are those of `zone`.
absl::StatusOr<google::protobuf::Timestamp> ParseMoment(absl::string_view text, absl::Time now,
                                                        absl::TimeZone zone);
// "3d", "1h30m", "90s", "250ms".
absl::StatusOr<google::protobuf::Duration> ParseDuration(absl::string_view text);
// "yes", "true", "1" and their opposites.
absl::StatusOr<bool> ParseBool(absl::string_view text);

// "12,345.60 EUR".
std::string FormatMoney(const google::type::Money& money);
// "2026-01-31"; without a year "--01-31".
std::string FormatDate(const google::type::Date& date);
// "2026-01-31 14:05", in `zone`.
std::string FormatTimestamp(const google::protobuf::Timestamp& timestamp, absl::TimeZone zone);
// The two largest units, "3d 4h"; "0s".
std::string FormatDuration(const google::protobuf::Duration& duration);
// "8,800".
std::string FormatCount(int64_t count);

// The name that `text` means where names look like `pattern`: with "deals/{deal}", "x" is
// "deals/x"; with "pipelines/{pipeline}/stages/{stage}", "default/qualified" is
// "pipelines/default/stages/qualified". A text that has another number of segments than the pattern
// has variables is returned as it is.
std::string ExpandName(absl::string_view pattern, absl::string_view text);

}  // namespace kith::cli
