// Assignment rules over the whole server: who gets a record, that who asks at once takes turns,
// that a repeat changes nothing, and what waits. Whose turn it is, assignment_test.cc asks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "kith/assignment_rules/v1/assignment_rules_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workflows/v1/workflow_runs_service.grpc.pb.h"
#include "kith/workflows/v1/workflows_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/await.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::assignment_rules {
namespace {

using contacts::v1::ContactsService;
using deals::v1::DealsService;
using tasks::v1::TasksService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Proto;
using testing::Reply;
using users::v1::UsersService;
using Stub = v1::AssignmentRulesService::Stub;

class AssignmentRulesServiceTest : public ::testing::Test {
 protected:
  AssignmentRulesServiceTest()
      : server_(nullptr, [](runtime::ServerOptions& options) {
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
          options.policies.retry_first = absl::ZeroDuration();
        }) {}

  std::string CreateUser(const std::string& display_name, const std::string& text = "") {
    users::v1::CreateUserRequest request;
    *request.mutable_user() = Proto<users::v1::User>(text);
    request.mutable_user()->set_display_name(display_name);
    const auto made = server_.Call(&UsersService::Stub::CreateUser, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  std::string KeyOf(const std::string& user, const std::vector<std::string>& permissions = {"*"}) {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Key");
    key.mutable_api_key()->set_user(user);
    for (const auto& permission : permissions) key.mutable_api_key()->add_permissions(permission);
    const auto made = server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->secret();
  }
  Reply<v1::AssignmentRule> Create(const std::string& text) {
    v1::CreateAssignmentRuleRequest request;
    *request.mutable_assignment_rule() = Proto<v1::AssignmentRule>(text);
    request.mutable_assignment_rule()->set_display_name("Rule");
    return server_.Call(&Stub::CreateAssignmentRule, request);
  }
  std::string Created(const std::string& text) {
    const auto made = Create(text);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  // A rule of deals whose members are these, with `more`.
  std::string RuleOf(const std::vector<std::string>& users, const std::string& more = "") {
    std::string text = "resource: 'deals' " + more;
    for (const std::string& user : users) absl::StrAppend(&text, " members { user: '", user, "' }");
    return Created(text);
  }
  std::string CreateDeal(const std::string& text = "") {
    deals::v1::CreateDealRequest request;
    *request.mutable_deal() = Proto<deals::v1::Deal>(text);
    request.mutable_deal()->set_display_name("Atlas");
    const auto made = server_.Call(&DealsService::Stub::CreateDeal, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  std::string OwnerOf(const std::string& deal) {
    deals::v1::GetDealRequest request;
    request.set_name(deal);
    return server_.Call(&DealsService::Stub::GetDeal, request)->owner();
  }
  Reply<v1::Assignment> Assign(const std::string& rule, const std::string& record,
                               const std::string& more = "", const std::string& key = "") {
    auto request = Proto<v1::AssignRecordRequest>(more);
    request.set_rule(rule);
    request.set_record(record);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::AssignRecord, request);
  }
  Reply<v1::Assignment> Preview(const std::string& rule, const std::string& record,
                                const std::string& token = "", const std::string& key = "") {
    v1::PreviewAssignmentRequest request;
    request.set_rule(rule);
    request.set_record(record);
    if (!token.empty()) request.mutable_read()->set_token(token);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::PreviewAssignment,
                            request);
  }
  void SetAbsent(const std::string& user, absl::CivilDay first, absl::CivilDay last) {
    users::v1::UpdateUserRequest request;
    *request.mutable_user() = Proto<users::v1::User>(
        absl::StrCat("absences { start_date { year: ", first.year(), " month: ", first.month(),
                     " day: ", first.day(), " } end_date { year: ", last.year(),
                     " month: ", last.month(), " day: ", last.day(), " } }"));
    request.mutable_user()->set_name(user);
    const auto made = server_.Call(&UsersService::Stub::UpdateUser, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
  }
  absl::CivilDay Today() { return absl::ToCivilDay(server_.clock().Now(), absl::UTCTimeZone()); }
  // Until the record is somebody's, which an event makes it.
  void AwaitOwner(const std::string& deal, const std::string& owner) {
    testing::AwaitThat(server_, [&] { return OwnerOf(deal) == owner; });
  }

  testing::TestServer server_;
};

TEST_F(AssignmentRulesServiceTest, GivesRecordsInTurnsAndSaysWhy) {
  const std::string ada = CreateUser("Ada");
  const std::string ben = CreateUser("Ben");
  const std::string rule = RuleOf({ada, ben});
  const std::string deal = CreateDeal();
  const auto first = Assign(rule, deal, "request_id: 'one'");
  ASSERT_EQ(first.reason(), "") << first.status.error_message();
  EXPECT_EQ(first->owner(), ada);
  EXPECT_EQ(first->record(), deal);
  EXPECT_EQ(first->turn(), 1);
  EXPECT_EQ(first->explanation(), "Round robin, the first turn.");
  EXPECT_EQ(OwnerOf(deal), ada);

  SetAbsent(ben, Today(), Today() + 2);
  const auto second = Assign(rule, CreateDeal());
  EXPECT_EQ(second->owner(), ada);
  EXPECT_EQ(second->explanation(),
            absl::StrCat("Round robin, after ", ada, "; ", ben, " is absent until ",
                         absl::FormatCivilTime(Today() + 2), "."));
  server_.clock().Advance(absl::Hours(24 * 3));
  EXPECT_EQ(Assign(rule, CreateDeal())->owner(), ben);
  EXPECT_EQ(Assign(rule, CreateDeal())->owner(), ada);

  // A repeat is answered as it was then, and is nobody's turn; so after a restart.
  const auto repeated = Assign(rule, deal, "request_id: 'one'");
  EXPECT_EQ(repeated->DebugString(), first->DebugString());
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(Assign(rule, deal, "request_id: 'one'")->DebugString(), first->DebugString());
  EXPECT_EQ(Assign(rule, CreateDeal())->owner(), ben);
  EXPECT_EQ(Preview(rule, deal)->owner(), ada);
}

// Assigning changes neither the rule nor its etag: who is writing it is not disturbed.
// AS-5: of 8 leads that are nobody's two are of one contact; nobody else gets the second, and it
// takes nobody's place. They stay two.
TEST_F(AssignmentRulesServiceTest, GivesLeadsOfOneContactToOne) {
  const std::string ada = CreateUser("Ada");
  const std::string ben = CreateUser("Ben");
  const std::string rule = Created(absl::StrCat(
      "resource: 'leads' limit { records: 4 window { seconds: 86400 } } members { user: '", ada,
      "' } members { user: '", ben, "' }"));
  contacts::v1::CreateContactRequest contact;
  contact.mutable_contact()->set_first_name("Cyd");
  const std::string cyd = server_.Call(&ContactsService::Stub::CreateContact, contact)->name();
  const auto create_lead = [&](const std::string& text) {
    leads::v1::CreateLeadRequest request;
    *request.mutable_lead() = Proto<leads::v1::Lead>(text);
    const auto made = server_.Call(&leads::v1::LeadsService::Stub::CreateLead, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  };
  std::vector<std::string> asked;
  for (int i = 0; i < 8; ++i) {
    asked.push_back(create_lead(i == 1 || i == 4 ? absl::StrCat("contact: '", cyd, "'")
                                                 : absl::StrCat("first_name: 'L", i, "'")));
  }
  std::vector<v1::Assignment> made;
  for (const std::string& lead : asked) {
    // What is told is what is done.
    const auto told = Preview(rule, lead);
    EXPECT_EQ(told.reason(), "") << told.status.error_message();
    made.push_back(Assign(rule, lead).response);
    EXPECT_EQ(told->owner(), made.back().owner());
  }
  EXPECT_EQ(made[4].basis(), v1::SAME_CONTACT);
  EXPECT_EQ(made[4].owner(), made[1].owner());
  EXPECT_THAT(made[4].explanation(), HasSubstr("another open lead of the contact"));
  EXPECT_EQ(made[7].turn(), 7);
  std::map<std::string, int> given;
  for (const v1::Assignment& one : made) ++given[one.owner()];
  EXPECT_EQ(given, (std::map<std::string, int>{{ada, 4}, {ben, 4}}));
  // One turn is left, as the second was none.
  EXPECT_EQ(Assign(rule, create_lead("first_name: 'Dot'"))->turn(), 8);
  EXPECT_EQ(Assign(rule, create_lead("first_name: 'Eve'")).reason(), "NOBODY_AVAILABLE");
  EXPECT_EQ(Assign(rule, create_lead(absl::StrCat("contact: '", cyd, "'")))->owner(),
            made[1].owner());
}

// Two that come at once: the second is decided on what the first was given to.
TEST_F(AssignmentRulesServiceTest, GivesLeadsOfOneContactToOneWhereManyAskAtOnce) {
  std::vector<std::string> rules;
  for (const char* const name : {"Ada", "Ben", "Cyd", "Dot"}) {
    rules.push_back(
        Created(absl::StrCat("resource: 'leads' members { user: '", CreateUser(name), "' }")));
  }
  contacts::v1::CreateContactRequest contact;
  contact.mutable_contact()->set_first_name("Eve");
  leads::v1::CreateLeadRequest request;
  request.mutable_lead()->set_contact(
      server_.Call(&ContactsService::Stub::CreateContact, contact)->name());
  std::vector<std::string> owners(rules.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < rules.size(); ++i) {
    const std::string lead =
        server_.Call(&leads::v1::LeadsService::Stub::CreateLead, request)->name();
    threads.emplace_back([&, i, lead] { owners[i] = Assign(rules[i], lead)->owner(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(owners, ::testing::Each(owners[0]));
  EXPECT_NE(owners[0], "");
}

TEST_F(AssignmentRulesServiceTest, LeavesTheRuleAsItIs) {
  const std::string rule = RuleOf({CreateUser("Ada")});
  v1::GetAssignmentRuleRequest get;
  get.set_name(rule);
  const auto before = server_.Call(&Stub::GetAssignmentRule, get);
  EXPECT_EQ(Assign(rule, CreateDeal()).reason(), "");
  EXPECT_EQ(server_.Call(&Stub::GetAssignmentRule, get)->etag(), before->etag());
}

// Goal: who asks at once takes turns, and nobody is overlooked or asked twice. Method: four threads
// assign forty records by one rule of four members.
TEST_F(AssignmentRulesServiceTest, TakesTurnsWhereManyAskAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kEach = 10;
  for (const char* const strategy : {"ROUND_ROBIN", "LEAST_BUSY"}) {
    std::vector<std::string> users;
    for (int i = 0; i < kThreads; ++i) users.push_back(CreateUser(absl::StrCat("User ", i)));
    const std::string rule = RuleOf(users, absl::StrCat("strategy: ", strategy));
    std::vector<std::string> deals;
    for (int i = 0; i < kThreads * kEach; ++i) deals.push_back(CreateDeal());
    std::vector<std::vector<Reply<v1::Assignment>>> replies(kThreads);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          replies[static_cast<size_t>(t)].push_back(
              Assign(rule, deals[static_cast<size_t>(t * kEach + i)]));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::map<std::string, int> given;
    std::map<int64_t, std::string> by_turn;
    for (const auto& of_thread : replies) {
      for (const auto& reply : of_thread) {
        ASSERT_EQ(reply.reason(), "") << reply.status.error_message();
        ++given[reply->owner()];
        EXPECT_TRUE(by_turn.emplace(reply->turn(), reply->owner()).second) << reply->turn();
        EXPECT_EQ(OwnerOf(reply->record()), reply->owner());
      }
    }
    for (const std::string& user : users) EXPECT_EQ(given[user], kEach) << strategy;
    EXPECT_EQ(by_turn.begin()->first, 1);
    EXPECT_EQ(by_turn.rbegin()->first, kThreads * kEach);
    for (const auto& [turn, user] : by_turn) {
      EXPECT_EQ(user, users[static_cast<size_t>((turn - 1) % kThreads)]) << strategy;
    }
  }
}

TEST_F(AssignmentRulesServiceTest, CountsWhatIsOpen) {
  const std::string ada = CreateUser("Ada");
  const std::string ben = CreateUser("Ben");
  const std::string rule = RuleOf({ada, ben}, "strategy: LEAST_BUSY");
  CreateDeal(absl::StrCat("owner: '", ada, "'"));
  const std::string second = CreateDeal(absl::StrCat("owner: '", ben, "'"));
  const std::string third = CreateDeal(absl::StrCat("owner: '", ben, "'"));
  const std::string deal = CreateDeal();
  EXPECT_EQ(Preview(rule, deal)->owner(), ada);
  for (const std::string& won : {second, third}) {
    deals::v1::WinDealRequest win;
    win.set_name(won);
    EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  }
  EXPECT_EQ(Preview(rule, deal)->owner(), ben);
  EXPECT_EQ(Assign(rule, deal)->owner(), ben);
}

// Goal: who does not see everybody's records does not learn from a rule how many each has.
TEST_F(AssignmentRulesServiceTest, TellsNobodyWhoIsBusyWithWhatTheyDoNotSee) {
  const std::string ada = CreateUser("Ada");
  const std::string ben = CreateUser("Ben");
  const std::string rep = CreateUser("Rae", "roles: 'roles/sales-rep'");
  const std::string busy = RuleOf({ada, ben}, "strategy: LEAST_BUSY");
  const std::string turns = RuleOf({ada, ben});
  const std::string deal = CreateDeal(absl::StrCat("owner: '", rep, "'"));
  CreateDeal(absl::StrCat("owner: '", ada, "'"));
  const std::string key = KeyOf(rep);
  EXPECT_EQ(Preview(turns, deal, "", key).reason(), "");
  const auto refused = Preview(busy, deal, "", key);
  EXPECT_EQ(refused.reason(), "RECORDS_HIDDEN");
  EXPECT_EQ(refused.metadata("resource"), "deals");
  EXPECT_EQ(Preview(busy, deal)->owner(), ben);
}

// Goal: a rule is used with the rights of others, so who writes it has to have them.
TEST_F(AssignmentRulesServiceTest, AreWrittenByThoseWhoMayGiveEveryRecord) {
  const std::string rule = RuleOf({CreateUser("Ada")});
  roles::v1::CreateRoleRequest role;
  *role.mutable_role() = Proto<roles::v1::Role>(
      "display_name: 'Rules' grants { permission: 'assignment_rules.*' scope: ALL } "
      "grants { permission: 'users.read' scope: ALL } "
      "grants { permission: 'deals.*' scope: TEAM }");
  const std::string some = server_.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name();
  role.mutable_role()->set_display_name("All rules");
  role.mutable_role()->mutable_grants(2)->set_scope(roles::v1::ALL);
  const std::string all = server_.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name();
  const std::string cy = CreateUser("Cy", absl::StrCat("roles: '", some, "'"));
  v1::UpdateAssignmentRuleRequest update;
  update.mutable_assignment_rule()->set_name(rule);
  update.mutable_assignment_rule()->set_fallback(cy);
  const auto refused = server_.CallWith(KeyOf(cy), &Stub::UpdateAssignmentRule, update);
  EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(refused.metadata("permission"), "deals.write");
  const std::string di = CreateUser("Di", absl::StrCat("roles: '", all, "'"));
  EXPECT_EQ(server_.CallWith(KeyOf(di), &Stub::UpdateAssignmentRule, update).reason(), "");
}

TEST_F(AssignmentRulesServiceTest, RefusesWhatIsSomebodysOrClosed) {
  const std::string ada = CreateUser("Ada");
  const std::string ben = CreateUser("Ben");
  const std::string rule = RuleOf({ada, ben});
  const std::string deal = CreateDeal(absl::StrCat("owner: '", ada, "'"));
  const auto owned = Assign(rule, deal);
  EXPECT_EQ(owned.reason(), "ALREADY_OWNED");
  EXPECT_EQ(owned.metadata("owner"), ada);
  EXPECT_EQ(Assign(rule, deal, "reassign: true etag: '7'").reason(), "ETAG_MISMATCH");
  EXPECT_EQ(Assign(rule, deal, "reassign: true").reason(), "");
  const auto again = Assign(rule, deal, "reassign: true");
  EXPECT_EQ(again->previous_owner(), ada);
  EXPECT_EQ(again->owner(), ben);
  deals::v1::WinDealRequest win;
  win.set_name(deal);
  EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  EXPECT_EQ(Assign(rule, deal, "reassign: true").reason(), "RECORD_CLOSED");
  EXPECT_EQ(Assign(rule, "deals/none").reason(), "RECORD_NOT_FOUND");
  EXPECT_EQ(Assign(rule, ada).reason(), "WRONG_RESOURCE");
  EXPECT_EQ(Assign("assignmentRules/none", deal).reason(), "ASSIGNMENT_RULE_NOT_FOUND");
}

TEST_F(AssignmentRulesServiceTest, ServesEveryResourceThatHasOwners) {
  const std::string ada = CreateUser("Ada");
  teams::v1::CreateTeamRequest team;
  team.mutable_team()->set_display_name("Sales");
  const std::string sales = server_.Call(&teams::v1::TeamsService::Stub::CreateTeam, team)->name();
  const std::string rule = Created(
      absl::StrCat("resource: 'contacts' branches { condition: 'addresses.country in (DE, AT)' "
                   "assignee: '",
                   ada, "' }"));
  const auto contact = [&](const std::string& country) {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Eve");
    request.mutable_contact()->add_addresses()->set_country(country);
    return server_.Call(&ContactsService::Stub::CreateContact, request)->name();
  };
  EXPECT_EQ(Assign(rule, contact("AT"))->owner(), ada);
  EXPECT_EQ(Assign(rule, contact("FR")).reason(), "NOBODY_AVAILABLE");

  // A task may be a team's: it waits there, and may be given to somebody.
  const std::string to_team = Created(absl::StrCat("resource: 'tasks' fallback: '", sales, "'"));
  const std::string to_ada =
      Created(absl::StrCat("resource: 'tasks' members { user: '", ada, "' }"));
  tasks::v1::CreateTaskRequest task;
  task.mutable_task()->set_display_name("Call");
  const std::string call = server_.Call(&TasksService::Stub::CreateTask, task)->name();
  EXPECT_EQ(Assign(to_team, call)->owner(), sales);
  EXPECT_EQ(Assign(to_ada, call)->owner(), ada);
  EXPECT_EQ(Assign(to_team, call).reason(), "ALREADY_OWNED");
}

TEST_F(AssignmentRulesServiceTest, RefusesRulesThatCannotBe) {
  const std::string ada = CreateUser("Ada");
  EXPECT_THAT(Create("resource: 'users'").fields(), ElementsAre("assignment_rule.resource"));
  teams::v1::CreateTeamRequest team;
  team.mutable_team()->set_display_name("Sales");
  const std::string sales = server_.Call(&teams::v1::TeamsService::Stub::CreateTeam, team)->name();
  const auto wrong = Create(absl::StrCat(
      "resource: 'deals' strategy: SPREAD members { user: '", ada, "' } members { user: '", ada,
      "' monthly_capacity: 3 preference: 'colour = red' } branches { condition: 'owner = Ada' "
      "assignee: '",
      sales, "' } fallback: '", sales, "' limit { window { } }"));
  EXPECT_EQ(wrong.reason(), "INVALID_RULE");
  EXPECT_THAT(
      wrong.fields(),
      ElementsAre("assignment_rule.members[0].monthly_capacity", "assignment_rule.members[1].user",
                  "assignment_rule.members[1].preference", "assignment_rule.branches[0].condition",
                  "assignment_rule.branches[0].assignee", "assignment_rule.fallback",
                  "assignment_rule.limit.window"));
  EXPECT_EQ(Create("resource: 'deals' members { user: 'users/none' }").reason(),
            "LINKED_RECORD_NOT_FOUND");
}

// As of a moment, who would have been next then: neither later turns nor absences nor changes of
// the rule alter it.
TEST_F(AssignmentRulesServiceTest, TellsWhoWouldHaveBeenNextThen) {
  const std::string ada = CreateUser("Ada");
  const std::string ben = CreateUser("Ben");
  const std::string rule = RuleOf({ada, ben});
  const std::string deal = CreateDeal();
  const auto then = Assign(rule, CreateDeal());
  const auto preview = Preview(rule, deal, then.token);
  EXPECT_EQ(preview->owner(), ben);
  EXPECT_EQ(preview->explanation(), absl::StrCat("Round robin, after ", ada, "."));
  EXPECT_EQ(OwnerOf(deal), "");
  Assign(rule, CreateDeal());
  SetAbsent(ben, Today(), Today() + 9);
  v1::UpdateAssignmentRuleRequest update;
  *update.mutable_assignment_rule() =
      Proto<v1::AssignmentRule>(absl::StrCat("members { user: '", ada, "' }"));
  update.mutable_assignment_rule()->set_name(rule);
  EXPECT_EQ(server_.Call(&Stub::UpdateAssignmentRule, update).reason(), "");
  EXPECT_EQ(Preview(rule, deal)->owner(), ada);
  EXPECT_EQ(Preview(rule, deal, then.token)->DebugString(), preview->DebugString());
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(Preview(rule, deal, then.token)->DebugString(), preview->DebugString());
}

TEST_F(AssignmentRulesServiceTest, SaysWhyNobodyCan) {
  const std::string ada = CreateUser("Ada");
  const std::string rule = RuleOf({ada});
  const std::string deal = CreateDeal();
  SetAbsent(ada, Today(), Today());
  for (const auto& refused : {Assign(rule, deal), Preview(rule, deal)}) {
    EXPECT_EQ(refused.reason(), "NOBODY_AVAILABLE");
    EXPECT_THAT(refused.status.error_message(), HasSubstr(absl::StrCat(ada, " is absent until")));
    EXPECT_EQ(
        refused.metadata("try_time"),
        absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromCivil(Today() + 1, absl::UTCTimeZone()),
                         absl::UTCTimeZone()));
    const auto failure = refused.detail<google::rpc::PreconditionFailure>();
    ASSERT_EQ(failure.violations_size(), 1);
    EXPECT_EQ(failure.violations(0).type(), "ABSENT");
    EXPECT_EQ(failure.violations(0).subject(), ada);
  }
  EXPECT_EQ(OwnerOf(deal), "");
}

// AS-9, AS-10: what waits is assigned by itself when somebody can take it, once, over a restart,
// and not where it became somebody's meanwhile.
TEST_F(AssignmentRulesServiceTest, WaitsForSomebody) {
  const std::string ada = CreateUser("Ada");
  const std::string ben = CreateUser("Ben");
  const std::string rule = RuleOf({ada, ben}, "limit { records: 2 window { seconds: 3600 } }");
  std::vector<std::string> deals;
  for (int i = 0; i < 6; ++i) deals.push_back(CreateDeal());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Assign(rule, deals[static_cast<size_t>(i)]).reason(), "");
  const auto waits = Assign(rule, deals[4], "wait: true request_id: 'w'");
  ASSERT_EQ(waits.reason(), "") << waits.status.error_message();
  EXPECT_EQ(waits->owner(), "");
  EXPECT_EQ(FromTimestamp(waits->try_time()), server_.clock().Now() + absl::Hours(1));
  EXPECT_THAT(waits->explanation(), HasSubstr("It waits: nobody can take it"));
  EXPECT_EQ(Assign(rule, deals[4], "wait: true request_id: 'w'")->DebugString(),
            waits->DebugString());
  EXPECT_EQ(Assign(rule, deals[5], "wait: true").reason(), "");
  deals::v1::UpdateDealRequest update;
  update.mutable_deal()->set_name(deals[5]);
  update.mutable_deal()->set_owner(ben);
  EXPECT_EQ(server_.Call(&DealsService::Stub::UpdateDeal, update).reason(), "");
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(OwnerOf(deals[4]), "");
  // Ada is away for the first window: it waits for Ben, who can at the same moment.
  SetAbsent(ada, Today(), Today());
  server_.clock().Advance(absl::Hours(1));
  AwaitOwner(deals[4], ben);
  EXPECT_EQ(OwnerOf(deals[5]), ben);
  // Nobody knows when who is paused comes back.
  const std::string paused =
      Created(absl::StrCat("resource: 'deals' members { user: '", ada, "' paused: true }"));
  EXPECT_EQ(Assign(paused, CreateDeal(), "wait: true").reason(), "NOBODY_AVAILABLE");
}

// Whoever assigns a record must be able to update it.
TEST_F(AssignmentRulesServiceTest, NeedsWhatAnUpdateOfTheRecordNeeds) {
  const std::string ada = CreateUser("Ada", "roles: 'roles/sales-rep'");
  const std::string ben = CreateUser("Ben", "roles: 'roles/sales-rep'");
  const std::string rule = RuleOf({ben});
  const std::string unowned = CreateDeal();
  const std::string hidden = CreateDeal(absl::StrCat("owner: '", ben, "'"));
  const std::string own = CreateDeal(absl::StrCat("owner: '", ada, "'"));
  const std::string key = KeyOf(ada);
  EXPECT_EQ(Assign(rule, hidden, "reassign: true", key).reason(), "RECORD_NOT_FOUND");
  EXPECT_EQ(Assign(rule, "deals/none", "", key).reason(), "RECORD_NOT_FOUND");
  EXPECT_EQ(Assign(rule, unowned, "", key).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Assign(rule, own, "reassign: true", key)->owner(), ben);
  const std::string narrow = KeyOf("", {"assignment_rules.*", "deals.read"});
  EXPECT_EQ(Assign(rule, unowned, "", narrow).reason(), "PERMISSION_DENIED");
  const std::string eve = CreateUser("Eve");
  SetAbsent(eve, Today(), Today());
  const std::string away = RuleOf({eve});
  EXPECT_EQ(Assign(away, unowned, "wait: true", narrow).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Assign(away, unowned, "wait: true").reason(), "");
  EXPECT_EQ(Preview(rule, unowned, "", narrow)->owner(), ben);
  EXPECT_EQ(Preview(rule, hidden, "", key).reason(), "DEAL_NOT_FOUND");
}

// Whom it gives a record tells what a condition asks for.
TEST_F(AssignmentRulesServiceTest, AsksNothingThatIsHiddenFromWhoWritesIt) {
  roles::v1::CreateRoleRequest role;
  *role.mutable_role() = Proto<roles::v1::Role>(
      R"(display_name: 'Blind' field_groups: PERSONAL
         grants { permission: 'assignment_rules.*' scope: ALL }
         grants { permission: 'deals.*' scope: ALL }
         grants { permission: 'users.read' scope: ALL })");
  const auto blind = server_.Call(&roles::v1::RolesService::Stub::CreateRole, role);
  ASSERT_EQ(blind.reason(), "");
  const std::string mole = CreateUser("Mole", absl::StrCat("roles: '", blind->name(), "'"));
  const std::string key = KeyOf(mole);
  v1::CreateAssignmentRuleRequest create;
  *create.mutable_assignment_rule() = Proto<v1::AssignmentRule>(
      absl::StrCat("display_name: 'Rule' resource: 'deals' members { user: '", mole, "' } "));
  EXPECT_EQ(server_.CallWith(key, &Stub::CreateAssignmentRule, create).reason(), "");
  *create.mutable_assignment_rule()->add_branches() = Proto<v1::AssignmentBranch>(
      absl::StrCat("condition: 'amount > \"10000 EUR\"' assignee: '", mole, "'"));
  EXPECT_EQ(server_.CallWith(key, &Stub::CreateAssignmentRule, create).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(server_.Call(&Stub::CreateAssignmentRule, create).reason(), "");
  // Who prefers such records is said with the assignment, so a preference asks as well.
  create.mutable_assignment_rule()->clear_branches();
  create.mutable_assignment_rule()->mutable_members(0)->set_preference("amount > \"10000 EUR\"");
  EXPECT_EQ(server_.CallWith(key, &Stub::CreateAssignmentRule, create).reason(),
            "PERMISSION_DENIED");
  v1::UpdateAssignmentRuleRequest update;
  *update.mutable_assignment_rule() = create.assignment_rule();
  update.mutable_assignment_rule()->set_name(RuleOf({mole}));
  update.mutable_update_mask()->add_paths("members");
  EXPECT_EQ(server_.CallWith(key, &Stub::UpdateAssignmentRule, update).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(server_.Call(&Stub::UpdateAssignmentRule, update).reason(), "");
}

// A workflow's call step names the method as any other.
TEST_F(AssignmentRulesServiceTest, IsCalledByWorkflows) {
  const std::string ada = CreateUser("Ada");
  const std::string rule = RuleOf({ada});
  workflows::v1::CreateWorkflowRequest create;
  *create.mutable_workflow() = Proto<workflows::v1::Workflow>(
      absl::StrCat("display_name: 'Assign' trigger { resource: 'deals' change: CREATED } "
                   "steps { id: 'assign' call { method: 'AssignRecord' request: '",
                   R"({"rule": ")", rule, R"(", "record": "{{record.name}}"}' } })"));
  const auto created = server_.Call(&workflows::v1::WorkflowsService::Stub::CreateWorkflow, create);
  ASSERT_EQ(created.reason(), "") << created.status.error_message();
  workflows::v1::ActivateWorkflowRequest activate;
  activate.set_name(created->name());
  EXPECT_EQ(
      server_.Call(&workflows::v1::WorkflowsService::Stub::ActivateWorkflow, activate).reason(),
      "");
  const std::string deal = CreateDeal();
  AwaitOwner(deal, ada);
  workflows::v1::ListWorkflowRunsRequest list;
  const auto runs = server_.Call(&workflows::v1::WorkflowRunsService::Stub::ListWorkflowRuns, list);
  ASSERT_EQ(runs->workflow_runs_size(), 1);
  EXPECT_EQ(runs->workflow_runs(0).outcomes(0).changed(0), deal);
}

}  // namespace
}  // namespace kith::assignment_rules
