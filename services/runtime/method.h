// Method: what one RPC asks of its callers and requests, compiled once from the proto's options.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "kith/type/v1/read.pb.h"
#include "services/runtime/validate.h"

namespace kith::runtime {

// Immutable; any thread. The fields are those that the request has, by their conventional name and
// type; null where it has none.
struct Method {
  std::string name;        // "kith.contacts.v1.ContactsService/CreateContact"
  std::string permission;  // "contacts.write"
  bool is_public = false;
  const MessageRules* rules = nullptr;
  const google::protobuf::FieldDescriptor* request_id = nullptr;
  const google::protobuf::FieldDescriptor* occur_time = nullptr;
  const google::protobuf::FieldDescriptor* read = nullptr;
  const google::protobuf::FieldDescriptor* page_token = nullptr;

  const std::string& RequestIdOf(const google::protobuf::Message& request) const;
  // Infinite past when the request does not say.
  absl::Time OccurTimeOf(const google::protobuf::Message& request) const;
  const type::v1::ReadOptions& ReadOptionsOf(const google::protobuf::Message& request) const;
  const std::string& PageTokenOf(const google::protobuf::Message& request) const;
};

// The method that takes this request: by the AIPs, every method has a request message of its own.
// Aborts when none or several do, or when it declares neither a permission nor that it is public.
Method CompileMethod(const google::protobuf::Descriptor* request);

template <class Request>
const Method& MethodOf() {
  static const Method* const kMethod = new Method(CompileMethod(Request::descriptor()));
  return *kMethod;
}

}  // namespace kith::runtime
