// Rows of leads and of deals over gRPC: which record they match, and what becomes of it. What all
// rows have in common, import_jobs_service_test.cc asks of contacts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "tests/services/import_jobs/import_jobs_fixture.h"

namespace kith::import_jobs {
namespace {

using deals::v1::Deal;
using deals::v1::DealsService;
using leads::v1::Lead;
using leads::v1::LeadsService;
using ::testing::HasSubstr;

class ImportedLeads : public ImportJobsTest {
 protected:
  Begun BeginLeads(const std::string& policy = "UPSERT") {
    return Begin(
        absl::StrCat("collection: 'leads' match_keys: EMAIL_ADDRESS "
                     "match_keys: EXTERNAL_ID policy: ",
                     policy));
  }
  testing::Reply<v1::ImportRecordResponse> ImportLead(const Begun& job, const std::string& lead) {
    v1::ImportRecordRequest request;
    request.set_import_job(job.name);
    *request.mutable_lead() = Proto<Lead>(lead);
    return CallOf(job, &Stub::ImportRecord, request);
  }
  std::string CreateLead(const std::string& lead) {
    leads::v1::CreateLeadRequest request;
    *request.mutable_lead() = Proto<Lead>(lead);
    const auto created = server_.Call(&LeadsService::Stub::CreateLead, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  testing::Reply<Lead> GetLead(const std::string& name) {
    leads::v1::GetLeadRequest request;
    request.set_name(name);
    return server_.Call(&LeadsService::Stub::GetLead, request);
  }
  void Disqualify(const std::string& name) {
    leads::v1::DisqualifyLeadRequest request;
    request.set_name(name);
    request.set_reason(leads::v1::NO_NEED);
    ASSERT_EQ(server_.Call(&LeadsService::Stub::DisqualifyLead, request).reason(), "");
  }
  void Convert(const std::string& name) {
    leads::v1::ConvertLeadRequest request;
    request.set_name(name);
    ASSERT_EQ(server_.Call(&LeadsService::Stub::ConvertLead, request).reason(), "");
  }
};

TEST_F(ImportedLeads, AreFoundByAddressAndExternalId) {
  const Begun job = BeginLeads();
  const auto created = ImportLead(job, R"(last_name: "Quist" email: "lena@quay.example"
                                          external_ids { system: "fair" id: "1" })");
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(created->outcome(), v1::ROW_CREATED);
  const auto by_address =
      ImportLead(job, R"(last_name: "Quist" email: "Lena@Quay.example" tags: "fair")");
  EXPECT_EQ(by_address.reason(), "");
  EXPECT_EQ(by_address->outcome(), v1::ROW_UPDATED);
  EXPECT_EQ(by_address->name(), created->name());
  const auto by_id =
      ImportLead(job, R"(job_title: "Buyer" external_ids { system: "fair" id: "1" })");
  EXPECT_EQ(by_id->outcome(), v1::ROW_UPDATED);
  EXPECT_EQ(by_id->name(), created->name());
  const std::string both = R"(job_title: "Buyer" email: "Lena@Quay.example" tags: "fair")";
  EXPECT_EQ(ImportLead(BeginLeads(), both)->outcome(), v1::ROW_UNCHANGED);
  EXPECT_EQ(ImportLead(job, R"(email: "otto@quay.example")")->outcome(), v1::ROW_CREATED);
  EXPECT_EQ(ImportLead(job, R"(last_name: "Nobody")")->outcome(), v1::ROW_CREATED);
}

TEST_F(ImportedLeads, AreThoseThatAreOpenWhereSeveralHaveTheAddress) {
  const std::string row = R"(email: "lena@quay.example" job_title: "Buyer")";
  const std::string first = CreateLead(R"(email: "lena@quay.example")");
  const std::string second = CreateLead(R"(email: "lena@quay.example")");
  const auto refused = ImportLead(BeginLeads(), row);
  EXPECT_EQ(refused.reason(), "AMBIGUOUS_ROW");
  EXPECT_THAT(refused.status.error_message(), HasSubstr(first));
  EXPECT_THAT(refused.status.error_message(), HasSubstr(second));
  Disqualify(first);
  EXPECT_EQ(ImportLead(BeginLeads(), row)->name(), second);
  leads::v1::DeleteLeadRequest remove;
  remove.set_name(second);
  ASSERT_EQ(server_.Call(&LeadsService::Stub::DeleteLead, remove).reason(), "");
  EXPECT_EQ(ImportLead(BeginLeads(), row).reason(), "LEAD_DISQUALIFIED") << "it is the first";
}

// What conversions are counted by does not move with a file.
TEST_F(ImportedLeads, ThatWereConvertedStayAsTheyAre) {
  const std::string id = R"( external_ids { system: "fair" id: "1" })";
  const std::string lead =
      CreateLead(absl::StrCat(R"(last_name: "Quist" email: "lena@quay.example" source: AD)", id));
  Convert(lead);
  const Lead before = GetLead(lead).response;
  const std::string of_address =
      R"(last_name: "Other" email: "lena@quay.example" source: REFERRAL)";
  EXPECT_EQ(ImportLead(BeginLeads("UPDATE_ONLY"), of_address).reason(), "NO_MATCH");
  const auto anew = ImportLead(BeginLeads(), of_address);
  EXPECT_EQ(anew.reason(), "");
  EXPECT_EQ(anew->outcome(), v1::ROW_CREATED);
  EXPECT_NE(anew->name(), lead);
  EXPECT_EQ(ImportLead(BeginLeads(), of_address)->name(), anew->name()) << "which is open";
  const auto refused = ImportLead(BeginLeads(), absl::StrCat(R"(last_name: "Other")", id));
  EXPECT_EQ(refused.reason(), "LEAD_CONVERTED");
  EXPECT_EQ(refused.metadata("contact"), before.converted_contact());
  EXPECT_THAT(refused.status.error_message(), HasSubstr("or leave the row out"));
  EXPECT_EQ(
      ImportLead(BeginLeads("CREATE_ONLY"), absl::StrCat(R"(last_name: "Other")", id))->outcome(),
      v1::ROW_UNCHANGED);
  EXPECT_EQ(ImportLead(BeginLeads(), absl::StrCat(R"(last_name: "Quist")", id))->outcome(),
            v1::ROW_UNCHANGED)
      << "it says nothing new";
  EXPECT_EQ(GetLead(lead)->etag(), before.etag());
}

// Only a command of its own reopens a lead.
TEST_F(ImportedLeads, ThatWereDisqualifiedAreToBeRecycledFirst) {
  const std::string row = R"(email: "lena@quay.example" job_title: "Buyer")";
  const std::string lead = CreateLead(R"(email: "lena@quay.example")");
  Disqualify(lead);
  const std::string etag = GetLead(lead)->etag();
  const auto refused = ImportLead(BeginLeads(), row);
  EXPECT_EQ(refused.reason(), "LEAD_DISQUALIFIED");
  EXPECT_THAT(refused.status.error_message(), HasSubstr(absl::StrCat("Recycle ", lead)));
  EXPECT_EQ(ImportLead(BeginLeads(), R"(email: "lena@quay.example")")->outcome(),
            v1::ROW_UNCHANGED);
  EXPECT_EQ(GetLead(lead)->etag(), etag);
  leads::v1::RecycleLeadRequest recycle;
  recycle.set_name(lead);
  ASSERT_EQ(server_.Call(&LeadsService::Stub::RecycleLead, recycle).reason(), "");
  EXPECT_EQ(ImportLead(BeginLeads(), row)->outcome(), v1::ROW_UPDATED);
  EXPECT_EQ(GetLead(lead)->job_title(), "Buyer");
}

TEST_F(ImportedLeads, DoWhatTheirPolicySaysAndAreTakenBack) {
  const std::string row = R"(email: "lena@quay.example" job_title: "Buyer")";
  EXPECT_EQ(ImportLead(BeginLeads("UPDATE_ONLY"), row).reason(), "NO_MATCH");
  const std::string lead = CreateLead(R"(email: "lena@quay.example" job_title: "Clerk"
                                         first_touch { campaign: "spring" })");
  EXPECT_EQ(ImportLead(BeginLeads("CREATE_ONLY"), row)->outcome(), v1::ROW_UNCHANGED);
  EXPECT_EQ(GetLead(lead)->job_title(), "Clerk");
  const Begun job = BeginLeads("UPDATE_ONLY");
  const auto updated = ImportLead(job, absl::StrCat(row, R"( first_touch { campaign: "autumn" })"));
  EXPECT_EQ(updated.reason(), "");
  EXPECT_EQ(updated->outcome(), v1::ROW_UPDATED);
  EXPECT_EQ(GetLead(lead)->job_title(), "Buyer");
  EXPECT_EQ(GetLead(lead)->first_touch().campaign(), "spring") << "it never changes";
  Complete(job.name);
  EXPECT_EQ(RevertAll(job.name).taken_back, 1);
  EXPECT_EQ(GetLead(lead)->job_title(), "Clerk");
}

TEST_F(ImportedLeads, AreOneWhoeverOfTwoComesFirst) {
  const Begun job = BeginLeads();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      while (ImportLead(job, absl::StrCat(R"(email: "lena@quay.example" job_title: ")", i, "\""))
                 .reason() == "CONFLICT") {
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  leads::v1::ListLeadsRequest list;
  EXPECT_EQ(server_.Call(&LeadsService::Stub::ListLeads, list)->leads_size(), 1);
}

TEST_F(ImportedLeads, HaveNoIdOfADeal) {
  v1::ImportRecordRequest request;
  const Begun job = BeginLeads();
  request.set_import_job(job.name);
  request.set_deal_id("a1");
  request.mutable_lead()->set_last_name("Quist");
  EXPECT_EQ(CallOf(job, &Stub::ImportRecord, request).reason(), "INVALID_RECORD");
  request.clear_lead();
  EXPECT_EQ(CallOf(job, &Stub::ImportRecord, request).reason(), "INVALID_RECORD");
}

class ImportedDeals : public ImportJobsTest {
 protected:
  Begun BeginDeals(const std::string& policy = "UPSERT", const std::string& key = "DEAL_NAME") {
    return Begin(absl::StrCat("collection: 'deals' match_keys: ", key, " policy: ", policy));
  }
  testing::Reply<v1::ImportRecordResponse> ImportDeal(const Begun& job, const std::string& id,
                                                      const std::string& stage,
                                                      const std::string& more = "") {
    v1::ImportRecordRequest request;
    request.set_import_job(job.name);
    request.set_deal_id(id);
    *request.mutable_deal() = Proto<Deal>(
        absl::StrCat("display_name: 'Press' stage: 'pipelines/default/stages/", stage, "' ", more));
    return CallOf(job, &Stub::ImportRecord, request);
  }
  testing::Reply<Deal> GetDeal(const std::string& name) {
    deals::v1::GetDealRequest request;
    request.set_name(name);
    return server_.Call(&DealsService::Stub::GetDeal, request);
  }
};

TEST_F(ImportedDeals, AreFoundByTheirNameAndMoved) {
  const Begun job = BeginDeals();
  const auto created = ImportDeal(job, "a1", "new-lead");
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(created->outcome(), v1::ROW_CREATED);
  EXPECT_EQ(created->name(), "deals/a1");
  EXPECT_EQ(ImportDeal(job, "a1", "new-lead")->outcome(), v1::ROW_UNCHANGED);
  EXPECT_EQ(ImportDeal(job, "a1", "new-lead", "source: 'fair'")->outcome(), v1::ROW_UPDATED);
  EXPECT_EQ(ImportDeal(job, "a1", "contacted")->outcome(), v1::ROW_UPDATED);
  const auto both = ImportDeal(job, "a1", "qualified", "source: 'web'");
  EXPECT_EQ(both.reason(), "");
  EXPECT_EQ(both->outcome(), v1::ROW_UPDATED);
  EXPECT_EQ(GetDeal("deals/a1")->stage(), "pipelines/default/stages/qualified");
  EXPECT_EQ(GetDeal("deals/a1")->source(), "web");
  EXPECT_EQ(GetDeal("deals/a1")->stage_intervals_size(), 3);
  const auto refused = ImportDeal(job, "a1", "no-such-stage", "source: 'mail'");
  EXPECT_EQ(refused.reason(), "STAGE_NOT_FOUND");
  EXPECT_EQ(GetDeal("deals/a1")->source(), "web") << "all of a row, or nothing";
  deals::v1::WinDealRequest win;
  win.set_name("deals/a1");
  ASSERT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  EXPECT_EQ(ImportDeal(job, "a1", "contacted", "source: 'web'")->outcome(), v1::ROW_UNCHANGED);
  EXPECT_EQ(GetDeal("deals/a1")->status(), deals::v1::WON);
  EXPECT_NE(ImportDeal(job, "", "contacted")->name(), "deals/a1");
}

// Only a command of its own reopens a deal.
TEST_F(ImportedDeals, ThatWereClosedAreToBeReopenedFirst) {
  const Begun job = BeginDeals();
  for (const std::string id : {"a1", "a2"}) {
    ASSERT_EQ(ImportDeal(job, id, "contacted", "source: 'fair'").reason(), "");
  }
  deals::v1::WinDealRequest win;
  win.set_name("deals/a1");
  ASSERT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  deals::v1::LoseDealRequest lose;
  lose.set_name("deals/a2");
  lose.set_reason(deals::v1::PRICING);
  ASSERT_EQ(server_.Call(&DealsService::Stub::LoseDeal, lose).reason(), "");
  for (const std::string id : {"a1", "a2"}) {
    const std::string etag = GetDeal(absl::StrCat("deals/", id))->etag();
    const auto refused = ImportDeal(job, id, "qualified", "source: 'web'");
    EXPECT_EQ(refused.reason(), "DEAL_CLOSED");
    EXPECT_THAT(refused.status.error_message(), HasSubstr(absl::StrCat("Reopen deals/", id)));
    EXPECT_EQ(ImportDeal(BeginDeals("CREATE_ONLY"), id, "qualified", "source: 'web'")->outcome(),
              v1::ROW_UNCHANGED);
    EXPECT_EQ(ImportDeal(job, id, "contacted", "source: 'fair'")->outcome(), v1::ROW_UNCHANGED)
        << "it says nothing new";
    EXPECT_EQ(GetDeal(absl::StrCat("deals/", id))->etag(), etag);
    deals::v1::ReopenDealRequest reopen;
    reopen.set_name(absl::StrCat("deals/", id));
    reopen.set_stage("pipelines/default/stages/contacted");
    ASSERT_EQ(server_.Call(&DealsService::Stub::ReopenDeal, reopen).reason(), "");
    EXPECT_EQ(ImportDeal(job, id, "qualified", "source: 'web'")->outcome(), v1::ROW_UPDATED);
    EXPECT_EQ(GetDeal(absl::StrCat("deals/", id))->source(), "web");
  }
}

TEST_F(ImportedDeals, AreFoundByAnExternalIdAndMoved) {
  const std::string id = "external_ids { system: 'crm' id: '7' } ";
  const auto begin = [&](const std::string& policy) { return BeginDeals(policy, "EXTERNAL_ID"); };
  EXPECT_EQ(ImportDeal(begin("UPDATE_ONLY"), "", "new-lead", id).reason(), "NO_MATCH");
  const auto created = ImportDeal(begin("UPSERT"), "", "new-lead", id);
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(created->outcome(), v1::ROW_CREATED);
  const std::string name = created->name();
  EXPECT_EQ(ImportDeal(begin("UPSERT"), "", "new-lead", id)->outcome(), v1::ROW_UNCHANGED);
  EXPECT_EQ(ImportDeal(begin("CREATE_ONLY"), "", "contacted", id)->outcome(), v1::ROW_UNCHANGED);
  EXPECT_EQ(GetDeal(name)->etag(), "1");
  const Begun later = begin("UPSERT");
  const auto moved = ImportDeal(
      later, "", "qualified",
      absl::StrCat(id, "external_ids { system: 'erp' id: '8' } tags: 'fair' source: 'web'"));
  EXPECT_EQ(moved.reason(), "");
  EXPECT_EQ(moved->outcome(), v1::ROW_UPDATED);
  EXPECT_EQ(moved->name(), name);
  EXPECT_EQ(GetDeal(name)->stage(), "pipelines/default/stages/qualified");
  EXPECT_EQ(GetDeal(name)->external_ids_size(), 2) << "it gains what the row adds";
  EXPECT_THAT(GetDeal(name)->tags(), ::testing::ElementsAre("fair"));
  // One that has the one id, and one that has the other.
  ASSERT_EQ(ImportDeal(begin("UPSERT"), "", "new-lead", "external_ids { system: 'crm' id: '9' }")
                ->outcome(),
            v1::ROW_CREATED);
  const auto several = ImportDeal(begin("UPSERT"), "", "new-lead",
                                  absl::StrCat(id, "external_ids { system: 'crm' id: '9' }"));
  EXPECT_EQ(several.reason(), "AMBIGUOUS_ROW");
  EXPECT_THAT(several.status.error_message(), HasSubstr(absl::StrCat(name, " (EXTERNAL_ID)")));
  const auto none = ImportDeal(BeginDeals(), "a1", "new-lead", id);
  EXPECT_EQ(none.reason(), "EXTERNAL_ID_TAKEN") << "of a job that matches by name alone";
}

TEST_F(ImportedDeals, DoWhatTheirPolicySaysAndAreTakenBack) {
  EXPECT_EQ(ImportDeal(BeginDeals("UPDATE_ONLY"), "a1", "new-lead").reason(), "NO_MATCH");
  const Begun job = BeginDeals();
  ASSERT_EQ(ImportDeal(job, "a1", "new-lead", "source: 'fair'").reason(), "");
  EXPECT_EQ(ImportDeal(BeginDeals("CREATE_ONLY"), "a1", "contacted", "source: 'web'")->outcome(),
            v1::ROW_UNCHANGED);
  EXPECT_EQ(GetDeal("deals/a1")->source(), "fair");
  const Begun later = BeginDeals("UPDATE_ONLY");
  EXPECT_EQ(ImportDeal(later, "a1", "new-lead", "source: 'web'")->outcome(), v1::ROW_UPDATED);
  Complete(later.name);
  EXPECT_EQ(RevertAll(later.name).taken_back, 1);
  EXPECT_EQ(GetDeal("deals/a1")->source(), "fair");
}

}  // namespace
}  // namespace kith::import_jobs
