// What a workflow must not be, as far as its fields say it. Pure.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "kith/workflows/v1/workflow.pb.h"
#include "services/core/collection.h"

namespace kith::workflows {

// INVALID_WORKFLOW, with every place where something is wrong.
absl::Status CheckFields(const v1::Workflow& workflow, const ServerFacts& facts);

// Why no step calls the method, which changes something; empty where one may.
absl::string_view WhyNoStep(const google::protobuf::MethodDescriptor& method);

}  // namespace kith::workflows
