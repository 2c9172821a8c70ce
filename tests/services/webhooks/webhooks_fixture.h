// What tests of webhooks share: a server that posts to a receiver of theirs, and what it was told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/sha256.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/notifications/v1/notifications_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/webhooks/v1/webhook_deliveries_service.grpc.pb.h"
#include "kith/webhooks/v1/webhook_delivery_events.pb.h"
#include "kith/webhooks/v1/webhooks_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "nlohmann/json.hpp"
#include "services/webhooks/post_webhooks.h"
#include "tests/services/runtime/effects/http_sink.h"
#include "tests/testing/await.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::webhooks {

using contacts::v1::ContactsService;
using deals::v1::DealsService;
using ::testing::ElementsAre;
using testing::HttpAnswer;
using testing::HttpRequest;
using ::testing::IsEmpty;
using testing::Proto;
using ::testing::UnorderedElementsAre;
using DeliveryStub = v1::WebhookDeliveriesService::Stub;
using Json = nlohmann::json;
using Stub = v1::WebhooksService::Stub;

class WebhooksServiceTest : public ::testing::Test {
 protected:
  explicit WebhooksServiceTest(int attempts = 1)
      : sink_([this](const HttpRequest& request) { return Answer(request); }),
        server_(
            [this, attempts](runtime::ServerBuilder& builder) {
              WebhookOptions options;
              if (allows_loopback_) {
                options.http.allowed.push_back(*runtime::AddressRange::Parse("127.0.0.0/8"));
              }
              // The clock stands still: what is tried again is at once.
              options.back_off = {absl::ZeroDuration(), absl::ZeroDuration(), absl::ZeroDuration()};
              if (attempts > 1) options.back_off.give_up = absl::Nanoseconds(1);
              PostWebhooks(builder, options);
            },
            [](runtime::ServerOptions& options) {
              options.policies.turn = absl::Milliseconds(1);
              options.policies.gather = absl::ZeroDuration();
            }) {}

  std::string Answer(const HttpRequest& request) {
    std::function<std::string(const HttpRequest&)> answer;
    {
      MutexLock lock(mutex_);
      answer = answer_;
    }
    return answer == nullptr ? HttpAnswer(200) : answer(request);
  }
  void SetAnswer(std::function<std::string(const HttpRequest&)> answer) {
    MutexLock lock(mutex_);
    answer_ = std::move(answer);
  }

  template <class Method, class Request>
  auto Made(Method method, const Request& request, const std::string& key = "") {
    const auto made = server_.CallWith(key.empty() ? server_.secret() : key, method, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made.response;
  }
  std::string CreateWebhook(const std::string& events, const char* path = "/kith") {
    v1::CreateWebhookRequest request;
    *request.mutable_webhook() = Proto<v1::Webhook>(events);
    request.mutable_webhook()->set_display_name("Ledger");
    request.mutable_webhook()->set_url(sink_.url(path));
    return Made(&Stub::CreateWebhook, request).name();
  }
  v1::ActivateWebhookResponse Activate(const std::string& name, const std::string& key = "") {
    v1::ActivateWebhookRequest request;
    request.set_name(name);
    return Made(&Stub::ActivateWebhook, request, key);
  }
  // Active, with the operator's rights.
  std::string ActiveWebhook(const std::string& events) {
    const std::string name = CreateWebhook(events);
    secret_ = Activate(name).secret();
    EXPECT_NE(secret_, "");
    return name;
  }
  v1::Webhook Get(const std::string& name) {
    v1::GetWebhookRequest request;
    request.set_name(name);
    return Made(&Stub::GetWebhook, request);
  }
  std::string CreateDeal(const std::string& name, const std::string& more = "") {
    deals::v1::CreateDealRequest request;
    *request.mutable_deal() = Proto<deals::v1::Deal>(more);
    request.mutable_deal()->set_display_name(name);
    return Made(&DealsService::Stub::CreateDeal, request).name();
  }
  void RenameDeal(const std::string& deal, const std::string& name) {
    deals::v1::UpdateDealRequest request;
    request.mutable_deal()->set_name(deal);
    request.mutable_deal()->set_display_name(name);
    Made(&DealsService::Stub::UpdateDeal, request);
  }
  std::vector<v1::WebhookDelivery> Deliveries(const std::string& filter = "") {
    v1::ListWebhookDeliveriesRequest request;
    request.set_filter(filter);
    request.set_page_size(1'000);
    request.set_order_by("create_time");
    const auto listed = Made(&DeliveryStub::ListWebhookDeliveries, request);
    return {listed.webhook_deliveries().begin(), listed.webhook_deliveries().end()};
  }
  // Until so many deliveries are so far, which an event makes them.
  std::vector<v1::WebhookDelivery> Await(size_t count, v1::DeliveryState state = v1::DELIVERED) {
    std::vector<v1::WebhookDelivery> found;
    testing::AwaitThat(server_, [&] {
      found = Deliveries();
      std::erase_if(found, [&](const v1::WebhookDelivery& one) { return one.state() != state; });
      return found.size() >= count;
    });
    return found;
  }
  std::vector<std::string> TypesTold() {
    std::vector<std::string> types;
    for (const HttpRequest& request : sink_.requests()) {
      types.push_back(Json::parse(request.body)["type"]);
    }
    return types;
  }
  // What the log keeps of it.
  std::string AnswerTo(const std::string& delivery) {
    const auto cursor = server_.runtime().log.ReadStream(WorkspaceId(1), delivery, Revision(2),
                                                         eventstore::Direction::kForwards,
                                                         eventstore::ReadTier::kDisk);
    const auto event = server_.runtime().registry.Decode(*cursor->Next(), server_.keys());
    EXPECT_TRUE(event.ok()) << event.status();
    const auto& ended = static_cast<const v1::WebhookDeliveryEvent&>(*(*event)->event);
    EXPECT_TRUE(ended.has_webhook_delivery_ended());
    return ended.webhook_delivery_ended().answer().body();
  }
  // A user of this role, and a key of theirs.
  std::pair<std::string, std::string> CreateUser(const std::string& role) {
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Rob");
    user.mutable_user()->add_roles(role);
    const std::string name = Made(&users::v1::UsersService::Stub::CreateUser, user).name();
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Rob's");
    key.mutable_api_key()->add_permissions("*");
    key.mutable_api_key()->set_user(name);
    return {name, Made(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key).secret()};
  }
  std::string CreateRole(const std::string& text) {
    roles::v1::CreateRoleRequest request;
    *request.mutable_role() = Proto<roles::v1::Role>(text);
    request.mutable_role()->set_display_name("Seller");
    return Made(&roles::v1::RolesService::Stub::CreateRole, request).name();
  }
  std::vector<std::string> SignaturesBy(const std::vector<std::string>& secrets,
                                        const HttpRequest& request) {
    const std::string text =
        absl::StrCat(request.Header("Kith-Webhook-Timestamp"), ".", request.body);
    std::vector<std::string> signatures;
    for (const std::string& secret : secrets) {
      const Sha256Hash hash = HmacSha256(secret).Of(text);
      signatures.push_back(absl::BytesToHexString(
          absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size())));
    }
    return signatures;
  }
  static std::vector<std::string> SignaturesIn(const HttpRequest& request) {
    return absl::StrSplit(request.Header("Kith-Webhook-Signature"), ", ");
  }

  bool allows_loopback_ = true;  // the operator, from the next start on
  Mutex mutex_;
  std::function<std::string(const HttpRequest&)> answer_ KITH_GUARDED_BY(mutex_);
  testing::HttpSink sink_;
  testing::TestServer server_;
  std::string secret_;  // of the webhook that was activated last
};

// Whose deliveries are tried more often than once.
class PatientWebhooksTest : public WebhooksServiceTest {
 protected:
  PatientWebhooksTest() : WebhooksServiceTest(/*attempts=*/2) {}
};

}  // namespace kith::webhooks
