// IngestCaptures: captures over a stream, each item by itself and by the rules of one capture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "kith/captures/v1/captures_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::captures {
namespace {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using interactions::v1::Interaction;
using interactions::v1::InteractionsService;
using testing::Proto;
using workspaces::v1::WorkspacesService;
using Captures = v1::CapturesService::Stub;

class IngestCapturesTest : public ::testing::Test {
 protected:
  static v1::CaptureInteractionRequest Calling(const std::string& person,
                                               const std::string& external_id = "") {
    v1::CaptureInteractionRequest request;
    *request.mutable_person() = Proto<Contact>(person);
    request.mutable_interaction()->set_kind(interactions::v1::CALL);
    request.set_source("switchboard");
    request.set_external_id(external_id);
    return request;
  }
  // The results of one message of a stream, whose status is OK.
  v1::IngestCapturesResponse Ingest(const v1::IngestCapturesRequest& message,
                                    const std::string& key = "") {
    Captures stub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization",
                        absl::StrCat("Bearer ", key.empty() ? server_.secret() : key));
    const auto stream = stub.IngestCaptures(&context);
    EXPECT_TRUE(stream->Write(message));
    stream->WritesDone();
    v1::IngestCapturesResponse response;
    EXPECT_TRUE(stream->Read(&response));
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::string CreateContact(const std::string& text) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<Contact>(text);
    const auto created = server_.Call(&ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  Interaction GetInteraction(const std::string& name) {
    interactions::v1::GetInteractionRequest request;
    request.set_name(name);
    const auto got = server_.Call(&InteractionsService::Stub::GetInteraction, request);
    EXPECT_EQ(got.reason(), "");
    return got.response;
  }
  int CountContacts() {
    return server_.Call(&ContactsService::Stub::ListContacts, contacts::v1::ListContactsRequest())
        ->contacts_size();
  }

  testing::TestServer server_;
};

// Goal: a stream finds people by the rules of one capture, each item by itself. Method: one message
// of somebody who is known, of one who is not and is told of four times at once, and of nobody.
TEST_F(IngestCapturesTest, FindsPeopleAsOneCaptureDoes) {
  const std::string bo = CreateContact("first_name: 'Bo' emails { address: 'bo@example.com' }");
  v1::IngestCapturesRequest message;
  message.set_request_id("load-1");
  *message.add_items() = Calling("emails { address: 'BO@example.com' }", "1");
  for (int i = 0; i < 4; ++i) {
    *message.add_items() = Calling("emails { address: 'new@example.com' }", absl::StrCat("n", i));
  }
  *message.add_items() = Calling("emails { address: 'nobody' }", "2");
  const v1::IngestCapturesResponse told = Ingest(message);
  ASSERT_EQ(told.results_size(), 6);
  EXPECT_EQ(told.results(0).capture().outcome(), v1::CAPTURE_MATCHED);
  EXPECT_EQ(told.results(0).capture().contact(), bo);
  EXPECT_EQ(GetInteraction(told.results(0).capture().name()).external_id(), "switchboard:1");
  std::set<std::string> people;
  int created = 0;
  for (int i = 1; i < 5; ++i) {
    EXPECT_EQ(told.results(i).item_index(), i);
    EXPECT_FALSE(told.results(i).has_status()) << told.results(i).status().message();
    people.insert(told.results(i).capture().contact());
    if (told.results(i).capture().outcome() == v1::CAPTURE_CREATED) ++created;
  }
  EXPECT_EQ(people.size(), 1u);
  EXPECT_EQ(created, 1);
  EXPECT_TRUE(told.results(5).has_status());
  EXPECT_EQ(told.results(5).capture().name(), "");
  EXPECT_EQ(CountContacts(), 2);
  // What is sent again changes nothing, and is answered as it was.
  const v1::IngestCapturesResponse again = Ingest(message);
  EXPECT_EQ(again.results(0).capture().name(), told.results(0).capture().name());
  EXPECT_EQ(again.results(1).capture().contact(), told.results(1).capture().contact());
  EXPECT_EQ(CountContacts(), 2);
}

// A service that reads no contacts is told that each was taken, and not who it was.
TEST_F(IngestCapturesTest, TellsWhoReadsNoContactsNothingOfThem) {
  CreateContact("first_name: 'Bo' emails { address: 'bo@example.com' }");
  workspaces::v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("Switchboard");
  for (const char* const one : {"captures.write", "interactions.write", "contacts.write"}) {
    request.mutable_api_key()->add_permissions(one);
  }
  const std::string key = server_.Call(&WorkspacesService::Stub::CreateApiKey, request)->secret();
  v1::IngestCapturesRequest message;
  *message.add_items() = Calling("emails { address: 'bo@example.com' }");
  *message.add_items() = Calling("emails { address: 'new@example.com' }");
  const v1::IngestCapturesResponse told = Ingest(message, key);
  ASSERT_EQ(told.results_size(), 2);
  for (const auto& result : told.results()) {
    EXPECT_FALSE(result.has_status()) << result.status().message();
    EXPECT_EQ(result.capture().ByteSizeLong(), 0u);
  }
  EXPECT_EQ(CountContacts(), 2);
}

}  // namespace
}  // namespace kith::captures
