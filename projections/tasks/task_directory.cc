#include "projections/tasks/task_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::tasks {

using projections::Table;
using projections::TableBuilder;

const Table<v1::Task>& TaskDirectory::Tasks() {
  // Every composite serves one usual list without sorting: what somebody has to do, what is overdue
  // for anybody, what is to be done about a record.
  static const auto& table =
      *new Table<v1::Task>(TableBuilder<v1::Task>(1)
                               .Key([](const v1::Task& task) { return task.name(); })
                               .Words([](const v1::Task& task, projections::WordSink& out) {
                                 out.Add(task.display_name());
                               })
                               .Field("display_name", {.normalise = FoldedName})
                               .Alias()
                               .Field("state")
                               .Field("owner")
                               .Field("due_time")
                               .Field("contacts")
                               .Field("company")
                               .Field("deal")
                               .Field("lead")
                               .Field("parent")
                               .Field("blocked_by")
                               .Field("create_time")
                               .Field("close_time")
                               .Field("viewers")
                               .Field("editors")
                               .Index(1, {"display_name"})
                               .Index(2, {"owner", "state", "due_time"})
                               .Index(3, {"owner", "due_time"})
                               .Index(4, {"state", "due_time"})
                               .Index(5, {"contacts", "state", "due_time"})
                               .Index(6, {"company", "state", "due_time"})
                               .Index(kByDealAndState, {"deal", "state", "due_time"})
                               .Index(8, {"parent", "due_time"})
                               .Index(9, {"blocked_by"})
                               .Index(10, {"due_time"})
                               .Index(11, {"create_time"})
                               .Index(12, {"owner", "create_time"})
                               .Index(13, {"state", "close_time"})
                               .Index(14, {"viewers"})
                               .Index(15, {"editors"})
                               .Index(16, {"words"})
                               .Index(kByLeadAndState, {"lead", "state", "due_time"})
                               .Build());
  return table;
}

}  // namespace kith::tasks
