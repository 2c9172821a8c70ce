// MessageRules: the rules that a request's fields declare in (kith.options.v1.field), compiled once
// per message.
//
// Every violation of a request is reported at once, with its full path
// ("contact.emails[1].address"), as ERROR_INVALID_FIELD with google.rpc.BadRequest. Beside the
// declared rules: strings are valid UTF-8 without control characters and of bounded size, enum
// values are known, timestamps, durations, dates and money are valid. What is output-only is not
// looked at. What a string's format asks is in string_rules.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "google/rpc/error_details.pb.h"

namespace kith::runtime {

// Immutable; any thread. Lives for ever.
class MessageRules {
 public:
  // The rules of a message type, compiled when first asked for. Aborts when a rule contradicts its
  // field's type.
  static const MessageRules& Of(const google::protobuf::Descriptor* type);

  // OK or ERROR_INVALID_FIELD. In a request with an update mask, what is not in the mask is not
  // required of the resource. The elements of `unlooked`, a repeated field of the message, may be
  // anything; null: all are looked at.
  absl::Status Check(const google::protobuf::Message& message,
                     const google::protobuf::FieldDescriptor* unlooked = nullptr) const;

  // More bytes than any valid message takes, with room for what callers send in vain: fields that
  // are output-only or unknown. At most 4 MiB, which is what gRPC takes.
  size_t BytesMax() const;

 private:
  struct Field;
  // Where in the request a message stands; a list from the inside out, so that a path is written
  // only when needed.
  struct Place;
  // Which of a message's fields must be there.
  struct Needed;
  struct Registry;

  MessageRules() = default;
  void Compile(const google::protobuf::Descriptor* type, Registry& registry);
  void Collect(const google::protobuf::Message& message, const Place* place, const Needed& needed,
               const google::protobuf::FieldDescriptor* unlooked,
               google::rpc::BadRequest* violations) const;
  void CollectValue(const google::protobuf::Message& message, const Field& field,
                    const Place& place, google::rpc::BadRequest* violations) const;
  // Of a map.
  static void CollectEntries(const google::protobuf::Message& message, const Field& field,
                             const Place& place, google::rpc::BadRequest* violations);
  void CollectNested(const google::protobuf::Message& message, const Field& field,
                     const Place& place, google::rpc::BadRequest* violations) const;
  // In an update the resource's own name, though output-only, says which one is meant.
  static void CheckOwnName(const google::protobuf::Message& resource, const Place& place,
                           google::rpc::BadRequest* violations);

  // Of a message within `depth` others, cut at what BytesMax answers at most.
  size_t BytesAt(int depth) const;

  std::vector<std::shared_ptr<const Field>> fields_;
  const google::protobuf::FieldDescriptor* update_mask_ = nullptr;
};

// ERROR_INVALID_FIELD of these violations; OK when there is none.
absl::Status ViolationsError(const google::rpc::BadRequest& violations);
// The same for one that only a handler or decider can find: ViolationError("occur_time", "lies
// ahead").
absl::Status ViolationError(absl::string_view field, absl::string_view description);

}  // namespace kith::runtime
