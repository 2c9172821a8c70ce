#include "services/runtime/calls/reflection.h"

#include <set>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/dynamic_message.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/impl/codegen/sync_stream.h"
#include "gtest/gtest.h"
#include "tests/services/runtime/person_server.h"

namespace kith::runtime {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptorProto;
using google::protobuf::SimpleDescriptorDatabase;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;
using ::testing::IsSupersetOf;

// A client that knows nothing but the reflection service, as grpcurl and buf curl are.
class Stranger {
 public:
  Stranger(PersonServer& server, const std::string& service)
      : path_("/" + service + "/ServerReflectionInfo"),
        stream_(grpc::internal::ClientReaderWriterFactory<
                ServerReflectionRequest,
                ServerReflectionResponse>::Create(server.channel().get(),
                                                  grpc::internal::RpcMethod(
                                                      path_.c_str(),
                                                      grpc::internal::RpcMethod::BIDI_STREAMING),
                                                  &context_)) {}
  ~Stranger() {
    stream_->WritesDone();
    EXPECT_TRUE(stream_->Finish().ok());
  }

  ServerReflectionResponse Ask(const ServerReflectionRequest& request) {
    ServerReflectionResponse response;
    EXPECT_TRUE(stream_->Write(request) && stream_->Read(&response)) << path_;
    return response;
  }
  std::set<std::string> Services() {
    ServerReflectionRequest request;
    request.set_list_services("*");
    std::set<std::string> names;
    const ServerReflectionResponse response = Ask(request);
    for (const auto& service : response.list_services_response().service()) {
      names.insert(service.name());
    }
    return names;
  }
  // Takes in the files that are needed for a symbol.
  void Learn(const std::string& symbol) {
    ServerReflectionRequest request;
    request.set_file_containing_symbol(symbol);
    const ServerReflectionResponse response = Ask(request);
    EXPECT_GT(response.file_descriptor_response().file_descriptor_proto_size(), 0)
        << symbol << ": " << response.error_response().error_message();
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      FileDescriptorProto file;
      ASSERT_TRUE(file.ParseFromString(bytes));
      if (files_.insert(file.name()).second) database_.Add(file);
    }
  }
  // What was learnt, with nothing of this program's own.
  DescriptorPool& pool() { return pool_; }

 private:
  const std::string path_;
  grpc::ClientContext context_;
  const std::unique_ptr<grpc::ClientReaderWriter<ServerReflectionRequest, ServerReflectionResponse>>
      stream_;
  std::set<std::string> files_;
  SimpleDescriptorDatabase database_;
  DescriptorPool pool_{&database_};
};

class ReflectionVersions : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Both, ReflectionVersions,
                         ::testing::Values(kReflectionV1, kReflectionV1Alpha));

TEST_P(ReflectionVersions, DeclareEveryServiceTheyList) {
  PersonServer server;
  Stranger stranger(server, GetParam());
  const std::set<std::string> services = stranger.Services();
  EXPECT_THAT(services, IsSupersetOf({"kith.contacts.v1.ContactsService", "grpc.health.v1.Health",
                                      "grpc.reflection.v1.ServerReflection",
                                      "grpc.reflection.v1alpha.ServerReflection"}));
  for (const std::string& name : services) {
    stranger.Learn(name);
    const auto* const service = stranger.pool().FindServiceByName(name);
    ASSERT_NE(service, nullptr) << name;
    EXPECT_GT(service->method_count(), 0) << name;
  }
}

// A unary call by its path, in bytes.
std::string CallInBytes(PersonServer& server, const std::string& path, const std::string& request) {
  grpc::GenericStub stub(server.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice slice(request);
  const auto call = stub.PrepareUnaryCall(&context, path, grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  EXPECT_TRUE(status.ok()) << status.error_message();
  grpc::Slice bytes;
  EXPECT_TRUE(response.DumpToSingleSlice(&bytes).ok());
  return std::string(bytes.begin(), bytes.end());
}

// Goal: a client makes a call from what it was told alone, without a message of this program's.
// Method: the health service, whose declaration is gRPC's, by dynamic messages.
TEST_P(ReflectionVersions, SufficeToMakeACall) {
  PersonServer server;
  Stranger stranger(server, GetParam());
  stranger.Learn("grpc.health.v1.Health");
  const auto* const service = stranger.pool().FindServiceByName("grpc.health.v1.Health");
  ASSERT_NE(service, nullptr);
  const auto* const check = service->FindMethodByName("Check");
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> request(
      factory.GetPrototype(check->input_type())->New());
  request->GetReflection()->SetString(request.get(),
                                      check->input_type()->FindFieldByName("service"),
                                      "kith.contacts.v1.ContactsService");
  const std::unique_ptr<google::protobuf::Message> response(
      factory.GetPrototype(check->output_type())->New());
  ASSERT_TRUE(response->ParseFromString(
      CallInBytes(server, "/grpc.health.v1.Health/Check", request->SerializeAsString())));
  EXPECT_EQ(response->ShortDebugString(), "status: SERVING");
}

TEST_P(ReflectionVersions, SayWhatTheyDoNotKnow) {
  PersonServer server;
  Stranger stranger(server, GetParam());
  ServerReflectionRequest request;
  request.set_host("here");
  request.set_file_containing_symbol("kith.leads.v1.LeadsService");
  ServerReflectionResponse response = stranger.Ask(request);
  EXPECT_EQ(response.error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(response.valid_host(), "here");
  EXPECT_EQ(response.original_request().file_containing_symbol(), "kith.leads.v1.LeadsService");
  response = stranger.Ask(ServerReflectionRequest());
  EXPECT_EQ(response.error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(Reflection, FindsFilesAndExtensions) {
  const Reflection reflection({"kith.contacts.v1.ContactsService"});
  ServerReflectionRequest request;
  request.set_file_by_filename("grpc/reflection/v1alpha/reflection.proto");
  ServerReflectionResponse response = reflection.Answer(request);
  ASSERT_EQ(response.file_descriptor_response().file_descriptor_proto_size(), 1);
  FileDescriptorProto file;
  ASSERT_TRUE(file.ParseFromString(response.file_descriptor_response().file_descriptor_proto(0)));
  EXPECT_EQ(file.package(), "grpc.reflection.v1alpha");
  EXPECT_EQ(file.service(0).method(0).input_type(),
            ".grpc.reflection.v1alpha.ServerReflectionRequest");

  request.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  response = reflection.Answer(request);
  ASSERT_GT(response.all_extension_numbers_response().extension_number_size(), 0);
  auto* const extension = request.mutable_file_containing_extension();
  extension->set_containing_type("google.protobuf.MethodOptions");
  extension->set_extension_number(response.all_extension_numbers_response().extension_number(0));
  response = reflection.Answer(request);
  ASSERT_GT(response.file_descriptor_response().file_descriptor_proto_size(), 0);
  ASSERT_TRUE(file.ParseFromString(response.file_descriptor_response().file_descriptor_proto(0)));
  EXPECT_EQ(file.name(), "kith/options/v1/options.proto");
}

}  // namespace
}  // namespace kith::runtime
