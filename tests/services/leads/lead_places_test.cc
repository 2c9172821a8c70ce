// Where leads are met beside their own methods: timelines, profiles, agendas and assignment rules.
#include "kith/assignment_rules/v1/assignment_rules_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/profiles/v1/profiles_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "tests/services/leads/leads_fixture.h"

namespace kith::leads {
namespace {

using interactions::v1::InteractionsService;
using profiles::v1::ProfilesService;
using tasks::v1::TasksService;
using ::testing::ElementsAre;

class LeadPlacesTest : public LeadsFixture {
 protected:
  interactions::v1::Interaction Call(const std::string& parent) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(parent);
    request.mutable_interaction()->set_kind(interactions::v1::CALL);
    request.mutable_interaction()->set_direction(interactions::v1::INBOUND);
    request.mutable_interaction()->set_subject("First call");
    const auto recorded = server_.Call(&InteractionsService::Stub::RecordInteraction, request);
    EXPECT_EQ(recorded.reason(), "") << recorded.status.error_message();
    return recorded.response;
  }
  std::vector<std::string> Timeline(const std::string& parent) {
    interactions::v1::ListTimelineRequest request;
    request.set_parent(parent);
    const auto listed = server_.Call(&InteractionsService::Stub::ListTimeline, request);
    EXPECT_EQ(listed.reason(), "");
    std::vector<std::string> types;
    for (const auto& entry : listed->entries()) types.push_back(entry.type());
    return types;
  }
  tasks::v1::Agenda Agenda(const std::string& user) {
    tasks::v1::QueryAgendaRequest request;
    request.set_user(user);
    const auto told = server_.Call(&TasksService::Stub::QueryAgenda, request);
    EXPECT_EQ(told.reason(), "") << told.status.error_message();
    return told.response;
  }
};

TEST_F(LeadPlacesTest, HaveATimelineWithInteractions) {
  const std::string name = Created("first_name: 'Bo'");
  const v1::Lead before = Get(name).response;
  server_.clock().Advance(absl::Hours(1));
  const auto call = Call(name);
  Do(&Stub::ContactLead, name);
  EXPECT_THAT(Timeline(name),
              ElementsAre("lead_status_changed", "interaction_recorded", "lead_created"));
  interactions::v1::GetInteractionRequest get;
  get.set_name(call.name());
  EXPECT_EQ(server_.Call(&InteractionsService::Stub::GetInteraction, get)->subject(), "First call");
}

// An interaction touches the lead, and changes it not.
TEST_F(LeadPlacesTest, SayWhenSomethingLastHappened) {
  const std::string quiet = Created("first_name: 'Cy'");
  const std::string name = Created("first_name: 'Bo'");
  const v1::Lead before = Get(name).response;
  server_.clock().Advance(absl::Hours(1));
  Call(name);
  const v1::Lead after = Get(name).response;
  EXPECT_EQ(after.etag(), before.etag());
  EXPECT_EQ(after.last_activity_time().seconds() - before.last_activity_time().seconds(), 3'600);
  EXPECT_THAT(List("", "last_activity_time"), ElementsAre(quiet, name));
  // Who gives it to somebody does nothing about it yet.
  users::v1::CreateUserRequest user;
  user.mutable_user()->set_display_name("Ben");
  v1::UpdateLeadRequest give;
  give.mutable_lead()->set_name(name);
  give.mutable_lead()->set_owner(
      server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name());
  server_.clock().Advance(absl::Hours(1));
  const auto given = server_.Call(&Stub::UpdateLead, give);
  EXPECT_EQ(given->status(), v1::ASSIGNED) << given.reason();
  EXPECT_EQ(Get(name)->last_activity_time().seconds(), after.last_activity_time().seconds());
}

TEST_F(LeadPlacesTest, StandInTheProfilesOfContactsAndCompanies) {
  const std::string bo = CreateContact("first_name: 'Bo' emails { address: 'bo@a.example' }");
  const std::string acme = CreateCompany("display_name: 'Acme'");
  const std::string open = Created(absl::StrCat("contact: '", bo, "' company: '", acme, "'"));
  server_.clock().Advance(absl::Hours(1));
  const std::string done = Created("email: 'bo@a.example'");
  EXPECT_EQ(Do(&Stub::ConvertLead, done, absl::StrCat("company: '", acme, "'")).reason(), "");
  profiles::v1::GetContactProfileRequest of_contact;
  of_contact.set_name(bo);
  const auto contact = server_.Call(&ProfilesService::Stub::GetContactProfile, of_contact);
  ASSERT_EQ(contact->leads().leads_size(), 2) << contact.status.error_message();
  EXPECT_EQ(contact->leads().leads(0).name(), done);
  EXPECT_EQ(contact->leads().leads(1).name(), open);
  profiles::v1::GetCompanyProfileRequest of_company;
  of_company.set_name(acme);
  const auto company = server_.Call(&ProfilesService::Stub::GetCompanyProfile, of_company);
  EXPECT_EQ(company->leads().summary().total_size(), 2);
}

// No lead is forgotten: the agenda has those that nothing is to be done about.
TEST_F(LeadPlacesTest, StandInTheAgendaWhileTheyHaveNoTask) {
  const std::string ada = CreateUser("");
  const std::string first = Created(absl::StrCat("first_name: 'Bo' owner: '", ada, "'"));
  server_.clock().Advance(absl::Hours(1));
  const std::string second = Created(absl::StrCat("first_name: 'Cy' owner: '", ada, "'"));
  const std::string out = Created(absl::StrCat("first_name: 'Di' owner: '", ada, "'"));
  Created("first_name: 'Ed'");
  Do(&Stub::DisqualifyLead, out, "reason: SPAM");
  const auto idle = [&] {
    std::vector<std::string> names;
    const tasks::v1::Agenda agenda = Agenda(ada);
    for (const v1::Lead& lead : agenda.leads_without_task()) names.push_back(lead.name());
    return names;
  };
  EXPECT_THAT(idle(), ElementsAre(first, second));
  tasks::v1::CreateTaskRequest create;
  create.mutable_task()->set_display_name("Call them");
  create.mutable_task()->set_lead(first);
  const std::string task = Make(&TasksService::Stub::CreateTask, create);
  EXPECT_THAT(idle(), ElementsAre(second));
  tasks::v1::CompleteTaskRequest complete;
  complete.set_name(task);
  EXPECT_EQ(server_.Call(&TasksService::Stub::CompleteTask, complete).reason(), "");
  EXPECT_THAT(idle(), ElementsAre(first, second));
}

// A rule gives leads as it gives any record: in turns, and nothing that is closed.
TEST_F(LeadPlacesTest, AreGivenByAssignmentRules) {
  using assignment_rules::v1::AssignmentRulesService;
  const std::string ada = CreateUser("display_name: 'Ada'");
  const std::string bo = CreateUser("display_name: 'Bo'");
  assignment_rules::v1::CreateAssignmentRuleRequest create;
  auto& rule = *create.mutable_assignment_rule();
  rule.set_display_name("Leads in turns");
  rule.set_resource("leads");
  rule.set_strategy(assignment_rules::v1::ROUND_ROBIN);
  rule.add_members()->set_user(ada);
  rule.add_members()->set_user(bo);
  const std::string name = Make(&AssignmentRulesService::Stub::CreateAssignmentRule, create);
  const auto assign = [&](const std::string& lead) {
    assignment_rules::v1::AssignRecordRequest request;
    request.set_rule(name);
    request.set_record(lead);
    return server_.Call(&AssignmentRulesService::Stub::AssignRecord, request);
  };
  std::vector<std::string> owners;
  for (int i = 0; i < 4; ++i) {
    const std::string lead = Created("first_name: 'Cy'");
    EXPECT_EQ(assign(lead).reason(), "");
    EXPECT_EQ(Get(lead)->status(), v1::ASSIGNED);
    owners.push_back(Get(lead)->owner());
  }
  EXPECT_THAT(owners, ElementsAre(ada, bo, ada, bo));
  const std::string out = Created("first_name: 'Di'");
  Do(&Stub::DisqualifyLead, out, "reason: SPAM");
  EXPECT_EQ(assign(out).reason(), "RECORD_CLOSED");
}

}  // namespace
}  // namespace kith::leads
