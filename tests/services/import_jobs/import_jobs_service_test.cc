// Import jobs over gRPC: how far a job is, what becomes of a row, and what takes it back. What
// every resource does is asked in tests/conformance. IM-… name the cases of the import test list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  // Tries again while the view is behind.
  testing::Reply<v1::RevertImportJobResponse> Revert(const std::string& name,
                                                     const std::string& request_id = "") {
    v1::RevertImportJobRequest request;
    request.set_name(name);
    request.set_request_id(request_id);
    while (true) {
      const auto reverted = server_.Call(&Stub::RevertImportJob, request);
      if (reverted.reason() != "VIEW_BEHIND") return reverted;
    }
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

  v1::PreviewImportJobRevertRequest preview;
  preview.set_name(job.name);
  const auto planned = server_.Call(&Stub::PreviewImportJobRevert, preview);
  ASSERT_EQ(planned.reason(), "");
  ASSERT_EQ(planned->records_size(), 4);
  EXPECT_EQ(planned->records(0).change().record(), cleo);
  EXPECT_TRUE(planned->records(0).has_kept());
  EXPECT_EQ(planned->records(1).change().record(), dora);
  EXPECT_TRUE(planned->records(1).has_kept());
  EXPECT_FALSE(planned->records(2).has_kept());
  EXPECT_FALSE(planned->records(3).has_kept());
  EXPECT_EQ(GetContact(bea).reason(), "");

  const auto reverted = Revert(job.name);
  ASSERT_EQ(reverted.reason(), "");
  EXPECT_EQ(reverted->reverted_count(), 2);
  EXPECT_FALSE(reverted->more());
  ASSERT_EQ(reverted->kept_size(), 2);
  EXPECT_EQ(reverted->kept(0).record(), cleo);
  EXPECT_THAT(reverted->kept(0).status().message(), HasSubstr("changed since"));
  EXPECT_EQ(reverted->job().state(), v1::REVERTED);
  EXPECT_EQ(GetContact(bea).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(GetContact(dora).reason(), "");
  EXPECT_EQ(GetContact(cleo)->first_name(), "Cleo");
  EXPECT_EQ(GetContact(ada)->job_title(), "Analyst");
  EXPECT_EQ(GetContact(ada)->notes(), "");
  EXPECT_EQ(GetContact(ada)->emails_size(), 1);
  // Nothing is left.
  EXPECT_EQ(Revert(job.name)->reverted_count(), 0);
  EXPECT_EQ(Get(job.name).reverted_count(), 2);
  EXPECT_EQ(Get(job.name).kept_count(), 2);
}

TEST_F(ImportJobsTest, GoOnTakingBackWhereItWasInterrupted) {
  const Begun job = BeginUpsert();
  for (int i = 0; i < 150; ++i) {
    ASSERT_EQ(OutcomeOf(job, absl::StrCat(R"(emails { address: "p)", i, R"(@example.com" })")),
              v1::ROW_CREATED);
  }
  Complete(job.name);
  const auto first = Revert(job.name, "revert-1");
  ASSERT_EQ(first.reason(), "");
  EXPECT_EQ(first->reverted_count(), 100);
  EXPECT_TRUE(first->more());
  EXPECT_EQ(Get(job.name).state(), v1::REVERTING);
  server_.Restart(true);
  // The first again, whose answer was lost.
  EXPECT_EQ(Revert(job.name, "revert-1")->reverted_count(), 100);
  EXPECT_EQ(CountContacts(), 50);
  const auto second = Revert(job.name, "revert-2");
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
  const auto reverted = Revert(job.name);
  ASSERT_EQ(reverted->kept_size(), 1);
  EXPECT_THAT(reverted->kept(0).status().message(), HasSubstr("cannot be taken back"));
}

}  // namespace
}  // namespace kith::import_jobs
