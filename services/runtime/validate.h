// MessageRules: the rules that a request's fields declare in (kith.options.v1.field), compiled once
// per message.
//
// Every violation of a request is reported at once, with its full path
// ("contact.emails[1].address"), as ERROR_INVALID_FIELD with google.rpc.BadRequest. Beside the
// declared rules: strings are valid UTF-8 without control characters and of bounded size,
// timestamps, dates and money are valid. What is output-only is not looked at.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/rpc/error_details.pb.h"

namespace kith::runtime {

// Immutable; any thread. Lives for ever.
class MessageRules {
 public:
  // The rules of a message type, compiled when first asked for. Aborts when a rule contradicts its
  // field's type.
  static const MessageRules& Of(const google::protobuf::Descriptor* type);

  // OK or ERROR_INVALID_FIELD. In a request with an update mask, a resource's fields outside the
  // mask are not required.
  absl::Status Check(const google::protobuf::Message& message) const;
  // Adds what is wrong to `violations`, paths beginning with `prefix`.
  void Collect(const google::protobuf::Message& message, absl::string_view prefix,
               google::rpc::BadRequest* violations) const;

  ~MessageRules();

 private:
  struct Field;
  struct Scope;
  explicit MessageRules(const google::protobuf::Descriptor* type);
  void CollectIn(const google::protobuf::Message& message, const Scope& scope,
                 google::rpc::BadRequest* violations) const;

  std::vector<Field> fields_;
  const google::protobuf::FieldDescriptor* update_mask_ = nullptr;
};

// ERROR_INVALID_FIELD of these violations, of which there is one at least; OK when there is none.
absl::Status ViolationsError(const google::rpc::BadRequest& violations);
// The same for a single one that only a handler can find: ViolationError("occur_time", "…").
absl::Status ViolationError(absl::string_view field, absl::string_view description);

}  // namespace kith::runtime
