// DryRunWorkflow: which definition is asked about, what it is compared with, and the answer.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kith/workflows/v1/workflows_service.pb.h"
#include "services/core/collection.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::workflows {

// Thread-safe. See MethodTable::Read; its view is the workflow directory.
class DryRunRead {
 public:
  // Borrows the runtime and the methods.
  DryRunRead(std::vector<runtime::ResourceType> resources, const runtime::Runtime& runtime,
             const runtime::MethodTable& methods);

  absl::Status Run(const runtime::ReadContext& context, const v1::DryRunWorkflowRequest& request,
                   v1::DryRunWorkflowResponse* response) const;

 private:
  absl::StatusOr<v1::Workflow> Wanted(const runtime::ReadContext& context,
                                      const v1::DryRunWorkflowRequest& request) const;
  // What it is compared with; nullopt: nothing.
  absl::StatusOr<std::optional<v1::Workflow>> Other(const runtime::ReadContext& context,
                                                    const v1::DryRunWorkflowRequest& request) const;
  // The definition, where it is one.
  absl::StatusOr<v1::Workflow> Checked(const v1::Workflow& definition) const;

  const std::vector<runtime::ResourceType> resources_;
  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
  ServerFacts facts_;
};

}  // namespace kith::workflows
