// The list of a workspace's keys, over gRPC.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::workspaces {
namespace {

using Stub = v1::WorkspacesService::Stub;

TEST(ListApiKeys, EndsAPageByItsBytes) {
  testing::TestServer server;
  v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name(std::string(128, 'k'));
  for (int i = 0; i < 50; ++i) create.mutable_api_key()->add_permissions("operator.workspaces");
  constexpr size_t kKeys = 900;  // fewer than a page may have, and more than 1 MiB
  for (size_t i = 0; i < kKeys; ++i) {
    ASSERT_EQ(server.Call(&Stub::CreateApiKey, create).reason(), "");
  }
  v1::ListApiKeysRequest list;
  list.set_page_size(1'000);
  std::set<std::string> names;
  int pages = 0;
  do {
    const auto page = server.Call(&Stub::ListApiKeys, list);
    ASSERT_EQ(page.reason(), "");
    EXPECT_LE(page->ByteSizeLong(), (1u << 20) + 10'000);
    for (const v1::ApiKey& key : page->api_keys()) {
      EXPECT_TRUE(names.insert(key.name()).second) << key.name();
    }
    list.set_page_token(page->next_page_token());
    ++pages;
  } while (!list.page_token().empty());
  EXPECT_GT(pages, 1);
  EXPECT_EQ(names.size(), kKeys + 1);
}

TEST(ListApiKeys, RefusesAKeysNameAsAPageToken) {
  testing::TestServer server;
  v1::ListApiKeysRequest list;
  list.set_page_token("apiKeys/1");
  EXPECT_EQ(server.Call(&Stub::ListApiKeys, list).reason(), "INVALID_PAGE_TOKEN");
}

}  // namespace
}  // namespace kith::workspaces
