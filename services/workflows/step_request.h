// The request that a step of a workflow makes: its JSON, with what the run's record and its moment
// say in place of {{…}}. Pure.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kith::workflows {

// What a request may speak of. Borrows it.
struct MergeFacts {
  const google::protobuf::Message* record = nullptr;  // null: there is none
  absl::string_view run;
  absl::string_view workflow;
  absl::Time now;
  absl::TimeZone zone;
};

// Whether such a request can be made of `json`: that it is one, names fields that there are, and
// speaks of what there is in a record of this type (null: of none). InvalidArgument, in a sentence.
absl::Status CheckStepRequest(absl::string_view json, const google::protobuf::Descriptor& request,
                              const google::protobuf::Descriptor* record);

// InvalidArgument, in a sentence without what the record holds.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> MakeStepRequest(
    absl::string_view json, const google::protobuf::Descriptor& request, const MergeFacts& facts);

}  // namespace kith::workflows
