// StandardHandler: the commands that are the same for every resource: Create, Update, Delete and
// Undelete. resource_methods.h binds them; a capability that looks at what one decides binds it
// itself, around the handler that is made here.
#pragma once

#include <memory>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "services/core/collection.h"
#include "services/core/standard_command.h"
#include "services/runtime/commands/command_handler.h"
#include "services/runtime/resources/custom_field_sets.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

struct Runtime;

// What all of them stand on.
struct StandardFacts {
  std::shared_ptr<const ServerFacts> server;
  std::shared_ptr<CustomFieldSets> custom_fields;
};

// Borrows the types, of which `type` is one, and the runtime.
std::unique_ptr<CommandHandler> MakeStandardHandler(const std::vector<ResourceType>& types,
                                                    const ResourceType& type, StandardMethod method,
                                                    const google::protobuf::Descriptor& request,
                                                    const StandardFacts& facts,
                                                    const Runtime& runtime);
// One that is made before every method is bound: its rules know the server's collections, and
// nothing of its methods.
std::unique_ptr<CommandHandler> MakeStandardHandler(const std::vector<ResourceType>& types,
                                                    const ResourceType& type, StandardMethod method,
                                                    const google::protobuf::Descriptor& request,
                                                    const Runtime& runtime);

}  // namespace kith::runtime
