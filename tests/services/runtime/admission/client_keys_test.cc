#include "services/runtime/admission/client_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::runtime {
namespace {

using ::testing::HasSubstr;

TEST(ClientKeys, AreReadLineByLine) {
  const auto keys = ParseClientKeys(
      "# services\n\n  URI:spiffe://kith/Billing  workspaces/7/apiKeys/01J \r\n"
      "DNS:Host.example\tworkspaces/1/apiKeys/02J");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->size(), 2);
  EXPECT_EQ(keys->at("URI:spiffe://kith/Billing").workspace, WorkspaceId(7));
  EXPECT_EQ(keys->at("URI:spiffe://kith/Billing").key, "apiKeys/01J");
  EXPECT_EQ(keys->at("DNS:host.example").key, "apiKeys/02J");
}

TEST(ClientKeys, SayWhichLineIsWrong) {
  for (const std::string line :
       {"URI:a", "spiffe://a workspaces/1/apiKeys/x", "URI:a apiKeys/x", "URI:a workspaces/1",
        "URI:a workspaces/0/apiKeys/x", "URI:a workspaces/1/apiKeys/",
        "email:a workspaces/1/apiKeys/x", "URI:a workspaces/1/apiKeys/x more"}) {
    EXPECT_THAT(std::string(ParseClientKeys("\n" + line).status().message()),
                HasSubstr("line 2 is no name of a certificate and a key"))
        << line;
  }
  EXPECT_THAT(
      std::string(ParseClientKeys("DNS:a workspaces/1/apiKeys/x\nDNS:A workspaces/1/apiKeys/y")
                      .status()
                      .message()),
      HasSubstr("line 2 says a second key for DNS:A"));
}

}  // namespace
}  // namespace kith::runtime
