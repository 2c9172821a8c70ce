// Custom fields in the conditions of what happens by itself, over the whole server: workflows,
// scoring models, webhooks and assignment rules. What a value is, it says itself, so what becomes
// of its definition later changes neither whom a condition holds of nor what a past one was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "kith/assignment_rules/v1/assignment_rules_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/scoring_models/v1/scores_service.grpc.pb.h"
#include "kith/scoring_models/v1/scoring_models_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/webhooks/v1/webhook_deliveries_service.grpc.pb.h"
#include "kith/webhooks/v1/webhooks_service.grpc.pb.h"
#include "kith/workflows/v1/workflow_runs_service.grpc.pb.h"
#include "kith/workflows/v1/workflows_service.grpc.pb.h"
#include "tests/testing/await.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::custom_fields {
namespace {

using assignment_rules::v1::AssignmentRulesService;
using contacts::v1::ContactsService;
using scoring_models::v1::ScoresService;
using scoring_models::v1::ScoringModelsService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Proto;
using testing::Reply;
using webhooks::v1::WebhookDeliveriesService;
using webhooks::v1::WebhooksService;
using workflows::v1::WorkflowRunsService;
using workflows::v1::WorkflowsService;
using Stub = v1::CustomFieldsService::Stub;

// A workflow's only step, which gives the record a title.
constexpr char kTitles[] =
    R"(steps { id: 'title' call { method: 'UpdateContact' request:
         '{"contact": {"name": "{{record.name}}", "job_title": "told"}}' } })";

class CustomConditions : public ::testing::Test {
 protected:
  CustomConditions()
      : server_(nullptr, [](runtime::ServerOptions& options) {
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
          options.policies.retry_first = absl::ZeroDuration();
        }) {}

  template <class Method, class Request>
  auto Made(Method method, const Request& request) {
    const auto made = server_.Call(method, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made.response;
  }
  std::string Field(const std::string& key, const std::string& text) {
    v1::CreateCustomFieldRequest request;
    *request.mutable_custom_field() =
        Proto<v1::CustomField>(absl::StrCat("resource: 'contacts' ", text));
    request.mutable_custom_field()->set_key(key);
    request.mutable_custom_field()->set_display_name(key);
    return Made(&Stub::CreateCustomField, request).name();
  }
  void DeleteField(const std::string& name) {
    v1::DeleteCustomFieldRequest request;
    request.set_name(name);
    Made(&Stub::DeleteCustomField, request);
  }
  std::string CreateContact(const std::string& text) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<contacts::v1::Contact>(text);
    request.mutable_contact()->set_first_name("Ada");
    return Made(&ContactsService::Stub::CreateContact, request).name();
  }
  void Update(const std::string& contact, const std::string& text, const std::string& path) {
    contacts::v1::UpdateContactRequest request;
    *request.mutable_contact() = Proto<contacts::v1::Contact>(text);
    request.mutable_contact()->set_name(contact);
    request.mutable_update_mask()->add_paths(path);
    Made(&ContactsService::Stub::UpdateContact, request);
  }
  Reply<workflows::v1::Workflow> CreateWorkflow(const std::string& text) {
    workflows::v1::CreateWorkflowRequest request;
    *request.mutable_workflow() = Proto<workflows::v1::Workflow>(text);
    request.mutable_workflow()->set_display_name("Tell");
    return server_.Call(&WorkflowsService::Stub::CreateWorkflow, request);
  }
  void Activate(const std::string& text) {
    const auto created = CreateWorkflow(text);
    EXPECT_EQ(created.reason(), "") << created.status.error_message();
    workflows::v1::ActivateWorkflowRequest request;
    request.set_name(created->name());
    Made(&WorkflowsService::Stub::ActivateWorkflow, request);
  }
  static std::string Triggered(const std::string& condition) {
    return absl::StrCat("trigger { resource: 'contacts' condition: '", condition, "' } ", kTitles);
  }
  // Of which records there are runs that ended, or are so far.
  std::vector<std::string> Told(workflows::v1::RunState state = workflows::v1::DONE) {
    workflows::v1::ListWorkflowRunsRequest request;
    request.set_order_by("create_time");
    std::vector<std::string> records;
    const auto listed = Made(&WorkflowRunsService::Stub::ListWorkflowRuns, request);
    for (const auto& run : listed.workflow_runs()) {
      if (run.state() == state) records.push_back(run.record());
    }
    return records;
  }

  testing::TestServer server_;
};

constexpr char kGold[] = "custom { key: 'tier' value { text: 'Gold' } }";
constexpr char kSilver[] = "custom { key: 'tier' value { text: 'silver' } }";

TEST_F(CustomConditions, SetOffWorkflows) {
  Field("tier", "type: TEXT");
  Field("seats", "type: NUMBER");
  Field("renewal", "type: DATE");
  Field("phone_name", "type: TEXT personal: true");
  Activate(Triggered(
      R"(custom.tier = "gold" AND custom.seats >= 5 )"
      R"(AND NOT custom.renewal < "2020-01-01" AND personal_custom.phone_name != "none")"));
  const std::string seats = " custom { key: 'seats' value { number: 7 } }";
  const std::string ada = CreateContact(absl::StrCat(kGold, seats));
  const std::string few =
      CreateContact(absl::StrCat(kGold, " custom { key: 'seats' value { number: 3 } }"));
  CreateContact(absl::StrCat(kSilver, seats));
  CreateContact(absl::StrCat(
      kGold, seats, " custom { key: 'renewal' value { date { year: 2019 month: 5 day: 1 } } }"));
  CreateContact(
      absl::StrCat(kGold, seats, " personal_custom { key: 'phone_name' value { text: 'None' } }"));
  CreateContact("");
  Update(few, "custom { key: 'seats' value { number: 5 } }", "custom.seats");
  testing::AwaitThat(server_, [&] { return Told().size() >= 2; });
  EXPECT_THAT(Told(), ElementsAre(ada, few));
}

TEST_F(CustomConditions, DecideBranchesAndWhatIsWaitedFor) {
  Field("tier", "type: TEXT");
  Activate(absl::StrCat(R"(
      trigger { resource: 'contacts' change: CREATED }
      steps { id: 'look' branch { condition: 'custom.tier:*' otherwise: 'end' } }
      steps { id: 'gold' await { resource: 'contacts' condition: 'custom.tier = gold'
                                 timeout: '30d' otherwise: 'end' } } )",
                        kTitles, " steps { id: 'end' end {} }"));
  CreateContact("");
  const std::string ada = CreateContact(kSilver);
  testing::AwaitThat(server_, [&] { return Told().size() == 1; });
  Update(ada, kGold, "custom.tier");
  testing::AwaitThat(server_, [&] { return Told().size() == 2; });
  contacts::v1::GetContactRequest get;
  get.set_name(ada);
  EXPECT_EQ(Made(&ContactsService::Stub::GetContact, get).job_title(), "told");
}

// Of contacts that name the new one in a custom field, or in a personal one.
TEST_F(CustomConditions, SayWhichRecordsAreWaitedFor) {
  Field("mentor", "type: RECORD record_collection: 'contacts'");
  Field("spouse", "type: RECORD personal: true");
  const auto wait = [](const std::string& by_field) {
    return absl::StrCat(
        "trigger { resource: 'contacts' change: CREATED } "
        "steps { id: 'named' await { resource: 'contacts' by_field: '",
        by_field, "' condition: 'notes = go' timeout: '30d' otherwise: 'stop' } } ", kTitles,
        " steps { id: 'stop' end {} }");
  };
  Activate(wait("custom.mentor"));
  const std::string ada = CreateContact("");
  CreateContact("");
  testing::AwaitThat(server_, [&] { return Told(workflows::v1::WAITING).size() == 2; });
  const auto names = [](const std::string& map, const std::string& key, const std::string& name) {
    return absl::StrCat("notes: 'go' ", map, " { key: '", key, "' value { record: '", name,
                        "' } }");
  };
  CreateContact(names("custom", "mentor", ada));
  testing::AwaitThat(
      server_, [&] { return Told(workflows::v1::WAITING).size() == 2 && Told().size() == 1; });
  EXPECT_THAT(Told(), ElementsAre(ada));
  Activate(wait("personal_custom.spouse"));
  const std::string cyd = CreateContact("");
  testing::AwaitThat(server_, [&] { return Told(workflows::v1::WAITING).size() == 4; });
  CreateContact(names("personal_custom", "spouse", cyd));
  testing::AwaitThat(server_, [&] { return Told().size() == 2; });
  EXPECT_THAT(Told(), ElementsAre(ada, cyd));
}

TEST_F(CustomConditions, SayOnlyByFieldsThatNameRecordsWhichAreWaitedFor) {
  Field("tier", "type: TEXT");
  Field("keeper", "type: RECORD record_collection: 'users'");
  Field("mentor", "type: RECORD");
  const auto told = [&](const std::string& by_field) {
    const auto created =
        CreateWorkflow(absl::StrCat("trigger { resource: 'contacts' change: CREATED } "
                                    "steps { id: 'named' await { resource: 'contacts' by_field: '",
                                    by_field, "' timeout: '30d' } }"));
    if (!created.reason().empty()) {
      EXPECT_THAT(created.fields(), ElementsAre("workflow.steps[0].await.by_field"));
    }
    return created.status.error_message();
  };
  EXPECT_EQ(told("custom.mentor"), "");
  EXPECT_THAT(told("custom.mentro"), HasSubstr("did you mean custom.mentor?"));
  EXPECT_THAT(told("custom.tier"), HasSubstr("a custom field of contacts that names records of"));
  EXPECT_THAT(told("custom.keeper"), HasSubstr("a custom field of contacts that names records of"));
  EXPECT_NE(told("personal_custom.mentor"), "");
}

TEST_F(CustomConditions, NameFieldsThatThereAre) {
  Field("tier", "type: TEXT");
  Field("seats", "type: NUMBER");
  Field("phone_name", "type: TEXT personal: true");
  const auto misspelled = CreateWorkflow(Triggered("custom.teir = gold"));
  EXPECT_EQ(misspelled.reason(), "INVALID_WORKFLOW");
  EXPECT_THAT(misspelled.fields(), ElementsAre("workflow.trigger.condition"));
  EXPECT_THAT(misspelled.status.error_message(), HasSubstr("There is no field custom.teir"));
  EXPECT_THAT(CreateWorkflow(Triggered("custom.seats > many")).fields(),
              ElementsAre("workflow.trigger.condition"));
  EXPECT_THAT(CreateWorkflow(Triggered("custom.phone_name = a")).fields(),
              ElementsAre("workflow.trigger.condition"));
  EXPECT_THAT(CreateWorkflow(absl::StrCat("trigger { resource: 'deals' condition: "
                                          "'custom.tier = gold' } steps { id: 'end' end {} }"))
                  .fields(),
              ElementsAre("workflow.trigger.condition"));

  scoring_models::v1::CreateScoringModelRequest model;
  *model.mutable_scoring_model() = Proto<scoring_models::v1::ScoringModel>(
      "display_name: 'Fit' target: CONTACTS "
      "rules { id: 'a' points: 1 record { condition: 'custom.teir = gold' } }");
  EXPECT_THAT(server_.Call(&ScoringModelsService::Stub::CreateScoringModel, model).fields(),
              ElementsAre("scoring_model.rules[0].record.condition"));

  webhooks::v1::CreateWebhookRequest webhook;
  *webhook.mutable_webhook() = Proto<webhooks::v1::Webhook>(
      "display_name: 'Hook' url: 'https://example.org/hook' "
      "events { resource: 'contacts' condition: 'custom.teir = gold' }");
  EXPECT_THAT(server_.Call(&WebhooksService::Stub::CreateWebhook, webhook).fields(),
              ElementsAre("webhook.events[0].condition"));

  assignment_rules::v1::CreateAssignmentRuleRequest rule;
  *rule.mutable_assignment_rule() = Proto<assignment_rules::v1::AssignmentRule>(
      "display_name: 'Rule' resource: 'contacts' "
      "branches { condition: 'custom.teir = gold' assignee: 'users/01ARZ3NDEKTSV4RRFFQ69G5FAV' }");
  EXPECT_THAT(server_.Call(&AssignmentRulesService::Stub::CreateAssignmentRule, rule).fields(),
              ElementsAre("assignment_rule.branches[0].condition"));
}

TEST_F(CustomConditions, GoOnOverTheValuesOfAFieldThatIsDeleted) {
  const std::string tier = Field("tier", "type: TEXT");
  Activate(Triggered("custom.tier = gold AND notes = go"));
  const std::string ada = CreateContact(kGold);
  DeleteField(tier);
  Update(ada, "notes: 'go'", "notes");
  testing::AwaitThat(server_, [&] { return !Told().empty(); });
  EXPECT_THAT(Told(), ElementsAre(ada));
  EXPECT_THAT(CreateWorkflow(Triggered("custom.tier = gold")).fields(),
              ElementsAre("workflow.trigger.condition"));
}

TEST_F(CustomConditions, AreToldByADryRunAsTheRecordsWere) {
  const absl::Time begin = server_.clock().Now();
  const std::string tier = Field("tier", "type: TEXT");
  const std::string ada = CreateContact(kSilver);
  server_.clock().Advance(absl::Hours(1));
  Update(ada, kGold, "custom.tier");
  const absl::Time gold = server_.clock().Now();
  server_.clock().Advance(absl::Hours(1));
  Update(ada, kSilver, "custom.tier");
  workflows::v1::DryRunWorkflowRequest request;
  *request.mutable_definition() = Proto<workflows::v1::Workflow>(
      absl::StrCat("display_name: 'x' ", Triggered("custom.tier = gold")));
  *request.mutable_start_time() = ToTimestamp(begin);
  const auto before = Made(&WorkflowsService::Stub::DryRunWorkflow, request);
  ASSERT_EQ(before.runs_size(), 1);
  EXPECT_EQ(before.runs(0).record(), ada);
  EXPECT_EQ(FromTimestamp(before.runs(0).time()), gold);
  DeleteField(tier);
  const auto after = Made(&WorkflowsService::Stub::DryRunWorkflow, request);
  ASSERT_EQ(after.runs_size(), 1);
  EXPECT_EQ(after.runs(0).SerializeAsString(), before.runs(0).SerializeAsString());
}

TEST_F(CustomConditions, GivePoints) {
  Field("tier", "type: TEXT");
  scoring_models::v1::CreateScoringModelRequest request;
  *request.mutable_scoring_model() = Proto<scoring_models::v1::ScoringModel>(
      "display_name: 'Fit' target: CONTACTS "
      "rules { id: 'gold' points: 10 record { condition: 'custom.tier = gold' } }");
  const std::string model = Made(&ScoringModelsService::Stub::CreateScoringModel, request).name();
  const std::string ada = CreateContact(kGold);
  const std::string ben = CreateContact(kSilver);
  const auto score_of = [&](const std::string& contact) {
    scoring_models::v1::GetScoreRequest get;
    get.set_model(model);
    get.set_record(contact);
    return server_.Call(&ScoresService::Stub::GetScore, get)->score();
  };
  testing::AwaitThat(server_, [&] { return score_of(ada) == 10; });
  EXPECT_EQ(score_of(ben), 0);
}

TEST_F(CustomConditions, TellWebhooks) {
  Field("tier", "type: TEXT");
  webhooks::v1::CreateWebhookRequest request;
  *request.mutable_webhook() = Proto<webhooks::v1::Webhook>(
      "display_name: 'Hook' url: 'https://example.org/hook' "
      "events { resource: 'contacts' condition: 'custom.tier = gold' }");
  webhooks::v1::ActivateWebhookRequest activate;
  activate.set_name(Made(&WebhooksService::Stub::CreateWebhook, request).name());
  Made(&WebhooksService::Stub::ActivateWebhook, activate);
  CreateContact(kSilver);
  const std::string ada = CreateContact(kGold);
  const auto deliveries = [&] {
    return Made(&WebhookDeliveriesService::Stub::ListWebhookDeliveries,
                webhooks::v1::ListWebhookDeliveriesRequest())
        .webhook_deliveries();
  };
  testing::AwaitThat(server_, [&] { return !deliveries().empty(); });
  ASSERT_EQ(deliveries().size(), 1);
  EXPECT_EQ(deliveries()[0].record(), ada);
}

TEST_F(CustomConditions, SayWhoGetsARecord) {
  Field("tier", "type: TEXT");
  users::v1::CreateUserRequest user;
  user.mutable_user()->set_display_name("Una");
  const std::string una = Made(&users::v1::UsersService::Stub::CreateUser, user).name();
  user.mutable_user()->set_display_name("Vic");
  const std::string vic = Made(&users::v1::UsersService::Stub::CreateUser, user).name();
  assignment_rules::v1::CreateAssignmentRuleRequest rule;
  *rule.mutable_assignment_rule() = Proto<assignment_rules::v1::AssignmentRule>(absl::StrCat(
      "display_name: 'Rule' resource: 'contacts' branches { condition: 'custom.tier = gold' "
      "assignee: '",
      una, "' } fallback: '", vic, "'"));
  assignment_rules::v1::AssignRecordRequest assign;
  assign.set_rule(Made(&AssignmentRulesService::Stub::CreateAssignmentRule, rule).name());
  for (const auto& [text, owner] : {std::pair(kGold, una), std::pair(kSilver, vic)}) {
    assign.set_record(CreateContact(text));
    EXPECT_EQ(Made(&AssignmentRulesService::Stub::AssignRecord, assign).owner(), owner);
  }
}

}  // namespace
}  // namespace kith::custom_fields
