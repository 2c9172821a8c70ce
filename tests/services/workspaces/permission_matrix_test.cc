// Who may call what, for every method of every capability, as the protos declare it.

#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/deals/v1/pipelines_service.pb.h"
#include "kith/events/v1/events_service.pb.h"
#include "kith/forecast/v1/forecast_service.pb.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/runtime/authorizer.h"
#include "tests/testing/test_server.h"

namespace kith {
namespace {

using google::protobuf::MethodDescriptor;
using workspaces::v1::CreateApiKeyRequest;
using workspaces::v1::WorkspacesService;

std::vector<const MethodDescriptor*> EveryMethod() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto* file : {contacts::v1::GetContactRequest::descriptor()->file(),
                           deals::v1::GetDealRequest::descriptor()->file(),
                           deals::v1::GetPipelineRequest::descriptor()->file(),
                           events::v1::ReadEventsRequest::descriptor()->file(),
                           forecast::v1::QueryForecastRequest::descriptor()->file(),
                           interactions::v1::GetInteractionRequest::descriptor()->file(),
                           users::v1::GetUserRequest::descriptor()->file(),
                           workspaces::v1::GetWorkspaceRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        methods.push_back(file->service(i)->method(j));
      }
    }
  }
  return methods;
}

std::string PermissionOf(const MethodDescriptor& method) {
  return method.options().GetExtension(options::v1::method).permission();
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
  for (const MethodDescriptor* method : EveryMethod()) {
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
    for (const MethodDescriptor* method : EveryMethod()) {
      const bool granted = grants.Contain(PermissionOf(*method));
      const grpc::StatusCode code = CallEmpty(server, *method, secret).error_code();
      EXPECT_EQ(code == grpc::StatusCode::PERMISSION_DENIED, !granted)
          << role.front() << ": " << method->full_name() << " answered " << code;
    }
  }
}

}  // namespace
}  // namespace kith
