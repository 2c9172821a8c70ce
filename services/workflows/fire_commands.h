// What happens when the time of a workflow comes: that of its schedule, or the moment of a record,
// or when a score reaches what it waits for; and which records there are whose moments will come,
// or that it is set off over.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "kith/workflows/v1/workflows_service.pb.h"
#include "services/core/business_time.h"
#include "services/core/collection.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"
#include "services/workflows/record_row.h"
#include "services/workflows/workflow.h"

namespace kith::workflows {

// Thread-safe. See MethodTable::Command.
class FireCommands {
 public:
  // Borrows the methods and the runtime.
  FireCommands(std::vector<runtime::ResourceType> resources, const runtime::MethodTable& methods,
               const runtime::Runtime& runtime);

  Decision Run(runtime::Loader& load, const v1::FireWorkflowRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::FireWorkflowRequest& command,
                      v1::Workflow* response) const {
    auto state = after.Load<WorkflowAggregate>(command.name());
    if (!state.ok()) return state.status();
    WriteReply(WorkflowRules(), (*state)->resource, response);
    return absl::OkStatus();
  }

 private:
  // Names of records, and how far they were looked for.
  struct Listed {
    std::vector<std::string> names;
    std::string after;  // where more follow
    int looked_at = 0;
  };

  // A run begins, about the record if there is one.
  Decision Begin(runtime::Loader& load, const v1::Workflow& workflow, const std::string& record,
                 const CommandContext& context) const;
  // The same when the moment of a record comes, which sets the workflow off once: where the
  // machine's clock was set back, it comes again.
  Decision BeginOnce(runtime::Loader& load, const v1::Workflow& workflow,
                     const v1::FireWorkflowRequest& command, const CommandContext& context) const;
  Decision FireOver(runtime::Loader& load, const v1::Workflow& workflow,
                    const v1::FireWorkflowRequest& command, const CommandContext& context) const;
  Decision FindRecords(runtime::Loader& load, const v1::Workflow& workflow,
                       const v1::FireWorkflowRequest& command, const CommandContext& context) const;
  // Those whose rows, as a view has them, may be what is looked for.
  absl::StatusOr<Listed> List(const runtime::Loader& load, const v1::Workflow& workflow,
                              const v1::FireWorkflowRequest& command, const WorkCalendar& calendar,
                              const CommandContext& context) const;
  // When the record's moment comes; where it is of a schedule, that time, for those over which it
  // is set off. Nullopt: it is not one of them.
  std::optional<absl::Time> DueOf(const v1::WorkflowTrigger& trigger,
                                  const google::protobuf::Message& record,
                                  const WorkCalendar& calendar, absl::Time now) const;
  // What moments of the trigger are counted by; `zone` where it names no calendar.
  absl::StatusOr<WorkCalendar> CalendarOf(runtime::Loader& load, const v1::WorkflowTrigger& trigger,
                                          absl::TimeZone zone) const;

  const std::vector<runtime::ResourceType> resources_;
  const runtime::MethodTable& methods_;
  const runtime::Runtime& runtime_;
  const RecordRows rows_;
  const Collections collections_;
};

}  // namespace kith::workflows
