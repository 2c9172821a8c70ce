// AssignRecord: gives a record to whom a rule says.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kith/assignment_rules/v1/assignment_rules_service.pb.h"
#include "services/core/collection.h"
#include "services/core/decision.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::assignment_rules {

// Thread-safe. See MethodTable::Command.
class AssignmentCommands {
 public:
  // Borrows the runtime. `resources` are all that the server has.
  AssignmentCommands(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime);

  Decision Run(runtime::Loader& load, const v1::AssignRecordRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::AssignRecordRequest& command,
                      v1::Assignment* response) const;

 private:
  const std::vector<runtime::ResourceType> resources_;
  const Collections collections_;
  const runtime::Runtime& runtime_;
};

}  // namespace kith::assignment_rules
