#include "projections/notifications/task_notices.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/tasks/v1/task.pb.h"
#include "kith/tasks/v1/task_reminder_events.pb.h"
#include "projections/notifications/doers.h"
#include "projections/notifications/notice.h"
#include "projections/notifications/team_members.h"
#include "services/core/date.h"

namespace kith::notifications {
namespace {

using eventstore::EventHeader;
using projections::Reactions;
using projections::ViewBatch;
using tasks::v1::DueTask;
using tasks::v1::Task;
using tasks::v1::TaskReminderEvent;

constexpr char kReminders[] = "reminders";

absl::Status TellAssigned(const EventHeader& header, const Task* before, const Task& after,
                          ViewBatch& batch, Reactions& reactions) {
  const bool is_to_do = after.state() == tasks::v1::OPEN || after.state() == tasks::v1::IN_PROGRESS;
  // That a series goes on is no news to whose it is.
  const bool is_next = before == nullptr && !after.recurrence_of().empty();
  const bool is_same = before != nullptr && before->owner() == after.owner();
  if (after.owner().empty() || !is_to_do || is_next || is_same) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const std::string doer, DoerOf(header, batch));
  const std::string text =
      absl::StrCat("The task ", after.display_name(),
                   IsTeam(after.owner()) ? " waits in the queue of your team." : " is yours now.");
  return TellOwners(header, {after.owner(), v1::ASSIGNMENT, after.name(), text}, doer, batch,
                    reactions);
}

// "on 2026-11-30", or "on 2026-11-30 09:00 (Europe/Berlin)".
std::string When(const DueTask& task) {
  if (task.has_due_date()) {
    const auto& date = task.due_date();
    return absl::StrFormat("on %04d-%02d-%02d", date.year(), date.month(), date.day());
  }
  const absl::TimeZone zone = TimeZoneOf(task.time_zone()).value_or(absl::UTCTimeZone());
  return absl::StrCat("on ",
                      absl::FormatTime("%Y-%m-%d %H:%M", FromTimestamp(task.due_time()), zone),
                      " (", task.time_zone(), ")");
}

absl::Status TellDue(const EventHeader& header, const TaskReminderEvent& event, ViewBatch& batch,
                     Reactions& reactions) {
  const bool is_overdue = event.has_task_overdue();
  const DueTask& task = is_overdue ? event.task_overdue().task() : event.task_reminder_due().task();
  const absl::Time due = FromTimestamp(task.due_time());
  const absl::Time planned =
      is_overdue ? due : FromTimestamp(event.task_reminder_due().remind_time());
  const absl::string_view says = is_overdue                 ? " is overdue: it was due "
                                 : header.record_time > due ? " was due "
                                                            : " is due ";
  const std::string text = absl::StrCat("The task ", task.display_name(), says, When(task),
                                        Lateness(planned, header.record_time), ".");
  const v1::NotificationKind kind = is_overdue ? v1::OVERDUE : v1::REMINDER;
  return TellOwners(header, {task.owner(), kind, task.name(), text}, "", batch, reactions);
}

}  // namespace

std::vector<std::string> TaskNotices::Follows() const {
  return {kReminders, "users", "teams", kKeyEvents};
}

bool TaskNotices::Concerns(const eventstore::RecordedEvent& event) const {
  return eventstore::CategoryOf(event.header().stream) == kReminders || IsOfMembers(event) ||
         IsOfKey(event);
}

absl::Status TaskNotices::React(const eventstore::RecordedEvent& event, ViewBatch& batch,
                                Reactions& reactions) const {
  const EventHeader& header = event.header();
  if (IsOfMembers(event)) return FoldMembers(event, batch);
  if (IsOfKey(event)) return FoldKey(event, batch);
  if (eventstore::CategoryOf(header.stream) == kReminders) {
    return TellDue(header, static_cast<const TaskReminderEvent&>(*event.event), batch, reactions);
  }
  if (!IsNews(header)) return absl::OkStatus();
  for (const projections::RowChange& change : batch.changes()) {
    if (const auto* const after = change.after<Task>()) {
      KITH_RETURN_IF_ERROR(TellAssigned(header, change.before<Task>(), *after, batch, reactions));
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::notifications
