// Method: what one RPC asks of its callers and requests, compiled once from the proto's options.
#pragma once

#include <memory>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "kith/type/v1/read.pb.h"
#include "services/runtime/requests/call_counters.h"
#include "services/runtime/requests/occur_time.h"
#include "services/runtime/requests/validate.h"

namespace kith::runtime {

// Immutable but for what is counted; any thread. The fields are those that the request has, by
// their conventional name and type; null where it has none.
struct Method {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  std::string name;        // "kith.contacts.v1.ContactsService/CreateContact"
  std::string permission;  // "contacts.write"; empty where any credentials will do
  bool is_public = false;
  // It changes what is nobody's own, as teams: a permission that reaches less than everything is
  // none for it.
  bool needs_all = false;
  const MessageRules* rules = nullptr;
  size_t request_bytes_max = 0;  // no valid message takes more
  OccurTimeField occur_time;
  const google::protobuf::FieldDescriptor* request_id = nullptr;
  const google::protobuf::FieldDescriptor* read = nullptr;
  const google::protobuf::FieldDescriptor* page_token = nullptr;
  const google::protobuf::FieldDescriptor* requests = nullptr;  // of a batch
  const google::protobuf::FieldDescriptor* return_partial_success = nullptr;
  std::unique_ptr<CallCounters> counters = std::make_unique<CallCounters>();

  // Empty where the request has no such field.
  std::string RequestIdOf(const google::protobuf::Message& request) const;
  std::string PageTokenOf(const google::protobuf::Message& request) const;
  // A batch whose requests are each decided by itself: as the request says, or always, where it has
  // no such field.
  bool IsPartial(const google::protobuf::Message& request) const;
  // The rules of its fields; where the requests of a batch are each decided by itself, not yet
  // theirs.
  absl::Status Check(const google::protobuf::Message& request) const;
  const type::v1::ReadOptions& ReadOptionsOf(const google::protobuf::Message& request) const;
};

// The method that takes this request: by the AIPs, every method has a request message of its own.
// Compiled at the first call. Aborts when none or several do, or when it declares neither a
// permission nor who else may call it.
const Method& MethodTaking(const google::protobuf::Descriptor* request);

template <class Request>
const Method& MethodOf() {
  static const Method& method = MethodTaking(Request::descriptor());
  return method;
}

}  // namespace kith::runtime
