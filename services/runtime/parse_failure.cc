#include "services/runtime/parse_failure.h"

#include <algorithm>
#include <string>

#include "google/protobuf/descriptor.h"
#include "services/runtime/grpc_status.h"
#include "services/runtime/validate.h"

namespace kith::runtime {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::Interceptor;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

// Whether "/kith.contacts.v1.ContactsService/CreateContact" is a method that exists: all that exist
// are implemented.
bool IsOurMethod(std::string path) {
  path.erase(0, 1);
  std::replace(path.begin(), path.end(), '/', '.');
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(path) != nullptr;
}

class ParseFailureInterceptor final : public Interceptor {
 public:
  explicit ParseFailureInterceptor(ServerRpcInfo* info) : info_(info) {}

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status sent = methods->GetSendStatus();
      if (sent.error_code() == grpc::StatusCode::UNIMPLEMENTED && sent.error_message().empty() &&
          IsOurMethod(info_->method())) {
        methods->ModifySendStatus(
            GrpcStatus(ViolationError("",
                                      "the message does not parse: it is cut short, or a "
                                      "string in it is not valid UTF-8"),
                       ""));
      }
    }
    methods->Proceed();
  }

 private:
  ServerRpcInfo* const info_;
};

class Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new ParseFailureInterceptor(info);
  }
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
NewParseFailureInterceptors() {
  return std::make_unique<Factory>();
}

}  // namespace kith::runtime
