// The request that a step of a workflow makes: its JSON, with what the run's record and its moment
// say in place of {{…}}. Pure.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "kith/workflows/v1/workflow_run.pb.h"

namespace kith::workflows {

// What a request may speak of, as far as is known when it is written. Borrows it.
struct MergeTypes {
  const google::protobuf::Descriptor* record = nullptr;  // null: there is none
  // OK where the step of this id has answered with a record by then; else why not.
  std::function<absl::Status(const std::string& step)> answers;
};

// And when it is made.
struct MergeFacts {
  const google::protobuf::Message* record = nullptr;  // null: there is none
  absl::string_view run;
  absl::string_view workflow;
  const google::protobuf::RepeatedPtrField<v1::StepAnswer>& answers;
  absl::Time now;
  absl::TimeZone zone;
};

// Whether such a request can be made of `json`: that it is one, names fields that there are, and
// speaks of what there is. InvalidArgument, in a sentence.
absl::Status CheckStepRequest(absl::string_view json, const google::protobuf::Descriptor& request,
                              const MergeTypes& types);

// InvalidArgument, in a sentence without what the record holds.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> MakeStepRequest(
    absl::string_view json, const google::protobuf::Descriptor& request, const MergeFacts& facts);

}  // namespace kith::workflows
