#include "services/runtime/requests/method.h"

#include <set>

#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/deals/v1/pipelines_service.pb.h"
#include "kith/events/v1/events_service.pb.h"
#include "kith/forecast/v1/forecast_service.pb.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "kith/workspaces/v1/workspaces_service.pb.h"
#include "tests/testing/decider_spec.h"

namespace kith::runtime {
namespace {

using kith::testing::Proto;

// Every method of every capability compiles, which aborts where a declaration is missing, and takes
// a request of its own; a method that changes something takes a request id.
TEST(Method, IsDeclaredInFullByEveryService) {
  std::set<std::string> names;
  for (const auto* file : {contacts::v1::GetContactRequest::descriptor()->file(),
                           deals::v1::GetDealRequest::descriptor()->file(),
                           deals::v1::GetPipelineRequest::descriptor()->file(),
                           events::v1::ReadEventsRequest::descriptor()->file(),
                           forecast::v1::QueryForecastRequest::descriptor()->file(),
                           interactions::v1::GetInteractionRequest::descriptor()->file(),
                           users::v1::GetUserRequest::descriptor()->file(),
                           workspaces::v1::GetWorkspaceRequest::descriptor()->file()}) {
    ASSERT_EQ(file->service_count(), 1) << file->name();
    for (int i = 0; i < file->service(0)->method_count(); ++i) {
      const Method& method = MethodTaking(file->service(0)->method(i)->input_type());
      EXPECT_TRUE(names.insert(method.name).second) << method.name;
      const bool writes = method.permission.find(".write") != std::string::npos;
      EXPECT_TRUE(!writes || method.request_id != nullptr) << method.name;
    }
  }
  EXPECT_TRUE(names.count("kith.contacts.v1.ContactsService/CreateContact"));
}

TEST(Method, KnowsTheFieldsThatEveryRequestMayHave) {
  const Method& create = MethodOf<contacts::v1::CreateContactRequest>();
  EXPECT_EQ(create.permission, "contacts.write");
  EXPECT_EQ(create.RequestIdOf(Proto<contacts::v1::CreateContactRequest>("request_id: 'r'")), "r");
  EXPECT_EQ(create.page_token, nullptr);
  const Method& list = MethodOf<contacts::v1::ListContactsRequest>();
  const auto request =
      Proto<contacts::v1::ListContactsRequest>("page_token: 'p' read { sequence: 7 }");
  EXPECT_EQ(list.PageTokenOf(request), "p");
  EXPECT_EQ(list.ReadOptionsOf(request).sequence(), 7);
  EXPECT_EQ(list.RequestIdOf(request), "");
}

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TEST(OccurTimeField, StandsInTheRequestOrInItsResource) {
  const OccurTimeField request(contacts::v1::CreateContactRequest::descriptor());
  EXPECT_EQ(
      *request.Read(
          Proto<contacts::v1::CreateContactRequest>("occur_time { seconds: 5 nanos: 1999 }"), kNow),
      absl::FromUnixMicros(5'000'001));
  const OccurTimeField resource(interactions::v1::RecordInteractionRequest::descriptor());
  EXPECT_EQ(*resource.Read(Proto<interactions::v1::RecordInteractionRequest>(
                               "interaction { occur_time { seconds: 5 } }"),
                           kNow),
            absl::FromUnixSeconds(5));
}

TEST(OccurTimeField, IsTheInfinitePastWhereNothingIsSaid) {
  const OccurTimeField field(contacts::v1::CreateContactRequest::descriptor());
  EXPECT_EQ(*field.Read(contacts::v1::CreateContactRequest(), kNow), absl::InfinitePast());
  EXPECT_EQ(*OccurTimeField(contacts::v1::GetContactRequest::descriptor())
                 .Read(contacts::v1::GetContactRequest(), kNow),
            absl::InfinitePast());
}

TEST(OccurTimeField, LiesAtMostFiveMinutesAhead) {
  const OccurTimeField field(interactions::v1::RecordInteractionRequest::descriptor());
  interactions::v1::RecordInteractionRequest request;
  auto* const time = request.mutable_interaction()->mutable_occur_time();
  time->set_seconds(absl::ToUnixSeconds(kNow) + 300);
  EXPECT_TRUE(field.Read(request, kNow).ok());
  time->set_nanos(1000);
  EXPECT_EQ(kith::testing::ViolatedFields(field.Read(request, kNow).status()),
            std::vector<std::string>({"interaction.occur_time"}));
}

}  // namespace
}  // namespace kith::runtime
