// Goal: whatever changes something can be repeated safely and can be made to depend on what the
// caller last saw. Method: every method of every service, as the protos declare them.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "kith/options/v1/options.pb.h"
#include "tests/testing/test_server.h"

namespace kith::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// What is made anew has no etag yet, and a key that is revoked stays so, whoever else revoked it.
const std::set<std::string>& WithoutEtag() {
  static const auto& methods = *new std::set<std::string>{
      "CreateContact", "CreateDeal",        "CreatePipeline",     "CreateUser",  "CreateWorkspace",
      "CreateApiKey",  "RecordInteraction", "IngestInteractions", "RevokeApiKey"};
  return methods;
}

bool Changes(const MethodDescriptor& method) {
  const std::string& permission = method.options().GetExtension(options::v1::method).permission();
  return !absl::EndsWith(permission, ".read") && !absl::StartsWith(method.name(), "List");
}

// The request itself, the resource within it, or the items of a stream.
bool Has(const Descriptor& request, const std::string& name) {
  if (request.FindFieldByName(name) != nullptr) return true;
  for (int i = 0; i < request.field_count(); ++i) {
    const FieldDescriptor& field = *request.field(i);
    if (field.type() == FieldDescriptor::TYPE_MESSAGE &&
        field.message_type()->FindFieldByName(name) != nullptr) {
      return true;
    }
  }
  return false;
}

TEST(Mutations, HaveARequestIdAndAnEtag) {
  testing::TestServer server;  // everything that it serves is linked in
  int changing = 0;
  for (const char* capability :
       {"contacts", "deals", "events", "forecast", "interactions", "users", "workspaces"}) {
    for (const char* service : {"contacts", "deals", "pipelines", "events", "forecast",
                                "interactions", "users", "workspaces"}) {
      const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(
          absl::StrCat("kith/", capability, "/v1/", service, "_service.proto"));
      if (file == nullptr) continue;
      for (int i = 0; i < file->service(0)->method_count(); ++i) {
        const MethodDescriptor& method = *file->service(0)->method(i);
        if (!Changes(method)) continue;
        ++changing;
        EXPECT_TRUE(Has(*method.input_type(), "request_id")) << method.full_name();
        const bool needs_etag = WithoutEtag().count(method.name()) == 0;
        EXPECT_TRUE(!needs_etag || Has(*method.input_type(), "etag")) << method.full_name();
      }
    }
  }
  EXPECT_GT(changing, 20);
}

}  // namespace
}  // namespace kith::server
