// What an import job made, and taking it back, over gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/import_jobs/import_jobs_fixture.h"
#include "tests/testing/members.h"

namespace kith::import_jobs {
namespace {

using ::testing::HasSubstr;

class ImportJobReverts : public ImportJobsTest {
 protected:
  using Policies = policies::v1::PoliciesService::Stub;

  // Whether they go on by themselves.
  auto Pause() {
    policies::v1::PausePolicyRequest request;
    request.set_name("policies/import_job_reverts");
    return server_.Call(&Policies::PausePolicy, request);
  }
  auto Resume() {
    policies::v1::ResumePolicyRequest request;
    request.set_name("policies/import_job_reverts");
    return server_.Call(&Policies::ResumePolicy, request);
  }
};

TEST_F(ImportJobReverts, KnowWhatTheyMadeWheneverViewsAreFolded) {
  const std::string ada = CreateContact(R"(emails { address: "ada@example.com" })");
  const Begun job = BeginUpsert();
  ASSERT_EQ(OutcomeOf(job, R"(first_name: "Ada" emails { address: "ada@example.com" })"),
            v1::ROW_UPDATED);
  ASSERT_EQ(OutcomeOf(job, R"(last_name: "Byron" emails { address: "ada@example.com" })"),
            v1::ROW_UPDATED);
  const auto bea = Import(job, R"(emails { address: "bea@example.com" })");
  CreateContact(R"(first_name: "Somebody else")");
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) server_.Restart(true);
    const auto changes = Changes(job.name);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].record(), bea->name());
    EXPECT_TRUE(changes[0].created());
    EXPECT_EQ(changes[1].record(), ada);
    EXPECT_FALSE(changes[1].created());
    EXPECT_EQ(changes[1].first_revision(), 2);
    EXPECT_EQ(changes[1].last_revision(), 3);
    EXPECT_EQ(changes[1].event_count(), 2);
  }
}

TEST_F(ImportJobReverts, AreTakenBackRecordByRecord) {
  const std::string ada = CreateContact(R"(
    first_name: "Ada" job_title: "Analyst" emails { address: "ada@example.com" })");
  const std::string cleo = CreateContact(R"(emails { address: "cleo@example.com" })");
  const Begun job = BeginUpsert();
  const auto row = [&](const std::string& text) { return Import(job, text)->name(); };
  row(R"(job_title: "Countess" notes: "x" emails { address: "ada@example.com" })");
  const std::string bea = row(R"(emails { address: "bea@example.com" })");
  const std::string dora = row(R"(emails { address: "dora@example.com" })");
  row(R"(first_name: "Cleo" emails { address: "cleo@example.com" })");
  EXPECT_EQ(Revert(job.name).reason(), "STILL_RUNNING");
  Complete(job.name);
  // Somebody goes on with two of them.
  UpdateContact(dora, R"(first_name: "Dora")");
  UpdateContact(cleo, R"(notes: "called")");

  const auto planned = Preview(job.name);
  ASSERT_EQ(planned.size(), 4u);
  EXPECT_EQ(planned[0].change().record(), cleo);
  EXPECT_TRUE(planned[0].has_kept());
  EXPECT_EQ(planned[1].change().record(), dora);
  EXPECT_TRUE(planned[1].has_kept());
  EXPECT_FALSE(planned[2].has_kept());
  EXPECT_FALSE(planned[3].has_kept());
  EXPECT_EQ(GetContact(bea).reason(), "");

  const Reverted reverted = RevertAll(job.name);
  EXPECT_EQ(reverted.taken_back, 2);
  EXPECT_EQ(reverted.kept.size(), 2u);
  EXPECT_THAT(reverted.kept.at(cleo), HasSubstr("changed since"));
  EXPECT_EQ(GetContact(bea).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(GetContact(dora).reason(), "");
  EXPECT_EQ(GetContact(cleo)->first_name(), "Cleo");
  EXPECT_EQ(GetContact(ada)->job_title(), "Analyst");
  EXPECT_EQ(GetContact(ada)->notes(), "");
  EXPECT_EQ(GetContact(ada)->emails_size(), 1);
  // Nothing of it is undone since.
  EXPECT_EQ(RevertAll(job.name).taken_back, 0);
  EXPECT_EQ(Get(job.name).reverted_count(), 2);
  EXPECT_EQ(Get(job.name).kept_count(), 2);
}

TEST_F(ImportJobReverts, KnowWhatRowsMadeWithoutACause) {
  const std::string ada = CreateContact(R"(emails { address: "ada@example.com" })");
  const Begun job = BeginUpsert();
  const Begun other = BeginUpsert();
  v1::ImportRecordRequest request;
  request.set_import_job(job.name);
  *request.mutable_contact() =
      Proto<Contact>(R"(first_name: "Ada" emails { address: "ada@example.com" })");
  EXPECT_EQ(server_.Call(&Stub::ImportRecord, request)->outcome(), v1::ROW_UPDATED);
  *request.mutable_contact() = Proto<Contact>(R"(emails { address: "bea@example.com" })");
  const std::string bea = server_.Call(&Stub::ImportRecord, request)->name();
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) server_.Restart(true);
    const auto changes = Changes(job.name);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].record(), bea);
    EXPECT_EQ(changes[1].record(), ada);
    EXPECT_TRUE(Changes(other.name).empty());
  }
  Complete(job.name);
  EXPECT_EQ(RevertAll(job.name).taken_back, 2);
  EXPECT_EQ(GetContact(ada)->first_name(), "");
  EXPECT_EQ(GetContact(bea).reason(), "CONTACT_NOT_FOUND");
}

// Three jobs change one contact: each can be taken back once those after it were.
TEST_F(ImportJobReverts, TakeBackWhatIsAgainAsTheyLeftIt) {
  std::vector<Begun> jobs;
  const char* const titles[] = {"a", "b", "c"};
  std::string ada;
  for (const char* const title : titles) {
    jobs.push_back(BeginUpsert());
    ada = Import(jobs.back(),
                 absl::StrCat("job_title: '", title, "' emails { address: 'ada@example.com' }"))
              ->name();
    Complete(jobs.back().name);
  }
  const Reverted early = RevertAll(jobs[1].name);
  EXPECT_EQ(early.taken_back, 0);
  EXPECT_THAT(early.kept.at(ada), HasSubstr("changed since"));
  EXPECT_EQ(RevertAll(jobs[2].name).taken_back, 1);
  EXPECT_EQ(GetContact(ada)->job_title(), "b");
  EXPECT_FALSE(Preview(jobs[1].name)[0].has_kept());
  EXPECT_EQ(RevertAll(jobs[1].name).taken_back, 1);
  EXPECT_EQ(GetContact(ada)->job_title(), "a");
  EXPECT_EQ(RevertAll(jobs[0].name).taken_back, 1);
  EXPECT_EQ(GetContact(ada).reason(), "CONTACT_NOT_FOUND");
}

// Goal: a second revert looks at what the first one kept. Method: a contact that a deal names, of
// which somebody deletes the deal in between.
TEST_F(ImportJobReverts, LookAgainAtWhatWasKept) {
  const Begun job = BeginUpsert();
  const std::string ada = Import(job, R"(emails { address: "ada@example.com" })")->name();
  const std::string bea = Import(job, R"(emails { address: "bea@example.com" })")->name();
  Complete(job.name);
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Atlas");
  create.mutable_deal()->add_contacts()->set_contact(ada);
  const auto deal = server_.Call(&deals::v1::DealsService::Stub::CreateDeal, create);
  ASSERT_EQ(deal.reason(), "");

  const Reverted first = RevertAll(job.name);
  EXPECT_EQ(first.taken_back, 1);
  ASSERT_EQ(first.kept.size(), 1u);
  EXPECT_THAT(first.kept.at(ada), HasSubstr("some of the deals name it"));
  EXPECT_EQ(GetContact(bea).reason(), "CONTACT_NOT_FOUND");
  const auto planned = Preview(job.name);
  ASSERT_EQ(planned.size(), 1u);
  EXPECT_EQ(planned[0].change().record(), ada);

  deals::v1::DeleteDealRequest remove;
  remove.set_name(deal->name());
  ASSERT_EQ(server_.Call(&deals::v1::DealsService::Stub::DeleteDeal, remove).reason(), "");
  const Reverted second = RevertAll(job.name);
  EXPECT_EQ(second.taken_back, 1);
  EXPECT_TRUE(second.kept.empty());
  EXPECT_EQ(GetContact(ada).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(Get(job.name).reverted_count(), 2);
  // Nothing is left: that changes nothing.
  const std::string etag = Get(job.name).etag();
  EXPECT_FALSE(Revert(job.name)->more());
  EXPECT_EQ(Get(job.name).etag(), etag);
}

// Goal: the plan says what the revert then does, also where a record stays because one that is kept
// names it. Method: of two contacts, each at a company that the job made, one is changed since.
TEST_F(ImportJobReverts, PlanToKeepWhatIsNamedByWhatIsKept) {
  const Begun job = BeginUpsert();
  const auto company = [&](const std::string& name) {
    companies::v1::CreateCompanyRequest create;
    create.mutable_company()->set_display_name(name);
    return CallOf(job, &CompaniesService::Stub::CreateCompany, create)->name();
  };
  const std::string acme = company("Acme"), other = company("Other");
  const auto contact = [&](const std::string& address, const std::string& at) {
    return Import(job, absl::StrCat("emails { address: \"", address, "\" } companies { company: \"",
                                    at, "\" }"))
        ->name();
  };
  const std::string ada = contact("ada@example.com", acme);
  contact("bea@example.com", other);
  Complete(job.name);
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(ada);
  update.mutable_contact()->set_job_title("Countess");
  ASSERT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, update).reason(), "");
  std::map<std::string, std::string> planned;
  for (const v1::PlannedRevert& plan : Preview(job.name)) {
    if (plan.has_kept()) planned.emplace(plan.change().record(), plan.kept().message());
  }
  EXPECT_THAT(planned, ::testing::UnorderedElementsAre(
                           ::testing::Pair(ada, HasSubstr("changed since")),
                           ::testing::Pair(acme, HasSubstr("some of the contacts name it"))));
  const Reverted reverted = RevertAll(job.name);
  EXPECT_EQ(reverted.taken_back, 2);
  EXPECT_EQ(reverted.kept, planned);
}

// What somebody deleted since is none of the revert's: it is told as kept, and a further import
// does not make it anew.
TEST_F(ImportJobReverts, LeaveWhatSomebodyDeletedSince) {
  const Begun job = BeginUpsert();
  const std::string ada = Import(job, R"(emails { address: "ada@example.com" })")->name();
  const std::string bea = Import(job, R"(emails { address: "bea@example.com" })")->name();
  Complete(job.name);
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(ada);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, remove).reason(), "");
  const auto planned = Preview(job.name);
  ASSERT_EQ(planned.size(), 2u);
  EXPECT_FALSE(planned[0].has_kept());
  EXPECT_TRUE(planned[1].has_kept());

  const Reverted reverted = RevertAll(job.name);
  EXPECT_EQ(reverted.taken_back, 1);
  ASSERT_EQ(reverted.kept.size(), 1u);
  EXPECT_THAT(reverted.kept.at(ada), HasSubstr("or deleted"));
  const auto changes = Changes(job.name);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].record(), bea);
  EXPECT_TRUE(changes[0].reverted());
  EXPECT_FALSE(changes[1].reverted());
}

// Goal: while a revert goes on by itself a further call changes nothing, and nobody deletes the
// job. Method: the policy that goes on with it is paused.
TEST_F(ImportJobReverts, AreBegunOnceWhileTheyGoOnByThemselves) {
  const Begun job = BeginUpsert();
  Import(job, R"(emails { address: "ada@example.com" })");
  Complete(job.name);
  ASSERT_EQ(Pause().reason(), "");
  ASSERT_EQ(Revert(job.name).reason(), "");
  const std::string etag = Get(job.name).etag();
  for (int i = 0; i < 3; ++i) {
    const auto again = Revert(job.name);
    EXPECT_EQ(again.reason(), "");
    EXPECT_TRUE(again->more());
  }
  EXPECT_EQ(Get(job.name).etag(), etag);
  v1::DeleteImportJobRequest remove;
  remove.set_name(job.name);
  EXPECT_EQ(server_.Call(&Stub::DeleteImportJob, remove).reason(), "STILL_RUNNING");
  v1::BatchDeleteImportJobsRequest several;
  several.add_requests()->set_name(job.name);
  EXPECT_EQ(server_.Call(&Stub::BatchDeleteImportJobs, several).reason(), "STILL_RUNNING");
  ASSERT_EQ(Resume().reason(), "");
  EXPECT_EQ(Await(job.name).taken_back, 1);
  EXPECT_EQ(server_.Call(&Stub::DeleteImportJob, remove).reason(), "");
}

// Goal: where the user for whom it goes on is gone, somebody else goes on with it. Method: they are
// deleted while the policy is paused, so it is refused what it does next.
TEST_F(ImportJobReverts, GoOnForSomebodyElseWhereTheirUserIsGone) {
  const Begun job = BeginUpsert();
  const std::string ada = Import(job, R"(emails { address: "ada@example.com" })")->name();
  Complete(job.name);
  const testing::Member rob = testing::AddMember(server_, "Rob", "roles/admin");
  testing::AddUser(server_, "Anna", "roles/admin");  // who stays
  ASSERT_EQ(Pause().reason(), "");
  ASSERT_EQ(Revert(job.name, "", rob.secret).reason(), "");
  ASSERT_EQ(Get(job.name).acts_for(), rob.name);
  users::v1::DeleteUserRequest remove;
  remove.set_name(rob.name);
  ASSERT_EQ(server_.Call(&users::v1::UsersService::Stub::DeleteUser, remove).reason(), "");
  ASSERT_EQ(Resume().reason(), "");
  for (int i = 0; i < 10'000 && Get(job.name).state() == v1::REVERTING; ++i) {
    ASSERT_EQ(Revert(job.name).reason(), "");
  }
  EXPECT_EQ(Get(job.name).reverted_count(), 1);
  EXPECT_EQ(GetContact(ada).reason(), "CONTACT_NOT_FOUND");
}

// What one row made goes with what it names that the job made, too, however these are ordered.
TEST_F(ImportJobReverts, TakeBackRecordsThatNameOneAnother) {
  const Begun job = Begin(R"(collection: "companies")");
  const auto company = [&](const std::string& name, const std::string& parent) {
    companies::v1::CreateCompanyRequest create;
    create.mutable_company()->set_display_name(name);
    create.mutable_company()->set_parent_company(parent);
    const auto created = CallOf(job, &CompaniesService::Stub::CreateCompany, create);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  };
  const std::string parent = company("Acme", "");
  company("Acme France", parent);
  // A row may name a parent that a later one makes.
  companies::v1::UpdateCompanyRequest named;
  named.mutable_company()->set_name(company("Acme Italy", ""));
  named.mutable_company()->set_parent_company(company("Acme South", ""));
  ASSERT_EQ(CallOf(job, &CompaniesService::Stub::UpdateCompany, named).reason(), "");
  Complete(job.name);
  const Reverted reverted = RevertAll(job.name);
  EXPECT_EQ(reverted.taken_back, 4);
  EXPECT_TRUE(reverted.kept.empty());
}

// Goal: it goes on though nobody asks for more of it, and whatever becomes of the server. Method:
// one call for 250 records, and a restart after which views are folded anew.
TEST_F(ImportJobReverts, AreTakenBackByThemselvesOnceAsked) {
  const Begun job = BeginUpsert();
  std::string last;
  for (int i = 0; i < 250; ++i) {
    last = Import(job, absl::StrCat(R"(emails { address: "p)", i, R"(@example.com" })"))->name();
  }
  Complete(job.name);
  const auto begun = Revert(job.name, "revert");
  ASSERT_EQ(begun.reason(), "");
  EXPECT_EQ(begun->job().state(), v1::REVERTING);
  EXPECT_TRUE(begun->job().reverts_by_itself());
  EXPECT_TRUE(begun->more());
  server_.Restart(true);
  EXPECT_EQ(Await(job.name).taken_back, 250);
  EXPECT_EQ(CountContacts(), 0);
  EXPECT_FALSE(Get(job.name).reverts_by_itself());
  // The history of what was taken back names the job.
  contacts::v1::ListContactRevisionsRequest revisions;
  revisions.set_name(last);
  const auto told = server_.Call(&ContactsService::Stub::ListContactRevisions, revisions);
  ASSERT_EQ(told->revisions_size(), 2) << told.reason();
  EXPECT_EQ(told->revisions(0).revision().type(), "contact_deleted");
  EXPECT_EQ(told->revisions(0).revision().cause(), job.name);
}

TEST_F(ImportJobReverts, GoOnTakingBackWhereItWasInterrupted) {
  const Begun job = BeginUpsert();
  for (int i = 0; i < 150; ++i) {
    ASSERT_EQ(OutcomeOf(job, absl::StrCat(R"(emails { address: "p)", i, R"(@example.com" })")),
              v1::ROW_CREATED);
  }
  Complete(job.name);
  // What limited credentials begin goes on with each call.
  workspaces::v1::CreateApiKeyRequest limited;
  limited.mutable_api_key()->set_display_name("imports");
  limited.mutable_api_key()->add_permissions("import_jobs.write");
  limited.mutable_api_key()->add_permissions("contacts.write");
  const std::string key =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, limited)->secret();
  const auto begun = Revert(job.name, "revert-0", key);
  ASSERT_EQ(begun.reason(), "");
  EXPECT_EQ(begun->reverted_count(), 0);
  EXPECT_TRUE(begun->more());
  EXPECT_FALSE(begun->job().reverts_by_itself());
  const auto first = Revert(job.name, "revert-1", key);
  ASSERT_EQ(first.reason(), "");
  EXPECT_EQ(first->reverted_count(), 100);
  EXPECT_TRUE(first->more());
  EXPECT_EQ(Get(job.name).state(), v1::REVERTING);
  server_.Restart(true);
  // The first again, whose answer was lost.
  EXPECT_EQ(Revert(job.name, "revert-1", key)->reverted_count(), 100);
  EXPECT_EQ(CountContacts(), 50);
  const auto second = Revert(job.name, "revert-2", key);
  EXPECT_EQ(second->reverted_count(), 50);
  EXPECT_FALSE(second->more());
  EXPECT_EQ(CountContacts(), 0);
}

// Goal: whose job it is learns of no record that is hidden from them: not by the list, nor by what
// a revert would do, nor by what one did.
TEST_F(ImportJobReverts, TellOfTheRecordsThatTheCallerSees) {
  roles::v1::CreateRoleRequest role;
  *role.mutable_role() = Proto<roles::v1::Role>(R"(
    display_name: "Own"
    grants { permission: "import_jobs.*" scope: OWN }
    grants { permission: "deals.*" scope: OWN }
    field_groups: PERSONAL field_groups: MONEY)");
  users::v1::CreateUserRequest user;
  user.mutable_user()->set_display_name("Rae");
  user.mutable_user()->add_roles(
      server_.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name());
  const std::string rae = server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name();
  user.mutable_user()->set_display_name("Eve");
  const std::string eve = server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name();
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Rae's");
  key.mutable_api_key()->set_user(rae);
  key.mutable_api_key()->add_permissions("deals.*");
  key.mutable_api_key()->add_permissions("import_jobs.*");
  const std::string secret =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  const Begun job = Begin(absl::StrCat(R"(collection: "deals" owner: ")", rae, "\""));
  const auto deal = [&](const std::string& owner) {
    deals::v1::CreateDealRequest create;
    create.mutable_deal()->set_display_name("Atlas");
    create.mutable_deal()->set_owner(owner);
    const auto created = CallOf(job, &deals::v1::DealsService::Stub::CreateDeal, create);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  };
  const std::string own = deal(rae);
  const std::string hidden = deal(eve);
  Complete(job.name);

  v1::ListImportJobChangesRequest list;
  list.set_name(job.name);
  const auto listed = server_.CallWith(secret, &Stub::ListImportJobChanges, list);
  ASSERT_EQ(listed->changes_size(), 1) << listed.reason();
  EXPECT_EQ(listed->changes(0).record(), own);
  EXPECT_EQ(Changes(job.name).size(), 2u);
  // On further pages, too.
  list.set_page_size(1);
  std::vector<std::string> paged;
  do {
    const auto page = server_.CallWith(secret, &Stub::ListImportJobChanges, list);
    ASSERT_EQ(page.reason(), "");
    for (const auto& change : page->changes()) paged.push_back(change.record());
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(paged, std::vector<std::string>{own});
  v1::PreviewImportJobRevertRequest preview;
  preview.set_name(job.name);
  const auto planned = server_.CallWith(secret, &Stub::PreviewImportJobRevert, preview);
  ASSERT_EQ(planned->records_size(), 1) << planned.reason();
  EXPECT_EQ(planned->records(0).change().record(), own);
  ASSERT_EQ(Revert(job.name, "begin", secret).reason(), "");
  const auto reverted = Revert(job.name, "go on", secret);
  EXPECT_EQ(reverted->reverted_count(), 1);
  EXPECT_EQ(reverted->kept_size(), 0);
  EXPECT_EQ(reverted->job().kept_count(), 1);
  EXPECT_THAT(reverted.status.error_details(), ::testing::Not(HasSubstr(hidden)));
}

TEST_F(ImportJobReverts, LeaveADealWhereItWasMoved) {
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Atlas");
  using Deals = deals::v1::DealsService::Stub;
  const auto deal = server_.Call(&Deals::CreateDeal, create);
  const Begun job = Begin(R"(collection: "deals")");
  deals::v1::WinDealRequest win;
  win.set_name(deal->name());
  ASSERT_EQ(CallOf(job, &Deals::WinDeal, win).reason(), "");
  Complete(job.name);
  const Reverted reverted = RevertAll(job.name);
  ASSERT_EQ(reverted.kept.size(), 1u);
  EXPECT_THAT(reverted.kept.at(deal->name()), HasSubstr("cannot be taken back"));
}

}  // namespace
}  // namespace kith::import_jobs
