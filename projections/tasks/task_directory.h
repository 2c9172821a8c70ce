// The task directory: which tasks there are, and which of them somebody has to do, or are about a
// record, in the order in which they are due.
#pragma once

#include "kith/tasks/v1/task.pb.h"
#include "projections/tables/resource_directory.h"
#include "projections/tasks/task_fold.h"

namespace kith::tasks {

class TaskDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "task_directory";

  // Beside every field: the words of the name. By index: these, display_name, state, owner,
  // due_time, contacts, company, deal, lead, parent, blocked_by, create_time, close_time,
  // viewers, editors. Names are compared by their normal forms.
  static const projections::Table<v1::Task>& Tasks();

  // The indexes that find what is to be done about a deal, and about a lead.
  static constexpr uint8_t kByDealAndState = 7;
  static constexpr uint8_t kByLeadAndState = 17;

  TaskDirectory() : ResourceDirectory(kName, 2, "tasks", Tasks().core(), Fold) {}

 private:
  static StandardEvent Fold(const Happening& happening, google::protobuf::Message& task) {
    return FoldTask(happening, static_cast<v1::Task&>(task));
  }
};

}  // namespace kith::tasks
