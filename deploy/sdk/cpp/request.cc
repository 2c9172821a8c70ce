#include "deploy/sdk/cpp/request.h"

#include <grpcpp/support/status.h>

#include <random>
#include <utility>

namespace kith::sdk {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

const MethodDescriptor* MethodTaking(const Descriptor* request) {
  const auto* const file = request->file();
  for (int i = 0; i < file->service_count(); ++i) {
    for (int j = 0; j < file->service(i)->method_count(); ++j) {
      const MethodDescriptor* const method = file->service(i)->method(j);
      if (method->input_type() != request) continue;
      return method->client_streaming() || method->server_streaming() ? nullptr : method;
    }
  }
  return nullptr;
}

const FieldDescriptor* RequestIdOf(const Descriptor& request) {
  const FieldDescriptor* const field = request.FindFieldByName("request_id");
  const bool is_one =
      field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated();
  return is_one ? field : nullptr;
}

std::string NewRequestId() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  std::string id;
  for (int i = 0; i < 32; ++i) id += "0123456789abcdef"[random() % 16];
  return id;
}

Outcome Failure(int code, std::string message, bool unknown) {
  Outcome outcome;
  outcome.status.set_code(code);
  outcome.status.set_message(std::move(message));
  outcome.unknown = unknown;
  return outcome;
}

Outcome NoMethod(const Message& request) {
  return Failure(grpc::StatusCode::INVALID_ARGUMENT,
                 request.GetDescriptor()->full_name() + " is the request of no unary method",
                 /*unknown=*/false);
}

}  // namespace kith::sdk
