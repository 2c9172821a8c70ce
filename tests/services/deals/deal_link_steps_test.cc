// Deals listed by what their companies, owners and contacts are: a whole server, because those
// stand in other views than the deals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/saved_views/v1/saved_views_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::deals {
namespace {

using companies::v1::CompaniesService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Proto;
using testing::Reply;
using users::v1::UsersService;
using workspaces::v1::WorkspacesService;

class DealLinkStepsTest : public ::testing::Test {
 protected:
  DealLinkStepsTest() {
    ben_ = CreateUser(R"(display_name: "Ben" office: "Berlin" roles: "roles/sales-rep")");
    ada_ = CreateUser(R"(display_name: "Ada" roles: "roles/sales-manager")");
    shop_ = CreateCompany(absl::StrCat(
        "display_name: 'Shop' industry: 'Retail' employee_count: 20 owner: '", ben_, "'"));
    mill_ = CreateCompany(absl::StrCat(
        "display_name: 'Mill' industry: 'Paper' employee_count: 400 owner: '", ada_, "'"));
    CreateDeal("shelves", absl::StrCat("company: '", shop_, "' owner: '", ben_, "'"));
    CreateDeal("rolls", absl::StrCat("company: '", mill_, "' owner: '", ben_, "'"));
    CreateDeal("loose", absl::StrCat("owner: '", ada_, "'"));
  }

  std::string CreateUser(absl::string_view user) {
    users::v1::CreateUserRequest request;
    *request.mutable_user() = Proto<users::v1::User>(user);
    const auto created = server_.Call(&UsersService::Stub::CreateUser, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  std::string CreateCompany(absl::string_view company) {
    companies::v1::CreateCompanyRequest request;
    *request.mutable_company() = Proto<companies::v1::Company>(company);
    const auto created = server_.Call(&CompaniesService::Stub::CreateCompany, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  void CreateDeal(const std::string& id, absl::string_view deal) {
    v1::CreateDealRequest request;
    request.set_deal_id(id);
    *request.mutable_deal() = Proto<v1::Deal>(deal);
    request.mutable_deal()->set_display_name(id);
    EXPECT_EQ(server_.Call(&v1::DealsService::Stub::CreateDeal, request).reason(), "");
  }
  std::string SecretOf(const std::string& user, const std::string& permission = "*") {
    workspaces::v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Key");
    request.mutable_api_key()->set_user(user);
    request.mutable_api_key()->add_permissions(permission);
    const auto created = server_.Call(&WorkspacesService::Stub::CreateApiKey, request);
    EXPECT_EQ(created.reason(), "");
    return created->secret();
  }

  Reply<v1::ListDealsResponse> List(const std::string& filter, const std::string& secret = "",
                                    const type::v1::ReadOptions& read = {}) {
    v1::ListDealsRequest request;
    request.set_filter(filter);
    *request.mutable_read() = read;
    return server_.CallWith(secret.empty() ? server_.secret() : secret,
                            &v1::DealsService::Stub::ListDeals, request);
  }
  // Sorted.
  std::vector<std::string> Find(const std::string& filter, const std::string& secret = "",
                                const type::v1::ReadOptions& read = {}) {
    const auto page = List(filter, secret, read);
    EXPECT_EQ(page.reason(), "") << filter << ": " << page.status.error_message();
    std::vector<std::string> ids;
    for (const v1::Deal& deal : page->deals()) ids.push_back(deal.display_name());
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  testing::TestServer server_;
  std::string ada_, ben_, shop_, mill_;
};

TEST_F(DealLinkStepsTest, AreOfWhatIsLinked) {
  EXPECT_THAT(Find("company.industry = Retail"), ElementsAre("shelves"));
  EXPECT_THAT(Find("company.industry in (Retail, Paper)"), ElementsAre("rolls", "shelves"));
  EXPECT_THAT(Find("company.employee_count > 100"), ElementsAre("rolls"));
  EXPECT_THAT(Find("company.industry = \"Ret*\""), ElementsAre("shelves"));
  EXPECT_THAT(Find("contains(company.industry, \"ape\")"), ElementsAre("rolls"));
  EXPECT_THAT(Find("company.industry = Steel"), IsEmpty());
  EXPECT_THAT(Find("company.industry:* AND display_name = rolls"), ElementsAre("rolls"));
  EXPECT_THAT(Find("owner.office = Berlin AND company.industry = Paper"), ElementsAre("rolls"));
  EXPECT_THAT(Find("company.industry = Steel OR owner = Ada"), ElementsAre("loose"));
}

TEST_F(DealLinkStepsTest, HoldOfWhatHasNoLinkWhereTheyAreNegated) {
  EXPECT_THAT(Find("company.industry != Retail"), ElementsAre("loose", "rolls"));
  EXPECT_THAT(Find("NOT company.industry = Retail"), ElementsAre("loose", "rolls"));
  EXPECT_THAT(Find("company.industry != Steel"), ElementsAre("loose", "rolls", "shelves"));
}

TEST_F(DealLinkStepsTest, KnowWhatPeopleCallTheLinksOfTheLinked) {
  EXPECT_THAT(Find("company.owner = Ben"), ElementsAre("shelves"));
  EXPECT_EQ(List("company.owner = Nobody").reason(), "UNKNOWN_ALIAS");
}

TEST_F(DealLinkStepsTest, MeanAllNamesOfWhoWasMerged) {
  companies::v1::MergeCompaniesRequest merge;
  merge.set_name(mill_);
  merge.add_merged(shop_);
  ASSERT_EQ(server_.Call(&CompaniesService::Stub::MergeCompanies, merge).reason(), "");
  EXPECT_THAT(Find("company.industry = Paper"), ElementsAre("rolls", "shelves"));
}

// What the companies were when the deals were.
TEST_F(DealLinkStepsTest, AnswerAsOf) {
  companies::v1::UpdateCompanyRequest update;
  update.mutable_company()->set_name(shop_);
  update.mutable_company()->set_industry("Steel");
  update.mutable_update_mask()->add_paths("industry");
  const auto before = List("");
  ASSERT_EQ(server_.Call(&CompaniesService::Stub::UpdateCompany, update).reason(), "");
  type::v1::ReadOptions then;
  then.set_token(before.token);
  EXPECT_THAT(Find("company.industry = Retail", "", then), ElementsAre("shelves"));
  EXPECT_THAT(Find("company.industry = Retail"), IsEmpty());
}

TEST_F(DealLinkStepsTest, GoOnOnTheNextPage) {
  v1::ListDealsRequest request;
  request.set_filter("company.employee_count >= 20");
  request.set_order_by("display_name");
  request.set_page_size(1);
  const auto first = server_.Call(&v1::DealsService::Stub::ListDeals, request);
  ASSERT_EQ(first->deals(0).display_name(), "rolls");
  request.set_page_token(first->next_page_token());
  EXPECT_EQ(server_.Call(&v1::DealsService::Stub::ListDeals, request)->deals(0).display_name(),
            "shelves");
  request.set_filter("company.employee_count >= 30");
  EXPECT_EQ(server_.Call(&v1::DealsService::Stub::ListDeals, request).reason(),
            "INVALID_PAGE_TOKEN");
}

// However long somebody reads the first page.
TEST_F(DealLinkStepsTest, CountFromTheMomentOfTheFirstPage) {
  v1::ListDealsRequest request;
  request.set_filter("company.create_time >= -1h");
  request.set_order_by("display_name");
  request.set_page_size(1);
  const auto first = server_.Call(&v1::DealsService::Stub::ListDeals, request);
  ASSERT_EQ(first->deals_size(), 1);
  EXPECT_EQ(first->deals(0).display_name(), "rolls");
  server_.clock().Advance(absl::Hours(2));
  request.set_page_token(first->next_page_token());
  const auto second = server_.Call(&v1::DealsService::Stub::ListDeals, request);
  ASSERT_EQ(second->deals_size(), 1) << second.reason();
  EXPECT_EQ(second->deals(0).display_name(), "shelves");
  EXPECT_THAT(Find("company.create_time >= -1h"), IsEmpty());
}

TEST_F(DealLinkStepsTest, AreOfCustomFieldsOfTheLinked) {
  const auto before = List("");
  custom_fields::v1::CreateCustomFieldRequest create;
  *create.mutable_custom_field() = Proto<custom_fields::v1::CustomField>(
      "resource: 'companies' key: 'tier' type: TEXT display_name: 'Tier'");
  using CustomFields = custom_fields::v1::CustomFieldsService;
  ASSERT_EQ(server_.Call(&CustomFields::Stub::CreateCustomField, create).reason(), "");
  const std::string mint = CreateCompany(
      "display_name: 'Mint' industry: 'Coins' custom { key: 'tier' value { text: 'Gold' } }");
  CreateDeal("bars", absl::StrCat("company: '", mint, "'"));
  EXPECT_THAT(Find("company.custom.tier = gold"), ElementsAre("bars"));
  EXPECT_THAT(Find("company.custom.tier != gold"), ElementsAre("loose", "rolls", "shelves"));
  EXPECT_THAT(Find("company.custom.tier:* OR company.industry = Retail"),
              ElementsAre("bars", "shelves"));
  const auto unknown = List("owner:* company.custom.colour = red");
  EXPECT_EQ(unknown.reason(), "INVALID_FILTER");
  EXPECT_EQ(unknown.metadata("character"), "9");
  EXPECT_THAT(unknown.status.error_message(), HasSubstr("no field company.custom.colour"));
  EXPECT_THAT(List("company.custom.tear = gold").status.error_message(),
              HasSubstr("did you mean company.custom.tier?"));
  type::v1::ReadOptions then;
  then.set_token(before.token);
  EXPECT_EQ(List("company.custom.tier = gold", "", then).reason(), "INVALID_FILTER");
}

// A stage stands in its pipeline.
TEST_F(DealLinkStepsTest, AreOfThePartsOfRecords) {
  CreateDeal("late", "stage: 'pipelines/default/stages/negotiation'");
  EXPECT_THAT(Find("stage.probability >= 50"), ElementsAre("late"));
  EXPECT_THAT(Find("stage.display_name = \"negot*\""), ElementsAre("late"));
  EXPECT_THAT(Find("stage.kind = OPEN_STAGE stage.probability < 50"),
              ElementsAre("loose", "rolls", "shelves"));
  EXPECT_THAT(Find("stage.display_name != Negotiation"), ElementsAre("loose", "rolls", "shelves"));
  EXPECT_THAT(Find("stage.kind = WON_STAGE"), IsEmpty());
  EXPECT_EQ(List("stage.colour = red").reason(), "INVALID_FILTER");
  const auto wrong = List("owner:* stage.probability = much");
  EXPECT_EQ(wrong.reason(), "INVALID_FILTER");
  EXPECT_EQ(wrong.metadata("character"), "29");
}

// Of a stage that several pipelines have, that of the pipeline in the same AND.
TEST_F(DealLinkStepsTest, KnowAStageByThePipelineBesideIt) {
  v1::CreatePipelineRequest pipeline;
  pipeline.set_pipeline_id("renewals");
  *pipeline.mutable_pipeline() = Proto<v1::Pipeline>(R"pb(
    display_name: "Renewals"
    stages { stage_id: "q" display_name: "Qualified" kind: OPEN_STAGE }
    stages { stage_id: "won" display_name: "Won" kind: WON_STAGE }
    stages { stage_id: "lost" display_name: "Lost" kind: LOST_STAGE })pb");
  ASSERT_EQ(server_.Call(&v1::PipelinesService::Stub::CreatePipeline, pipeline).reason(), "");
  CreateDeal("renewal", "pipeline: 'pipelines/renewals' stage: 'pipelines/renewals/stages/q'");
  tasks::v1::CreateTaskRequest task;
  *task.mutable_task() = Proto<tasks::v1::Task>("display_name: 'Call' deal: 'deals/renewal'");
  using Tasks = tasks::v1::TasksService;
  ASSERT_EQ(server_.Call(&Tasks::Stub::CreateTask, task).reason(), "");
  tasks::v1::ListTasksRequest list;
  list.set_filter("deal.stage = Qualified");
  EXPECT_EQ(server_.Call(&Tasks::Stub::ListTasks, list).reason(), "AMBIGUOUS_ALIAS");
  list.set_filter("deal.pipeline = Renewals AND deal.stage = Qualified");
  const auto found = server_.Call(&Tasks::Stub::ListTasks, list);
  EXPECT_EQ(found.reason(), "");
  EXPECT_EQ(found->tasks_size(), 1);
  list.set_filter("deal.pipeline = default AND deal.stage = Qualified");
  EXPECT_EQ(server_.Call(&Tasks::Stub::ListTasks, list)->tasks_size(), 0);
}

// Of the whole filter, as it was written.
TEST_F(DealLinkStepsTest, TellAtWhichCharacterTheyAreWrong) {
  EXPECT_EQ(List("owner = Ada AND company.employee_count = many").metadata("character"), "42");
  EXPECT_EQ(List("company.owner = Nobody").metadata("character"), "17");
  // Nor is the rest moved by a step before it.
  EXPECT_EQ(List("company.industry = Retail AND owner = Nobody").metadata("character"), "39");
  const auto wrong = List("company.industry = Retail amount = many");
  EXPECT_EQ(wrong.metadata("character"), "36");
  EXPECT_THAT(wrong.status.error_message(), HasSubstr("at character 36"));
}

// A rep sees their own companies, and no deal tells them what another's is.
TEST_F(DealLinkStepsTest, SeeWhatTheCallerSees) {
  const std::string ben = SecretOf(ben_);
  EXPECT_THAT(Find("", ben), ElementsAre("rolls", "shelves"));
  EXPECT_THAT(Find("company.industry = Retail", ben), ElementsAre("shelves"));
  EXPECT_THAT(Find("company.industry = Paper", ben), IsEmpty());
}

TEST_F(DealLinkStepsTest, AskForTheRightToReadWhatIsLinked) {
  const std::string of_deals = SecretOf(ada_, "deals.*");
  EXPECT_EQ(List("company.industry = Retail", of_deals).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(List("company:*", of_deals).reason(), "");
}

TEST_F(DealLinkStepsTest, AreRefusedWhereTheyLeadNowhere) {
  const auto unknown = List("company.colour = Red");
  EXPECT_EQ(unknown.reason(), "INVALID_FILTER");
  EXPECT_THAT(unknown.status.error_message(), HasSubstr("company.colour"));
  EXPECT_EQ(List("company.parent.industry = Retail").reason(), "INVALID_FILTER");
  EXPECT_EQ(List("company.employee_count = many").reason(), "INVALID_FILTER");
}

TEST_F(DealLinkStepsTest, AreKeptBySavedViews) {
  saved_views::v1::CreateSavedViewRequest create;
  create.mutable_saved_view()->set_display_name("Retail");
  create.mutable_saved_view()->set_resource("deals");
  create.mutable_saved_view()->set_filter("company.industry = Retail");
  using SavedViews = saved_views::v1::SavedViewsService;
  EXPECT_EQ(server_.Call(&SavedViews::Stub::CreateSavedView, create).reason(), "");
  create.mutable_saved_view()->set_filter("company.employee_count = many");
  EXPECT_EQ(server_.Call(&SavedViews::Stub::CreateSavedView, create).reason(), "CANNOT_BE_LISTED");
}

// So many companies that their names are no filter.
TEST_F(DealLinkStepsTest, HaveABound) {
  for (int batch = 0; batch < 11; ++batch) {
    companies::v1::BatchCreateCompaniesRequest create;
    for (int i = 0; i < 100; ++i) {
      auto& company = *create.add_requests()->mutable_company();
      company.set_display_name(absl::StrCat("C", batch, "-", i));
      company.set_industry("Many");
    }
    ASSERT_EQ(server_.Call(&CompaniesService::Stub::BatchCreateCompanies, create).reason(), "");
  }
  const auto refused = List("company.industry = Many");
  EXPECT_EQ(refused.reason(), "INVALID_FILTER");
  EXPECT_THAT(refused.status.error_message(), HasSubstr("more than 1000 records"));
}

}  // namespace
}  // namespace kith::deals
