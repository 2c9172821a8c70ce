// A server with import jobs, and calls that they are made of.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::import_jobs {

using companies::v1::CompaniesService;
using companies::v1::Company;
using contacts::v1::Contact;
using contacts::v1::ContactsService;
using testing::Proto;
using Stub = v1::ImportJobsService::Stub;

inline const std::string kDigest(64, 'a');

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

}  // namespace kith::import_jobs
