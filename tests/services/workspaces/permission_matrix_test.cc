// Who may call what, for every method of every capability, as the protos declare it.

#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "kith/options/v1/options.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/calls/method_table.h"
#include "tests/testing/test_server.h"

namespace kith {
namespace {

using google::protobuf::MethodDescriptor;
using workspaces::v1::CreateApiKeyRequest;
using workspaces::v1::WorkspacesService;

// Of those that the server has, which are all that the protos declare (bound_methods_test).
std::vector<const MethodDescriptor*> EveryMethod(const testing::TestServer& server) {
  std::vector<const MethodDescriptor*> methods;
  for (const auto& [name, bound] : server.methods().methods()) {
    methods.push_back(bound->method().descriptor);
  }
  EXPECT_GT(methods.size(), 30u);
  return methods;
}

const options::v1::MethodRules& RulesOf(const MethodDescriptor& method) {
  return method.options().GetExtension(options::v1::method);
}

// Calls with an empty request, whatever the kind of method, and hangs up after the first message of
// the reply.
grpc::Status CallEmpty(testing::TestServer& server, const MethodDescriptor& method,
                       const std::string& secret) {
  grpc::GenericStub stub(server.channel());
  grpc::ClientContext context;
  if (!secret.empty()) context.AddMetadata("authorization", "Bearer " + secret);
  grpc::CompletionQueue queue;
  const std::string path = "/" + method.service()->full_name() + "/" + method.name();
  const auto call = stub.PrepareCall(&context, path, &queue);
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  call->StartCall(nullptr);
  wait();
  const grpc::Slice nothing;
  call->WriteLast(grpc::ByteBuffer(&nothing, 1), grpc::WriteOptions(), nullptr);
  wait();
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  if (wait()) context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  return status;
}

std::string KeyGranting(testing::TestServer& server, const std::vector<std::string>& grants) {
  CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("test");
  for (const std::string& grant : grants) request.mutable_api_key()->add_permissions(grant);
  const auto created = server.Call(&WorkspacesService::Stub::CreateApiKey, request);
  EXPECT_EQ(created.reason(), "");
  return created->secret();
}

TEST(PermissionMatrix, LetsNobodyInWithoutCredentials) {
  testing::TestServer server;
  for (const MethodDescriptor* method : EveryMethod(server)) {
    if (RulesOf(*method).public_()) continue;
    for (const char* secret : {"", "wrong"}) {
      EXPECT_EQ(CallEmpty(server, *method, secret).error_code(), grpc::StatusCode::UNAUTHENTICATED)
          << method->full_name();
    }
  }
}

// For every kind of key: a method is refused exactly when the key does not contain its permission,
// and then before its request, which is empty here and mostly invalid, is looked at.
TEST(PermissionMatrix, IsWhatTheProtosDeclare) {
  testing::TestServer server;
  const std::vector<std::vector<std::string>> roles = {
      {"contacts.read"}, {"contacts.*"},          {"*.read"},
      {"*.write"},       {"deals.*", "events.*"}, {"*"},
      {"operator.*"},    {"*", "operator.*"},     {"pipelines.write"},
  };
  for (const auto& role : roles) {
    const std::string secret = KeyGranting(server, role);
    const runtime::Grants grants(role);
    for (const MethodDescriptor* method : EveryMethod(server)) {
      const std::string& permission = RulesOf(*method).permission();
      const bool granted = permission.empty() || grants.Contain(permission);
      const grpc::StatusCode code = CallEmpty(server, *method, secret).error_code();
      EXPECT_EQ(code == grpc::StatusCode::PERMISSION_DENIED, !granted)
          << role.front() << ": " << method->full_name() << " answered " << code;
    }
  }
}

}  // namespace
}  // namespace kith
