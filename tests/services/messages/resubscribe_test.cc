// Addresses that many messages unsubscribed, over the whole server.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::messages {
namespace {

using contacts::v1::ContactsService;
using Stub = v1::MessagesService::Stub;

class ResubscribeTest : public ::testing::Test {
 protected:
  ResubscribeTest() {
    contacts::v1::CreateContactRequest create;
    create.mutable_contact()->add_emails()->set_address("ada@example.com");
    ada_ = server_.Call(&ContactsService::Stub::CreateContact, create)->name();
  }
  testing::Reply<v1::Message> Send() {
    v1::SendMessageRequest request;
    request.set_contact(ada_);
    request.set_subject("Hello");
    request.set_text("How are you?");
    return server_.Call(&Stub::SendMessage, request);
  }
  bool IsOptedOut() {
    contacts::v1::GetContactRequest request;
    request.set_name(ada_);
    return server_.Call(&ContactsService::Stub::GetContact, request)->emails(0).opted_out();
  }
  testing::Reply<v1::Message> WantAgain(const std::string& message, const std::string& request_id) {
    v1::RecordMessageResubscribedRequest request;
    request.set_name(message);
    request.set_email("ada@example.com");
    request.set_request_id(request_id);
    return server_.Call(&Stub::RecordMessageResubscribed, request);
  }

  testing::TestServer server_;
  std::string ada_;
};

// Goal: an address that was unsubscribed by more messages than fit into one append is wanted again
// by calling once more, and nothing is sent there before.
TEST_F(ResubscribeTest, IsDoneInPartsWhereThereAreMany) {
  constexpr int kMessages = 405;
  std::vector<std::string> names;
  for (int i = 0; i < kMessages; ++i) {
    const auto sent = Send();
    ASSERT_EQ(sent.reason(), "");
    names.push_back(sent->name());
  }
  v1::RecordMessageUnsubscribedRequest unsubscribe;
  unsubscribe.set_email("ada@example.com");
  for (const std::string& name : names) {
    unsubscribe.set_name(name);
    ASSERT_EQ(server_.Call(&Stub::RecordMessageUnsubscribed, unsubscribe).reason(), "");
  }
  const auto first = WantAgain(names.back(), "first");
  ASSERT_EQ(first.reason(), "");
  EXPECT_TRUE(first->resubscribe_again());
  EXPECT_TRUE(WantAgain(names.back(), "first")->resubscribe_again()) << "a repeat";
  EXPECT_EQ(Send().reason(), "OPTED_OUT");
  EXPECT_TRUE(IsOptedOut());
  const auto last = WantAgain(names.back(), "second");
  ASSERT_EQ(last.reason(), "");
  EXPECT_FALSE(last->resubscribe_again());
  EXPECT_TRUE(last->has_resubscribe_time());
  EXPECT_FALSE(IsOptedOut());
  EXPECT_EQ(Send().reason(), "");
}

}  // namespace
}  // namespace kith::messages
