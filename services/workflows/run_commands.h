// The step that a run takes: what it is decided on, and what comes of it in one append: what the
// step's own request does, and the event that says that the run has taken it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "services/core/business_time.h"
#include "services/core/collection.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"
#include "services/workflows/record_row.h"
#include "services/workflows/workflow_run.h"

namespace kith::workflows {

// Thread-safe. See MethodTable::Command.
class RunCommands {
 public:
  // Borrows the methods.
  RunCommands(std::vector<runtime::ResourceType> resources, std::vector<runtime::PartType> parts,
              const runtime::MethodTable& methods, const runtime::Runtime& runtime);

  Decision Run(runtime::Loader& load, const v1::AdvanceWorkflowRunRequest& command,
               const CommandContext& context) const;
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    auto state = load.Load<RunAggregate>(command.name());
    if (!state.ok()) return state.status();
    return Decide(**state, command, context);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::WorkflowRun* response) const {
    auto state = after.Load<RunAggregate>(command.name());
    if (!state.ok()) return state.status();
    WriteReply(RunRules(), (*state)->resource, response);
    return absl::OkStatus();
  }

 private:
  // Whether the API key lets anybody in.
  bool Counts(const std::string& key, const CommandContext& context) const;
  // The record as the caller sees it; null where there is none.
  absl::StatusOr<const google::protobuf::Message*> Find(runtime::Loader& load,
                                                        absl::string_view record) const;
  // The calendar of this name; empty: that of weekdays.
  absl::StatusOr<WorkCalendar> CalendarOf(runtime::Loader& load, const std::string& calendar,
                                          const CommandContext& context) const;
  // Whether it is, as the caller sees it, or was.
  absl::StatusOr<bool> IsSeen(runtime::Loader& load, absl::string_view record) const;
  // Whether the record called so is as the condition says.
  absl::StatusOr<bool> Holds(runtime::Loader& load, absl::string_view condition,
                             absl::string_view record, const google::protobuf::Message& resource,
                             const CommandContext& context) const;
  // Whether it is known which record is waited for, and it is as it has to become.
  absl::StatusOr<bool> IsSo(runtime::Loader& load, const v1::AwaitedChange& awaited,
                            const CommandContext& context) const;
  // What an earlier step of the run made and is as it has to become, so that it is not missed for
  // having become so before the run began to wait; empty where nothing is.
  absl::StatusOr<std::string> FindMade(runtime::Loader& load, const v1::WorkflowRun& run,
                                       const v1::AwaitedChange& awaited,
                                       const CommandContext& context) const;
  // Whether this one is.
  absl::StatusOr<bool> IsMade(runtime::Loader& load, const std::string& made,
                              const v1::AwaitedChange& awaited,
                              const CommandContext& context) const;
  Decision TakeCall(runtime::Loader& load, const v1::WorkflowRun& run, const v1::WorkflowStep& step,
                    const CommandContext& context) const;
  // Whether the run's step may begin another workflow: it takes its steps with the rights of the
  // run's owner, and so they must have been activated by them as they are.
  absl::StatusOr<bool> MayBegin(runtime::Loader& load, const v1::WorkflowRun& run,
                                const google::protobuf::Message& request) const;
  Decision TakeWait(runtime::Loader& load, const v1::WorkflowRun& run, const v1::WorkflowStep& step,
                    const CommandContext& context) const;
  Decision TakeBranch(runtime::Loader& load, const v1::WorkflowRun& run,
                      const v1::WorkflowStep& step, const CommandContext& context) const;
  Decision TakeAwait(runtime::Loader& load, const v1::WorkflowRun& run,
                     const v1::WorkflowStep& step, const std::string& happened_to,
                     const CommandContext& context) const;

  const std::vector<runtime::ResourceType> resources_;
  const std::vector<runtime::PartType> parts_;
  const runtime::MethodTable& methods_;
  const runtime::Runtime& runtime_;
  const RecordRows rows_;
  const Collections collections_;
};

}  // namespace kith::workflows
