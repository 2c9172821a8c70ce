// Forms over gRPC: what a submission makes, once, and what is counted of it. What every resource
// does is asked in tests/conformance; pages over HTTP in tests/services/edge/form_pages_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

using contacts::v1::ContactsService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Proto;
using Stub = v1::FormsService::Stub;
using Submissions = v1::FormSubmissionsService::Stub;

class FormsTest : public ::testing::Test {
 protected:
  std::string CreateForm(const std::string& more = "") {
    v1::CreateFormRequest create;
    *create.mutable_form() = Proto<v1::Form>(absl::StrCat(R"(
        display_name: "Contact us"
        fields { key: "email" label: "E-mail" kind: EMAIL maps_to: "contact.emails" }
        fields { key: "name" label: "Name" maps_to: "contact.first_name" }
        fields { key: "phone" label: "Phone" kind: PHONE maps_to: "contact.phones" }
        fields { key: "message" label: "Message" kind: PARAGRAPH }
        consents { key: "news" text: "Send me news." }
        contact_tags: "web" )",
                                                          more));
    const auto created = server_.Call(&Stub::CreateForm, create);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  std::string PublishForm(const std::string& more = "") {
    v1::PublishFormRequest publish;
    publish.set_name(CreateForm(more));
    const auto published = server_.Call(&Stub::PublishForm, publish);
    EXPECT_EQ(published.reason(), "");
    EXPECT_EQ(published->state(), v1::PUBLISHED);
    return published->name();
  }
  testing::Reply<v1::FormSubmission> Submit(const std::string& form, const std::string& text) {
    auto request = Proto<v1::SubmitFormRequest>(text);
    request.set_name(form);
    return server_.Call(&Stub::SubmitForm, request);
  }
  std::string BodyOf(const v1::FormSubmission& submission) {
    interactions::v1::GetInteractionRequest read;
    read.set_name(submission.interaction());
    return server_.Call(&interactions::v1::InteractionsService::Stub::GetInteraction, read)->body();
  }
  std::string InquiryOf(const v1::FormSubmission& submission) {
    leads::v1::GetLeadRequest get;
    get.set_name(submission.lead());
    return server_.Call(&leads::v1::LeadsService::Stub::GetLead, get)->inquiry();
  }
  v1::FormReport Report(const std::string& form) {
    v1::GetFormReportRequest request;
    request.set_name(form);
    const auto report = server_.Call(&Stub::GetFormReport, request);
    EXPECT_EQ(report.reason(), "");
    return report.response;
  }

  testing::TestServer server_;
};

TEST_F(FormsTest, MakeAContactAnInteractionAndASubmissionOnce) {
  const std::string form = PublishForm();
  const std::string filled = R"(
      values { key: "email" value: "ada@example.com" } values { key: "name" value: "Ada" }
      values { key: "message" value: "Hello" } consents: "news" request_id: "s-1")";
  const auto sent = Submit(form, filled);
  ASSERT_EQ(sent.reason(), "");
  EXPECT_EQ(sent->outcome(), captures::v1::CAPTURE_CREATED);
  EXPECT_EQ(sent->form(), form);
  EXPECT_EQ(sent->consents(0).text(), "Send me news.");
  EXPECT_EQ(sent->consents(0).version(), 1);
  contacts::v1::GetContactRequest get;
  get.set_name(sent->contact());
  const auto contact = server_.Call(&ContactsService::Stub::GetContact, get);
  EXPECT_EQ(contact->first_name(), "Ada");
  EXPECT_EQ(contact->source(), "Contact us");
  EXPECT_THAT(contact->tags(), ElementsAre("web"));
  interactions::v1::GetInteractionRequest read;
  read.set_name(sent->interaction());
  EXPECT_EQ(
      server_.Call(&interactions::v1::InteractionsService::Stub::GetInteraction, read)->body(),
      "Message: Hello");

  EXPECT_EQ(Submit(form, filled)->name(), sent->name());
  const auto second = Submit(form, R"(values { key: "email" value: "ADA@example.com" })");
  EXPECT_EQ(second->outcome(), captures::v1::CAPTURE_MATCHED);
  EXPECT_EQ(second->contact(), sent->contact());
  const v1::FormReport report = Report(form);
  EXPECT_EQ(report.submissions(), 2);
  EXPECT_EQ(report.contacts_created(), 1);
  EXPECT_EQ(report.contacts_matched(), 1);
  EXPECT_FALSE(report.has_conversion_percent());
}

TEST_F(FormsTest, LeaveItToAReviewWhoHasASharedNumber) {
  const std::string form = PublishForm();
  ASSERT_EQ(Submit(form, R"(values { key: "phone" value: "+4930901820" })").reason(), "");
  const auto second = Submit(form, R"(values { key: "phone" value: "+49 30 901820" }
                                      values { key: "name" value: "Bob" })");
  ASSERT_EQ(second.reason(), "");
  EXPECT_EQ(second->outcome(), captures::v1::CAPTURE_AMBIGUOUS);
  EXPECT_EQ(second->contact(), "");
  captures::v1::GetCaptureReviewRequest get;
  get.set_name(second->capture_review());
  const auto review =
      server_.Call(&captures::v1::CaptureReviewsService::Stub::GetCaptureReview, get);
  EXPECT_EQ(review->person().first_name(), "Bob");
  EXPECT_EQ(Report(form).ambiguous(), 1);
}

TEST_F(FormsTest, AreFilledInWhilePublishedOnly) {
  const std::string form = CreateForm();
  const std::string filled = R"(values { key: "name" value: "Ada" })";
  EXPECT_EQ(Submit(form, filled).reason(), "FORM_NOT_PUBLISHED");
  EXPECT_EQ(Submit("forms/none", filled).reason(), "FORM_NOT_FOUND");
  v1::PublishFormRequest publish;
  publish.set_name(form);
  publish.set_etag("7");
  EXPECT_EQ(server_.Call(&Stub::PublishForm, publish).reason(), "ETAG_MISMATCH");
  publish.clear_etag();
  ASSERT_EQ(server_.Call(&Stub::PublishForm, publish).reason(), "");
  EXPECT_EQ(Submit(form, filled).reason(), "");
  v1::UnpublishFormRequest unpublish;
  unpublish.set_name(form);
  ASSERT_EQ(server_.Call(&Stub::UnpublishForm, unpublish)->state(), v1::UNPUBLISHED);
  EXPECT_EQ(Submit(form, filled).reason(), "FORM_NOT_PUBLISHED");
}

TEST_F(FormsTest, TellWhatIsWrongByTheirOwnFields) {
  const std::string form = PublishForm();
  EXPECT_THAT(Submit(form, R"(values { key: "email" value: "x" })").fields(),
              ElementsAre("values.email"));
  // What the contact's own rules refuse.
  const auto longer =
      Submit(form, absl::StrCat(R"(values { key: "name" value: ")", std::string(300, 'a'), "\" }"));
  EXPECT_THAT(longer.fields(), ElementsAre("values.name"));
  EXPECT_THAT(Submit(form, R"(values { key: "message" value: "Hello" })").fields(),
              ElementsAre("person"));
}

TEST_F(FormsTest, AskToConfirmWhereTheySayHow) {
  const std::string form = PublishForm(R"(
      public_url: "https://forms.example.com/"
      confirmation_mail { subject: "Was it you?" text: "Confirm: {{link}}" lifetime_hours: 1 })");
  const auto sent = Submit(form, R"(values { key: "email" value: "ada@example.com" })");
  ASSERT_EQ(sent.reason(), "");
  EXPECT_EQ(sent->confirmation(), v1::WAITING);
  messages::v1::ListMessagesRequest list;
  list.set_parent(sent->contact());
  const auto messages = server_.Call(&messages::v1::MessagesService::Stub::ListMessages, list);
  ASSERT_EQ(messages->messages_size(), 1);
  messages::v1::GetMessageRequest get;
  get.set_name(messages->messages(0).name());
  const std::string text =
      server_.Call(&messages::v1::MessagesService::Stub::GetMessage, get)->text();
  const std::string before = "Confirm: https://forms.example.com/f/confirm/";
  ASSERT_THAT(text, HasSubstr(before));
  v1::ConfirmFormSubmissionRequest confirm;
  confirm.set_token(text.substr(before.size()));
  const auto confirmed = server_.Call(&Stub::ConfirmFormSubmission, confirm);
  ASSERT_EQ(confirmed.reason(), "");
  EXPECT_EQ(confirmed->confirmation(), v1::CONFIRMED);
  EXPECT_EQ(Report(form).confirmed(), 1);
  // Once more is as once; and after its time it stays so, where another is not confirmed any more.
  const auto second = Submit(form, R"(values { key: "email" value: "bob@example.com" })");
  server_.clock().Advance(absl::Hours(2));
  EXPECT_EQ(server_.Call(&Stub::ConfirmFormSubmission, confirm)->etag(), confirmed->etag());
  list.set_parent(second->contact());
  get.set_name(
      server_.Call(&messages::v1::MessagesService::Stub::ListMessages, list)->messages(0).name());
  confirm.set_token(server_.Call(&messages::v1::MessagesService::Stub::GetMessage, get)
                        ->text()
                        .substr(before.size()));
  EXPECT_EQ(server_.Call(&Stub::ConfirmFormSubmission, confirm).reason(), "CONFIRMATION_INVALID");
  confirm.set_token("forged");
  EXPECT_EQ(server_.Call(&Stub::ConfirmFormSubmission, confirm).reason(), "CONFIRMATION_INVALID");
}

TEST_F(FormsTest, LoseNothingForWantOfWhoLooksAfterIt) {
  users::v1::CreateUserRequest create;
  create.mutable_user()->set_display_name("Ada");
  create.mutable_user()->set_email("ada@acme.example");
  const std::string ada = server_.Call(&users::v1::UsersService::Stub::CreateUser, create)->name();
  const std::string form = PublishForm(absl::StrCat("contact_owner: '", ada, "'"));
  const auto first = Submit(form, R"(values { key: "email" value: "a@example.com" })");
  contacts::v1::GetContactRequest get;
  get.set_name(first->contact());
  EXPECT_EQ(server_.Call(&ContactsService::Stub::GetContact, get)->owner(), ada);
  contacts::v1::UpdateContactRequest give_up;
  give_up.mutable_contact()->set_name(first->contact());
  give_up.mutable_update_mask()->add_paths("owner");
  ASSERT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, give_up).reason(), "");
  users::v1::DeleteUserRequest remove;
  remove.set_name(ada);
  ASSERT_EQ(server_.Call(&users::v1::UsersService::Stub::DeleteUser, remove).reason(), "");
  const auto second = Submit(form, R"(values { key: "email" value: "b@example.com" })");
  ASSERT_EQ(second.reason(), "");
  get.set_name(second->contact());
  EXPECT_EQ(server_.Call(&ContactsService::Stub::GetContact, get)->owner(), "");
}

// Goal: who fills it in is a lead, in the same append, and in the hands of who looks after them.
TEST_F(FormsTest, MakeALeadWhereTheySaySo) {
  users::v1::CreateUserRequest create;
  create.mutable_user()->set_display_name("Ada");
  const std::string ada = server_.Call(&users::v1::UsersService::Stub::CreateUser, create)->name();
  const std::string form =
      PublishForm(absl::StrCat("creates_lead: true contact_owner: '", ada, "'"));
  const Position before = server_.runtime().log.head();
  const std::string filled = R"(
      values { key: "email" value: "grace@example.com" } values { key: "message" value: "SEO?" }
      page_url: "https://a.example/?utm_source=news+letter&utm_medium=e%2Dmail&utm_term=%1b&x=1"
      request_id: "s-2")";
  const auto sent = Submit(form, filled);
  ASSERT_EQ(sent.reason(), "");
  leads::v1::GetLeadRequest get;
  get.set_name(sent->lead());
  const auto lead = server_.Call(&leads::v1::LeadsService::Stub::GetLead, get);
  ASSERT_EQ(lead.reason(), "");
  EXPECT_EQ(lead->contact(), sent->contact());
  EXPECT_EQ(lead->owner(), ada);
  EXPECT_EQ(lead->status(), leads::v1::ASSIGNED);
  EXPECT_EQ(lead->source(), leads::v1::WEB_FORM);
  EXPECT_EQ(lead->inquiry(), "Message: SEO?");
  EXPECT_EQ(lead->first_touch().utm_source(), "news letter");
  EXPECT_EQ(lead->first_touch().utm_medium(), "e-mail");
  // The contact, the interaction, the lead and the submission, at once; and once.
  EXPECT_EQ(Submit(form, filled)->lead(), sent->lead());
  const auto record =
      server_.runtime().log.ReadAll(Position(before.value() + 1), eventstore::Direction::kForwards);
  int of_append = 0;
  std::string request;
  while (true) {
    const auto next = record->Next();
    ASSERT_TRUE(next.ok());
    if (*next == nullptr) break;
    const auto event = server_.runtime().registry.Decode(*next, server_.keys());
    ASSERT_TRUE(event.ok());
    if (request.empty()) request = (*event)->header().request.id;
    of_append += (*event)->header().request.id == request;
  }
  EXPECT_EQ(of_append, 4);
}

// Goal: what somebody sent is not lost where the mail to confirm it cannot be sent any more today.
TEST_F(FormsTest, LoseNothingForWantOfAMail) {
  workspaces::v1::UpdateWorkspaceRequest change;
  change.mutable_workspace()->set_name("workspaces/1");
  change.mutable_workspace()->set_daily_messages_max(1);
  change.mutable_update_mask()->add_paths("daily_messages_max");
  ASSERT_EQ(
      server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, change).reason(), "");
  const std::string form = PublishForm(
      R"(confirmation_mail { subject: "Confirm" text: "{{link}}" }
         public_url: "https://forms.example.com")");
  const auto first = Submit(form, R"(values { key: "email" value: "a@example.com" })");
  EXPECT_EQ(first->confirmation(), v1::WAITING);
  const auto second = Submit(form, R"(values { key: "email" value: "b@example.com" })");
  EXPECT_EQ(second.reason(), "");
  EXPECT_NE(second->contact(), "");
  EXPECT_NE(second->confirmation(), v1::WAITING);
}

// Goal: nothing is changed of somebody before they confirm that it was them.
TEST_F(FormsTest, FillNobodyWhoHasNotConfirmed) {
  const std::string with_mail =
      R"(match_policy: FILL confirmation_mail { subject: "Confirm" text: "{{link}}" }
         public_url: "https://forms.example.com")";
  const std::string said = R"(values { key: "email" value: "a@example.com" }
                              values { key: "phone" value: "+4930901820" })";
  const std::string contact =
      Submit(PublishForm(), R"(values { key: "email" value: "a@example.com" })")->contact();
  contacts::v1::GetContactRequest get;
  get.set_name(contact);
  EXPECT_EQ(Submit(PublishForm(with_mail), said)->contact(), contact);
  EXPECT_EQ(server_.Call(&ContactsService::Stub::GetContact, get)->phones_size(), 0);
  EXPECT_EQ(Submit(PublishForm("match_policy: FILL"), said)->contact(), contact);
  EXPECT_EQ(server_.Call(&ContactsService::Stub::GetContact, get)->phones_size(), 1);
}

std::string ConsentsOf(const contacts::v1::Contact& contact) {
  std::string all;
  for (const contacts::v1::Consent& consent : contact.consents()) {
    absl::StrAppend(
        &all, consent.purpose(), " ", contacts::v1::ConsentChannel_Name(consent.channel()), " ",
        contacts::v1::ConsentState_Name(consent.state()), " ", consent.text_version(), "; ");
  }
  return all;
}

// Goal: what somebody agrees to in a form is what their contact agreed to, by the text that they
// read and when they sent it; and a stranger who writes their address takes no refusal back.
TEST_F(FormsTest, MakeWhatIsAgreedToConsentsOfTheContact) {
  const std::string form =
      PublishForm(R"(consents { key: "tips" text: "Tips by mail." channel: BY_EMAIL })");
  const std::string ada = R"(values { key: "email" value: "ada@example.com" } )";
  const auto sent = Submit(form, absl::StrCat(ada, R"(consents: "tips")"));
  ASSERT_EQ(sent.reason(), "");
  contacts::v1::GetContactRequest get;
  get.set_name(sent->contact());
  const auto contact = [&] {
    return server_.Call(&ContactsService::Stub::GetContact, get).response;
  };
  ASSERT_EQ(ConsentsOf(contact()), "tips BY_EMAIL GIVEN 1; ");
  EXPECT_EQ(contact().consents(0).source(), form);
  EXPECT_TRUE(contact().consents(0).has_time());

  contacts::v1::UpdateContactRequest withdraw;
  *withdraw.mutable_contact() = contact();
  withdraw.mutable_contact()->mutable_consents(0)->set_state(contacts::v1::WITHDRAWN);
  withdraw.mutable_update_mask()->add_paths("consents");
  ASSERT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, withdraw).reason(), "");
  ASSERT_EQ(Submit(form, absl::StrCat(ada, R"(consents: "tips" consents: "news")")).reason(), "");
  EXPECT_EQ(ConsentsOf(contact()),
            "tips BY_EMAIL WITHDRAWN 1; news CONSENT_CHANNEL_UNSPECIFIED GIVEN 1; ");
}

// Goal: where it is to be confirmed who sent a form, nobody has agreed to anything before they do;
// then they have, whatever they had withdrawn, which does not keep the mail away that asks them.
TEST_F(FormsTest, TakeNoConsentBeforeItIsConfirmed) {
  contacts::v1::CreateContactRequest create;
  *create.mutable_contact() = Proto<contacts::v1::Contact>(R"(
      first_name: "Ada" emails { address: "ada@example.com" }
      consents { purpose: "tips" channel: BY_EMAIL state: WITHDRAWN })");
  const auto ada = server_.Call(&ContactsService::Stub::CreateContact, create);
  ASSERT_EQ(ada.reason(), "");
  const std::string form = PublishForm(R"(
      public_url: "https://forms.example.com/"
      confirmation_mail { subject: "Was it you?" text: "{{link}}" }
      consents { key: "tips" text: "Tips by mail." channel: BY_EMAIL })");
  const auto sent = Submit(form, R"(
      values { key: "email" value: "ada@example.com" } consents: "tips")");
  ASSERT_EQ(sent.reason(), "");
  ASSERT_EQ(sent->confirmation(), v1::WAITING);
  contacts::v1::GetContactRequest get;
  get.set_name(ada->name());
  EXPECT_EQ(ConsentsOf(server_.Call(&ContactsService::Stub::GetContact, get).response),
            "tips BY_EMAIL WITHDRAWN 0; ");
  messages::v1::ListMessagesRequest list;
  list.set_parent(sent->contact());
  const auto messages = server_.Call(&messages::v1::MessagesService::Stub::ListMessages, list);
  ASSERT_EQ(messages->messages_size(), 1);
  messages::v1::GetMessageRequest mail;
  mail.set_name(messages->messages(0).name());
  const std::string text =
      server_.Call(&messages::v1::MessagesService::Stub::GetMessage, mail)->text();
  v1::ConfirmFormSubmissionRequest confirm;
  confirm.set_token(text.substr(text.rfind('/') + 1));
  ASSERT_EQ(server_.Call(&Stub::ConfirmFormSubmission, confirm).reason(), "");
  EXPECT_EQ(ConsentsOf(server_.Call(&ContactsService::Stub::GetContact, get).response),
            "tips BY_EMAIL GIVEN 1; ");
}

// Goal: what somebody writes of themselves is kept where the contact does not take it.
TEST_F(FormsTest, TellWhatTheContactDoesNotTake) {
  for (const char* const custom :
       {R"(resource: "contacts" key: "size" display_name: "Size" type: NUMBER)",
        R"(resource: "contacts" key: "tier" display_name: "Tier" type: TEXT)"}) {
    custom_fields::v1::CreateCustomFieldRequest create;
    *create.mutable_custom_field() = Proto<custom_fields::v1::CustomField>(custom);
    ASSERT_EQ(server_.Call(&custom_fields::v1::CustomFieldsService::Stub::CreateCustomField, create)
                  .reason(),
              "");
  }
  const std::string more = R"(
      fields { key: "last" label: "Surname" maps_to: "contact.last_name" }
      fields { key: "job" label: "Job" maps_to: "contact.job_title" }
      fields { key: "size" label: "Team size" kind: NUMBER maps_to: "contact.custom.size" }
      fields { key: "tier" label: "Tier" maps_to: "contact.custom.tier" }
      creates_lead: true match_policy: )";
  const std::string keep = PublishForm(absl::StrCat(more, "KEEP"));
  const std::string fill = PublishForm(absl::StrCat(more, "FILL"));
  const std::string email = R"(values { key: "email" value: "ada@example.com" } )";
  const auto first = Submit(keep, absl::StrCat(email, R"(
      values { key: "last" value: "Porter" } values { key: "size" value: "30" })"));
  ASSERT_EQ(first.reason(), "");

  const std::string filled = absl::StrCat(email, R"(
      values { key: "last" value: "Portman" } values { key: "phone" value: "+4930901820" }
      values { key: "job" value: "Buyer" } values { key: "size" value: "40.0" }
      values { key: "tier" value: "gold" } values { key: "message" value: "Hello" })");
  const auto kept = Submit(keep, filled);
  ASSERT_EQ(kept.reason(), "");
  EXPECT_EQ(kept->contact(), first->contact());
  EXPECT_EQ(BodyOf(kept.response),
            "Message: Hello\nPhone: +4930901820\nSurname: Portman\nJob: Buyer\n"
            "Team size: 40.0\nTier: gold");
  EXPECT_EQ(InquiryOf(kept.response), BodyOf(kept.response));

  const auto taken = Submit(fill, filled);
  ASSERT_EQ(taken.reason(), "");
  EXPECT_EQ(taken->contact(), first->contact());
  EXPECT_EQ(BodyOf(taken.response), "Message: Hello\nSurname: Portman\nTeam size: 40.0");
  EXPECT_EQ(InquiryOf(taken.response), BodyOf(taken.response));

  // What the contact has already is told once.
  const auto known = Submit(keep, absl::StrCat(email, R"(
      values { key: "last" value: "Porter" } values { key: "phone" value: "+49 30 901820" }
      values { key: "size" value: "30.0" } values { key: "tier" value: "gold" })"));
  ASSERT_EQ(known.reason(), "");
  EXPECT_EQ(BodyOf(known.response), "");
}

// Goal: all that a submission makes is of the time that it says.
TEST_F(FormsTest, MakeAllOfTheTimeThatTheyWereSent) {
  users::v1::CreateUserRequest create;
  create.mutable_user()->set_display_name("Ada");
  const std::string ada = server_.Call(&users::v1::UsersService::Stub::CreateUser, create)->name();
  const std::string form =
      PublishForm(absl::StrCat("creates_lead: true contact_owner: '", ada, "'"));
  auto request = Proto<v1::SubmitFormRequest>(R"(
      values { key: "email" value: "ada@example.com" } occur_time { seconds: 1700000000 })");
  request.set_name(form);
  const auto sent = server_.Call(&Stub::SubmitForm, request);
  ASSERT_EQ(sent.reason(), "");
  EXPECT_EQ(sent->create_time().seconds(), 1700000000);
  contacts::v1::GetContactRequest get;
  get.set_name(sent->contact());
  const auto contact = server_.Call(&ContactsService::Stub::GetContact, get);
  EXPECT_EQ(contact->create_time().seconds(), 1700000000);
  EXPECT_EQ(contact->update_time().seconds(), 1700000000);
  leads::v1::GetLeadRequest get_lead;
  get_lead.set_name(sent->lead());
  const auto lead = server_.Call(&leads::v1::LeadsService::Stub::GetLead, get_lead);
  EXPECT_EQ(lead->create_time().seconds(), 1700000000);
  EXPECT_EQ(lead->update_time().seconds(), 1700000000);
  interactions::v1::GetInteractionRequest read;
  read.set_name(sent->interaction());
  const auto interaction =
      server_.Call(&interactions::v1::InteractionsService::Stub::GetInteraction, read);
  EXPECT_EQ(interaction->occur_time().seconds(), 1700000000);
}

TEST_F(FormsTest, CountNobodysLooks) {
  v1::CountFormTrafficRequest count;
  count.set_name(PublishForm());
  count.set_views(5);
  EXPECT_EQ(server_.Call(&Stub::CountFormTraffic, count).reason(), "COUNTS_BY_ITSELF");
}

TEST_F(FormsTest, HaveAnAddressOfTheirOwn) {
  v1::GetFormEmbeddingRequest get;
  get.set_name(PublishForm(R"(public_url: "https://forms.example.com")"));
  const auto told = server_.Call(&Stub::GetFormEmbedding, get);
  ASSERT_EQ(told.reason(), "");
  EXPECT_EQ(told->path(), "/f/" + told->public_id());
  EXPECT_EQ(told->html(),
            "<script src=\"https://forms.example.com" + told->path() + ".js\" async></script>");
  server_.Restart();
  EXPECT_EQ(server_.Call(&Stub::GetFormEmbedding, get)->public_id(), told->public_id());
  EXPECT_EQ(told->url(), "https://forms.example.com" + told->path());
  EXPECT_EQ(told->warning(), "");
}

TEST_F(FormsTest, SayWhatTheirAddressLacks) {
  v1::GetFormEmbeddingRequest get;
  get.set_name(PublishForm());
  const auto told = server_.Call(&Stub::GetFormEmbedding, get);
  EXPECT_EQ(told->html(), "<script src=\"" + told->path() + ".js\" async></script>");
  EXPECT_EQ(told->url(), "");
  EXPECT_THAT(told->warning(),
              HasSubstr("the form's public_url, or start kithd with --public_url"));
}

}  // namespace
}  // namespace kith::forms
