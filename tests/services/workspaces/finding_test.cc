// Who learns by a command whether an e-mail address is known: every command that finds records by
// it, as who reads personal fields, as who does not, and as services that only bring.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "kith/captures/v1/capture_reviews_service.grpc.pb.h"
#include "kith/captures/v1/captures_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/forms/v1/forms_service.grpc.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.grpc.pb.h"
#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/received_mails/v1/received_mails_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith {
namespace {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Proto;
using testing::Reply;
using workspaces::v1::WorkspacesService;
using Captures = captures::v1::CapturesService::Stub;
using Forms = forms::v1::FormsService::Stub;
using ImportJobs = import_jobs::v1::ImportJobsService::Stub;
using Leads = leads::v1::LeadsService::Stub;
using Mails = received_mails::v1::ReceivedMailsService::Stub;

constexpr char kKnown[] = "ada@known.example";
constexpr char kKnownLead[] = "lea@known.example";

class FindingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    contacts::v1::CreateContactRequest ada;
    *ada.mutable_contact() = Proto<Contact>(absl::StrCat(
        R"(first_name: "Ada" external_ids { system: "erp" id: "known" } emails { address: ")",
        kKnown, R"(" })"));
    ada_ = Make(&ContactsService::Stub::CreateContact, ada);
    leads::v1::CreateLeadRequest lea;
    lea.mutable_lead()->set_email(kKnownLead);
    Make(&Leads::CreateLead, lea);
    forms::v1::CreateFormRequest form;
    *form.mutable_form() = Proto<forms::v1::Form>(R"(
        display_name: "Contact us"
        fields { key: "email" label: "E-mail" kind: EMAIL maps_to: "contact.emails" })");
    forms::v1::PublishFormRequest publish;
    publish.set_name(Make(&Forms::CreateForm, form));
    form_ = Make(&Forms::PublishForm, publish);
    contacts_job_ = CreateJob(R"(collection: "contacts")");
    leads_job_ = CreateJob(R"(collection: "leads")");
  }

  template <class Method, class Request>
  std::string Make(Method method, const Request& request, const std::string& key = "") {
    const auto made = server_.CallWith(key.empty() ? server_.secret() : key, method, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  std::string CreateJob(const std::string& fields) {
    import_jobs::v1::CreateImportJobRequest job;
    *job.mutable_import_job() = Proto<import_jobs::v1::ImportJob>(absl::StrCat(
        fields, R"( display_name: "people.csv" policy: UPSERT match_keys: EMAIL_ADDRESS)"));
    return Make(&ImportJobs::CreateImportJob, job);
  }
  std::string ServiceKey(const std::vector<std::string>& permissions,
                         const std::string& user = "") {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("A key");
    key.mutable_api_key()->set_user(user);
    for (const std::string& one : permissions) key.mutable_api_key()->add_permissions(one);
    return server_.Call(&WorkspacesService::Stub::CreateApiKey, key)->secret();
  }
  // Of a user who may do everything, and does not read what is personal.
  std::string KeyWithoutPersonal() {
    roles::v1::CreateRoleRequest role;
    *role.mutable_role() = Proto<roles::v1::Role>(
        R"(display_name: "Masked" grants { permission: "*" scope: ALL } field_groups: MONEY)");
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Rae");
    user.mutable_user()->add_roles(Make(&roles::v1::RolesService::Stub::CreateRole, role));
    return ServiceKey({"*"}, Make(&users::v1::UsersService::Stub::CreateUser, user));
  }
  // One that nobody has yet.
  std::string Unknown() { return absl::StrCat("nobody", ++unknown_, "@else.example"); }

  static captures::v1::CaptureInteractionRequest CaptureOf(const std::string& email) {
    captures::v1::CaptureInteractionRequest capture;
    capture.mutable_person()->add_emails()->set_address(email);
    capture.mutable_interaction()->set_kind(interactions::v1::CALL);
    capture.set_source("switchboard");
    return capture;
  }
  Reply<captures::v1::Capture> Capture(const std::string& key, const std::string& email) {
    return server_.CallWith(key, &Captures::CaptureInteraction, CaptureOf(email));
  }
  Reply<captures::v1::BatchCaptureInteractionsResponse> CaptureInBatch(const std::string& key,
                                                                       const std::string& email) {
    captures::v1::BatchCaptureInteractionsRequest batch;
    *batch.add_requests() = CaptureOf(email);
    return server_.CallWith(key, &Captures::BatchCaptureInteractions, batch);
  }
  Reply<received_mails::v1::ReceivedMail> Receive(const std::string& key,
                                                  const std::string& email) {
    received_mails::v1::ReceiveMailRequest mail;
    mail.set_raw(absl::StrCat("From: ", email, "\nMessage-ID: <", ++mails_, "@x>\n\nHello.\n"));
    return server_.CallWith(key, &Mails::ReceiveMail, mail);
  }
  Reply<forms::v1::FormSubmission> Submit(const std::string& key, const std::string& email) {
    forms::v1::SubmitFormRequest submit;
    submit.set_name(form_);
    auto& value = *submit.add_values();
    value.set_key("email");
    value.set_value(email);
    return server_.CallWith(key, &Forms::SubmitForm, submit);
  }
  Reply<import_jobs::v1::ImportRecordResponse> ImportContact(const std::string& key,
                                                             const std::string& email) {
    import_jobs::v1::ImportRecordRequest row;
    row.set_import_job(contacts_job_);
    row.mutable_contact()->add_emails()->set_address(email);
    return server_.CallWith(key, &ImportJobs::ImportRecord, row);
  }
  Reply<import_jobs::v1::ImportRecordResponse> ImportLead(const std::string& key,
                                                          const std::string& email) {
    import_jobs::v1::ImportRecordRequest row;
    row.set_import_job(leads_job_);
    row.mutable_lead()->set_email(email);
    return server_.CallWith(key, &ImportJobs::ImportRecord, row);
  }
  Reply<leads::v1::Lead> Convert(const std::string& key, const std::string& email,
                                 const std::string& more = "") {
    leads::v1::CreateLeadRequest create;
    create.mutable_lead()->set_email(email);
    auto convert = Proto<leads::v1::ConvertLeadRequest>(more);
    convert.set_name(Make(&Leads::CreateLead, create, key));
    return server_.CallWith(key, &Leads::ConvertLead, convert);
  }
  Reply<Contact> Upsert(const std::string& key, const std::string& id) {
    contacts::v1::UpdateContactRequest upsert;
    upsert.set_allow_missing(true);
    upsert.mutable_contact()->set_first_name("Ada");
    auto& external_id = *upsert.mutable_contact()->add_external_ids();
    external_id.set_system("erp");
    external_id.set_id(id);
    return server_.CallWith(key, &ContactsService::Stub::UpdateContact, upsert);
  }

  // What a refusal says; of an answer `told`.
  template <class Response>
  static std::string Said(const Reply<Response>& reply, const std::string& told) {
    if (reply.ok()) return told;
    return absl::StrCat(reply.reason(), " ", reply.metadata("field"), reply.metadata("permission"),
                        " ", reply.status.error_message());
  }

  testing::TestServer server_;
  std::string ada_;
  std::string form_;
  std::string contacts_job_;
  std::string leads_job_;
  int unknown_ = 0;
  int mails_ = 0;
};

// Goal: who does not read addresses learns of none that somebody has it. Method: each command that
// finds by one, with a known one and with others; who reads them is told which it is.
TEST_F(FindingTest, IsForThoseWhoReadWhatIsFoundBy) {
  // What is answered, with a key, where the address is known or not.
  using Path = std::function<std::string(const std::string& key, bool is_known)>;
  const auto email = [&](bool is_known) { return is_known ? kKnown : Unknown(); };
  const std::map<std::string, Path> paths = {
      {"CaptureInteraction",
       [&](const std::string& key, bool is_known) {
         const auto told = Capture(key, email(is_known));
         return Said(told, absl::StrCat(told->outcome()));
       }},
      {"BatchCaptureInteractions",
       [&](const std::string& key, bool is_known) {
         const auto told = CaptureInBatch(key, email(is_known));
         EXPECT_EQ(told.reason(), "");
         if (told->captures_size() > 0) return absl::StrCat(told->captures(0).outcome());
         return absl::StrCat("PERMISSION_DENIED ", told->failed_requests().at(0).message());
       }},
      {"ReceiveMail",
       [&](const std::string& key, bool is_known) {
         const auto told = Receive(key, email(is_known));
         return Said(told, told->contact() == ada_ ? "hers" : "another's");
       }},
      {"SubmitForm",
       [&](const std::string& key, bool is_known) {
         const auto told = Submit(key, email(is_known));
         return Said(told, absl::StrCat(told->outcome()));
       }},
      {"ImportRecord of a contact",
       [&](const std::string& key, bool is_known) {
         const auto told = ImportContact(key, email(is_known));
         return Said(told, absl::StrCat(told->outcome()));
       }},
      {"ImportRecord of a lead",
       [&](const std::string& key, bool is_known) {
         const auto told = ImportLead(key, is_known ? kKnownLead : Unknown());
         return Said(told, absl::StrCat(told->outcome()));
       }},
      {"ConvertLead",
       [&](const std::string& key, bool is_known) {
         const auto told = Convert(key, email(is_known));
         return Said(told, told->converted_contact() == ada_ ? "hers" : "another's");
       }},
      {"UpdateContact",
       [&](const std::string& key, bool is_known) {
         const auto told = Upsert(key, is_known ? "known" : Unknown());
         return Said(told, told->name() == ada_ ? "hers" : "another's");
       }},
  };
  const std::string masked = KeyWithoutPersonal();
  for (const auto& [name, path] : paths) {
    SCOPED_TRACE(name);
    EXPECT_NE(path(server_.secret(), true), path(server_.secret(), false));
    const std::string known = path(masked, true);
    EXPECT_THAT(known, HasSubstr("PERMISSION_DENIED"));
    EXPECT_EQ(known, path(masked, false));
  }
  EXPECT_EQ(Capture(masked, kKnown).metadata("field"), "person.emails");
  EXPECT_EQ(ImportContact(masked, kKnown).metadata("field"), "contact.emails");
  EXPECT_EQ(ImportLead(masked, kKnownLead).metadata("field"), "lead.email");
  // What finds nobody is theirs as before.
  EXPECT_EQ(Convert(masked, kKnown, "new_contact: true").reason(), "");
  EXPECT_EQ(Convert(masked, kKnown, absl::StrCat("contact: '", ada_, "'")).reason(), "");
  captures::v1::CaptureInteractionRequest nameless = CaptureOf("");
  *nameless.mutable_person() = Proto<Contact>("first_name: 'Bo'");
  EXPECT_EQ(server_.CallWith(masked, &Captures::CaptureInteraction, nameless).reason(), "");
}

// Goal: a service that brings and reads nothing is told that it was taken. Method: replies, and the
// refusal of who may not create, with a known address and with another.
TEST_F(FindingTest, TellsAServiceThatDoesNotReadItsOwnRecordAndNoMore) {
  const std::string brings = ServiceKey({"captures.write", "contacts.write", "interactions.write",
                                         "received_mails.write", "form_submissions.write"});
  const auto known = Capture(brings, kKnown);
  const auto unknown = Capture(brings, Unknown());
  ASSERT_EQ(known.reason() + unknown.reason(), "");
  EXPECT_EQ(known->DebugString() + unknown->DebugString(), "");
  EXPECT_EQ(known.token + unknown.token, "");
  EXPECT_EQ(CaptureInBatch(brings, kKnown)->DebugString(),
            CaptureInBatch(brings, Unknown())->DebugString());
  for (const std::string& email : {std::string(kKnown), Unknown()}) {
    const auto mail = Receive(brings, email);
    ASSERT_EQ(mail.reason(), "");
    EXPECT_NE(mail->name(), "");
    EXPECT_EQ(mail->sender().address(), email);
    EXPECT_EQ(mail->contact() + mail->interaction() + mail->capture_review(), "");
    EXPECT_EQ(mail->outcome(), received_mails::v1::MAIL_OUTCOME_UNSPECIFIED);
    const auto submission = Submit(brings, email);
    ASSERT_EQ(submission.reason(), "");
    EXPECT_NE(submission->name(), "");
    EXPECT_EQ(submission->form(), form_);
    EXPECT_EQ(submission->contact() + submission->interaction(), "");
    EXPECT_EQ(submission->outcome(), captures::v1::CAPTURE_OUTCOME_UNSPECIFIED);
  }
  const std::string creates_none = ServiceKey({"captures.write", "interactions.write"});
  const std::string refused = Said(Capture(creates_none, kKnown), "");
  EXPECT_THAT(refused, HasSubstr("contacts.write"));
  EXPECT_EQ(refused, Said(Capture(creates_none, Unknown()), ""));
  // Who reads contacts is told, and need not be able to create who is there.
  const auto told =
      Capture(ServiceKey({"captures.write", "interactions.write", "contacts.read"}), kKnown);
  EXPECT_EQ(told->outcome(), captures::v1::CAPTURE_MATCHED);
  EXPECT_EQ(told->contact(), ada_);
  EXPECT_NE(told.token, "");
  // What tells by its nature who was found is refused.
  const std::string writes = ServiceKey(
      {"contacts.write", "leads.read", "leads.write", "import_jobs.read", "import_jobs.write"});
  EXPECT_EQ(ImportContact(writes, kKnown).metadata("permission"), "contacts.read");
  EXPECT_EQ(Convert(writes, kKnown).metadata("permission"), "contacts.read");
  EXPECT_EQ(Upsert(writes, "known").metadata("permission"), "contacts.read");
}

// Goal: what one record alone may have is refused, and nobody is told which record has it.
TEST_F(FindingTest, NamesNoHolderToWhoDoesNotReadWhatItHolds) {
  const auto unique = Proto<workspaces::v1::UpdateWorkspaceRequest>(
      "workspace { unique_contact_emails: true } update_mask { paths: 'unique_contact_emails' }");
  ASSERT_EQ(server_.Call(&WorkspacesService::Stub::UpdateWorkspace, unique).reason(), "");
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->add_emails()->set_address(kKnown);
  const auto told = server_.Call(&ContactsService::Stub::CreateContact, create);
  EXPECT_EQ(told.metadata("contact"), ada_);
  const auto refused =
      server_.CallWith(KeyWithoutPersonal(), &ContactsService::Stub::CreateContact, create);
  EXPECT_EQ(refused.reason(), "EMAIL_TAKEN");
  EXPECT_EQ(refused.metadata("contact"), "");
  EXPECT_THAT(refused.status.error_details(), Not(HasSubstr(ada_)));
}

// Goal: nor does what a record takes tell what it has. Method: somebody brings a contact, or a
// review, with what they guess.
TEST_F(FindingTest, TellsNothingByWhatARecordTakes) {
  const std::string masked = KeyWithoutPersonal();
  contacts::v1::CreateContactRequest guess;
  guess.mutable_contact()->add_emails()->set_address("ada@guessed.example");
  contacts::v1::PreviewMergeContactsRequest preview;
  preview.set_name(ada_);
  preview.add_merged(Make(&ContactsService::Stub::CreateContact, guess, masked));
  const auto seen = server_.Call(&ContactsService::Stub::PreviewMergeContacts, preview);
  ASSERT_EQ(seen.reason(), "");
  EXPECT_THAT(seen->DebugString(), HasSubstr(R"(field: "emails")"));
  const auto hidden =
      server_.CallWith(masked, &ContactsService::Stub::PreviewMergeContacts, preview);
  ASSERT_EQ(hidden.reason(), "");
  EXPECT_THAT(hidden->DebugString(), Not(HasSubstr(R"(field: "emails")")));

  for (const char* const address : {kKnown, "ada@guessed.example"}) {
    captures::v1::CreateCaptureReviewRequest create;
    captures::v1::CaptureReview& review = *create.mutable_capture_review();
    review.mutable_person()->add_emails()->set_address(address);
    review.mutable_interaction()->set_kind(interactions::v1::CALL);
    review.set_source("switchboard");
    review.set_match_policy(captures::v1::FILL);
    captures::v1::ResolveCaptureReviewRequest resolve;
    resolve.set_name(
        Make(&captures::v1::CaptureReviewsService::Stub::CreateCaptureReview, create, masked));
    resolve.set_resolution(captures::v1::EXISTING_CONTACT);
    resolve.set_contact(ada_);
    const auto refused = server_.CallWith(
        masked, &captures::v1::CaptureReviewsService::Stub::ResolveCaptureReview, resolve);
    EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
    EXPECT_EQ(refused.metadata("field"), "person.emails");
  }
}

// Goal: nor does what becomes of a message tell where it went. Method: somebody says who wants no
// more of it, and who does again.
TEST_F(FindingTest, TellsNothingByWhereAMessageWent) {
  using Messages = messages::v1::MessagesService::Stub;
  const std::string masked = KeyWithoutPersonal();
  messages::v1::SendMessageRequest send;
  send.set_contact(ada_);
  send.set_subject("Our offer");
  send.set_text("Here it is.");
  const std::string message = Make(&Messages::SendMessage, send);
  for (const char* const address : {kKnown, "ada@guessed.example"}) {
    messages::v1::RecordMessageUnsubscribedRequest unsubscribed;
    unsubscribed.set_name(message);
    unsubscribed.set_email(address);
    const auto refused =
        server_.CallWith(masked, &Messages::RecordMessageUnsubscribed, unsubscribed);
    EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
    EXPECT_EQ(refused.metadata("field"), "email");
    messages::v1::RecordMessageResubscribedRequest resubscribed;
    resubscribed.set_name(message);
    resubscribed.set_email(address);
    EXPECT_EQ(server_.CallWith(masked, &Messages::RecordMessageResubscribed, resubscribed).reason(),
              "PERMISSION_DENIED");
  }
}

}  // namespace
}  // namespace kith
