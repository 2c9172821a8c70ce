// Who is told of leads, over the whole server.
#include <gmock/gmock.h>

#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "tests/services/notifications/notices_fixture.h"

namespace kith::notifications {
namespace {

using leads::v1::LeadsService;
using ::testing::ElementsAre;

class LeadNoticesTest : public NoticesFixture {
 protected:
  std::string CreateLead(const std::string& text, const std::string& key = "") {
    leads::v1::CreateLeadRequest request;
    *request.mutable_lead() = testing::Proto<leads::v1::Lead>(text);
    const auto made = server_.CallWith(key.empty() ? server_.secret() : key,
                                       &LeadsService::Stub::CreateLead, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  void Give(const std::string& lead, const std::string& owner, const std::string& key = "") {
    leads::v1::UpdateLeadRequest request;
    request.mutable_lead()->set_name(lead);
    request.mutable_lead()->set_owner(owner);
    EXPECT_EQ(server_
                  .CallWith(key.empty() ? server_.secret() : key, &LeadsService::Stub::UpdateLead,
                            request)
                  .reason(),
              "");
  }
};

// Whose it becomes, without a word of the person: only the company's name stands in clear.
TEST_F(LeadNoticesTest, TellWhoseALeadBecomes) {
  const std::string ada = CreateUser("Ada");
  const std::string team = CreateTeam("North");
  const std::string bo = CreateUser("Bo", absl::StrCat("teams: '", team, "'"));
  const std::string lead = CreateLead("first_name: 'Cy' company_name: 'Harrow'");
  Give(lead, team);
  AwaitThat([&] { return !Told(bo, v1::ASSIGNMENT).empty(); });
  EXPECT_THAT(Texts(bo, v1::ASSIGNMENT),
              ElementsAre("A lead of Harrow waits in the queue of your team."));
  Give(lead, ada);
  AwaitThat([&] { return !Told(ada, v1::ASSIGNMENT).empty(); });
  EXPECT_THAT(Texts(ada, v1::ASSIGNMENT), ElementsAre("A lead of Harrow is yours now."));
  EXPECT_EQ(Told(ada, v1::ASSIGNMENT).front().record(), lead);
}

// Goal: who gets leads of a table hears of them, though they came in long ago.
TEST_F(LeadNoticesTest, TellOfLeadsThatCameInLongAgo) {
  const std::string ada = CreateUser("Ada");
  leads::v1::CreateLeadRequest request;
  request.mutable_lead()->set_first_name("Cy");
  request.mutable_lead()->set_owner(ada);
  request.mutable_occur_time()->set_seconds(1'600'000'000);
  ASSERT_EQ(server_.Call(&LeadsService::Stub::CreateLead, request).reason(), "");
  AwaitThat([&] { return !Told(ada, v1::ASSIGNMENT).empty(); });
  EXPECT_THAT(Texts(ada, v1::ASSIGNMENT), ElementsAre("A lead is yours now."));
}

TEST_F(LeadNoticesTest, TellNobodyWhatTheyDoThemselves) {
  const std::string ada = CreateUser("Ada", "roles: 'roles/sales-manager'");
  const std::string key = KeyOf(ada);
  CreateLead("first_name: 'Cy'", key);
  const std::string other = CreateLead("first_name: 'Di'");
  Give(other, ada, key);
  CreateLead(absl::StrCat("first_name: 'Ed' owner: '", ada, "'"));
  AwaitThat([&] { return !Told(ada, v1::ASSIGNMENT).empty(); });
  EXPECT_THAT(Texts(ada, v1::ASSIGNMENT), ElementsAre("A lead is yours now."));
}

}  // namespace
}  // namespace kith::notifications
