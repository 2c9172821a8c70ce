#include "projections/workflows/record_moment.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "projections/workflows/time_span.h"
#include "services/core/date.h"
#include "services/core/recurrence.h"

namespace kith::workflows {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Null where it is no time and no day.
const FieldDescriptor* TimeField(const google::protobuf::Descriptor& record,
                                 const std::string& name) {
  const FieldDescriptor* const field = record.FindFieldByName(name);
  if (field == nullptr || field->is_repeated() || field->message_type() == nullptr) return nullptr;
  const auto* const type = field->message_type();
  const bool is_time =
      type == google::protobuf::Timestamp::descriptor() || type == google::type::Date::descriptor();
  return is_time ? field : nullptr;
}

absl::CivilSecond LocalTime(absl::CivilDay day, const std::string& time_of_day) {
  return absl::CivilSecond(day) + DaySecondsOf(time_of_day).value_or(0);
}

}  // namespace

bool HasTime(const google::protobuf::Descriptor& record, const std::string& field) {
  return TimeField(record, field) != nullptr;
}

std::optional<absl::Time> TimeIn(const Message& record, const std::string& name,
                                 absl::TimeZone zone) {
  const FieldDescriptor* const field = TimeField(*record.GetDescriptor(), name);
  if (field == nullptr || !record.GetReflection()->HasField(record, field)) return std::nullopt;
  const Message& value = record.GetReflection()->GetMessage(record, field);
  if (field->message_type() == google::protobuf::Timestamp::descriptor()) {
    return FromTimestamp(static_cast<const google::protobuf::Timestamp&>(value));
  }
  const auto& date = static_cast<const google::type::Date&>(value);
  if (!DateDefect(date).empty()) return std::nullopt;
  return TimeOf(absl::CivilSecond(CivilDayOf(date)), zone);
}

std::optional<absl::Time> MomentOf(const v1::RecordTime& moment, const Message& record,
                                   const WorkCalendar& calendar) {
  const auto time = TimeIn(record, moment.field(), calendar.zone);
  if (!time.has_value()) return std::nullopt;
  const auto span = ParseTimeSpan(moment.offset());
  const auto then =
      Add(*time, span.ok() ? *span : TimeSpan(), calendar);  // checked when it was saved
  if (!then.has_value() || moment.time_of_day().empty()) return then;
  const absl::CivilDay day = absl::ToCivilDay(*then, calendar.zone);
  return TimeOf(LocalTime(day, moment.time_of_day()), calendar.zone);
}

std::optional<absl::Time> NextTime(const v1::WorkflowSchedule& schedule, absl::Time after,
                                   absl::TimeZone zone) {
  const Series series{.rule = schedule.recurrence(),
                      .start = LocalTime(CivilDayOf(schedule.start_date()), schedule.time_of_day()),
                      .zone = zone,
                      .exceptions = {}};
  // Where the clocks are put back a local time comes twice, and its first one may have passed.
  absl::CivilSecond local = absl::ToCivilSecond(after, zone);
  while (const auto next = NextOccurrence(series, local)) {
    const absl::Time time = TimeOf(*next, zone);
    if (time > after) return time;
    local = *next;
  }
  return std::nullopt;
}

std::string TimerOf(absl::string_view workflow, absl::string_view record) {
  return record.empty() ? absl::StrCat(workflow, "/schedule") : absl::StrCat(workflow, "/", record);
}

}  // namespace kith::workflows
