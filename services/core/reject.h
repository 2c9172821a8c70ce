// Reject: how a decider says no.
#pragma once

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"

namespace kith {

// Reject(CONTACTS_ERROR_EMAIL_TAKEN, "Another contact has this address.", {{"contact", name}}). As
// Error, whose name it is in deciders.
template <class Enum, class... Details>
absl::Status Reject(Enum value, absl::string_view message, const ErrorMetadata& metadata = {},
                    const Details&... details) {
  return Error(value, message, metadata, details...);
}

// Rejects with ResourceInfo: the resource `name` is not there, or is there already.
template <class Enum>
absl::Status RejectResource(Enum value, absl::string_view message, absl::string_view name) {
  google::rpc::ResourceInfo info;
  info.set_resource_name(std::string(name));
  return Error(value, message, {{"name", std::string(name)}}, info);
}

// Rejects with ResourceInfo: `holder` has the value that stands in `field` of the request, and that
// two may not have. Metadata names the holder as `kind` ("contact").
template <class Enum>
absl::Status RejectTaken(Enum value, absl::string_view message, absl::string_view kind,
                         absl::string_view holder, absl::string_view field) {
  google::rpc::ResourceInfo info;
  info.set_resource_name(std::string(holder));
  return Error(value, message,
               {{std::string(kind), std::string(holder)}, {"field", std::string(field)}}, info);
}

// Rejects with PreconditionFailure: the state of `subject` (a resource name) forbids the command.
// `type` says what is wrong, in the words of the enum ("DEAL_CLOSED").
template <class Enum>
absl::Status RejectState(Enum value, absl::string_view message, absl::string_view subject,
                         const ErrorMetadata& metadata = {}) {
  google::rpc::PreconditionFailure failure;
  auto* violation = failure.add_violations();
  violation->set_type(
      ReasonOf(*google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value)));
  violation->set_subject(std::string(subject));
  violation->set_description(std::string(message));
  return Error(value, message, metadata, failure);
}

// Rejects fields with BadRequest; OK when there is no violation. The message names the first ones.
absl::Status RejectFields(const google::rpc::BadRequest& request);

// What a client takes in as trailing metadata is bounded: an error tells at most so many
// violations.
inline constexpr int kViolationsMax = 40;

inline void AddViolation(absl::string_view field, absl::string_view description,
                         google::rpc::BadRequest& request) {
  if (request.field_violations_size() == kViolationsMax) return;
  auto* violation = request.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
}

// A violation for each of `values`, which stand in `field`, that stands there already:
// "saved_view.columns[2]".
template <class Values>
void AddRepeats(absl::string_view field, const Values& values, google::rpc::BadRequest& request) {
  for (auto value = values.begin(); value != values.end(); ++value) {
    if (std::find(values.begin(), value, *value) == value) continue;
    AddViolation(absl::StrCat(field, "[", value - values.begin(), "]"), "stands there already",
                 request);
  }
}

// The first violations in a sentence for people: "contact.emails[1] is required; and 3 more". All
// of them stand in the details.
std::string Summary(const google::rpc::BadRequest& request);

// A single one: RejectField("stages", "must name every stage").
inline absl::Status RejectField(absl::string_view field, absl::string_view description) {
  google::rpc::BadRequest request;
  AddViolation(field, description, request);
  return RejectFields(request);
}

}  // namespace kith
