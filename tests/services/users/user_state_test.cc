// Users who come and go: their state, their absences, whose records they leave to whom, and what
// they may do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/saved_views/v1/saved_views_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_errors.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_errors.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::users {
namespace {

using contacts::v1::ContactsService;
using deals::v1::DealsService;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Proto;
using ::testing::UnorderedElementsAre;
using Stub = v1::UsersService::Stub;

class UserStateTest : public ::testing::Test {
 protected:
  testing::Reply<v1::User> Create(const std::string& user = R"(display_name: "Marta")",
                                  const std::string& secret = "") {
    v1::CreateUserRequest request;
    *request.mutable_user() = Proto<v1::User>(user);
    return server_.CallWith(secret.empty() ? server_.secret() : secret, &Stub::CreateUser, request);
  }
  std::string Created(const std::string& user = R"(display_name: "Marta")") {
    const auto created = Create(user);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  testing::Reply<v1::User> Update(const std::string& user, const std::string& mask) {
    v1::UpdateUserRequest request;
    *request.mutable_user() = Proto<v1::User>(user);
    request.mutable_update_mask()->add_paths(mask);
    return server_.Call(&Stub::UpdateUser, request);
  }
  testing::Reply<v1::User> Deactivate(const std::string& user, const std::string& etag = "",
                                      const std::string& secret = "") {
    v1::DeactivateUserRequest request;
    request.set_name(user);
    request.set_etag(etag);
    return server_.CallWith(secret.empty() ? server_.secret() : secret, &Stub::DeactivateUser,
                            request);
  }
  testing::Reply<v1::User> Activate(const std::string& user, const std::string& secret = "") {
    v1::ActivateUserRequest request;
    request.set_name(user);
    return server_.CallWith(secret.empty() ? server_.secret() : secret, &Stub::ActivateUser,
                            request);
  }
  std::string CreateContact(const std::string& owner) {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    request.mutable_contact()->set_owner(owner);
    return server_.Call(&ContactsService::Stub::CreateContact, request)->name();
  }
  std::string CreateDeal(const std::string& owner) {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name("Atlas");
    request.mutable_deal()->set_owner(owner);
    return server_.Call(&DealsService::Stub::CreateDeal, request)->name();
  }
  std::string OwnerOfContact(const std::string& contact) {
    contacts::v1::GetContactRequest request;
    request.set_name(contact);
    return server_.Call(&ContactsService::Stub::GetContact, request)->owner();
  }
  testing::Reply<v1::BatchChangeOwnerResponse> Give(
      const std::string& from, const std::string& to, const std::string& request_id = "",
      const std::vector<std::string>& collections = {}, const std::string& secret = "") {
    v1::BatchChangeOwnerRequest request;
    request.set_owner(from);
    request.set_new_owner(to);
    request.set_request_id(request_id);
    for (const std::string& collection : collections) request.add_collections(collection);
    return server_.CallWith(secret.empty() ? server_.secret() : secret, &Stub::BatchChangeOwner,
                            request);
  }
  std::string KeyGranting(const std::vector<std::string>& permissions) {
    workspaces::v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Another");
    for (const std::string& each : permissions) request.mutable_api_key()->add_permissions(each);
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, request)->secret();
  }

  // Of a user whose only role is this new one.
  std::string KeyOfUserWith(const std::string& role) {
    roles::v1::CreateRoleRequest create;
    *create.mutable_role() = Proto<roles::v1::Role>(role);
    const auto made = server_.Call(&roles::v1::RolesService::Stub::CreateRole, create);
    EXPECT_EQ(made.reason(), "");
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Theirs");
    key.mutable_api_key()->set_user(
        Created(absl::StrCat("display_name: 'Ines' roles: '", made->name(), "'")));
    key.mutable_api_key()->add_permissions("*");
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  }

  // What becomes of a command, where `meanwhile` happens between its first decision and the append.
  template <class Request>
  absl::Status RunWith(const Request& request, std::shared_ptr<const runtime::Member> member,
                       const std::function<void()>& meanwhile) {
    runtime::Origin origin;
    runtime::Caller caller{server_.workspace(), "tester", runtime::Grants({"*"}),
                           std::make_shared<Settings>()};
    caller.member = std::move(member);
    origin.caller = std::make_shared<runtime::Caller>(std::move(caller));
    const std::string& method = runtime::MethodOf<Request>().name;
    const runtime::CommandHandler& command = *server_.methods().FindCommand(method)->handler();
    bool is_first = true;
    const auto decide = [&](runtime::Loader& load, const CommandContext& context) -> Decision {
      Decision decision = command.Decide(load, request, context);
      if (decision.ok() && std::exchange(is_first, false)) meanwhile();
      return decision;
    };
    const absl::Status done =
        server_.runtime().transact.RunAndWait(origin, server_.workspace(), decide);
    EXPECT_FALSE(is_first) << done;
    return done;
  }
  v1::UserState StateOf(const std::string& user) {
    v1::GetUserRequest request;
    request.set_name(user);
    return server_.Call(&Stub::GetUser, request)->state();
  }

  testing::TestServer server_;
};

// Goal: who is sent away owns nothing afterwards, whatever happens at once.
TEST_F(UserStateTest, StaysActiveWhereARecordBecomesTheirsMeanwhile) {
  const std::string marta = Created();
  const std::string priya = Created();
  const std::string contact = CreateContact(priya);
  v1::DeactivateUserRequest deactivate;
  deactivate.set_name(marta);
  v1::DeleteUserRequest remove;
  remove.set_name(marta);
  const auto is_refused = [](const absl::Status& status) {
    return IsError(status, v1::USERS_ERROR_OWNS_RECORDS);
  };
  EXPECT_TRUE(is_refused(RunWith(deactivate, nullptr, [&] { CreateContact(marta); })));
  EXPECT_EQ(Give(marta, priya).reason(), "");
  EXPECT_TRUE(is_refused(RunWith(remove, nullptr, [&] { CreateDeal(marta); })));
  EXPECT_EQ(Give(marta, priya).reason(), "");
  EXPECT_TRUE(is_refused(RunWith(deactivate, nullptr, [&] { Give(priya, marta); })));
  EXPECT_EQ(OwnerOfContact(contact), marta);
  EXPECT_EQ(StateOf(marta), v1::ACTIVE);
  EXPECT_EQ(Give(marta, priya).reason(), "");
  EXPECT_TRUE(RunWith(deactivate, nullptr, [&] { CreateContact(priya); }).ok());
  EXPECT_EQ(StateOf(marta), v1::INACTIVE);
}

// Goal: nor do they own what was deleted before they were sent away, and is brought back.
TEST_F(UserStateTest, GetsNothingBackOnceTheyAreSentAway) {
  const std::string marta = Created();
  const std::string contact = CreateContact(marta);
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(contact);
  contacts::v1::UndeleteContactRequest undelete;
  undelete.set_name(contact);
  const auto bring_back = [&] {
    return server_.Call(&ContactsService::Stub::UndeleteContact, undelete);
  };
  ASSERT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, remove).reason(), "");
  ASSERT_EQ(Deactivate(marta).reason(), "");
  const auto refused = bring_back();
  EXPECT_EQ(refused.reason(), "USER_INACTIVE");
  EXPECT_EQ(refused.metadata("name"), marta);
  EXPECT_EQ(refused.metadata("field"), "owner");
  EXPECT_THAT(refused.status.error_message(), HasSubstr("Activate them, bring it back"));

  v1::DeleteUserRequest leave;
  leave.set_name(marta);
  ASSERT_EQ(server_.Call(&Stub::DeleteUser, leave).reason(), "");
  const auto missing = bring_back();
  EXPECT_EQ(missing.reason(), "LINKED_RECORD_DELETED");
  EXPECT_EQ(missing.metadata("record"), marta);
  EXPECT_EQ(missing.metadata("field"), "owner");

  // What the refusals say to do can be done.
  v1::UndeleteUserRequest come;
  come.set_name(marta);
  ASSERT_EQ(server_.Call(&Stub::UndeleteUser, come).reason(), "");
  ASSERT_EQ(Activate(marta).reason(), "");
  EXPECT_EQ(bring_back().reason(), "");
  EXPECT_EQ(Give(marta, Created()).reason(), "");
  EXPECT_EQ(Deactivate(marta).reason(), "");
}

TEST_F(UserStateTest, GetsNothingBackAsTheyAreSentAway) {
  const std::string marta = Created();
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(CreateContact(marta));
  ASSERT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, remove).reason(), "");
  contacts::v1::UndeleteContactRequest undelete;
  undelete.set_name(remove.name());
  const absl::Status late =
      RunWith(undelete, nullptr, [&] { EXPECT_EQ(Deactivate(marta).reason(), ""); });
  EXPECT_TRUE(IsError(late, v1::USERS_ERROR_USER_INACTIVE)) << late;
  ASSERT_EQ(Activate(marta).reason(), "");
  v1::DeactivateUserRequest deactivate;
  deactivate.set_name(marta);
  const absl::Status kept = RunWith(deactivate, nullptr, [&] {
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UndeleteContact, undelete).reason(), "");
  });
  EXPECT_TRUE(IsError(kept, v1::USERS_ERROR_OWNS_RECORDS)) << kept;
}

TEST_F(UserStateTest, GetsNothingBackThatWasMerged) {
  const std::string marta = Created();
  const std::string priya = Created();
  contacts::v1::MergeContactsRequest merge;
  merge.set_name(CreateContact(priya));
  merge.add_merged(CreateContact(marta));
  ASSERT_EQ(server_.Call(&ContactsService::Stub::MergeContacts, merge).reason(), "");
  ASSERT_EQ(Deactivate(marta).reason(), "");
  contacts::v1::UnmergeContactRequest unmerge;
  unmerge.set_name(merge.merged(0));
  EXPECT_EQ(server_.Call(&ContactsService::Stub::UnmergeContact, unmerge).reason(),
            "USER_INACTIVE");
  v1::DeleteUserRequest leave;
  leave.set_name(marta);
  ASSERT_EQ(server_.Call(&Stub::DeleteUser, leave).reason(), "");
  EXPECT_EQ(server_.Call(&ContactsService::Stub::UnmergeContact, unmerge).reason(),
            "LINKED_RECORD_DELETED");
  v1::UndeleteUserRequest come;
  come.set_name(marta);
  ASSERT_EQ(server_.Call(&Stub::UndeleteUser, come).reason(), "");
  ASSERT_EQ(Activate(marta).reason(), "");
  v1::DeactivateUserRequest deactivate;
  deactivate.set_name(marta);
  const absl::Status kept = RunWith(deactivate, nullptr, [&] {
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UnmergeContact, unmerge).reason(), "");
  });
  EXPECT_TRUE(IsError(kept, v1::USERS_ERROR_OWNS_RECORDS)) << kept;
  EXPECT_EQ(OwnerOfContact(merge.merged(0)), marta);
}

// Goal: the same of who takes something from a queue at once, whichever comes first.
TEST_F(UserStateTest, TakesNothingAsTheyAreSentAway) {
  teams::v1::CreateTeamRequest team;
  team.mutable_team()->set_display_name("North");
  const std::string north = server_.Call(&teams::v1::TeamsService::Stub::CreateTeam, team)->name();
  const std::string marta =
      Created(absl::StrCat("display_name: 'Marta' roles: 'roles/sales-rep' teams: '", north, "'"));
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Theirs");
  key.mutable_api_key()->set_user(marta);
  key.mutable_api_key()->add_permissions("*");
  const std::string secret =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  const auto queued = [&] {
    tasks::v1::CreateTaskRequest request;
    request.mutable_task()->set_display_name("Call");
    request.mutable_task()->set_owner(north);
    return server_.Call(&tasks::v1::TasksService::Stub::CreateTask, request)->name();
  };
  tasks::v1::TakeTaskRequest take;
  take.set_name(queued());
  v1::DeactivateUserRequest deactivate;
  deactivate.set_name(marta);
  const absl::Status kept = RunWith(deactivate, nullptr, [&] {
    EXPECT_EQ(server_.CallWith(secret, &tasks::v1::TasksService::Stub::TakeTask, take).reason(),
              "");
  });
  EXPECT_TRUE(IsError(kept, v1::USERS_ERROR_OWNS_RECORDS)) << kept;
  EXPECT_EQ(Give(marta, Created()).reason(), "");
  take.set_name(queued());
  const auto member = std::make_shared<runtime::Member>();
  member->user = marta;
  member->groups = {north, marta};
  std::sort(member->groups.begin(), member->groups.end());
  const absl::Status late =
      RunWith(take, member, [&] { EXPECT_EQ(Deactivate(marta).reason(), ""); });
  EXPECT_TRUE(IsError(late, tasks::v1::TASKS_ERROR_NOT_IN_TEAM)) << late;
  EXPECT_EQ(StateOf(marta), v1::INACTIVE);
}

TEST_F(UserStateTest, IsActiveUntilItIsSaidOtherwise) {
  const auto marta = Create(R"(display_name: "Marta" state: INACTIVE language: "en-GB")");
  EXPECT_EQ(marta->state(), v1::ACTIVE) << "what a caller says of it is ignored";
  const auto gone = Deactivate(marta->name());
  EXPECT_EQ(gone->state(), v1::INACTIVE);
  EXPECT_EQ(gone->etag(), "2");
  EXPECT_EQ(Deactivate(marta->name())->etag(), "2") << "nothing is left to do";
  EXPECT_EQ(Deactivate(marta->name(), "1").reason(), "ETAG_MISMATCH");
  v1::ListUsersRequest list;
  list.set_filter("state = INACTIVE");
  EXPECT_EQ(server_.Call(&Stub::ListUsers, list)->users_size(), 1);
  EXPECT_EQ(Activate(marta->name())->state(), v1::ACTIVE);
  EXPECT_EQ(server_.Call(&Stub::ListUsers, list)->users_size(), 0);
  EXPECT_EQ(Deactivate("users/01J00000000000000000000000").reason(), "USER_NOT_FOUND");
}

TEST_F(UserStateTest, StaysActiveWhileTheyOwnRecords) {
  const std::string marta = Created();
  const std::string priya = Created();
  const std::string contact = CreateContact(marta);
  const std::string deal = CreateDeal(marta);
  CreateDeal(priya);
  v1::DeleteUserRequest remove;
  remove.set_name(marta);
  const auto kept = server_.Call(&Stub::DeleteUser, remove);
  EXPECT_EQ(kept.reason(), "OWNS_RECORDS");
  EXPECT_EQ(kept.metadata("at_least"), "2");
  const auto refused = Deactivate(marta);
  EXPECT_EQ(refused.reason(), "OWNS_RECORDS");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(refused.metadata("at_least"), "2");
  EXPECT_THAT(refused.metadata("records"), HasSubstr(contact));
  EXPECT_THAT(refused.metadata("records"), HasSubstr(deal));
  const auto given = Give(marta, priya, "once");
  ASSERT_EQ(given.reason(), "");
  EXPECT_THAT(given->records(), UnorderedElementsAre(contact, deal));
  EXPECT_THAT(given->refused(), IsEmpty());
  EXPECT_FALSE(given->more());
  EXPECT_EQ(OwnerOfContact(contact), priya);
  EXPECT_THAT(Give(marta, priya, "once")->records(), UnorderedElementsAre(contact, deal))
      << "a repeat tells the same";
  EXPECT_THAT(Give(marta, priya, "twice")->records(), IsEmpty());
  EXPECT_EQ(Deactivate(marta).reason(), "");
  EXPECT_EQ(Give(priya, marta).reason(), "USER_INACTIVE");
}

TEST_F(UserStateTest, BecomesTheOwnerOfNothingOnceTheyLeft) {
  const std::string marta = Created();
  const std::string priya = Created();
  contacts::v1::CreateContactRequest contact;
  contact.mutable_contact()->set_first_name("Ada");
  contact.mutable_contact()->set_owner(priya);
  const std::string ada = server_.Call(&ContactsService::Stub::CreateContact, contact)->name();
  ASSERT_EQ(Deactivate(marta).reason(), "");
  contact.mutable_contact()->set_owner(marta);
  const auto refused = server_.Call(&ContactsService::Stub::CreateContact, contact);
  EXPECT_EQ(refused.reason(), "USER_INACTIVE");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(refused.metadata("name"), marta);
  EXPECT_EQ(refused.metadata("field"), "contact.owner");
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(ada);
  update.mutable_contact()->set_owner(marta);
  EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, update).reason(), "USER_INACTIVE");
  companies::v1::CreateCompanyRequest company;
  company.mutable_company()->set_display_name("Alderbrook");
  company.mutable_company()->set_owner(marta);
  EXPECT_EQ(server_.Call(&companies::v1::CompaniesService::Stub::CreateCompany, company).reason(),
            "USER_INACTIVE");
  EXPECT_EQ(Create(absl::StrCat("display_name: 'Ines' manager: '", marta, "'")).metadata("field"),
            "user.manager");
  const auto away =
      Create(absl::StrCat("display_name: 'Ines' absences { start_date { year: 2026 "
                          "month: 8 day: 3 } end_date { year: 2026 month: 8 day: 14 } "
                          "stand_in: '",
                          marta, "' }"));
  EXPECT_EQ(away.reason(), "USER_INACTIVE");
  EXPECT_EQ(away.metadata("field"), "user.absences[0].stand_in");
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Marta's");
  key.mutable_api_key()->set_user(marta);
  key.mutable_api_key()->add_permissions("*");
  using workspaces::v1::WorkspacesService;
  const auto keyless = server_.Call(&WorkspacesService::Stub::CreateApiKey, key);
  EXPECT_EQ(keyless.reason(), "USER_INACTIVE");
  EXPECT_EQ(keyless.metadata("field"), "api_key.user");
  ASSERT_EQ(Activate(marta).reason(), "");
  EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, update).reason(), "");
  EXPECT_EQ(server_.Call(&WorkspacesService::Stub::CreateApiKey, key).reason(), "");
}

TEST_F(UserStateTest, LeavesManyRecordsPageByPage) {
  const std::string marta = Created();
  const std::string priya = Created();
  for (int i = 0; i < 130; ++i) CreateContact(marta);
  EXPECT_EQ(Deactivate(marta).metadata("at_least"), "101");
  const auto first = Give(marta, priya);
  EXPECT_EQ(first->records_size(), 100);
  EXPECT_TRUE(first->more());
  const auto second = Give(marta, priya);
  EXPECT_EQ(second->records_size(), 30);
  EXPECT_FALSE(second->more());
}

TEST_F(UserStateTest, LeavesWhatTheCallerMayChange) {
  const std::string marta = Created();
  const std::string priya = Created();
  const std::string contact = CreateContact(marta);
  const std::string deal = CreateDeal(marta);
  const auto given =
      Give(marta, priya, "", {}, KeyGranting({"users.change_owner", "contacts.write"}));
  ASSERT_EQ(given.reason(), "");
  EXPECT_THAT(given->records(), ElementsAre(contact));
  ASSERT_EQ(given->refused_size(), 1);
  EXPECT_EQ(given->refused(0).name(), deal);
  EXPECT_EQ(given->refused(0).status().code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(Give(marta, priya, "", {"contacts"})->records(), IsEmpty());
  EXPECT_THAT(Give(marta, priya, "", {"deals"})->records(), ElementsAre(deal));
}

TEST_F(UserStateTest, LeavesHiddenRecordsWithoutTheirNames) {
  const std::string key = KeyOfUserWith(
      "display_name: 'Half' grants { permission: 'users.*' scope: ALL } "
      "grants { permission: 'contacts.*' scope: OWN } grants { permission: 'deals.*' scope: ALL }");
  const std::string marta = Created();
  const std::string priya = Created();
  // More than are looked past: what is seen is found behind them all the same.
  for (int i = 0; i < 230; ++i) CreateContact(marta);
  const std::string deal = CreateDeal(marta);
  const auto refused = Deactivate(marta, "", key);
  EXPECT_EQ(refused.reason(), "OWNS_RECORDS");
  EXPECT_EQ(refused.metadata("records"), deal);
  EXPECT_EQ(refused.metadata("at_least"), "1");
  EXPECT_THAT(refused.status.error_message(),
              HasSubstr("1 records, " + deal + " for one, and others that the credentials do not"));
  EXPECT_THAT(refused.status.error_details(), Not(HasSubstr("contacts/")));
  const auto given = Give(marta, priya, "", {}, key);
  ASSERT_EQ(given.reason(), "");
  EXPECT_THAT(given->records(), ElementsAre(deal));
  EXPECT_THAT(given->refused(), IsEmpty());
  EXPECT_FALSE(given->more());
  EXPECT_TRUE(given->hidden_records());
  const auto still = Deactivate(marta, "", key);
  EXPECT_EQ(still.reason(), "OWNS_RECORDS");
  EXPECT_EQ(still.metadata("at_least"), "0");
  EXPECT_THAT(still.status.error_details(), Not(HasSubstr("contacts/")));
  EXPECT_FALSE(Give(marta, priya)->hidden_records()) << "to who sees all";
}

TEST_F(UserStateTest, LeavesRecordsToSomebodyElseWhoIsThere) {
  const std::string marta = Created();
  EXPECT_THAT(Give(marta, marta).fields(), ElementsAre("new_owner"));
  EXPECT_EQ(Give(marta, "users/01J00000000000000000000000").reason(), "LINKED_RECORD_NOT_FOUND");
  const auto unknown = Give(marta, Created(), "", {"deals", "cats", "pipelines"});
  EXPECT_THAT(unknown.fields(), ElementsAre("collections[1]", "collections[2]"));
}

// "absences { … }" of days in March 2026.
std::string Away(int from, int to, const std::string& more = "") {
  return absl::StrCat(" absences { start_date { year: 2026 month: 3 day: ", from,
                      " } end_date { year: 2026 month: 3 day: ", to, " } ", more, " }");
}

TEST_F(UserStateTest, HasAbsencesThatFollowOneAnother) {
  const std::string priya = Created();
  const std::string away =
      absl::StrCat(R"(display_name: "Marta")", Away(2, 6, absl::StrCat("stand_in: '", priya, "'")));
  const auto marta = Create(absl::StrCat(away, Away(7, 7)));
  ASSERT_EQ(marta.reason(), "");
  EXPECT_EQ(marta->absences(0).stand_in(), priya);
  EXPECT_THAT(Create(absl::StrCat(away, Away(6, 9), Away(20, 19))).fields(),
              ElementsAre("user.absences[1]", "user.absences[2].end_date"));
  EXPECT_THAT(Update(absl::StrCat("name: '", marta->name(), "'",
                                  Away(2, 6, absl::StrCat("stand_in: '", marta->name(), "'"))),
                     "absences")
                  .fields(),
              ElementsAre("user.absences[0].stand_in"));
}

TEST_F(UserStateTest, GivesUpTheLastAdministratorToNobody) {
  const std::string marta = Created(R"(display_name: "Marta" roles: "roles/admin")");
  EXPECT_EQ(Deactivate(marta).reason(), "LAST_ADMIN");
  EXPECT_EQ(Update(absl::StrCat("name: '", marta, "'"), "roles").reason(), "LAST_ADMIN");
  v1::DeleteUserRequest remove;
  remove.set_name(marta);
  EXPECT_EQ(server_.Call(&Stub::DeleteUser, remove).reason(), "LAST_ADMIN");
  const std::string priya = Created(R"(display_name: "Priya" roles: "roles/admin")");
  ASSERT_EQ(Deactivate(priya).reason(), "");
  EXPECT_EQ(Deactivate(marta).reason(), "LAST_ADMIN") << "one who is inactive does not count";
  ASSERT_EQ(Activate(priya).reason(), "");
  ASSERT_EQ(Deactivate(marta).reason(), "");
  EXPECT_EQ(Update(absl::StrCat("name: '", priya, "'"), "roles").reason(), "LAST_ADMIN");
  EXPECT_EQ(Update(absl::StrCat("name: '", marta, "'"), "roles").reason(), "");
}

TEST_F(UserStateTest, IsGivenARoleByThoseWhoMayAllOfIt) {
  const std::string key = KeyGranting({"users.*", "contacts.*"});
  const auto refused = Create(R"(display_name: "Marta" roles: "roles/auditor")", key);
  EXPECT_EQ(refused.reason(), "ROLE_NOT_GRANTED");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(refused.metadata("field"), "user.roles[0]");
  EXPECT_EQ(refused.metadata("permission"), "*.read");
  const std::string auditor = Created(R"(display_name: "Marta" roles: "roles/auditor")");
  v1::DeleteUserRequest remove;
  remove.set_name(auditor);
  ASSERT_EQ(server_.Call(&Stub::DeleteUser, remove).reason(), "");
  v1::UndeleteUserRequest undelete;
  undelete.set_name(auditor);
  EXPECT_EQ(server_.CallWith(key, &Stub::UndeleteUser, undelete).reason(), "ROLE_NOT_GRANTED");
  EXPECT_EQ(server_.Call(&Stub::UndeleteUser, undelete).reason(), "");
  EXPECT_EQ(Create(R"(display_name: "Marta" roles: "roles/x")").reason(),
            "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(
      Create(R"(display_name: "Marta" roles: "roles/auditor" roles: "roles/auditor")").fields(),
      std::vector<std::string>{"user.roles[1]"});
}

TEST_F(UserStateTest, IsGivenARoleByThoseWhoAreShownWhatItShows) {
  const std::string key = KeyOfUserWith(
      "display_name: 'Half' grants { permission: '*' scope: ALL } field_groups: PERSONAL");
  const auto refused = Create(R"(display_name: "Marta" roles: "roles/auditor")", key);
  EXPECT_EQ(refused.reason(), "ROLE_NOT_GRANTED");
  EXPECT_EQ(refused.metadata("field"), "user.roles[0]");
  EXPECT_EQ(refused.metadata("field_group"), "MONEY");
  EXPECT_EQ(Create(R"(display_name: "Marta" roles: "roles/marketing")", key).reason(), "");
}

TEST_F(UserStateTest, ComesBackByThoseWhoCouldGiveThemTheirRoles) {
  const std::string half = KeyOfUserWith(
      "display_name: 'Half' grants { permission: 'users.*' scope: ALL } "
      "field_groups: PERSONAL field_groups: MONEY");
  const std::string auditor = Created(R"(display_name: "Marta" roles: "roles/auditor")");
  roles::v1::CreateRoleRequest create;
  *create.mutable_role() = Proto<roles::v1::Role>(
      "display_name: 'Seller' grants { permission: 'deals.read' scope: OWN }");
  const std::string role = server_.Call(&roles::v1::RolesService::Stub::CreateRole, create)->name();
  const std::string seller = Created(absl::StrCat("display_name: 'Priya' roles: '", role, "'"));
  const std::string nobody = Created();
  for (const std::string& user : {auditor, seller, nobody}) {
    ASSERT_EQ(Deactivate(user).reason(), "");
  }
  const auto refused = Activate(auditor, half);
  EXPECT_EQ(refused.reason(), "ROLE_NOT_GRANTED");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(refused.metadata("role"), "roles/auditor");
  EXPECT_EQ(refused.metadata("field"), "name");
  EXPECT_EQ(Activate(seller, half).metadata("role"), role);
  EXPECT_EQ(Activate(nobody, half).reason(), "");
  EXPECT_EQ(Activate(auditor)->state(), v1::ACTIVE);
  EXPECT_EQ(Activate(auditor, half).reason(), "") << "nothing is left to do";
}

TEST_F(UserStateTest, TellsWhatTheyMayAndThroughWhichRole) {
  roles::v1::CreateRoleRequest role;
  *role.mutable_role() = Proto<roles::v1::Role>(
      R"pb(display_name: "Mine"
           grants { permission: "contacts.write" scope: OWN }
           grants { permission: "users.*" scope: ALL }
           grants { permission: "teams.*" scope: TEAM }
           field_groups: PERSONAL)pb");
  const std::string mine = server_.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name();
  const std::string marta = Created(
      absl::StrCat(R"(display_name: "Marta" roles: "roles/sales-rep")", " roles: '", mine, "'"));
  v1::GetUserAccessRequest ask;
  ask.set_name(marta);
  const auto access = server_.Call(&Stub::GetUserAccess, ask);
  ASSERT_EQ(access.reason(), "");
  std::vector<std::string> told;
  for (const auto& each : access->permissions()) {
    told.push_back(absl::StrCat(each.permission(), " ", roles::v1::AccessScope_Name(each.scope()),
                                " ", absl::StrJoin(each.roles(), " ")));
  }
  EXPECT_THAT(told, Contains("contacts.read TEAM roles/sales-rep"));
  EXPECT_THAT(told, Contains("companies.write OWN roles/sales-rep"));
  EXPECT_THAT(told, Contains(absl::StrCat("contacts.write OWN roles/sales-rep ", mine)));
  EXPECT_THAT(told, Contains(absl::StrCat("users.read ALL roles/sales-rep ", mine)));
  EXPECT_THAT(told, Contains(absl::StrCat("users.write ALL ", mine)));
  EXPECT_THAT(told, Not(Contains(HasSubstr("teams.write")))) << "it counts for all teams, or none";
  EXPECT_THAT(told, Not(Contains(HasSubstr("users.impersonate"))));
  ASSERT_EQ(access->field_groups_size(), 2);
  EXPECT_THAT(access->field_groups(0).roles(), ElementsAre("roles/sales-rep", mine));
  EXPECT_THAT(access->field_groups(1).roles(), ElementsAre("roles/sales-rep"));
  ask.mutable_read()->set_token(access.token);
  ASSERT_EQ(Update(absl::StrCat("name: '", marta, "'"), "roles").reason(), "");
  ASSERT_EQ(Deactivate(marta).reason(), "");
  EXPECT_EQ(server_.Call(&Stub::GetUserAccess, ask)->permissions_size(), access->permissions_size())
      << "as of before";
  ask.clear_read();
  EXPECT_EQ(server_.Call(&Stub::GetUserAccess, ask)->permissions_size(), 0);
  ask.set_name("users/01J00000000000000000000000");
  EXPECT_EQ(server_.Call(&Stub::GetUserAccess, ask).reason(), "USER_NOT_FOUND");
}

}  // namespace
}  // namespace kith::users
