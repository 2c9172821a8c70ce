// OccurTimeField: where a request says when what it commands happened.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kith::runtime {

// The field `occur_time` of a request, or of the one resource in it, unless that is output-only.
// Immutable.
class OccurTimeField {
 public:
  OccurTimeField() = default;
  explicit OccurTimeField(const google::protobuf::Descriptor* request);

  // The time said, cut to a microsecond, the log's precision; the infinite past where none is said.
  // ERROR_INVALID_FIELD when it lies more than 5 minutes after `now`.
  absl::StatusOr<absl::Time> Read(const google::protobuf::Message& request, absl::Time now) const;

 private:
  const google::protobuf::FieldDescriptor* resource_ =
      nullptr;  // the message it stands in; null: the request
  const google::protobuf::FieldDescriptor* time_ = nullptr;
};

}  // namespace kith::runtime
