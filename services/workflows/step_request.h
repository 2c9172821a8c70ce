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
  bool has_links = false;                                // of what set the run off
  // OK where the step of this id has answered with a record by then; else why not.
  std::function<absl::Status(const std::string& step)> answers;
};

// And when it is made.
struct MergeFacts {
  const google::protobuf::Message* record = nullptr;  // null: there is none
  absl::string_view run;
  absl::string_view workflow;
  const google::protobuf::RepeatedPtrField<v1::StepAnswer>& answers;
  const google::protobuf::RepeatedPtrField<std::string>& links;
  absl::Time now;
  absl::TimeZone zone;
};

// The collection that "links.deal" speaks of, "deals"; empty: it speaks of no link.
absl::string_view LinkedIn(absl::string_view expression);
// The first of the links that it speaks of; empty: there is none.
std::string LinkOf(const google::protobuf::RepeatedPtrField<std::string>& links,
                   absl::string_view expression);

// Whether a request of the method can be made of `json`: that it is one, names fields that there
// are, speaks of what there is, and puts nothing personal of the record where it is kept in clear.
// InvalidArgument, in a sentence.
absl::Status CheckStepRequest(absl::string_view json,
                              const google::protobuf::MethodDescriptor& method,
                              const MergeTypes& types);

// Of steps that nothing personal was looked for in, or not of such a record, that is refused here.
// InvalidArgument, in a sentence without what the record holds.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> MakeStepRequest(
    absl::string_view json, const google::protobuf::MethodDescriptor& method,
    const MergeFacts& facts);

}  // namespace kith::workflows
