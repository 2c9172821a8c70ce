#include "services/runtime/reads/hide_erased.h"

#include <gtest/gtest.h>

#include <memory>

#include "kith/contacts/v1/contacts_service.pb.h"
#include "tests/testing/seeded_random.h"

namespace kith::runtime {
namespace {

constexpr WorkspaceId kWorkspace{1};

class HideErasedTest : public ::testing::Test {
 protected:
  static contacts::v1::Contact Contact(const std::string& name) {
    contacts::v1::Contact contact;
    contact.set_name(name);
    contact.set_first_name("Ada");
    contact.add_emails()->set_address("ada@example.com");
    contact.set_company_name("Analytical Engines");
    return contact;
  }

  testing::SeededRandom random_{1};
  const std::unique_ptr<eventstore::KeyStore> keys_ = eventstore::NewMemoryKeyStore(random_);
};

TEST_F(HideErasedTest, LeavesARepliesPersonalFieldsWhileTheKeyIsThere) {
  contacts::v1::Contact contact = Contact("contacts/1");
  ASSERT_TRUE(keys_->Destroy(kWorkspace, "contacts/2").ok());
  HideErased(*keys_, kWorkspace, &contact);
  EXPECT_EQ(contact.first_name(), "Ada");
  EXPECT_FALSE(contact.erased());
}

TEST_F(HideErasedTest, EmptiesEveryPersonalFieldAndNothingElse) {
  contacts::v1::Contact contact = Contact("contacts/1");
  ASSERT_TRUE(keys_->Destroy(kWorkspace, "contacts/1").ok());
  HideErased(*keys_, kWorkspace, &contact);
  EXPECT_EQ(contact.first_name(), "");
  EXPECT_EQ(contact.emails_size(), 0);
  EXPECT_EQ(contact.company_name(), "Analytical Engines");
  EXPECT_TRUE(contact.erased());
}

TEST_F(HideErasedTest, FindsTheErasedAmongTheRowsOfAList) {
  contacts::v1::ListContactsResponse page;
  *page.add_contacts() = Contact("contacts/1");
  *page.add_contacts() = Contact("contacts/2");
  ASSERT_TRUE(keys_->Destroy(kWorkspace, "contacts/2").ok());
  HideErased(*keys_, kWorkspace, &page);
  EXPECT_FALSE(page.contacts(0).erased());
  EXPECT_TRUE(page.contacts(1).erased());
}

TEST_F(HideErasedTest, DoesNotTakeOneWorkspacesContactForAnothers) {
  contacts::v1::Contact contact = Contact("contacts/1");
  ASSERT_TRUE(keys_->Destroy(WorkspaceId(2), "contacts/1").ok());
  HideErased(*keys_, kWorkspace, &contact);
  EXPECT_FALSE(contact.erased());
}

}  // namespace
}  // namespace kith::runtime
