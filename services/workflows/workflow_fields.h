// What a workflow must not be, as far as its fields say it. Pure.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "kith/workflows/v1/workflow.pb.h"
#include "services/core/collection.h"

namespace kith::workflows {

// INVALID_WORKFLOW, with every place where something is wrong.
absl::Status CheckFields(const v1::Workflow& workflow, const ServerFacts& facts);

// Whether it is what workflows do by themselves, which no step does.
bool IsDoneByItself(const google::protobuf::MethodDescriptor& method);

}  // namespace kith::workflows
