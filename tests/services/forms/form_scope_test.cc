// What a form that is sent may do, over gRPC: contact, interaction, lead and consent come into
// being in one append, each by its own method and with the rights of whoever sends it, or none of
// them do. What may keep one of them away, in tables. The pages' own gates are in
// tests/services/edge/form_pages_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kith/assignment_rules/v1/assignment_rules_service.grpc.pb.h"
#include "kith/captures/v1/capture_reviews_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/forms/v1/form_submissions_service.grpc.pb.h"
#include "kith/forms/v1/forms_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::forms {
namespace {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using interactions::v1::InteractionsService;
using leads::v1::Lead;
using leads::v1::LeadsService;
using ::testing::ElementsAre;
using testing::Proto;
using users::v1::UsersService;
using workspaces::v1::WorkspacesService;
using Stub = v1::FormsService::Stub;

constexpr char kAda[] = R"(values { key: "email" value: "ada@example.com" } consents: "news" )";

class FormScopeTest : public ::testing::Test {
 protected:
  template <class Method, class Request>
  auto Made(Method method, const Request& request) {
    const auto made = server_.Call(method, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made.response;
  }
  std::string Publish(const std::string& more = "") {
    v1::CreateFormRequest create;
    *create.mutable_form() = Proto<v1::Form>(absl::StrCat(R"(
        display_name: "Contact us"
        fields { key: "email" label: "E-mail" kind: EMAIL maps_to: "contact.emails" }
        fields { key: "name" label: "Name" maps_to: "contact.first_name" }
        fields { key: "message" label: "Message" kind: PARAGRAPH }
        consents { key: "news" text: "Send me news." }
        creates_lead: true )",
                                                          more));
    v1::PublishFormRequest publish;
    publish.set_name(Made(&Stub::CreateForm, create).name());
    return Made(&Stub::PublishForm, publish).name();
  }
  testing::Reply<v1::FormSubmission> Submit(const std::string& form, const std::string& text = kAda,
                                            const std::string& key = "") {
    auto request = Proto<v1::SubmitFormRequest>(text);
    request.set_name(form);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::SubmitForm, request);
  }
  std::string KeyOf(const std::vector<std::string>& permissions) {
    workspaces::v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Site");
    for (const std::string& one : permissions) request.mutable_api_key()->add_permissions(one);
    return Made(&WorkspacesService::Stub::CreateApiKey, request).secret();
  }
  std::string CreateUser(const std::string& called) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name(called);
    return Made(&UsersService::Stub::CreateUser, request).name();
  }
  std::string CreateContact(const std::string& text) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<Contact>(text);
    return Made(&ContactsService::Stub::CreateContact, request).name();
  }
  Contact GetContact(const std::string& name) {
    contacts::v1::GetContactRequest request;
    request.set_name(name);
    return Made(&ContactsService::Stub::GetContact, request);
  }
  Lead GetLead(const std::string& name) {
    leads::v1::GetLeadRequest request;
    request.set_name(name);
    return Made(&LeadsService::Stub::GetLead, request);
  }
  std::string BodyOf(const v1::FormSubmission& submission) {
    interactions::v1::GetInteractionRequest request;
    request.set_name(submission.interaction());
    return Made(&InteractionsService::Stub::GetInteraction, request).body();
  }
  // How many contacts, leads and form submissions there are.
  std::vector<int> Counts() {
    return {Made(&ContactsService::Stub::ListContacts, contacts::v1::ListContactsRequest())
                .contacts_size(),
            Made(&LeadsService::Stub::ListLeads, leads::v1::ListLeadsRequest()).leads_size(),
            Made(&v1::FormSubmissionsService::Stub::ListFormSubmissions,
                 v1::ListFormSubmissionsRequest())
                .form_submissions_size()};
  }

  testing::TestServer server_;
};

// Goal: who sends a form makes what their credentials let them make, and no more; of what a lead
// asks for, which is lost without what was sent being lost, nothing is refused.
TEST_F(FormScopeTest, IsThatOfWhoeverSendsIt) {
  const std::string form = Publish();
  struct Case {
    std::vector<std::string> permissions;
    const char* reason;
    std::vector<int> made;  // contacts, leads, submissions
  };
  const std::vector<Case> cases = {
      {{"forms.write"}, "PERMISSION_DENIED", {0, 0, 0}},
      {{"form_submissions.write"}, "PERMISSION_DENIED", {0, 0, 0}},
      {{"form_submissions.write", "captures.write", "leads.write"}, "PERMISSION_DENIED", {0, 0, 0}},
      {{"form_submissions.write", "captures.write", "contacts.write", "leads.write"},
       "PERMISSION_DENIED",
       {0, 0, 0}},
      {{"form_submissions.write", "captures.write", "interactions.write", "leads.write"},
       "PERMISSION_DENIED",
       {0, 0, 0}},
      {{"form_submissions.write", "captures.write", "contacts.write", "interactions.write"},
       "",
       {1, 0, 1}},
      {{"form_submissions.write", "captures.write", "contacts.write", "interactions.write",
        "leads.write"},
       "",
       {1, 1, 2}},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(absl::StrJoin(one.permissions, " "));
    EXPECT_EQ(Submit(form, kAda, KeyOf(one.permissions)).reason(), one.reason);
    EXPECT_EQ(Counts(), one.made);
  }
}

// Goal: a form is filled in while it is there, published, in the workspace of who sends it, and
// that workspace is active; whatever it is refused for, nothing is made.
TEST_F(FormScopeTest, IsOfAFormThatIsOpen) {
  workspaces::v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Other");
  const auto other = Made(&WorkspacesService::Stub::CreateWorkspace, create);
  struct Case {
    const char* title;
    std::function<void(const std::string& form)> prepare;
    std::string key;
    const char* reason;
  };
  const std::vector<Case> cases = {
      {"of another workspace", [](const std::string&) {}, other.secret(), "FORM_NOT_FOUND"},
      {"unpublished",
       [&](const std::string& form) {
         v1::UnpublishFormRequest unpublish;
         unpublish.set_name(form);
         Made(&Stub::UnpublishForm, unpublish);
       },
       "", "FORM_NOT_PUBLISHED"},
      {"deleted",
       [&](const std::string& form) {
         v1::DeleteFormRequest remove;
         remove.set_name(form);
         Made(&Stub::DeleteForm, remove);
       },
       "", "FORM_NOT_FOUND"},
      {"of a workspace that is suspended",
       [&](const std::string&) {
         workspaces::v1::SuspendWorkspaceRequest suspend;
         suspend.set_name(other.workspace().name());
         Made(&WorkspacesService::Stub::SuspendWorkspace, suspend);
       },
       other.secret(), "WORKSPACE_SUSPENDED"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.title);
    const std::string form = Publish();
    one.prepare(form);
    EXPECT_EQ(Submit(form, kAda, one.key).reason(), one.reason);
    EXPECT_EQ(Counts(), (std::vector<int>{0, 0, 0}));
  }
}

// Goal: what somebody sent is not lost because whom the form or its rule names is not there any
// more: then nobody looks after it.
TEST_F(FormScopeTest, LosesNothingWhereWhoLooksAfterItHasLeft) {
  const auto leave = [&](const std::string& user, bool for_good) {
    if (for_good) {
      users::v1::DeleteUserRequest remove;
      remove.set_name(user);
      Made(&UsersService::Stub::DeleteUser, remove);
    } else {
      users::v1::DeactivateUserRequest deactivate;
      deactivate.set_name(user);
      Made(&UsersService::Stub::DeactivateUser, deactivate);
    }
  };
  int count = 0;
  for (const bool by_rule : {false, true}) {
    for (const bool for_good : {false, true}) {
      SCOPED_TRACE(absl::StrCat(by_rule ? "of the rule" : "of the form",
                                for_good ? ", deleted" : ", deactivated"));
      const std::string user = CreateUser("Ben");
      std::string more = absl::StrCat("contact_owner: '", user, "'");
      if (by_rule) {
        assignment_rules::v1::CreateAssignmentRuleRequest create;
        create.mutable_assignment_rule()->set_display_name("Turns");
        create.mutable_assignment_rule()->set_resource("leads");
        create.mutable_assignment_rule()->add_members()->set_user(user);
        more = absl::StrCat(
            "assignment_rule: '",
            Made(&assignment_rules::v1::AssignmentRulesService::Stub::CreateAssignmentRule, create)
                .name(),
            "'");
      }
      const std::string form = Publish(more);
      leave(user, for_good);
      const auto sent =
          Submit(form, absl::StrCat("values { key: 'email' value: '", ++count, "@example.com' }"));
      ASSERT_EQ(sent.reason(), "");
      EXPECT_EQ(GetContact(sent->contact()).owner(), "");
      EXPECT_EQ(GetLead(sent->lead()).owner(), "");
      EXPECT_EQ(GetLead(sent->lead()).status(), leads::v1::NEW);
    }
  }
}

// Goal: what is longer than a record takes, or not as its field wants it, is told of the form's own
// field, and nothing is made.
TEST_F(FormScopeTest, TellsLimitsOfRecordsByTheFormsOwnFields) {
  for (const char* const custom :
       {R"(resource: "contacts" key: "size" display_name: "Size" type: NUMBER)",
        R"(resource: "contacts" key: "tier" display_name: "Tier" type: CHOICE choices: "gold")"}) {
    custom_fields::v1::CreateCustomFieldRequest create;
    *create.mutable_custom_field() = Proto<custom_fields::v1::CustomField>(custom);
    Made(&custom_fields::v1::CustomFieldsService::Stub::CreateCustomField, create);
  }
  const std::string form = Publish(R"(
      fields { key: "job" label: "Job" maps_to: "contact.job_title" }
      fields { key: "firm" label: "Firm" maps_to: "contact.company_name" }
      fields { key: "subject" label: "Subject" maps_to: "interaction.subject" }
      fields { key: "size" label: "Team" maps_to: "contact.custom.size" }
      fields { key: "tier" label: "Tier" maps_to: "contact.custom.tier" })");
  std::string wide;  // of 500 characters, which are all that a line has
  for (int i = 0; i < 500; ++i) wide += "中";
  struct Case {
    const char* key;
    std::string value;
  };
  const std::vector<Case> cases = {
      {"email", absl::StrCat(std::string(250, 'a'), "@example.com")},
      {"name", std::string(129, 'a')},
      {"job", std::string(129, 'a')},
      {"firm", std::string(257, 'a')},
      {"subject", wide},
      {"size", "many"},
      {"tier", "lead"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.key);
    std::string values = absl::StrCat("values { key: '", one.key, "' value: '", one.value, "' } ");
    if (one.key != std::string("email")) absl::StrAppend(&values, kAda);
    EXPECT_THAT(Submit(form, values).fields(), ElementsAre(absl::StrCat("values.", one.key)));
    EXPECT_EQ(Counts(), (std::vector<int>{0, 0, 0}));
  }
}

// Goal: whose lead is closed comes in as a new one, and the closed one stays as it is.
TEST_F(FormScopeTest, LeavesAClosedLeadAlone) {
  const std::string form = Publish();
  struct Case {
    const char* title;
    std::function<void(const std::string& lead)> close;
    leads::v1::LeadStatus status;
  };
  const std::vector<Case> cases = {
      {"disqualified",
       [&](const std::string& lead) {
         leads::v1::DisqualifyLeadRequest request;
         request.set_name(lead);
         request.set_reason(leads::v1::NO_BUDGET);
         Made(&LeadsService::Stub::DisqualifyLead, request);
       },
       leads::v1::DISQUALIFIED},
      {"converted",
       [&](const std::string& lead) {
         leads::v1::ConvertLeadRequest request;
         request.set_name(lead);
         Made(&LeadsService::Stub::ConvertLead, request);
       },
       leads::v1::CONVERTED},
      {"deleted",
       [&](const std::string& lead) {
         leads::v1::DeleteLeadRequest request;
         request.set_name(lead);
         Made(&LeadsService::Stub::DeleteLead, request);
       },
       leads::v1::LEAD_STATUS_UNSPECIFIED},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.title);
    const auto first = Submit(form);
    ASSERT_EQ(first.reason(), "");
    one.close(first->lead());
    const auto second = Submit(form);
    ASSERT_EQ(second.reason(), "");
    EXPECT_EQ(second->contact(), first->contact());
    EXPECT_NE(second->lead(), first->lead());
    EXPECT_EQ(GetLead(second->lead()).status(), leads::v1::NEW);
    EXPECT_EQ(GetLead(second->lead()).contact(), first->contact());
    if (one.status == leads::v1::LEAD_STATUS_UNSPECIFIED) continue;
    EXPECT_EQ(GetLead(first->lead()).status(), one.status);
  }
}

// Goal: what comes from the address of a contact that was merged into another is with the one that
// stays, which takes what it lacks; its text tells what that does not take, and no more.
TEST_F(FormScopeTest, IsOfTheContactThatStays) {
  for (const char* const custom :
       {R"(resource: "contacts" key: "since" display_name: "Since" type: DATE)",
        R"(resource: "contacts" key: "until" display_name: "Until" type: DATE)"}) {
    custom_fields::v1::CreateCustomFieldRequest create;
    *create.mutable_custom_field() = Proto<custom_fields::v1::CustomField>(custom);
    Made(&custom_fields::v1::CustomFieldsService::Stub::CreateCustomField, create);
  }
  const std::string owner = CreateUser("Ben");
  const std::string ada = CreateContact(
      absl::StrCat("first_name: 'Ada' emails { address: 'ada@home.example' } owner: '", owner,
                   "' custom { key: 'until' value { text: '2027-01-31' } }"));
  const std::string other = CreateContact("first_name: 'A.' emails { address: 'ada@example.com' }");
  contacts::v1::MergeContactsRequest merge;
  merge.set_name(ada);
  merge.add_merged(other);
  Made(&ContactsService::Stub::MergeContacts, merge);
  const std::string form = Publish(R"(
      match_policy: FILL
      fields { key: "since" label: "Since" maps_to: "contact.custom.since" }
      fields { key: "until" label: "Until" maps_to: "contact.custom.until" })");
  const auto sent = Submit(form, absl::StrCat(kAda, R"(
      values { key: "name" value: "Ada" } values { key: "since" value: "2026-01-31" }
      values { key: "until" value: "2028-01-31" })"));
  ASSERT_EQ(sent.reason(), "");
  EXPECT_EQ(sent->outcome(), captures::v1::CAPTURE_MATCHED);
  EXPECT_EQ(GetContact(sent->contact()).name(), ada);
  EXPECT_TRUE(GetContact(ada).custom().at("since").has_date());
  EXPECT_EQ(BodyOf(sent.response), "Until: 2028-01-31");
  const Lead lead = GetLead(sent->lead());
  EXPECT_EQ(GetContact(lead.contact()).name(), ada);
  EXPECT_EQ(lead.owner(), owner);

  // It goes with whom it came from, where that is taken out again.
  contacts::v1::UnmergeContactRequest unmerge;
  unmerge.set_name(other);
  Made(&ContactsService::Stub::UnmergeContact, unmerge);
  EXPECT_EQ(GetContact(sent->contact()).name(), other);
  EXPECT_FALSE(GetContact(ada).custom().contains("since"));
  EXPECT_TRUE(GetContact(other).custom().contains("since"));
  EXPECT_EQ(GetContact(GetLead(sent->lead()).contact()).name(), other);
}

// Goal: the lead has what its fields say, and what they say wrongly is told to who sent it; the
// amount is told to those who read amounts, and not in the text.
TEST_F(FormScopeTest, TellsTheLeadWhatItsFieldsSay) {
  custom_fields::v1::CreateCustomFieldRequest create;
  *create.mutable_custom_field() = Proto<custom_fields::v1::CustomField>(
      R"(resource: "leads" key: "start" display_name: "Start" type: DATE)");
  Made(&custom_fields::v1::CustomFieldsService::Stub::CreateCustomField, create);
  const std::string form = Publish(R"(
      fields { key: "budget" label: "Budget" kind: AMOUNT currency_code: "EUR"
               maps_to: "lead.estimated_amount" }
      fields { key: "start" label: "Start" maps_to: "lead.custom.start" }
      fields { key: "how" label: "How" kind: HIDDEN initial: "REFERRAL" maps_to: "lead.source" })");
  const std::string values = absl::StrCat(kAda, R"(values { key: "budget" value: "5000" })");
  const auto wrong = Submit(form, absl::StrCat(values, R"(values { key: "start" value: "soon" })"));
  EXPECT_THAT(wrong.fields(), ElementsAre("values.start"));
  EXPECT_THAT(Counts(), ElementsAre(0, 0, 0)) << "all of it or nothing";
  const auto sent =
      Submit(form, absl::StrCat(values, R"(values { key: "start" value: "2027-01-31" })"));
  ASSERT_EQ(sent.reason(), "") << sent.status.error_message();
  const Lead lead = GetLead(sent->lead());
  EXPECT_EQ(lead.estimated_amount().units(), 5'000);
  EXPECT_EQ(lead.custom().at("start").date().year(), 2027);
  EXPECT_EQ(lead.source(), leads::v1::REFERRAL);
  EXPECT_EQ(lead.contact(), sent->contact());
  EXPECT_EQ(BodyOf(sent.response), "Budget: see amount 1\nStart: 2027-01-31\nHow: REFERRAL");
  EXPECT_EQ(lead.inquiry(), BodyOf(sent.response));
  interactions::v1::GetInteractionRequest get;
  get.set_name(sent->interaction());
  const auto told = Made(&InteractionsService::Stub::GetInteraction, get);
  ASSERT_EQ(told.amounts_size(), 1);
  EXPECT_EQ(told.amounts(0).units(), 5'000);
}

// Goal: the link of a mail confirms in the workspace of the submission alone.
TEST_F(FormScopeTest, IsConfirmedInItsOwnWorkspace) {
  const std::string form = Publish(R"(
      public_url: "https://forms.example.com"
      confirmation_mail { subject: "Was it you?" text: "{{link}}" })");
  const auto sent = Submit(form);
  ASSERT_EQ(sent.reason(), "");
  messages::v1::ListMessagesRequest list;
  list.set_parent(sent->contact());
  messages::v1::GetMessageRequest get;
  get.set_name(Made(&messages::v1::MessagesService::Stub::ListMessages, list).messages(0).name());
  const std::string text = Made(&messages::v1::MessagesService::Stub::GetMessage, get).text();
  v1::ConfirmFormSubmissionRequest confirm;
  confirm.set_token(text.substr(text.rfind('/') + 1));
  workspaces::v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Other");
  const std::string other = Made(&WorkspacesService::Stub::CreateWorkspace, create).secret();
  EXPECT_EQ(server_.CallWith(other, &Stub::ConfirmFormSubmission, confirm).reason(),
            "CONFIRMATION_INVALID");
  // Whoever sent it did so, also where the form is gone since.
  v1::DeleteFormRequest remove;
  remove.set_name(form);
  Made(&Stub::DeleteForm, remove);
  EXPECT_EQ(Made(&Stub::ConfirmFormSubmission, confirm).confirmation(), v1::CONFIRMED);
}

}  // namespace
}  // namespace kith::forms
