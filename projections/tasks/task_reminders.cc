#include "projections/tasks/task_reminders.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/tasks/v1/task.pb.h"
#include "kith/tasks/v1/tasks_service.pb.h"

namespace kith::tasks {
namespace {

using projections::Reactions;
using v1::Task;

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
  // Either may be null.
  Waiting(const Task* before, const Task* after, absl::Time now, Reactions& reactions)
      : before_(before),
        after_(after),
        now_(now),
        was_(IsWaitedFor(before)),
        is_(IsWaitedFor(after)),
        // A time that is the same is left alone: it may be coming at this moment.
        stays_(was_ && is_ && DueOf(*before) == DueOf(*after)),
        reactions_(reactions) {}

  absl::Status MoveReminders() {
    if (was_) {
      for (const google::protobuf::Duration& reminder : before_->reminders()) {
        const absl::Duration before = FromDuration(reminder);
        if (stays_ && HasReminder(*after_, before)) continue;
        KITH_RETURN_IF_ERROR(reactions_.Cancel(ReminderTimer(*before_, before)));
      }
    }
    if (!is_) return absl::OkStatus();
    // Of those whose time has passed already the last one is told at once, and one only.
    absl::Duration passed = absl::InfiniteDuration();
    for (const google::protobuf::Duration& reminder : after_->reminders()) {
      const absl::Duration before = FromDuration(reminder);
      if (stays_ && HasReminder(*before_, before)) continue;
      const absl::Time at = DueOf(*after_) - before;
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
    return before_ == nullptr || !before_->has_due_time() || DueOf(*before_) != DueOf(*after_) ||
           !HasReminder(*before_, before);
  }

  const Task* const before_;
  const Task* const after_;
  const absl::Time now_;
  const bool was_;
  const bool is_;
  const bool stays_;
  Reactions& reactions_;
};

}  // namespace

absl::Status TaskReminders::React(const eventstore::RecordedEvent& event,
                                  projections::ViewBatch& batch, Reactions& reactions) const {
  for (const projections::RowChange& change : batch.changes()) {
    Waiting waiting(change.before<Task>(), change.after<Task>(), event.header().record_time,
                    reactions);
    KITH_RETURN_IF_ERROR(waiting.MoveReminders());
    KITH_RETURN_IF_ERROR(waiting.MoveOverdue());
    KITH_RETURN_IF_ERROR(waiting.MoveRepeat());
  }
  return absl::OkStatus();
}

}  // namespace kith::tasks
