#include "services/runtime/calls/reflection.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/health/v1/health.pb.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using grpc::reflection::v1::ExtensionRequest;
using grpc::reflection::v1::FileDescriptorResponse;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

// "…v1.X" → "…v1alpha.X", in place.
void Rename(std::string* name) {
  *name = absl::StrReplaceAll(*name, {{"grpc.reflection.v1.", "grpc.reflection.v1alpha."}});
}

// Version 1's file under the name and package of version 1alpha.
FileDescriptorProto V1AlphaFile() {
  FileDescriptorProto file;
  ServerReflectionRequest::descriptor()->file()->CopyTo(&file);
  file.set_name("grpc/reflection/v1alpha/reflection.proto");
  file.set_package("grpc.reflection.v1alpha");
  for (auto& message : *file.mutable_message_type()) {
    for (auto& field : *message.mutable_field()) {
      if (field.has_type_name()) Rename(field.mutable_type_name());
    }
  }
  for (auto& service : *file.mutable_service()) {
    for (auto& method : *service.mutable_method()) {
      Rename(method.mutable_input_type());
      Rename(method.mutable_output_type());
    }
  }
  return file;
}

void AddWithWhatItNeeds(const FileDescriptor& file, absl::flat_hash_set<const FileDescriptor*>& had,
                        FileDescriptorResponse* response) {
  if (!had.insert(&file).second) return;
  FileDescriptorProto proto;
  file.CopyTo(&proto);
  response->add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) {
    AddWithWhatItNeeds(*file.dependency(i), had, response);
  }
}

void Refuse(absl::StatusCode code, std::string message, ServerReflectionResponse* response) {
  response->mutable_error_response()->set_error_code(static_cast<int>(code));
  response->mutable_error_response()->set_error_message(std::move(message));
}

// An answer with a file, or that there is none.
void AnswerWith(const FileDescriptor* file, absl::string_view asked,
                ServerReflectionResponse* response) {
  if (file == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, absl::StrCat("This server declares no ", asked, "."),
                  response);
  }
  absl::flat_hash_set<const FileDescriptor*> had;
  AddWithWhatItNeeds(*file, had, response->mutable_file_descriptor_response());
}

const FileDescriptor* FileOfExtension(const DescriptorPool& pool, const ExtensionRequest& wanted) {
  const Descriptor* const type = pool.FindMessageTypeByName(wanted.containing_type());
  if (type == nullptr) return nullptr;
  const FieldDescriptor* const extension =
      pool.FindExtensionByNumber(type, wanted.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

void AnswerWithExtensions(const DescriptorPool& pool, const std::string& name,
                          ServerReflectionResponse* response) {
  const Descriptor* const type = pool.FindMessageTypeByName(name);
  if (type == nullptr) return AnswerWith(nullptr, name, response);
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(type, &extensions);
  auto* const numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(name);
  for (const FieldDescriptor* extension : extensions) {
    numbers->add_extension_number(extension->number());
  }
}

}  // namespace

Reflection::Reflection(std::vector<std::string> services)
    : services_(std::move(services)), pool_(DescriptorPool::generated_pool()) {
  // What nobody else in the program uses would be unknown to it.
  const Descriptor* const health = grpc::health::v1::HealthCheckRequest::descriptor();
  KITH_CHECK(health->file()->FindServiceByName("Health") != nullptr);
  KITH_CHECK(pool_.BuildFile(V1AlphaFile()) != nullptr);
  for (const char* name : {kReflectionV1, kReflectionV1Alpha, kHealthService}) {
    services_.emplace_back(name);
  }
  std::sort(services_.begin(), services_.end());
}

ServerReflectionResponse Reflection::Answer(const ServerReflectionRequest& request) const {
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      AnswerWith(pool_.FindFileByName(request.file_by_filename()), request.file_by_filename(),
                 &response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      AnswerWith(pool_.FindFileContainingSymbol(request.file_containing_symbol()),
                 request.file_containing_symbol(), &response);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      AnswerWith(FileOfExtension(pool_, request.file_containing_extension()),
                 absl::StrCat("extension ", request.file_containing_extension().extension_number(),
                              " of ", request.file_containing_extension().containing_type()),
                 &response);
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      AnswerWithExtensions(pool_, request.all_extension_numbers_of_type(), &response);
      break;
    case ServerReflectionRequest::kListServices:
      for (const std::string& name : services_) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      Refuse(absl::StatusCode::kInvalidArgument,
             "The request asks for nothing that this server knows.", &response);
      break;
  }
  return response;
}

}  // namespace kith::runtime
