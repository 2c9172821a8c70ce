#include "projections/tasks/task_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/tasks/v1/task_events.pb.h"

namespace kith::tasks {
namespace {

void Open(v1::Task& task) {
  task.set_state(v1::OPEN);
  task.clear_begin_time();
  task.clear_close_time();
  task.clear_cancel_reason();
}

void Close(v1::TaskState state, absl::Time time, v1::Task& task) {
  task.set_state(state);
  *task.mutable_close_time() = ToTimestamp(time);
}

void Reschedule(const v1::TaskRescheduled& rescheduled, v1::Task& task) {
  // A day is no time, and a day or time of other clocks no occurrence of the series.
  const bool begins_anew = task.has_due_date() != rescheduled.has_due_date() ||
                           task.time_zone() != rescheduled.time_zone();
  task.clear_start_time();
  task.clear_due_time();
  task.clear_due_date();
  if (rescheduled.has_start_time()) *task.mutable_start_time() = rescheduled.start_time();
  if (rescheduled.has_due_time()) *task.mutable_due_time() = rescheduled.due_time();
  if (rescheduled.has_due_date()) *task.mutable_due_date() = rescheduled.due_date();
  task.set_time_zone(rescheduled.time_zone());
  if (!begins_anew || !task.has_series_time()) return;
  *task.mutable_series_time() = task.due_time();
  *task.mutable_occurrence_time() = task.due_time();
}

void Take(const v1::TaskTaken& taken, v1::Task& task) {
  task.set_owner(taken.user());
  task.set_queue(taken.queue());
}

void HandBack(const v1::TaskHandedBack& handed_back, v1::Task& task) {
  task.set_owner(handed_back.queue());
  task.clear_queue();
  Open(task);
}

}  // namespace

StandardEvent FoldTask(const Happening& happening, v1::Task& task) {
  const StandardEvent kind = FoldStandardEvent(happening, task);
  const auto& event = static_cast<const v1::TaskEvent&>(happening.event);
  const absl::Time time = happening.occur_time;
  switch (event.event_case()) {
    case v1::TaskEvent::kTaskCreated:
    case v1::TaskEvent::kTaskReopened:
      Open(task);
      break;
    case v1::TaskEvent::kTaskStarted:
      task.set_state(v1::IN_PROGRESS);
      *task.mutable_begin_time() = ToTimestamp(time);
      break;
    case v1::TaskEvent::kTaskCompleted:
      Close(v1::DONE, time, task);
      if (!event.task_completed().next_task().empty()) {
        task.set_next_task(event.task_completed().next_task());
      }
      break;
    case v1::TaskEvent::kTaskCancelled:
      Close(v1::CANCELLED, time, task);
      task.set_cancel_reason(event.task_cancelled().reason());
      break;
    case v1::TaskEvent::kTaskRescheduled:
      Reschedule(event.task_rescheduled(), task);
      break;
    case v1::TaskEvent::kTaskTaken:
      Take(event.task_taken(), task);
      break;
    case v1::TaskEvent::kTaskHandedBack:
      HandBack(event.task_handed_back(), task);
      break;
    case v1::TaskEvent::kTaskRepeated:
      task.set_next_task(event.task_repeated().next_task());
      break;
    case v1::TaskEvent::kTaskUpdated:
    case v1::TaskEvent::kTaskDeleted:
    case v1::TaskEvent::kTaskUndeleted:
    case v1::TaskEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

}  // namespace kith::tasks
