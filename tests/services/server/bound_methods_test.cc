// Goal: no method is declared and served by nobody.
// Method: the descriptors of every proto of ours, as protoc wrote them, against the table of a
// server with every capability.
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "tests/testing/test_server.h"

namespace kith::server {
namespace {

TEST(BoundMethods, AreAllThatTheProtosDeclare) {
  google::protobuf::FileDescriptorSet files;
  std::ifstream in(KITH_DESCRIPTORS, std::ios::binary);
  ASSERT_TRUE(files.ParseFromIstream(&in)) << KITH_DESCRIPTORS;
  testing::TestServer server;
  int declared = 0;
  for (const auto& file : files.file()) {
    if (!absl::StartsWith(file.package(), "kith.")) continue;
    for (const auto& service : file.service()) {
      for (const auto& method : service.method()) {
        const std::string name =
            absl::StrCat(file.package(), ".", service.name(), ".", method.name());
        EXPECT_TRUE(server.methods().methods().contains(name)) << name;
        ++declared;
      }
    }
  }
  EXPECT_EQ(server.methods().methods().size(), static_cast<size_t>(declared));
  EXPECT_GT(declared, 30);
}

}  // namespace
}  // namespace kith::server
