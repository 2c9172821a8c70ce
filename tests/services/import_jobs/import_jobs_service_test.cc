// Import jobs over gRPC: how far a job is, what becomes of a row, and what takes it back. What
// every resource does is asked in tests/conformance. IM-… name the cases of the import test list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::import_jobs {
namespace {

using companies::v1::CompaniesService;
using companies::v1::Company;
using contacts::v1::Contact;
using contacts::v1::ContactsService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Proto;
using Stub = v1::ImportJobsService::Stub;

const std::string kDigest(64, 'a');

class ImportJobsTest : public ::testing::Test {
 protected:
  // A job, and the token of the event that its rows are caused by.
  struct Begun {
    std::string name;
    std::string token;
  };

  Begun Begin(const std::string& fields) {
    v1::CreateImportJobRequest request;
    *request.mutable_import_job() = Proto<v1::ImportJob>(fields);
    request.mutable_import_job()->set_display_name("people.csv");
    request.mutable_import_job()->set_file_digest(kDigest);
    const auto created = server_.Call(&Stub::CreateImportJob, request);
    EXPECT_EQ(created.reason(), "");
    return {created->name(), created.token};
  }
  Begun BeginUpsert() {
    return Begin(R"(collection: "contacts" policy: UPSERT
                    match_keys: EMAIL_ADDRESS match_keys: PHONE_NUMBER)");
  }

  // A call with an event as its cause.
  template <class Service, class Request, class Response>
  testing::Reply<Response> CallOf(const Begun& job,
                                  grpc::Status (Service::*method)(grpc::ClientContext*,
                                                                  const Request&, Response*),
                                  const Request& request) {
    Service stub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", server_.secret()));
    context.AddMetadata("kith-cause", job.token);
    testing::Reply<Response> reply;
    reply.status = (stub.*method)(&context, request, &reply.response);
    reply.error.ParseFromString(reply.status.error_details());
    return reply;
  }
  testing::Reply<v1::ImportRecordResponse> Import(const Begun& job, const std::string& contact,
                                                  const std::string& request_id = "") {
    v1::ImportRecordRequest request;
    request.set_import_job(job.name);
    *request.mutable_contact() = Proto<Contact>(contact);
    request.set_request_id(request_id);
    return CallOf(job, &Stub::ImportRecord, request);
  }
  testing::Reply<v1::ImportRecordResponse> ImportCompany(const Begun& job,
                                                         const std::string& company) {
    v1::ImportRecordRequest request;
    request.set_import_job(job.name);
    *request.mutable_company() = Proto<Company>(company);
    return CallOf(job, &Stub::ImportRecord, request);
  }
  v1::ImportOutcome OutcomeOf(const Begun& job, const std::string& contact) {
    const auto imported = Import(job, contact);
    EXPECT_EQ(imported.reason(), "");
    return imported->outcome();
  }

  v1::ImportJob Get(const std::string& name) {
    v1::GetImportJobRequest request;
    request.set_name(name);
    const auto got = server_.Call(&Stub::GetImportJob, request);
    EXPECT_EQ(got.reason(), "");
    return got.response;
  }
  testing::Reply<v1::ImportJob> Advance(const std::string& name, int64_t position,
                                        const std::string& counts) {
    v1::AdvanceImportJobRequest request;
    request.set_name(name);
    request.set_position(position);
    *request.mutable_counts() = Proto<v1::ImportCounts>(counts);
    return server_.Call(&Stub::AdvanceImportJob, request);
  }
  void Complete(const std::string& name) {
    v1::CompleteImportJobRequest request;
    request.set_name(name);
    ASSERT_EQ(server_.Call(&Stub::CompleteImportJob, request).reason(), "");
  }
  testing::Reply<v1::ImportJob> Cancel(const std::string& name) {
    v1::CancelImportJobRequest request;
    request.set_name(name);
    return server_.Call(&Stub::CancelImportJob, request);
  }
  testing::Reply<v1::ImportJob> Resume(const std::string& name, const std::string& digest) {
    v1::ResumeImportJobRequest request;
    request.set_name(name);
    request.set_file_digest(digest);
    return server_.Call(&Stub::ResumeImportJob, request);
  }
  // One call; tries again while the view is behind. With the operator's key, or another.
  testing::Reply<v1::RevertImportJobResponse> Revert(const std::string& name,
                                                     const std::string& request_id = "",
                                                     const std::string& secret = "") {
    v1::RevertImportJobRequest request;
    request.set_name(name);
    request.set_request_id(request_id);
    while (true) {
      const auto reverted = server_.CallWith(secret.empty() ? server_.secret() : secret,
                                             &Stub::RevertImportJob, request);
      if (reverted.reason() != "VIEW_BEHIND") return reverted;
    }
  }
  // What a revert came to once all of it was done.
  struct Reverted {
    int64_t taken_back = 0;
    std::map<std::string, std::string> kept;  // by record, why
  };
  Reverted RevertAll(const std::string& name) {
    const int64_t before = Get(name).reverted_count();
    EXPECT_EQ(Revert(name).reason(), "");
    return Await(name, before);
  }
  Reverted Await(const std::string& name, int64_t before = 0) {
    v1::ImportJob job = Get(name);
    while (job.state() == v1::REVERTING) job = Get(name);
    EXPECT_EQ(job.state(), v1::REVERTED);
    Reverted reverted{.taken_back = job.reverted_count() - before};
    for (const v1::ImportJobChange& change : Changes(name)) {
      if (change.has_kept()) reverted.kept[change.record()] = change.kept().message();
    }
    EXPECT_EQ(job.kept_count(), static_cast<int64_t>(reverted.kept.size()));
    return reverted;
  }
  std::vector<v1::PlannedRevert> Preview(const std::string& name) {
    v1::PreviewImportJobRevertRequest preview;
    preview.set_name(name);
    const auto planned = server_.Call(&Stub::PreviewImportJobRevert, preview);
    EXPECT_EQ(planned.reason(), "");
    return {planned->records().begin(), planned->records().end()};
  }
  std::vector<v1::ImportJobChange> Changes(const std::string& name) {
    v1::ListImportJobChangesRequest request;
    request.set_name(name);
    request.set_page_size(1000);
    const auto listed = server_.Call(&Stub::ListImportJobChanges, request);
    EXPECT_EQ(listed.reason(), "");
    return {listed->changes().begin(), listed->changes().end()};
  }

  std::string CreateContact(const std::string& text) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<Contact>(text);
    const auto created = server_.Call(&ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  testing::Reply<Contact> GetContact(const std::string& name) {
    contacts::v1::GetContactRequest request;
    request.set_name(name);
    return server_.Call(&ContactsService::Stub::GetContact, request);
  }
  void UpdateContact(const std::string& name, const std::string& text) {
    contacts::v1::UpdateContactRequest request;
    *request.mutable_contact() = Proto<Contact>(text);
    request.mutable_contact()->set_name(name);
    ASSERT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, request).reason(), "");
  }
  int CountContacts() {
    contacts::v1::ListContactsRequest request;
    request.set_page_size(1000);
    return server_.Call(&ContactsService::Stub::ListContacts, request)->contacts_size();
  }

  testing::TestServer server_;
};

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
        R"(collection: "deals" match_keys: EXTERNAL_ID)",
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
  users::v1::CreateUserRequest user;
  user.mutable_user()->set_display_name("Rae");
  user.mutable_user()->add_roles("roles/sales-manager");
  const std::string rae = server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name();
  user.mutable_user()->set_display_name("Eve");
  const std::string eve = server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name();
  using Workspaces = workspaces::v1::WorkspacesService::Stub;
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Rae's");
  key.mutable_api_key()->set_user(rae);
  key.mutable_api_key()->add_permissions("*");
  const std::string secret = server_.Call(&Workspaces::CreateApiKey, key)->secret();
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
    const auto begun = server_.CallWith(secret, &Stub::CreateImportJob, request);
    EXPECT_EQ(begun.reason(), "");
    return begun->name();
  };
  const std::string people = begin(R"(collection: "contacts" policy: UPSERT
                                      match_keys: EMAIL_ADDRESS match_keys: EXTERNAL_ID)");
  const auto row = [&](const std::string& contact) {
    v1::ImportRecordRequest request;
    request.set_import_job(people);
    *request.mutable_contact() = Proto<Contact>(contact);
    return server_.CallWith(secret, &Stub::ImportRecord, request);
  };
  const auto by_id = row(R"(first_name: "A" external_ids { system: "erp" id: "7" })");
  EXPECT_EQ(by_id.reason(), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(by_id.status.error_details().find(hidden), std::string::npos);
  EXPECT_EQ(by_id.metadata("contact"), "");
  v1::ImportRecordRequest domain;
  domain.set_import_job(begin(R"(collection: "companies" policy: UPSERT match_keys: DOMAIN)"));
  *domain.mutable_company() = Proto<Company>(R"(display_name: "A" domains: "acme.example")");
  const auto by_domain = server_.CallWith(secret, &Stub::ImportRecord, domain);
  EXPECT_EQ(by_domain.reason(), "DOMAIN_TAKEN");
  EXPECT_EQ(by_domain.metadata("company"), "");
  // An address is one contact's only where the workspace says so; else there may be two.
  const std::string by_address = R"(emails { address: "ada@example.com" })";
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

// --- What it made, and taking it back ---

TEST_F(ImportJobsTest, KnowWhatTheyMadeWheneverViewsAreFolded) {
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

TEST_F(ImportJobsTest, AreTakenBackRecordByRecord) {
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

// Goal: a second revert looks at what the first one kept. Method: a contact that a deal names, of
// which somebody deletes the deal in between.
TEST_F(ImportJobsTest, LookAgainAtWhatWasKept) {
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

// What one row made goes with what it names that the job made, too, however these are ordered.
TEST_F(ImportJobsTest, TakeBackRecordsThatNameOneAnother) {
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
TEST_F(ImportJobsTest, AreTakenBackByThemselvesOnceAsked) {
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

TEST_F(ImportJobsTest, GoOnTakingBackWhereItWasInterrupted) {
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

TEST_F(ImportJobsTest, LeaveADealWhereItWasMoved) {
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
