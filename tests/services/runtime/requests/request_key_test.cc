#include "services/runtime/requests/request_key.h"

#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/seeded_random.h"

namespace kith::runtime {
namespace {

using contacts::v1::CreateContactRequest;
using eventstore::RequestKey;
using kith::testing::Proto;

class RequestKeyTest : public ::testing::Test {
 protected:
  RequestKey KeyOf(absl::string_view request, WorkspaceId workspace = WorkspaceId(1),
                   absl::string_view method = "m") {
    const auto message = Proto<CreateContactRequest>(request);
    return MakeRequestKey(*keys_, workspace, method, message.request_id(), message,
                          CreateContactRequest::descriptor()->FindFieldByName("request_id"));
  }

  kith::testing::SeededRandom random_{7};
  std::unique_ptr<eventstore::KeyStore> keys_ = eventstore::NewMemoryKeyStore(random_);
};

TEST_F(RequestKeyTest, DigestsEverythingButTheId) {
  const auto key = KeyOf("contact { first_name: 'Ada' } occur_time { seconds: 1 } request_id: 'a'");
  EXPECT_EQ(key.id, "a");
  EXPECT_EQ(
      key.digest,
      KeyOf("contact { first_name: 'Ada' } occur_time { seconds: 1 } request_id: 'bb'").digest);
  EXPECT_NE(
      key.digest,
      KeyOf("contact { first_name: 'Bob' } occur_time { seconds: 1 } request_id: 'a'").digest);
  EXPECT_NE(key.digest, KeyOf("contact { first_name: 'Ada' } request_id: 'a'").digest);
}

TEST_F(RequestKeyTest, IsOfOneWorkspaceAndMethod) {
  const auto key = KeyOf("contact {} request_id: 'a'");
  EXPECT_NE(key.digest, KeyOf("contact {} request_id: 'a'", WorkspaceId(2)).digest);
  EXPECT_NE(key.digest, KeyOf("contact {} request_id: 'a'", WorkspaceId(1), "n").digest);
}

TEST_F(RequestKeyTest, WithoutAnIdHasNoDigest) {
  EXPECT_EQ(KeyOf("contact { first_name: 'Ada' }").digest, eventstore::Tag{});
}

}  // namespace
}  // namespace kith::runtime
