#include "projections/tasks/task_reminders.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/business_calendars/v1/business_calendar.pb.h"
#include "kith/tasks/v1/task.pb.h"
#include "kith/tasks/v1/tasks_service.pb.h"
#include "projections/tables/followed_records.h"
#include "services/core/business_time.h"
#include "services/core/date.h"
#include "services/core/work_calendar.h"

namespace kith::tasks {
namespace {

using business_calendars::v1::BusinessCalendar;
using projections::Reactions;
using projections::ViewBatch;
using v1::Task;

const projections::FollowedRecords<BusinessCalendar>& Calendars() {
  static const auto& calendars = *new projections::FollowedRecords<BusinessCalendar>(1);
  return calendars;
}

// Whether its times are waited for. Null: there is no task.
bool IsWaitedFor(const Task* task) {
  return task != nullptr && task->has_due_time() &&
         (task->state() == v1::OPEN || task->state() == v1::IN_PROGRESS);
}

bool Recurs(const Task* task) {
  return IsWaitedFor(task) && task->recurs_when_due() && task->has_occurrence_time() &&
         task->next_task().empty();
}

absl::Time DueOf(const Task& task) { return FromTimestamp(task.due_time()); }

bool HasReminder(const Task& task, absl::Duration before) {
  return std::any_of(
      task.reminders().begin(), task.reminders().end(),
      [&](const google::protobuf::Duration& reminder) { return FromDuration(reminder) == before; });
}

// From when the reminders of a task that is waited for are counted.
absl::StatusOr<absl::Time> CountedFrom(const Task& task, WorkspaceId workspace, ViewBatch& batch) {
  if (!task.has_due_date() || task.business_calendar().empty()) return DueOf(task);
  KITH_ASSIGN_OR_RETURN(const auto row,
                        Calendars().Find(batch, workspace, task.business_calendar()));
  if (!row.has_value()) return DueOf(task);
  const WorkCalendar calendar = WorkCalendarOf(*row);
  const auto day = RollToBusinessDay(calendar, CivilDayOf(task.due_date()), Roll::kBack);
  if (!day.has_value()) return DueOf(task);
  const absl::TimeZone zone = TimeZoneOf(task.time_zone()).value_or(absl::UTCTimeZone());
  return FirstOpening(calendar, *day, zone).value_or(DueOf(task));
}

// Whether the reminders of both are counted from one moment, however a calendar changed since.
bool AreCountedAlike(const Task& a, const Task& b) {
  return DueOf(a) == DueOf(b) && a.has_due_date() == b.has_due_date() &&
         a.business_calendar() == b.business_calendar();
}

std::string ReminderTimer(const Task& task, absl::Duration before) {
  return absl::StrCat(task.name(), "/reminder/", absl::ToInt64Microseconds(before));
}
std::string OverdueTimer(const Task& task) { return absl::StrCat(task.name(), "/overdue"); }
std::string RepeatTimer(const Task& task) { return absl::StrCat(task.name(), "/repeat"); }

absl::Status SetReminder(const Task& task, absl::Duration before, absl::Time at,
                         Reactions& reactions) {
  v1::RaiseTaskReminderRequest request;
  request.set_name(task.name());
  *request.mutable_due_time() = task.due_time();
  request.mutable_before()->set_seconds(absl::ToInt64Seconds(before));
  request.mutable_before()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(before % absl::Seconds(1))));
  *request.mutable_remind_time() = ToTimestamp(at);
  return reactions.Set(ReminderTimer(task, before), at, request);
}

// What an event, recorded at `now`, made of a task.
class Waiting {
 public:
  // Either may be null. `counted_from` is from when the reminders of what is waited for then are
  // counted.
  Waiting(const Task* before, const Task* after, absl::Time now, absl::Time counted_from,
          Reactions& reactions)
      : before_(before),
        after_(after),
        now_(now),
        counted_from_(counted_from),
        was_(IsWaitedFor(before)),
        is_(IsWaitedFor(after)),
        // A time that is the same is left alone: it may be coming at this moment.
        stays_(was_ && is_ && DueOf(*before) == DueOf(*after)),
        reminders_stay_(stays_ && AreCountedAlike(*before, *after)),
        reactions_(reactions) {}

  absl::Status MoveReminders() {
    if (was_) {
      for (const google::protobuf::Duration& reminder : before_->reminders()) {
        const absl::Duration before = FromDuration(reminder);
        if (reminders_stay_ && HasReminder(*after_, before)) continue;
        KITH_RETURN_IF_ERROR(reactions_.Cancel(ReminderTimer(*before_, before)));
      }
    }
    if (!is_) return absl::OkStatus();
    // Of those whose time has passed already the last one is told at once, and one only.
    absl::Duration passed = absl::InfiniteDuration();
    for (const google::protobuf::Duration& reminder : after_->reminders()) {
      const absl::Duration before = FromDuration(reminder);
      if (reminders_stay_ && HasReminder(*before_, before)) continue;
      const absl::Time at = counted_from_ - before;
      if (at > now_) {
        KITH_RETURN_IF_ERROR(SetReminder(*after_, before, at, reactions_));
      } else if (IsNew(before)) {
        passed = std::min(passed, before);
      }
    }
    const bool is_told = passed != absl::InfiniteDuration() && DueOf(*after_) > now_;
    return is_told ? SetReminder(*after_, passed, now_, reactions_) : absl::OkStatus();
  }

  absl::Status MoveOverdue() {
    if (stays_) return absl::OkStatus();
    if (was_) KITH_RETURN_IF_ERROR(reactions_.Cancel(OverdueTimer(*before_)));
    // Who makes a task that is overdue already knows that.
    if (!is_ || DueOf(*after_) <= now_) return absl::OkStatus();
    v1::RaiseTaskReminderRequest request;
    request.set_name(after_->name());
    *request.mutable_due_time() = after_->due_time();
    return reactions_.Set(OverdueTimer(*after_), DueOf(*after_), request);
  }

  absl::Status MoveRepeat() {
    const bool did = Recurs(before_);
    const bool does = Recurs(after_);
    if (did && does && stays_ &&
        FromTimestamp(before_->occurrence_time()) == FromTimestamp(after_->occurrence_time())) {
      return absl::OkStatus();
    }
    if (did) KITH_RETURN_IF_ERROR(reactions_.Cancel(RepeatTimer(*before_)));
    if (!does) return absl::OkStatus();
    v1::RepeatTaskRequest request;
    request.set_name(after_->name());
    *request.mutable_occurrence_time() = after_->occurrence_time();
    // A series is no circle, however long it is.
    return reactions_.Set(RepeatTimer(*after_), DueOf(*after_), request, {.continues = true});
  }

 private:
  // Whether it was not waited for, or told, before.
  bool IsNew(absl::Duration before) const {
    return before_ == nullptr || !before_->has_due_time() || !AreCountedAlike(*before_, *after_) ||
           !HasReminder(*before_, before);
  }

  const Task* const before_;
  const Task* const after_;
  const absl::Time now_;
  const absl::Time counted_from_;
  const bool was_;
  const bool is_;
  const bool stays_;
  const bool reminders_stay_;
  Reactions& reactions_;
};

}  // namespace

absl::Status TaskReminders::React(const eventstore::RecordedEvent& event, ViewBatch& batch,
                                  Reactions& reactions) const {
  const eventstore::EventHeader& header = event.header();
  if (eventstore::CategoryOf(header.stream) == kBusinessCalendars) {
    return Calendars().Remember(event, batch);
  }
  for (const projections::RowChange& change : batch.changes()) {
    const Task* const after = change.after<Task>();
    absl::Time counted_from;
    if (IsWaitedFor(after)) {
      KITH_ASSIGN_OR_RETURN(counted_from, CountedFrom(*after, header.workspace, batch));
    }
    Waiting waiting(change.before<Task>(), after, header.record_time, counted_from, reactions);
    KITH_RETURN_IF_ERROR(waiting.MoveReminders());
    KITH_RETURN_IF_ERROR(waiting.MoveOverdue());
    KITH_RETURN_IF_ERROR(waiting.MoveRepeat());
  }
  return absl::OkStatus();
}

}  // namespace kith::tasks
