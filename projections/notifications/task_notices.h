// TaskNotices: who gets a task is told, and who has one when it is due soon or overdue. Of a task
// in the queue of a team everybody is told who may take it, kMembersMax of them at most.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"

namespace kith::notifications {

class TaskNotices final : public projections::Policy {
 public:
  TaskNotices()
      : Policy("task_notices", 1,
               "Tells people of tasks that became theirs, are due soon, or are overdue.") {}
  std::string base() const override { return "task_directory"; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override;
  bool Concerns(const eventstore::RecordedEvent& event) const override;
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

}  // namespace kith::notifications
