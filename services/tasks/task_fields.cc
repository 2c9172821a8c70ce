#include "services/tasks/task_fields.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "services/core/date.h"
#include "services/core/recurrence.h"
#include "services/core/reject.h"

namespace kith::tasks {
namespace {

constexpr absl::Duration kReminderMax = absl::Hours(24 * 366);

absl::TimeZone ZoneOf(const v1::Task& task) {
  return TimeZoneOf(task.time_zone()).value_or(absl::UTCTimeZone());
}

google::protobuf::Timestamp EndOf(absl::CivilDay day, absl::TimeZone zone) {
  return ToTimestamp(TimeOf(absl::CivilSecond(day + 1), zone));
}

// What the clocks of the task show; where it is due on a day, the beginning of the day that has
// ended last by then, which is the task's of its own due time.
absl::CivilSecond LocalOf(absl::Time time, const v1::Task& task) {
  const absl::CivilSecond local = absl::ToCivilSecond(time, ZoneOf(task));
  return task.has_due_date() ? absl::CivilSecond(absl::CivilDay(local) - 1) : local;
}

// A series is counted from the task that gets its rule.
void BeginSeries(v1::Task& task) {
  task.clear_series_time();
  task.clear_occurrence_time();
  if (task.recurrence().empty() || !task.has_due_time()) return;
  *task.mutable_series_time() = task.due_time();
  *task.mutable_occurrence_time() = task.due_time();
}

void CheckReminders(const v1::Task& task, google::rpc::BadRequest& violations) {
  for (int i = 0; i < task.reminders_size(); ++i) {
    const absl::Duration before = FromDuration(task.reminders(i));
    const std::string field = absl::StrCat("task.reminders[", i, "]");
    if (before < absl::ZeroDuration() || before > kReminderMax) {
      AddViolation(field, "must be from none to 366 days", violations);
    }
    const bool is_there = std::any_of(
        task.reminders().begin(), task.reminders().begin() + i,
        [&](const google::protobuf::Duration& other) { return FromDuration(other) == before; });
    if (is_there) AddViolation(field, "stands there already", violations);
  }
}

void CheckExceptions(const v1::Task& task, google::rpc::BadRequest& violations) {
  if (task.exception_dates_size() > 0 && task.recurrence().empty()) {
    AddViolation("task.exception_dates", "must be empty where there is no recurrence", violations);
    return;
  }
  std::vector<absl::CivilDay> days;
  for (const google::type::Date& date : task.exception_dates()) days.push_back(CivilDayOf(date));
  AddRepeats("task.exception_dates", days, violations);
}

// By its rule, counted from its first, without its exceptions.
Series SeriesOf(const v1::Task& task) {
  Series series{
      task.recurrence(), LocalOf(FromTimestamp(task.series_time()), task), ZoneOf(task), {}};
  // A rule has one time of day, and so at most one on a day.
  const absl::CivilSecond first = series.start;
  const auto into_day = first - absl::CivilSecond(absl::CivilDay(first));
  for (const google::type::Date& date : task.exception_dates()) {
    series.exceptions.push_back(absl::CivilSecond(CivilDayOf(date)) + into_day);
  }
  return series;
}

// All that the next of a series has of the one before, but for when it is due.
v1::Task Again(const v1::Task& done) {
  v1::Task next;
  next.set_display_name(done.display_name());
  next.set_description(done.description());
  next.set_kind(done.kind());
  next.set_owner(done.queue().empty() ? done.owner() : done.queue());
  next.set_priority(done.priority());
  next.set_time_zone(done.time_zone());
  *next.mutable_reminders() = done.reminders();
  next.set_recurrence(done.recurrence());
  *next.mutable_exception_dates() = done.exception_dates();
  next.set_business_calendar(done.business_calendar());
  next.set_recurs_when_due(done.recurs_when_due());
  next.set_recurrence_of(done.name());
  *next.mutable_series_time() = done.series_time();
  *next.mutable_contacts() = done.contacts();
  next.set_company(done.company());
  next.set_deal(done.deal());
  next.set_lead(done.lead());
  *next.mutable_checklist() = done.checklist();
  for (v1::ChecklistItem& item : *next.mutable_checklist()) item.set_done(false);
  next.set_parent(done.parent());
  *next.mutable_viewers() = done.viewers();
  *next.mutable_editors() = done.editors();
  for (const auto& [key, value] : done.custom()) {
    if (!value.unique()) (*next.mutable_custom())[key] = value;
  }
  return next;
}

}  // namespace

void SetDueTime(v1::Task& task) {
  if (!task.has_due_date()) return;
  *task.mutable_due_time() = EndOf(CivilDayOf(task.due_date()), ZoneOf(task));
}

void CompleteFields(const v1::Task& before, const Settings& settings, v1::Task& after) {
  if (after.kind() == v1::TASK_KIND_UNSPECIFIED) after.set_kind(v1::TO_DO);
  if (after.priority() == v1::TASK_PRIORITY_UNSPECIFIED) after.set_priority(v1::NORMAL);
  if (after.time_zone().empty()) {
    after.set_time_zone(settings.time_zone.empty() ? "UTC" : settings.time_zone);
  }
  // A new one that says both is refused where they are not the same.
  if (!before.name().empty() || !after.has_due_time()) SetDueTime(after);
  if (after.owner() != before.owner()) after.clear_queue();
  if (after.recurrence() != before.recurrence()) BeginSeries(after);
  // Those of a series end with it.
  if (after.recurrence().empty() && !before.recurrence().empty()) after.clear_exception_dates();
}

void CheckTimes(const v1::Task& task, absl::string_view prefix,
                google::rpc::BadRequest& violations) {
  if (!task.has_due_time()) {
    constexpr char kNeeded[] = "is required, or a due date, where the task recurs or reminds";
    const bool is_needed = !task.recurrence().empty() || !task.reminders().empty();
    if (is_needed) AddViolation(absl::StrCat(prefix, "due_time"), kNeeded, violations);
    return;
  }
  if (!TimeDefect(task.due_time()).empty()) {  // the day after the last that there is
    AddViolation(absl::StrCat(prefix, "due_date"), "must end in the year 9999", violations);
  }
  if (!task.has_start_time()) return;
  if (FromTimestamp(task.start_time()) <= FromTimestamp(task.due_time())) return;
  AddViolation(absl::StrCat(prefix, task.has_due_date() ? "due_date" : "due_time"),
               "must not be before start_time", violations);
}

absl::Status CheckFields(const v1::Task& task) {
  google::rpc::BadRequest violations;
  if (task.has_due_date() && FromTimestamp(task.due_time()) !=
                                 FromTimestamp(EndOf(CivilDayOf(task.due_date()), ZoneOf(task)))) {
    AddViolation("task.due_time", "must not be said beside due_date, from which it follows",
                 violations);
  }
  CheckTimes(task, "task.", violations);
  CheckReminders(task, violations);
  CheckExceptions(task, violations);
  AddRepeats("task.contacts", task.contacts(), violations);
  AddRepeats("task.blocked_by", task.blocked_by(), violations);
  return RejectFields(violations);
}

std::optional<v1::Task> NextOf(const v1::Task& done, absl::Time now) {
  if (done.recurrence().empty() || !done.has_series_time()) return std::nullopt;
  const absl::TimeZone zone = ZoneOf(done);
  const absl::CivilSecond after =
      std::max(LocalOf(FromTimestamp(done.occurrence_time()), done), LocalOf(now, done));
  const std::optional<absl::CivilSecond> at = NextOccurrence(SeriesOf(done), after);
  if (!at.has_value()) return std::nullopt;
  v1::Task next = Again(done);
  if (done.has_due_date()) {
    *next.mutable_due_date() = DateOf(absl::CivilDay(*at));
    SetDueTime(next);
  } else {
    *next.mutable_due_time() = ToTimestamp(TimeOf(*at, zone));
  }
  if (!TimeDefect(next.due_time()).empty()) return std::nullopt;
  *next.mutable_occurrence_time() = next.due_time();
  if (done.has_start_time()) {
    // As long before, by the clocks.
    const absl::CivilSecond start = absl::ToCivilSecond(FromTimestamp(done.start_time()), zone);
    const auto ahead = LocalOf(FromTimestamp(done.due_time()), done) - start;
    *next.mutable_start_time() = ToTimestamp(TimeOf(*at - ahead, zone));
  }
  return next;
}

}  // namespace kith::tasks
