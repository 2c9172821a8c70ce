// Import jobs over gRPC: how far a job is, and what becomes of a row. What every resource does is
// asked in tests/conformance. IM-… name the cases of the import test list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/import_jobs/import_jobs_fixture.h"
#include "tests/testing/members.h"

namespace kith::import_jobs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// --- A row that is only checked ---

// Goal: a check is decided as the row would be, and changes nothing. Method: rows that would
// create, update, change nothing and be refused, first checked and then imported.
TEST_F(ImportJobsTest, ChecksRowsAsItImportsThem) {
  const std::string ada =
      CreateContact("first_name: 'Ada' emails { address: 'ada@example.com' } job_title: 'CEO'");
  const Begun job = BeginUpsert();
  v1::ImportRecordRequest check;
  check.set_validate_only(true);
  check.add_match_keys(v1::EMAIL_ADDRESS);
  check.add_match_keys(v1::PHONE_NUMBER);
  check.set_policy(v1::UPSERT);
  for (const char* const row :
       {"emails { address: 'ADA@example.com' } job_title: 'CTO'",
        "emails { address: 'new@example.com' }", "emails { address: 'no address' }",
        "emails { address: 'ada@example.com' }",
        "emails { address: 'x@example.com' } owner: 'users/01H00000000000000000000001'"}) {
    SCOPED_TRACE(row);
    const int contacts = CountContacts();
    const std::string etag = GetContact(ada)->etag();
    *check.mutable_contact() = Proto<Contact>(row);
    const auto checked = server_.Call(&Stub::ImportRecord, check);
    EXPECT_EQ(CountContacts(), contacts);
    EXPECT_EQ(GetContact(ada)->etag(), etag);
    EXPECT_EQ(checked.token, "") << "nothing was appended";
    const auto imported = Import(job, row);
    EXPECT_EQ(checked.reason(), imported.reason());
    EXPECT_EQ(checked.fields(), imported.fields());
    EXPECT_EQ(checked->outcome(), imported->outcome());
    const bool is_new = imported->outcome() == v1::ROW_CREATED;
    EXPECT_EQ(checked->name(), is_new ? "" : imported->name());
  }
  // A job that is there says itself what matches.
  v1::ImportRecordRequest of_job;
  of_job.set_validate_only(true);
  of_job.set_import_job(job.name);
  *of_job.mutable_contact() =
      Proto<Contact>("emails { address: 'ada@example.com' } job_title: 'A'");
  const auto checked = server_.Call(&Stub::ImportRecord, of_job);
  EXPECT_EQ(checked->outcome(), v1::ROW_UPDATED);
  EXPECT_EQ(checked->name(), ada);
  EXPECT_EQ(GetContact(ada)->job_title(), "CTO");
}

TEST_F(ImportJobsTest, ChecksWhatTheJobWouldBe) {
  v1::ImportRecordRequest check;
  *check.mutable_contact() = Proto<Contact>("first_name: 'Ada'");
  EXPECT_THAT(server_.Call(&Stub::ImportRecord, check).fields(), ElementsAre("import_job"));
  check.set_validate_only(true);
  EXPECT_EQ(server_.Call(&Stub::ImportRecord, check)->outcome(), v1::ROW_CREATED);
  check.add_match_keys(v1::DOMAIN);
  EXPECT_EQ(server_.Call(&Stub::ImportRecord, check).reason(), "INVALID_FIELD");
}

// --- A job ---

TEST_F(ImportJobsTest, FindsThemByTheNormalFormOfTheirName) {
  const Begun job = Begin(R"(collection: "contacts")");
  v1::ListImportJobsRequest list;
  list.set_filter(R"(display_name = "PEOPLE*" state = RUNNING)");
  const auto listed = server_.Call(&Stub::ListImportJobs, list);
  ASSERT_EQ(listed->import_jobs_size(), 1) << listed.reason();
  EXPECT_EQ(listed->import_jobs(0).name(), job.name);
  EXPECT_EQ(listed->import_jobs(0).policy(), v1::CREATE_ONLY);
}

TEST_F(ImportJobsTest, AreListedTheLatestFirst) {
  std::vector<std::string> latest_first;
  for (int i = 0; i < 3; ++i) {
    latest_first.insert(latest_first.begin(), Begin(R"(collection: "contacts")").name);
    server_.clock().Advance(absl::Seconds(1));
  }
  v1::ListImportJobsRequest list;
  for (const char* const filter : {"", R"(display_name = "people.csv")"}) {
    list.set_filter(filter);
    std::vector<std::string> names;
    const auto listed = server_.Call(&Stub::ListImportJobs, list);
    for (const v1::ImportJob& job : listed->import_jobs()) names.push_back(job.name());
    EXPECT_EQ(names, latest_first) << listed.reason();
  }
  list.set_order_by("create_time");
  EXPECT_EQ(server_.Call(&Stub::ListImportJobs, list)->import_jobs(0).name(), latest_first.back());
}

TEST_F(ImportJobsTest, AreRefusedWhereTheirKeysMatchNothing) {
  for (const char* const fields :
       {R"(collection: "contacts" match_keys: DOMAIN)", R"(collection: "contacts" policy: UPSERT)",
        R"(collection: "deals" match_keys: EMAIL_ADDRESS)",
        R"(collection: "tasks" match_keys: EXTERNAL_ID)",
        R"(collection: "contacts" match_keys: EMAIL_ADDRESS match_keys: EMAIL_ADDRESS)"}) {
    v1::CreateImportJobRequest request;
    *request.mutable_import_job() = Proto<v1::ImportJob>(fields);
    request.mutable_import_job()->set_display_name("x");
    EXPECT_EQ(server_.Call(&Stub::CreateImportJob, request).reason(), "INVALID_FIELD") << fields;
  }
}

TEST_F(ImportJobsTest, RememberHowFarTheyAreAndNeverGoBack) {
  const std::string job = Begin(R"(collection: "contacts")").name;
  EXPECT_EQ(Advance(job, 3, "created: 1").reason(), "INVALID_FIELD");
  ASSERT_EQ(Advance(job, 1000, "created: 990 rejected: 10").reason(), "");
  // A client that was thought dead tells what it knew.
  ASSERT_EQ(Advance(job, 500, "created: 500").reason(), "");
  EXPECT_EQ(Get(job).position(), 1000);
  EXPECT_EQ(Get(job).rejected_count(), 10);
  v1::CompleteImportJobRequest complete;
  complete.set_name(job);
  complete.set_position(1001);
  *complete.mutable_counts() = Proto<v1::ImportCounts>("created: 990 rejected: 11");
  *complete.add_rejections() =
      Proto<v1::ImportRejection>(R"(line: 7 columns: "email" reason: "INVALID_FIELD")");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(server_.Call(&Stub::CompleteImportJob, complete).reason(), "");
  }
  EXPECT_EQ(Get(job).state(), v1::COMPLETED);
  EXPECT_EQ(Get(job).rejections_size(), 1);
  EXPECT_TRUE(Get(job).has_end_time());
  EXPECT_EQ(Advance(job, 2000, "created: 2000").reason(), "NOT_RUNNING");
  EXPECT_EQ(Resume(job, kDigest).reason(), "NOT_RUNNING");
}

TEST_F(ImportJobsTest, AreNeverFurtherThanTheirFile) {
  const std::string job = Begin(R"(collection: "contacts" row_count: 10)").name;
  const auto refused = Advance(job, 11, "created: 11");
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.fields(), ElementsAre("position"));
  EXPECT_EQ(Advance(job, 10, "created: 10").reason(), "");
  v1::CompleteImportJobRequest complete;
  complete.set_name(job);
  complete.set_position(11);
  complete.mutable_counts()->set_created(11);
  EXPECT_EQ(server_.Call(&Stub::CompleteImportJob, complete).reason(), "INVALID_FIELD");
}

TEST_F(ImportJobsTest, TakeNoRowOnceCancelledAndGoOnWithTheSameFileOnly) {
  Begun job = BeginUpsert();
  ASSERT_EQ(OutcomeOf(job, R"(emails { address: "ada@example.com" })"), v1::ROW_CREATED);
  ASSERT_EQ(Cancel(job.name).reason(), "");
  ASSERT_EQ(Cancel(job.name).reason(), "");
  EXPECT_EQ(Import(job, R"(emails { address: "bea@example.com" })").reason(), "NOT_RUNNING");
  EXPECT_EQ(Resume(job.name, std::string(64, 'b')).reason(), "FILE_DIFFERS");
  const auto resumed = Resume(job.name, kDigest);
  ASSERT_EQ(resumed.reason(), "");
  EXPECT_FALSE(resumed->has_end_time());
  job.token = resumed.token;
  EXPECT_EQ(OutcomeOf(job, R"(emails { address: "bea@example.com" })"), v1::ROW_CREATED);
  EXPECT_EQ(Changes(job.name).size(), 2u);
}

// --- A row ---

TEST_F(ImportJobsTest, MakeOneContactOfTwoRowsWithOneAddressIM1) {
  const Begun job = BeginUpsert();
  EXPECT_EQ(OutcomeOf(job, R"(first_name: "Ada" emails { address: "ada@example.com" })"),
            v1::ROW_CREATED);
  EXPECT_EQ(OutcomeOf(job, R"(first_name: "Bea 🐝" emails { address: "bea@example.com" })"),
            v1::ROW_CREATED);
  EXPECT_EQ(OutcomeOf(job, R"(last_name: "Byron" emails { address: "ADA@Example.COM" })"),
            v1::ROW_UPDATED);
  EXPECT_EQ(CountContacts(), 2);
}

TEST_F(ImportJobsTest, RejectARowThatMatchesTwoWithBothCandidatesIM1) {
  const std::string by_email = CreateContact(R"(emails { address: "ada@example.com" })");
  const std::string by_phone = CreateContact(R"(phones { raw: "+49 30 901820" })");
  const Begun job = BeginUpsert();
  const auto row =
      Import(job, R"(emails { address: "ada@example.com" } phones { raw: "+4930901820" })");
  EXPECT_EQ(row.reason(), "AMBIGUOUS_ROW");
  EXPECT_THAT(row.status.error_message(), HasSubstr(by_email + " (EMAIL_ADDRESS)"));
  EXPECT_THAT(row.status.error_message(), HasSubstr(by_phone + " (PHONE_NUMBER)"));
  EXPECT_EQ(CountContacts(), 2);
}

TEST_F(ImportJobsTest, ChangeNothingTheSecondTimeIM4) {
  const std::string row = R"(
    first_name: "Ada" emails { address: "ada@example.com" label: "work" }
    phones { raw: "030 901820" } addresses { street: "Hauptstr. 1" city: "Berlin" country: "DE" }
    tags: "vip" tags: "news" external_ids { system: "erp" id: "7" })";
  const Begun first = BeginUpsert();
  const auto created = Import(first, row);
  ASSERT_EQ(created.reason(), "");
  ASSERT_EQ(created->outcome(), v1::ROW_CREATED);
  const std::string etag = GetContact(created->name())->etag();
  const auto second = Import(BeginUpsert(), row);
  EXPECT_EQ(second->outcome(), v1::ROW_UNCHANGED);
  EXPECT_EQ(second->name(), created->name());
  EXPECT_EQ(GetContact(created->name())->etag(), etag);
}

TEST_F(ImportJobsTest, AnswerARepeatedRowAsTheFirstTime) {
  const Begun job = BeginUpsert();
  const auto first = Import(job, R"(emails { address: "ada@example.com" })", "row-1");
  const auto again = Import(job, R"(emails { address: "ada@example.com" })", "row-1");
  EXPECT_EQ(again->outcome(), v1::ROW_CREATED);
  EXPECT_EQ(again->name(), first->name());
  EXPECT_EQ(CountContacts(), 1);
}

TEST_F(ImportJobsTest, NeverMergeThoseWhoHaveNothingIM5) {
  const Begun job = BeginUpsert();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(OutcomeOf(job, R"(first_name: "Unknown" source: "203.0.113.7")"), v1::ROW_CREATED);
  }
  // Who has no name either is nobody.
  EXPECT_EQ(Import(job, R"(job_title: "Engineer" source: "203.0.113.7")").reason(),
            "INVALID_FIELD");
  EXPECT_EQ(CountContacts(), 4);
}

TEST_F(ImportJobsTest, AddToListsAndReplaceTheRest) {
  const std::string ada = CreateContact(R"(
    first_name: "Ada" job_title: "Analyst" tags: "vip"
    emails { address: "ada@example.com" primary: true } phones { raw: "+4930901820" })");
  const Begun job = BeginUpsert();
  EXPECT_EQ(OutcomeOf(job, R"(job_title: "Countess" tags: "news" tags: "vip"
                              emails { address: "lovelace@example.com" primary: true }
                              emails { address: "ada@example.com" })"),
            v1::ROW_UPDATED);
  const auto after = GetContact(ada);
  EXPECT_EQ(after->first_name(), "Ada");
  EXPECT_EQ(after->job_title(), "Countess");
  EXPECT_THAT(after->tags(), ElementsAre("vip", "news"));
  ASSERT_EQ(after->emails_size(), 2);
  EXPECT_TRUE(after->emails(0).primary());
  EXPECT_EQ(after->emails(1).address(), "lovelace@example.com");
  EXPECT_FALSE(after->emails(1).primary());
  EXPECT_EQ(after->phones_size(), 1);
}

// Goal: a file may be older than what somebody said since: it takes no refusal back, and brings
// one.
TEST_F(ImportJobsTest, TakeTheStricterConsent) {
  const std::string ada = CreateContact(R"(
    emails { address: "ada@example.com" }
    consents { purpose: "news" channel: BY_EMAIL state: WITHDRAWN }
    consents { purpose: "tips" channel: BY_EMAIL state: GIVEN source: "forms/1" })");
  const Begun job = BeginUpsert();
  EXPECT_EQ(OutcomeOf(job, R"(emails { address: "ada@example.com" }
                              consents { purpose: "news" channel: BY_EMAIL state: GIVEN })"),
            v1::ROW_UNCHANGED);
  EXPECT_EQ(OutcomeOf(job, R"(emails { address: "ada@example.com" }
                              consents { purpose: "tips" channel: BY_EMAIL state: REFUSED })"),
            v1::ROW_UPDATED);
  const auto after = GetContact(ada);
  ASSERT_EQ(after->consents_size(), 2);
  EXPECT_EQ(after->consents(0).state(), contacts::v1::WITHDRAWN);
  EXPECT_EQ(after->consents(1).state(), contacts::v1::REFUSED);
  EXPECT_EQ(after->consents(1).source(), "");
}

// A row seldom says what an address is called.
TEST_F(ImportJobsTest, AddNoAddressThatThereIsUnderALabel) {
  CreateContact(R"(emails { address: "ada@example.com" }
                   addresses { label: "home" street: "Main 1" city: "London" })");
  const Begun job = BeginUpsert();
  EXPECT_EQ(OutcomeOf(job, R"(emails { address: "ada@example.com" }
                              addresses { street: "Main 1" city: "London" })"),
            v1::ROW_UNCHANGED);
  EXPECT_EQ(OutcomeOf(job, R"(emails { address: "ada@example.com" }
                              addresses { street: "Main 2" city: "London" })"),
            v1::ROW_UPDATED);
}

TEST_F(ImportJobsTest, DoWhatTheirPolicySays) {
  const std::string ada =
      CreateContact(R"(first_name: "Ada" emails { address: "ada@example.com" })");
  const Begun creates =
      Begin(R"(collection: "contacts" policy: CREATE_ONLY match_keys: EMAIL_ADDRESS)");
  EXPECT_EQ(OutcomeOf(creates, R"(first_name: "A" emails { address: "ada@example.com" })"),
            v1::ROW_UNCHANGED);
  EXPECT_EQ(OutcomeOf(creates, R"(emails { address: "bea@example.com" })"), v1::ROW_CREATED);
  const Begun updates =
      Begin(R"(collection: "contacts" policy: UPDATE_ONLY match_keys: EMAIL_ADDRESS)");
  EXPECT_EQ(OutcomeOf(updates, R"(first_name: "A" emails { address: "ada@example.com" })"),
            v1::ROW_UPDATED);
  EXPECT_EQ(Import(updates, R"(emails { address: "cleo@example.com" })").reason(), "NO_MATCH");
  EXPECT_EQ(GetContact(ada)->first_name(), "A");
  EXPECT_EQ(CountContacts(), 2);
}

TEST_F(ImportJobsTest, MatchCompaniesByDomainAndExternalId) {
  const Begun job = Begin(R"(collection: "companies" policy: UPSERT
                             match_keys: DOMAIN match_keys: EXTERNAL_ID)");
  const auto created = ImportCompany(
      job,
      R"(display_name: "Acme" domains: "acme.example" external_ids { system: "erp" id: "1" })");
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(created->outcome(), v1::ROW_CREATED);
  const auto by_domain =
      ImportCompany(job, R"(display_name: "Acme Ltd" domains: "https://www.acme.example/about")");
  ASSERT_EQ(by_domain.reason(), "");
  EXPECT_EQ(by_domain->outcome(), v1::ROW_UPDATED);
  EXPECT_EQ(by_domain->name(), created->name());
  const auto by_id =
      ImportCompany(job, R"(display_name: "Acme Ltd" external_ids { system: "erp" id: "1" })");
  EXPECT_EQ(by_id->outcome(), v1::ROW_UNCHANGED);
  EXPECT_EQ(Import(job, R"(first_name: "Ada")").reason(), "INVALID_RECORD");
}

TEST_F(ImportJobsTest, RefuseAChoiceThatThereIsNotIM8) {
  custom_fields::v1::CreateCustomFieldRequest create;
  *create.mutable_custom_field() = Proto<custom_fields::v1::CustomField>(R"(
    resource: "contacts" key: "tier" type: CHOICE display_name: "Tier" choices: "gold")");
  ASSERT_EQ(server_.Call(&custom_fields::v1::CustomFieldsService::Stub::CreateCustomField, create)
                .reason(),
            "");
  const Begun job = BeginUpsert();
  const std::string row = R"(emails { address: "ada@example.com" }
                             custom { key: "tier" value { text: "TIER" } })";
  const auto wrong = Import(job, absl::StrReplaceAll(row, {{"TIER", "platinum"}}));
  EXPECT_EQ(wrong.reason(), "INVALID_FIELD");
  EXPECT_THAT(wrong.status.error_message(), HasSubstr("must be one of gold"));
  EXPECT_EQ(CountContacts(), 0);
  const std::string right = absl::StrReplaceAll(row, {{"TIER", "gold"}});
  EXPECT_EQ(OutcomeOf(job, right), v1::ROW_CREATED);
  EXPECT_EQ(OutcomeOf(BeginUpsert(), right), v1::ROW_UNCHANGED);
}

TEST_F(ImportJobsTest, NameTheFieldsThatARowHasWrong) {
  const Begun job = BeginUpsert();
  const auto row = Import(job, R"(emails { address: "no address" })");
  EXPECT_EQ(row.reason(), "INVALID_FIELD");
  EXPECT_THAT(row.status.error_message(), HasSubstr("contact.emails[0].address"));
}

TEST_F(ImportJobsTest, MakeOneContactWhoeverOfTwoComesFirst) {
  const Begun job = BeginUpsert();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      while (Import(job, absl::StrCat(R"(emails { address: "ada@example.com" } notes: ")", i, "\""))
                 .reason() == "CONFLICT") {
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(CountContacts(), 1);
}

// Goal: a user's import neither doubles what somebody else's record alone may have, nor tells whose
// it is. Method: rows of a user who sees their own, with an external id, a domain and an address of
// records that they do not see.
TEST_F(ImportJobsTest, RefuseAKeyOfWhatTheCallerDoesNotSeeAndTellNothingOfIt) {
  const testing::Member rae = testing::AddMember(server_, "Rae", "roles/sales-manager");
  const std::string eve = testing::AddUser(server_, "Eve", "roles/sales-manager");
  const std::string hidden = CreateContact(absl::StrCat(
      R"(emails { address: "ada@example.com" } external_ids { system: "erp" id: "7" } owner: ")",
      eve, "\""));
  companies::v1::CreateCompanyRequest company;
  *company.mutable_company() = Proto<Company>(R"(display_name: "Acme" domains: "acme.example")");
  company.mutable_company()->set_owner(eve);
  ASSERT_EQ(server_.Call(&CompaniesService::Stub::CreateCompany, company).reason(), "");

  const auto begin = [&](const std::string& fields) {
    v1::CreateImportJobRequest request;
    *request.mutable_import_job() = Proto<v1::ImportJob>(fields);
    request.mutable_import_job()->set_display_name("people.csv");
    const auto begun = server_.CallWith(rae.secret, &Stub::CreateImportJob, request);
    EXPECT_EQ(begun.reason(), "");
    return begun->name();
  };
  const std::string people = begin(R"(collection: "contacts" policy: UPSERT
                                      match_keys: EMAIL_ADDRESS match_keys: EXTERNAL_ID)");
  const auto row = [&](const std::string& contact) {
    v1::ImportRecordRequest request;
    request.set_import_job(people);
    *request.mutable_contact() = Proto<Contact>(contact);
    return server_.CallWith(rae.secret, &Stub::ImportRecord, request);
  };
  const auto by_id = row(R"(first_name: "A" external_ids { system: "erp" id: "7" })");
  EXPECT_EQ(by_id.reason(), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(by_id.status.error_details().find(hidden), std::string::npos);
  EXPECT_EQ(by_id.metadata("contact"), "");
  v1::ImportRecordRequest domain;
  domain.set_import_job(begin(R"(collection: "companies" policy: UPSERT match_keys: DOMAIN)"));
  *domain.mutable_company() = Proto<Company>(R"(display_name: "A" domains: "acme.example")");
  const auto by_domain = server_.CallWith(rae.secret, &Stub::ImportRecord, domain);
  EXPECT_EQ(by_domain.reason(), "DOMAIN_TAKEN");
  EXPECT_EQ(by_domain.metadata("company"), "");
  // An address is one contact's only where the workspace says so; else there may be two.
  const std::string by_address = R"(emails { address: "ada@example.com" })";
  using Workspaces = workspaces::v1::WorkspacesService::Stub;
  workspaces::v1::UpdateWorkspaceRequest unique;
  unique.mutable_workspace()->set_name("workspaces/1");
  unique.mutable_workspace()->set_unique_contact_emails(true);
  unique.mutable_update_mask()->add_paths("unique_contact_emails");
  ASSERT_EQ(server_.Call(&Workspaces::UpdateWorkspace, unique).reason(), "");
  const auto taken = row(by_address);
  EXPECT_EQ(taken.reason(), "EMAIL_TAKEN");
  EXPECT_EQ(taken.metadata("contact"), "");
  unique.mutable_workspace()->set_unique_contact_emails(false);
  ASSERT_EQ(server_.Call(&Workspaces::UpdateWorkspace, unique).reason(), "");
  EXPECT_EQ(row(by_address)->outcome(), v1::ROW_CREATED);
}

// Goal: who may change their own contacts only, changes nobody else's by a row that matches it.
TEST_F(ImportJobsTest, UpdateNoContactThatTheCallerMayNotChange) {
  const testing::Member rae = testing::AddMember(server_, "Rae", testing::AddRole(server_, R"(
    display_name: "Own"
    grants { permission: "import_jobs.read" scope: ALL }
    grants { permission: "import_jobs.write" scope: ALL }
    grants { permission: "contacts.read" scope: ALL }
    grants { permission: "contacts.write" scope: OWN }
    field_groups: PERSONAL)"));
  CreateContact(R"(emails { address: "bob@example.com" })");
  CreateContact(absl::StrCat(R"(emails { address: "ada@example.com" } owner: ")", rae.name, "\""));
  v1::CreateImportJobRequest begin;
  *begin.mutable_import_job() = Proto<v1::ImportJob>(
      R"(display_name: "a.csv" collection: "contacts" policy: UPSERT match_keys: EMAIL_ADDRESS)");
  const auto begun = server_.CallWith(rae.secret, &Stub::CreateImportJob, begin);
  ASSERT_EQ(begun.reason(), "");
  const auto row = [&](const std::string& address) {
    v1::ImportRecordRequest request;
    request.set_import_job(begun->name());
    request.mutable_contact()->add_emails()->set_address(address);
    request.mutable_contact()->set_job_title("Buyer");
    return server_.CallWith(rae.secret, &Stub::ImportRecord, request);
  };
  EXPECT_EQ(row("bob@example.com").reason(), "PERMISSION_DENIED");
  const auto hers = row("ada@example.com");
  EXPECT_EQ(hers.reason(), "");
  EXPECT_EQ(hers->outcome(), v1::ROW_UPDATED);
}

}  // namespace
}  // namespace kith::import_jobs
