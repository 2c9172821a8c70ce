// Goal: whatever changes something can be repeated safely and can be made to depend on what the
// caller last saw. Method: every method that the server has, as the protos declare them.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "google/protobuf/descriptor.h"
#include "kith/options/v1/options.pb.h"
#include "services/runtime/calls/method_table.h"
#include "tests/testing/test_server.h"

namespace kith::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// What is made anew has no etag yet, a key that is revoked stays so, whoever else revoked it, one
// that is rotated has the secrets of both who did, and what becomes another's is found by its
// owner. What is read at once are many. What policies do changes by itself all the time: a
// reaction, a step, or a task or a deal whose time has come, is told by its name. What is filled in
// is sent by who sees no etag, and that of a visitor is another after every page. An import
// says how far it is after each batch, and goes on, is taken back or ends from wherever it is.
bool NeedsEtag(const MethodDescriptor& method) {
  for (const char* verb : {"Create",
                           "BatchCreate",
                           "Record",
                           "Ingest",
                           "Revoke",
                           "Rotate",
                           "BatchChangeOwner",
                           "PausePolicy",
                           "ResumePolicy",
                           "ResumeRestoredCopy",
                           "RetryReaction",
                           "SkipReaction",
                           "AdvanceWorkflowRun",
                           "FireWorkflow",
                           "SendMessage",
                           "ReceiveMail",
                           "SubmitForm",
                           "ConfirmFormSubmission",
                           "CountFormTraffic",
                           "CountMessageTraffic",
                           "CountSiteTraffic",
                           "IdentifyVisitor",
                           "ReadAllNotifications",
                           "HoldNotificationMail",
                           "RaiseTaskReminder",
                           "RaiseStaleDeal",
                           "MeasureStageDeals",
                           "SendMeetingInvitation",
                           "RenewCalendarAddress",
                           "WithdrawCalendarAddress",
                           "CallWebhook",
                           "TestWebhook",
                           "QueueWebhookDelivery",
                           "EndWebhookDelivery",
                           "AdvanceScoring",
                           "CrossScoreThresholds",
                           "AdvanceImportJob",
                           "CompleteImportJob",
                           "ResumeImportJob",
                           "RevertImportJob"}) {
    if (absl::StartsWith(method.name(), verb)) return false;
  }
  return true;
}

// A session has no permission of its own: it carries methods that have one.
bool Changes(const MethodDescriptor& method) {
  const std::string& permission = method.options().GetExtension(options::v1::method).permission();
  return !permission.empty() && !absl::EndsWith(permission, ".read") &&
         !absl::StartsWith(method.name(), "List");
}

// The request itself, the resource within it, the items of a stream, or the requests of a batch.
bool Has(const Descriptor& request, const std::string& name, int depth = 2) {
  if (request.FindFieldByName(name) != nullptr) return true;
  for (int i = 0; i < request.field_count() && depth > 0; ++i) {
    const FieldDescriptor& field = *request.field(i);
    if (field.type() == FieldDescriptor::TYPE_MESSAGE &&
        Has(*field.message_type(), name, depth - 1)) {
      return true;
    }
  }
  return false;
}

TEST(Mutations, HaveARequestIdAndAnEtag) {
  testing::TestServer server;
  int changing = 0;
  for (const auto& [name, bound] : server.methods().methods()) {
    const MethodDescriptor& method = *bound->method().descriptor;
    if (!Changes(method)) continue;
    ++changing;
    EXPECT_TRUE(Has(*method.input_type(), "request_id")) << name;
    EXPECT_TRUE(!NeedsEtag(method) || Has(*method.input_type(), "etag")) << name;
  }
  EXPECT_GT(changing, 20);
}

}  // namespace
}  // namespace kith::server
