// TaskReminders: a task's times are waited for: those of its reminders, when it is overdue, and
// where that is how it recurs, when the next one is made. They move with the task, and are given up
// when it is done. It remembers business calendars, by whose hours it reminds of what is due on a
// day.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::tasks {

// The category whose events say what calendars are.
inline constexpr char kBusinessCalendars[] = "businessCalendars";

class TaskReminders final : public projections::Policy {
 public:
  TaskReminders()
      : Policy("task_reminders", 2,
               "Says when tasks are due soon or overdue, and makes the next of a series that is "
               "due.") {}
  std::string base() const override { return "task_directory"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {kBusinessCalendars}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::tasks
