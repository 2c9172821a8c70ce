// A whole server, and what tests of interactions ask of it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::interactions {

using ContactsStub = contacts::v1::ContactsService::Stub;
using InteractionsStub = v1::InteractionsService::Stub;
using testing::Reply;

// The reason of an item's refusal; empty where it was recorded.
inline std::string ReasonOf(const v1::IngestInteractionsResponse::Result& result) {
  google::rpc::ErrorInfo info;
  for (const google::protobuf::Any& detail : result.status().details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

class InteractionsServiceTest : public ::testing::Test {
 protected:
  std::string CreateContact(const std::string& first_name) {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name(first_name);
    const auto contact = server_.Call(&ContactsStub::CreateContact, request);
    EXPECT_EQ(contact.reason(), "");
    server_.clock().Advance(absl::Seconds(1));
    return contact->name();
  }
  void DeleteContact(const std::string& name) {
    contacts::v1::DeleteContactRequest request;
    request.set_name(name);
    EXPECT_EQ(server_.Call(&ContactsStub::DeleteContact, request).reason(), "");
  }

  // The credentials of a new key.
  std::string KeyGranting(const std::vector<std::string>& permissions) {
    workspaces::v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("a guest's");
    for (const std::string& permission : permissions) {
      request.mutable_api_key()->add_permissions(permission);
    }
    const auto key = server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, request);
    EXPECT_EQ(key.reason(), "");
    return key->secret();
  }

  static v1::RecordInteractionRequest Recording(const std::string& parent,
                                                const std::string& subject = "Hello",
                                                v1::InteractionKind kind = v1::CALL) {
    v1::RecordInteractionRequest request;
    request.set_parent(parent);
    request.mutable_interaction()->set_kind(kind);
    request.mutable_interaction()->set_subject(subject);
    return request;
  }
  Reply<v1::Interaction> TryRecord(const v1::RecordInteractionRequest& request) {
    return server_.Call(&InteractionsStub::RecordInteraction, request);
  }
  v1::Interaction Record(const v1::RecordInteractionRequest& request) {
    const auto reply = TryRecord(request);
    EXPECT_EQ(reply.reason(), "");
    server_.clock().Advance(absl::Seconds(1));
    return reply.response;
  }

  Reply<v1::Interaction> TryGet(const v1::GetInteractionRequest& request) {
    return server_.Call(&InteractionsStub::GetInteraction, request);
  }
  v1::Interaction Get(const std::string& name) {
    v1::GetInteractionRequest request;
    request.set_name(name);
    const auto reply = TryGet(request);
    EXPECT_EQ(reply.reason(), "");
    return reply.response;
  }

  Reply<v1::ListTimelineResponse> TryList(const v1::ListTimelineRequest& request) {
    return server_.Call(&InteractionsStub::ListTimeline, request);
  }
  v1::ListTimelineResponse List(const v1::ListTimelineRequest& request) {
    const auto reply = TryList(request);
    EXPECT_EQ(reply.reason(), "");
    return reply.response;
  }
  v1::ListTimelineResponse List(const std::string& parent) {
    v1::ListTimelineRequest request;
    request.set_parent(parent);
    return List(request);
  }
  // "contact_created", or the subject of an interaction.
  static std::vector<std::string> Written(const v1::ListTimelineResponse& timeline) {
    std::vector<std::string> entries;
    for (const v1::TimelineEntry& entry : timeline.entries()) {
      entries.push_back(entry.has_interaction() ? entry.interaction().subject() : entry.type());
    }
    return entries;
  }

  static void AddItem(const std::string& parent, const std::string& subject,
                      v1::IngestInteractionsRequest* message) {
    v1::IngestInteractionsRequest::Item& item = *message->add_items();
    item.set_parent(parent);
    item.mutable_interaction()->set_kind(v1::PAGE_VIEW);
    item.mutable_interaction()->set_subject(subject);
  }
  std::vector<v1::IngestInteractionsResponse::Result> Ingest(
      const std::vector<v1::IngestInteractionsRequest>& messages) {
    InteractionsStub stub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", server_.secret()));
    const auto stream = stub.IngestInteractions(&context);
    std::vector<v1::IngestInteractionsResponse::Result> results;
    for (const auto& message : messages) {
      EXPECT_TRUE(stream->Write(message));
      v1::IngestInteractionsResponse response;
      EXPECT_TRUE(stream->Read(&response));
      results.insert(results.end(), response.results().begin(), response.results().end());
    }
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return results;
  }

  testing::TestServer server_;
};

}  // namespace kith::interactions
