#include "services/runtime/reads/page_seal.h"

#include <gtest/gtest.h>

#include <array>

#include "absl/strings/escaping.h"
#include "eventstore/base/error.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::runtime {
namespace {

using contacts::v1::ListContactsRequest;
using contacts::v1::ListContactsResponse;
using eventstore::SecretKey;
using eventstore::TokenSealer;

constexpr WorkspaceId kWorkspace(1);
constexpr char kPlace[] = "zoe private";

SecretKey SecretOf(uint8_t byte) {
  std::array<uint8_t, eventstore::kKeyBytes> bytes;
  bytes.fill(byte);
  return SecretKey(bytes);
}

class PageSealTest : public ::testing::Test {
 protected:
  // What a client gets for kPlace.
  std::string Sealed() const {
    ListContactsResponse reply;
    reply.set_next_page_token(kPlace);
    SealPageToken(sealer_, method_, kWorkspace, &reply);
    return reply.next_page_token();
  }
  static absl::StatusOr<std::string> Open(const TokenSealer& sealer, const Method& method,
                                          WorkspaceId workspace, const std::string& text) {
    ListContactsRequest request;
    request.set_page_token(text);
    return OpenPageToken(sealer, method, workspace, request);
  }

  const Method& method_ = MethodOf<ListContactsRequest>();
  const TokenSealer sealer_{SecretOf(7)};
};

TEST_F(PageSealTest, BringsBackWhatAListGoesOnFrom) {
  EXPECT_EQ(*Open(sealer_, method_, kWorkspace, Sealed()), kPlace);
  EXPECT_EQ(*Open(sealer_, method_, kWorkspace, ""), "");
}

TEST_F(PageSealTest, HidesIt) {
  const std::string sealed = Sealed();
  EXPECT_EQ(sealed.find("zoe"), std::string::npos);
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(sealed, &bytes));
  EXPECT_EQ(bytes.find("zoe"), std::string::npos);
}

TEST_F(PageSealTest, RefusesATokenOfAnotherStoreListOrWorkspace) {
  Method other;
  other.page_token = method_.page_token;
  other.name = "kith.users.v1.UsersService/ListUsers";
  const auto refused = [](const absl::StatusOr<std::string>& opened) {
    return IsError(opened.status(), type::v1::ERROR_INVALID_PAGE_TOKEN);
  };
  EXPECT_TRUE(refused(Open(TokenSealer(SecretOf(8)), method_, kWorkspace, Sealed())));
  EXPECT_TRUE(refused(Open(sealer_, other, kWorkspace, Sealed())));
  EXPECT_TRUE(refused(Open(sealer_, method_, WorkspaceId(2), Sealed())));
}

TEST_F(PageSealTest, RefusesWhatItDidNotSeal) {
  std::string changed = Sealed();
  changed[changed.size() / 2] ^= 1;
  for (const std::string& text : {changed, std::string("x"), std::string("apiKeys/1")}) {
    EXPECT_TRUE(IsError(Open(sealer_, method_, kWorkspace, text).status(),
                        type::v1::ERROR_INVALID_PAGE_TOKEN))
        << text;
  }
}

TEST_F(PageSealTest, LeavesTheLastPageWithoutAToken) {
  ListContactsResponse reply;
  SealPageToken(sealer_, method_, kWorkspace, &reply);
  EXPECT_EQ(reply.next_page_token(), "");
}

}  // namespace
}  // namespace kith::runtime
