// Messages over the whole server: who may send what to whom, who is told of it, and that what is
// queued is delivered once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/proto_time.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/mail_templates/v1/mail_templates_service.grpc.pb.h"
#include "kith/messages/v1/message_delivery.pb.h"
#include "kith/messages/v1/message_events.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/notifications/v1/notifications_service.grpc.pb.h"
#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/profiles/v1/profiles_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/runtime/effects/effect.h"
#include "tests/testing/await.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::messages {
namespace {

using contacts::v1::ContactsService;
using interactions::v1::InteractionsService;
using ::testing::ElementsAre;
using testing::Proto;
using testing::Reply;
using Stub = v1::MessagesService::Stub;

// Says of each message what the test wants said.
class FakeMail final : public runtime::Effect {
 public:
  using Answer = std::function<Outcome(const v1::DeliverMessageRequest&)>;
  explicit FakeMail(Answer answer) : answer_(std::move(answer)) {}

  const google::protobuf::Descriptor& takes() const override {
    return *v1::DeliverMessageRequest::descriptor();
  }
  void Perform(const google::protobuf::Message& request, const runtime::EffectContext&,
               Done done) override {
    done(answer_(static_cast<const v1::DeliverMessageRequest&>(request)));
  }
  absl::Duration RetryDelay(int) const override { return absl::ZeroDuration(); }
  int attempts_max() const override { return 3; }
  void Stop() override {}

 private:
  const Answer answer_;
};

class MessagesServiceTest : public ::testing::Test {
 protected:
  explicit MessagesServiceTest(bool has_mail = false)
      : has_mail_(has_mail),
        server_(
            [this](runtime::ServerBuilder& builder) {
              if (!has_mail_) return;
              builder.AddEffect(std::make_unique<FakeMail>(
                  [this](const auto& request) { return Deliver(request); }));
            },
            [](runtime::ServerOptions& options) {
              options.policies.turn = absl::Milliseconds(1);
              options.policies.gather = absl::ZeroDuration();
            }) {
    ada_ = CreateContact("Ada", "ada@example.com");
  }

  runtime::Effect::Outcome Deliver(const v1::DeliverMessageRequest& request) {
    MutexLock lock(mutex_);
    delivered_.push_back(request.name());
    auto sent = std::make_unique<v1::RecordMessageSentRequest>();
    sent->set_name(request.name());
    sent->set_message_id("<1@acme.example>");
    return sent;
  }
  std::vector<std::string> delivered() {
    MutexLock lock(mutex_);
    return delivered_;
  }

  template <class Method, class Request>
  auto Made(Method method, const Request& request) {
    const auto made = server_.Call(method, request);
    EXPECT_EQ(made.reason(), "");
    return made.response;
  }
  std::string CreateContact(const std::string& first_name, const std::string& address,
                            const std::string& owner = "") {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name(first_name);
    request.mutable_contact()->set_owner(owner);
    if (!address.empty()) request.mutable_contact()->add_emails()->set_address(address);
    return Made(&ContactsService::Stub::CreateContact, request).name();
  }
  static v1::SendMessageRequest Sending(const std::string& contact, const char* subject = "Hello") {
    v1::SendMessageRequest request;
    request.set_contact(contact);
    request.set_subject(subject);
    request.set_text("How are you?");
    return request;
  }
  v1::Message Send(const v1::SendMessageRequest& request) {
    return Made(&Stub::SendMessage, request);
  }
  Reply<v1::Message> Get(const std::string& name) {
    v1::GetMessageRequest request;
    request.set_name(name);
    return server_.Call(&Stub::GetMessage, request);
  }
  Reply<v1::ListMessagesResponse> List(const std::string& contact, const std::string& filter = "",
                                       const std::string& key = "") {
    v1::ListMessagesRequest request;
    request.set_parent(contact);
    request.set_filter(filter);
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::ListMessages, request);
  }
  void Change(const char* workspace, std::vector<std::string> paths) {
    workspaces::v1::UpdateWorkspaceRequest request;
    *request.mutable_workspace() = Proto<workspaces::v1::Workspace>(workspace);
    request.mutable_workspace()->set_name("workspaces/1");
    for (auto& path : paths) request.mutable_update_mask()->add_paths(std::move(path));
    Made(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, request);
  }
  // A key of a new user with this role; *user is their name.
  std::string KeyWithRole(const std::string& role, std::string* user) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta");
    request.mutable_user()->add_roles(role);
    *user = Made(&users::v1::UsersService::Stub::CreateUser, request).name();
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Marta's");
    key.mutable_api_key()->set_user(*user);
    key.mutable_api_key()->add_permissions("*");
    return Made(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key).secret();
  }
  // The types of the timeline's entries, the newest first.
  std::vector<std::string> Timeline(
      const std::string& contact,
      interactions::v1::InteractionKind kind = interactions::v1::INTERACTION_KIND_UNSPECIFIED) {
    interactions::v1::ListTimelineRequest request;
    request.set_parent(contact);
    if (kind != interactions::v1::INTERACTION_KIND_UNSPECIFIED) request.add_kinds(kind);
    std::vector<std::string> types;
    const auto timeline = Made(&InteractionsService::Stub::ListTimeline, request);
    for (const auto& entry : timeline.entries()) {
      EXPECT_EQ(entry.record(), contact);
      types.push_back(entry.type());
    }
    return types;
  }
  void AwaitState(const std::string& name, v1::MessageState state) {
    testing::AwaitThat(server_, [&] { return Get(name)->state() == state; });
  }

  const bool has_mail_;
  Mutex mutex_;
  std::vector<std::string> delivered_ KITH_GUARDED_BY(mutex_);
  testing::TestServer server_;
  std::string ada_;
};

TEST_F(MessagesServiceTest, QueuesAMessageAndReadsItBack) {
  const v1::Message sent = Send(Sending(ada_));
  EXPECT_TRUE(absl::StartsWith(sent.name(), ada_ + "/messages/"));
  EXPECT_EQ(sent.state(), v1::QUEUED);
  EXPECT_EQ(sent.address(), "ada@example.com");
  EXPECT_EQ(sent.text(), "How are you?");
  EXPECT_EQ(sent.etag(), "1");
  EXPECT_EQ(Get(sent.name())->DebugString(), sent.DebugString());
  EXPECT_EQ(Get(ada_ + "/messages/none").reason(), "MESSAGE_NOT_FOUND");
}

TEST_F(MessagesServiceTest, QueuesARepeatedRequestOnce) {
  v1::SendMessageRequest request = Sending(ada_);
  request.set_request_id("once");
  const v1::Message first = Send(request);
  EXPECT_EQ(Send(request).DebugString(), first.DebugString());
  EXPECT_EQ(List(ada_)->messages_size(), 1);
}

TEST_F(MessagesServiceTest, SaySomething) {
  v1::SendMessageRequest nothing;
  nothing.set_contact(ada_);
  EXPECT_THAT(server_.Call(&Stub::SendMessage, nothing).fields(),
              ::testing::ElementsAre("subject", "text"));
  nothing.set_subject("Hello");
  EXPECT_THAT(server_.Call(&Stub::SendMessage, nothing).fields(), ::testing::ElementsAre("text"));
  nothing.set_html("<p>Hello</p>");
  EXPECT_THAT(server_.Call(&Stub::SendMessage, nothing).fields(), ::testing::ElementsAre("text"));
}

TEST_F(MessagesServiceTest, IsOfTheTemplateThatThereWas) {
  mail_templates::v1::CreateMailTemplateRequest create;
  *create.mutable_mail_template() = Proto<mail_templates::v1::MailTemplate>(R"(
      display_name: "Hello" subject: "Hi {{contact.first_name}}"
      text: "{{owner.display_name}} of {{workspace.display_name}}"
      fallbacks { field: "owner.display_name" text: "We" })");
  using Templates = mail_templates::v1::MailTemplatesService::Stub;
  const auto hello = Made(&Templates::CreateMailTemplate, create);
  v1::SendMessageRequest request;
  request.set_contact(ada_);
  request.set_mail_template(hello.name());
  const v1::Message sent = Send(request);
  EXPECT_EQ(sent.subject(), "Hi Ada");
  EXPECT_TRUE(absl::StartsWith(sent.text(), "We of ")) << sent.text();
  EXPECT_EQ(sent.mail_template(), hello.name());
  EXPECT_EQ(sent.template_etag(), hello.etag());
  mail_templates::v1::UpdateMailTemplateRequest update;
  update.mutable_mail_template()->set_name(hello.name());
  update.mutable_mail_template()->set_subject("Bye {{contact.first_name}}");
  const auto bye = Made(&Templates::UpdateMailTemplate, update);
  EXPECT_EQ(Get(sent.name())->subject(), "Hi Ada");
  EXPECT_EQ(Send(request).template_etag(), bye.etag());
  EXPECT_EQ(List("", absl::StrCat("mail_template = \"", hello.name(), "\""))->messages_size(), 2);
}

TEST_F(MessagesServiceTest, ListsThemWithoutWhatTheySay) {
  const std::string eve = CreateContact("Eve", "eve@example.com");
  Send(Sending(ada_));
  Send(Sending(eve));
  server_.clock().Advance(absl::Seconds(1));
  const v1::Message last = Send(Sending(ada_));
  const auto of_ada = List(ada_);
  ASSERT_EQ(of_ada->messages_size(), 2) << of_ada.reason();
  EXPECT_EQ(of_ada->messages(0).name(), last.name());
  EXPECT_EQ(of_ada->messages(0).subject(), "");
  EXPECT_EQ(of_ada->messages(0).address(), "");
  EXPECT_EQ(List("")->messages_size(), 3);
  EXPECT_EQ(List("", "state = SENT")->messages_size(), 0);
  EXPECT_EQ(List("", "state = QUEUED")->messages_size(), 3);
}

TEST_F(MessagesServiceTest, RefusesWhatTheWorkspaceDoesNotWant) {
  Change("daily_messages_max: 2", {"daily_messages_max"});
  Send(Sending(ada_));
  Send(Sending(ada_));
  const auto beyond = server_.Call(&Stub::SendMessage, Sending(ada_));
  EXPECT_EQ(beyond.reason(), "DAILY_LIMIT_REACHED");
  EXPECT_EQ(beyond.metadata("daily_messages_max"), "2");
  server_.clock().Advance(absl::Hours(24));
  Send(Sending(ada_));
  Change("sending_stopped: true", {"sending_stopped"});
  EXPECT_EQ(server_.Call(&Stub::SendMessage, Sending(ada_)).reason(), "SENDING_STOPPED");
}

TEST_F(MessagesServiceTest, AreInTheTimelineAndTheProfileOfTheContact) {
  const v1::Message first = Send(Sending(ada_));
  EXPECT_THAT(Timeline(ada_), ElementsAre("message_queued", "contact_created"));
  EXPECT_THAT(Timeline(ada_, interactions::v1::EMAIL), ElementsAre());
  v1::RecordMessageSentRequest sent;
  sent.set_name(first.name());
  sent.set_message_id("<1@acme.example>");
  EXPECT_EQ(Made(&Stub::RecordMessageSent, sent).state(), v1::SENT);
  EXPECT_EQ(Get(first.name())->subject(), "Hello");
  v1::RecordMessageFailedRequest failed;
  failed.set_name(Send(Sending(ada_)).name());
  failed.set_failure(v1::GAVE_UP);
  EXPECT_EQ(Made(&Stub::RecordMessageFailed, failed).state(), v1::FAILED);
  EXPECT_THAT(Timeline(ada_), ElementsAre("message_failed", "message_queued", "message_sent",
                                          "message_queued", "contact_created"));
  // That one was sent is an e-mail.
  EXPECT_THAT(Timeline(ada_, interactions::v1::EMAIL), ElementsAre("message_sent"));
  interactions::v1::SummarizeTimelineRequest summarize;
  summarize.set_parent(ada_);
  const auto summary = Made(&InteractionsService::Stub::SummarizeTimeline, summarize);
  ASSERT_EQ(summary.kinds_size(), 1);
  EXPECT_EQ(summary.kinds(0).kind(), interactions::v1::EMAIL);
  EXPECT_EQ(summary.kinds(0).count(), 1);
  profiles::v1::GetContactProfileRequest profile;
  profile.set_name(ada_);
  const auto known = Made(&profiles::v1::ProfilesService::Stub::GetContactProfile, profile);
  EXPECT_EQ(known.messages().messages_size(), 2);
}

TEST_F(MessagesServiceTest, AreToldOnlyToWhoSeesTheContact) {
  std::string marta;
  const std::string key = KeyWithRole("roles/sales-rep", &marta);
  const std::string hers = CreateContact("Eve", "eve@example.com", marta);
  std::string other;
  const std::string unused = KeyWithRole("roles/sales-rep", &other);
  const std::string theirs = CreateContact("Bob", "bob@example.com", other);
  const v1::Message seen = Send(Sending(hers));
  const v1::Message hidden = Send(Sending(theirs));
  v1::GetMessageRequest get;
  get.set_name(seen.name());
  EXPECT_EQ(server_.CallWith(key, &Stub::GetMessage, get).reason(), "");
  get.set_name(hidden.name());
  EXPECT_EQ(server_.CallWith(key, &Stub::GetMessage, get).reason(), "MESSAGE_NOT_FOUND");
  EXPECT_EQ(List(hers, "", key)->messages_size(), 1);
  EXPECT_EQ(List(theirs, "", key).reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(List("", "", key).fields(), ElementsAre("parent"));
  EXPECT_EQ(server_.CallWith(key, &Stub::SendMessage, Sending(hers)).reason(), "");
  EXPECT_EQ(server_.CallWith(key, &Stub::SendMessage, Sending(theirs)).reason(),
            "LINKED_RECORD_NOT_FOUND");
  v1::RecordMessageSentRequest record;
  record.set_name(hidden.name());
  record.set_message_id("<1@acme.example>");
  EXPECT_EQ(server_.CallWith(key, &Stub::RecordMessageSent, record).reason(), "PERMISSION_DENIED");
}

// Goal: nothing of what was said to a person outlives their key.
TEST_F(MessagesServiceTest, AreEmptyWhenThePersonIsErased) {
  v1::SendMessageRequest request = Sending(ada_, "For Ada");
  request.set_request_id("once");
  const std::string name = Send(request).name();
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), ada_).ok());
  const auto left = Get(name);
  EXPECT_TRUE(left->erased());
  EXPECT_EQ(left->state(), v1::QUEUED);
  for (const std::string* text :
       {&left->subject(), &left->text(), &left->html(), &left->address()}) {
    EXPECT_EQ(*text, "");
  }
  const v1::Message repeated = Send(request);
  EXPECT_EQ(repeated.subject(), "");
  EXPECT_TRUE(repeated.erased());
  interactions::v1::ListTimelineRequest list;
  list.set_parent(ada_);
  const auto timeline = Made(&InteractionsService::Stub::ListTimeline, list);
  v1::MessageQueued queued;
  ASSERT_TRUE(timeline.entries(0).event().UnpackTo(&queued));
  EXPECT_TRUE(timeline.entries(0).erased());
  EXPECT_EQ(queued.personal().subject(), "");
  EXPECT_EQ(server_.Call(&Stub::SendMessage, Sending(ada_)).reason(), "PERSON_ERASED");
}

// What is tracked is decided when it is queued, over all who may not want it.
TEST_F(MessagesServiceTest, AreTrackedWhereTheyHaveHtmlAndNobodyMinds) {
  v1::SendMessageRequest html = Sending(ada_);
  html.set_html("<a href=\"https://a.example/\">a</a>");
  EXPECT_FALSE(Send(Sending(ada_)).tracked());
  EXPECT_TRUE(Send(html).tracked());
  v1::SendMessageRequest transactional = html;
  transactional.set_transactional(true);
  EXPECT_FALSE(Send(transactional).tracked());

  mail_templates::v1::CreateMailTemplateRequest create;
  *create.mutable_mail_template() = Proto<mail_templates::v1::MailTemplate>(
      R"(display_name: "x" subject: "x" text: "x" html: "<p>x</p>" do_not_track: true)");
  v1::SendMessageRequest made;
  made.set_contact(ada_);
  made.set_mail_template(
      Made(&mail_templates::v1::MailTemplatesService::Stub::CreateMailTemplate, create).name());
  EXPECT_FALSE(Send(made).tracked());

  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(ada_);
  update.mutable_contact()->set_do_not_track(true);
  Made(&ContactsService::Stub::UpdateContact, update);
  EXPECT_FALSE(Send(html).tracked());
  html.set_contact(CreateContact("Eve", "eve@example.com"));
  EXPECT_TRUE(Send(html).tracked());
  Change("tracking_stopped: true", {"tracking_stopped"});
  EXPECT_FALSE(Send(html).tracked());
}

// Goal: who sent it is told of the first open by somebody, once; the contact's timeline has all of
// them, and the report each message once, now and as of before.
TEST_F(MessagesServiceTest, TellThatTheyWereOpenedAndFollowed) {
  std::string marta;
  const std::string key = KeyWithRole("roles/sales-manager", &marta);
  const std::string hers = CreateContact("Eve", "eve@example.com", marta);
  v1::SendMessageRequest request = Sending(hers);
  request.set_html("<a href=\"https://a.example/\">a</a><a href=\"https://b.example/\">b</a>");
  const auto sent = server_.CallWith(key, &Stub::SendMessage, request);
  ASSERT_EQ(sent.reason(), "");
  EXPECT_EQ(sent->sender(), marta);
  v1::RecordMessageSentRequest record;
  record.set_name(sent->name());
  record.set_message_id("<1@acme.example>");
  record.set_tracked(true);
  Made(&Stub::RecordMessageSent, record);
  v1::RecordMessageOpenedRequest opened;
  opened.set_name(sent->name());
  EXPECT_EQ(Made(&Stub::RecordMessageOpened, opened).automatic_open_count(), 1);  // at once
  server_.clock().Advance(absl::Hours(1));
  v1::GetMessageReportRequest report;
  report.mutable_read();
  const auto before = Made(&Stub::GetMessageReport, report);
  EXPECT_EQ(before.tracked(), 1);
  EXPECT_EQ(before.opened(), 0);
  const absl::Time then = server_.clock().Now();
  server_.clock().Advance(absl::Hours(1));
  EXPECT_EQ(Made(&Stub::RecordMessageOpened, opened).open_count(), 1);
  EXPECT_EQ(Made(&Stub::RecordMessageOpened, opened).open_count(), 2);
  v1::RecordMessageClickedRequest clicked;
  clicked.set_name(sent->name());
  clicked.set_link(1);
  clicked.set_link_count(2);
  clicked.set_request_id("click-1");
  EXPECT_EQ(Made(&Stub::RecordMessageClicked, clicked).click_count(), 1);
  EXPECT_EQ(Made(&Stub::RecordMessageClicked, clicked).click_count(), 1);
  EXPECT_EQ(Get(sent->name())->links(1), "https://b.example/");

  EXPECT_THAT(Timeline(hers),
              ElementsAre("message_clicked", "message_opened", "message_opened", "message_opened",
                          "message_sent", "message_queued", "contact_created"));
  EXPECT_EQ(List(hers, "click_count > 0 AND open_count = 2")->messages_size(), 1);
  const auto now = Made(&Stub::GetMessageReport, report);
  EXPECT_EQ(now.opened(), 1);
  EXPECT_EQ(now.clicked(), 1);
  EXPECT_EQ(now.open_percent(), 100);
  *report.mutable_read()->mutable_time() = ToTimestamp(then);
  EXPECT_EQ(Made(&Stub::GetMessageReport, report).opened(), 0);
  report.clear_read();
  report.set_mail_template("mailTemplates/none");
  EXPECT_EQ(server_.Call(&Stub::GetMessageReport, report).reason(), "LINKED_RECORD_NOT_FOUND");

  using Notifications = notifications::v1::NotificationsService::Stub;
  notifications::v1::ListNotificationsRequest list;
  list.set_filter("kind = MAIL_OPENED");
  testing::AwaitThat(server_, [&] {
    return !Made(&Notifications::ListNotifications, list).notifications().empty();
  });
  const auto told = Made(&Notifications::ListNotifications, list);
  ASSERT_EQ(told.notifications_size(), 1);
  EXPECT_EQ(told.notifications(0).owner(), marta);
  EXPECT_EQ(told.notifications(0).record(), hers);
}

// It is the address that wants no more, whoever has it.
TEST_F(MessagesServiceTest, UnsubscribeTheAddressOfEverybodyWhoHasIt) {
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Twin");
  create.mutable_contact()->add_emails()->set_address("ADA@example.com");
  create.mutable_contact()->add_emails()->set_address("twin@example.com");
  const std::string twin = Made(&ContactsService::Stub::CreateContact, create).name();
  v1::RecordMessageUnsubscribedRequest request;
  request.set_name(Send(Sending(ada_)).name());
  request.set_email("ada@example.com");
  Made(&Stub::RecordMessageUnsubscribed, request);
  contacts::v1::GetContactRequest get;
  get.set_name(twin);
  const auto contact = Made(&ContactsService::Stub::GetContact, get);
  EXPECT_TRUE(contact.emails(0).opted_out());
  EXPECT_EQ(contact.emails(0).opt_out_cause(), request.name());
  EXPECT_FALSE(contact.emails(1).opted_out());
}

TEST_F(MessagesServiceTest, UnsubscribeFromThemByTheContactsOwnCommand) {
  const v1::Message message = Send(Sending(ada_));
  v1::RecordMessageUnsubscribedRequest request;
  request.set_name(message.name());
  request.set_email("ada@example.com");
  EXPECT_TRUE(Made(&Stub::RecordMessageUnsubscribed, request).has_unsubscribe_time());
  EXPECT_EQ(server_.Call(&Stub::SendMessage, Sending(ada_)).reason(), "OPTED_OUT");
  contacts::v1::GetContactRequest get;
  get.set_name(ada_);
  const auto contact = Made(&ContactsService::Stub::GetContact, get);
  EXPECT_EQ(contact.emails(0).opt_out_cause(), message.name());
  // Whoever lets mail be sent again takes the cause with it.
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(ada_);
  *update.mutable_contact()->mutable_emails() = contact.emails();
  update.mutable_contact()->mutable_emails(0)->set_opted_out(false);
  update.mutable_update_mask()->add_paths("emails");
  EXPECT_EQ(Made(&ContactsService::Stub::UpdateContact, update).emails(0).opt_out_cause(), "");
  request.set_name(ada_ + "/messages/none");
  EXPECT_EQ(server_.Call(&Stub::RecordMessageUnsubscribed, request).reason(), "MESSAGE_NOT_FOUND");
}

// Goal: a bounce that a program tells stops mail to the address, as one does that is received.
TEST_F(MessagesServiceTest, MarkTheAddressThatTheyDoNotReachForGood) {
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(ada_);
  update.mutable_contact()->add_emails()->set_address("Ada@example.com");
  update.mutable_contact()->add_emails()->set_address("b@example.com");
  update.mutable_update_mask()->add_paths("emails");
  Made(&ContactsService::Stub::UpdateContact, update);
  const std::string name = Send(Sending(ada_)).name();
  v1::RecordMessageSentRequest sent;
  sent.set_name(name);
  sent.set_message_id("<1@acme.example>");
  Made(&Stub::RecordMessageSent, sent);
  contacts::v1::GetContactRequest get;
  get.set_name(ada_);
  v1::RecordMessageBouncedRequest bounced;
  bounced.set_name(name);
  bounced.set_kind(v1::SOFT);
  Made(&Stub::RecordMessageBounced, bounced);
  EXPECT_FALSE(Made(&ContactsService::Stub::GetContact, get).emails(0).undeliverable());
  bounced.set_kind(v1::HARD);
  const Position before = server_.runtime().log.head();
  EXPECT_EQ(Made(&Stub::RecordMessageBounced, bounced).bounce(), v1::HARD);
  EXPECT_EQ(server_.runtime().log.head().value(), before.value() + 2) << "in one append";
  const auto contact = Made(&ContactsService::Stub::GetContact, get);
  EXPECT_TRUE(contact.emails(0).undeliverable());
  EXPECT_FALSE(contact.emails(1).undeliverable());
  EXPECT_EQ(server_.Call(&Stub::SendMessage, Sending(ada_)).reason(), "ADDRESS_UNDELIVERABLE");
  // Whoever corrects that is not contradicted by the same report.
  *update.mutable_contact()->mutable_emails() = contact.emails();
  update.mutable_contact()->mutable_emails(0)->set_undeliverable(false);
  Made(&ContactsService::Stub::UpdateContact, update);
  Made(&Stub::RecordMessageBounced, bounced);
  EXPECT_FALSE(Made(&ContactsService::Stub::GetContact, get).emails(0).undeliverable());
}

TEST_F(MessagesServiceTest, ComeBackWithAStatusByNumberAlone) {
  v1::RecordMessageSentRequest sent;
  sent.set_name(Send(Sending(ada_)).name());
  sent.set_message_id("<1@acme.example>");
  Made(&Stub::RecordMessageSent, sent);
  v1::RecordMessageBouncedRequest request;
  request.set_name(sent.name());
  request.set_kind(v1::SOFT);
  request.set_status("ada@example.com moved");
  EXPECT_THAT(server_.Call(&Stub::RecordMessageBounced, request).fields(), ElementsAre("status"));
  request.set_status("5.1.1");
  EXPECT_EQ(Made(&Stub::RecordMessageBounced, request).bounce_status(), "5.1.1");
}

// Goal: who sees one message has nobody else written to no more.
TEST_F(MessagesServiceTest, UnsubscribeNoAddressButTheirOwn) {
  const std::string eve = CreateContact("Eve", "eve@example.com");
  v1::RecordMessageUnsubscribedRequest request;
  request.set_name(Send(Sending(ada_)).name());
  const auto head = server_.runtime().log.head();
  for (const char* other : {"eve@example.com", "not an address"}) {
    request.set_email(other);
    const auto refused = server_.Call(&Stub::RecordMessageUnsubscribed, request);
    EXPECT_EQ(refused.reason(), "INVALID_FIELD");
    EXPECT_THAT(refused.fields(), ElementsAre("email"));
  }
  EXPECT_EQ(server_.runtime().log.head(), head);
  Send(Sending(eve));
  request.set_email("ADA@example.com");
  EXPECT_TRUE(Made(&Stub::RecordMessageUnsubscribed, request).has_unsubscribe_time());
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), ada_).ok());
  EXPECT_EQ(server_.Call(&Stub::RecordMessageUnsubscribed, request).reason(), "PERSON_ERASED");
}

TEST_F(MessagesServiceTest, AreNotFoundByWhatTheySay) {
  Send(Sending(ada_));
  EXPECT_EQ(List(ada_, "subject = \"Hello\"").reason(), "INVALID_FILTER");
  EXPECT_EQ(List(ada_, "state = QUEUED")->messages_size(), 1);
}

// It is the address that wants no more, whoever has it later, and until the person asks for it.
TEST_F(MessagesServiceTest, UnsubscribeAnAddressUntilThePersonWantsThemAgain) {
  v1::RecordMessageUnsubscribedRequest request;
  request.set_name(Send(Sending(ada_)).name());
  request.set_email("ada@example.com");
  Made(&Stub::RecordMessageUnsubscribed, request);
  // Taken away and put back.
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(ada_);
  update.mutable_update_mask()->add_paths("emails");
  Made(&ContactsService::Stub::UpdateContact, update);
  update.mutable_contact()->add_emails()->set_address("Ada@example.com");
  Made(&ContactsService::Stub::UpdateContact, update);
  const auto refused = server_.Call(&Stub::SendMessage, Sending(ada_));
  EXPECT_EQ(refused.reason(), "OPTED_OUT");
  EXPECT_EQ(refused.metadata("message"), request.name());
  const std::string twin = CreateContact("Twin", "ADA@example.com");
  EXPECT_EQ(server_.Call(&Stub::SendMessage, Sending(twin)).reason(), "OPTED_OUT");

  v1::RecordMessageResubscribedRequest again;
  again.set_name(request.name());
  again.set_email("ada@example.com");
  EXPECT_TRUE(Made(&Stub::RecordMessageResubscribed, again).has_resubscribe_time());
  const auto head = server_.runtime().log.head();
  Made(&Stub::RecordMessageResubscribed, again);
  EXPECT_EQ(server_.runtime().log.head(), head) << "that is so already";
  Send(Sending(ada_));
  Send(Sending(twin));
}

TEST_F(MessagesServiceTest, UnsubscribeWhoIsDeletedForWhenTheyComeBack) {
  v1::RecordMessageUnsubscribedRequest request;
  request.set_name(Send(Sending(ada_)).name());
  request.set_email("ada@example.com");
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(ada_);
  Made(&ContactsService::Stub::DeleteContact, remove);
  Made(&Stub::RecordMessageUnsubscribed, request);
  contacts::v1::UndeleteContactRequest restore;
  restore.set_name(ada_);
  Made(&ContactsService::Stub::UndeleteContact, restore);
  EXPECT_EQ(server_.Call(&Stub::SendMessage, Sending(ada_)).reason(), "OPTED_OUT");
}

// Goal: what OPTED_OUT tells to do can be done, whatever became of the contact who unsubscribed.
TEST_F(MessagesServiceTest, AreWantedAgainByTheMessageThatIsToldWhateverBecameOfTheContact) {
  const std::string twin = CreateContact("Twin", "ADA@example.com");
  for (const bool is_erased : {false, true}) {
    const std::string name = CreateContact("Ada", "ada@example.com");
    v1::RecordMessageUnsubscribedRequest request;
    request.set_name(Send(Sending(name)).name());
    request.set_email("ada@example.com");
    Made(&Stub::RecordMessageUnsubscribed, request);
    if (is_erased) {
      ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), name).ok());
    } else {
      contacts::v1::DeleteContactRequest remove;
      remove.set_name(name);
      Made(&ContactsService::Stub::DeleteContact, remove);
    }
    contacts::v1::UpdateContactRequest update;
    update.mutable_contact()->set_name(twin);
    update.mutable_contact()->add_emails()->set_address("ADA@example.com");
    update.mutable_update_mask()->add_paths("emails");
    Made(&ContactsService::Stub::UpdateContact, update);
    const auto refused = server_.Call(&Stub::SendMessage, Sending(twin));
    EXPECT_EQ(refused.reason(), "OPTED_OUT");
    v1::RecordMessageResubscribedRequest again;
    again.set_name(refused.metadata("message"));
    again.set_email("ada@example.com");
    EXPECT_EQ(again.name(), request.name());
    EXPECT_TRUE(Made(&Stub::RecordMessageResubscribed, again).has_resubscribe_time());
    Send(Sending(twin));
  }
}

// Goal: the address is released by whoever its messages were, and the caller is told of nobody.
TEST_F(MessagesServiceTest, AreWantedAgainAlsoByWhoIsHiddenAndNotTold) {
  const auto role = Proto<roles::v1::CreateRoleRequest>(
      "role { display_name: 'Own' grants { permission: '*' scope: OWN } field_groups: PERSONAL }");
  const std::string own = Made(&roles::v1::RolesService::Stub::CreateRole, role).name();
  std::string marta;
  const std::string key = KeyWithRole(own, &marta);
  std::string other;
  const std::string unused = KeyWithRole(own, &other);
  const std::string hers = CreateContact("Eve", "eve@example.com", marta);
  const std::string hidden = CreateContact("Bob", "bob@example.com", other);
  v1::RecordMessageUnsubscribedRequest request;
  request.set_name(Send(Sending(hidden)).name());
  request.set_email("bob@example.com");
  Made(&Stub::RecordMessageUnsubscribed, request);
  const std::string twin = CreateContact("Twin", "BOB@example.com", marta);
  const auto refused = server_.CallWith(key, &Stub::SendMessage, Sending(twin));
  EXPECT_EQ(refused.reason(), "OPTED_OUT");
  EXPECT_EQ(refused.metadata("message"), "");

  v1::RecordMessageResubscribedRequest again;
  again.set_name(Send(Sending(hers)).name());
  again.set_email("nobody@example.com");
  const auto of_nobody = server_.CallWith(key, &Stub::RecordMessageResubscribed, again);
  EXPECT_EQ(of_nobody.reason(), "");
  again.set_email("bob@example.com");
  const auto of_bob = server_.CallWith(key, &Stub::RecordMessageResubscribed, again);
  EXPECT_EQ(of_bob.reason(), "") << of_bob.status.error_message();
  EXPECT_EQ(of_bob->DebugString(), of_nobody->DebugString());
  EXPECT_TRUE(Get(request.name())->has_resubscribe_time());
  EXPECT_EQ(server_.CallWith(key, &Stub::SendMessage, Sending(twin)).reason(), "");
  // What they name they have to see.
  again.set_name(request.name());
  EXPECT_EQ(server_.CallWith(key, &Stub::RecordMessageResubscribed, again).reason(),
            "MESSAGE_NOT_FOUND");
}

TEST_F(MessagesServiceTest, WaitWhereThereIsNoMailServer) {
  const v1::Message waiting = Send(Sending(ada_));
  policies::v1::GetPolicyRequest get;
  get.set_name("policies/mail_delivery");
  get.mutable_read();
  const auto policy = Made(&policies::v1::PoliciesService::Stub::GetPolicy, get);
  EXPECT_EQ(policy.due_count(), 1);
  EXPECT_EQ(policy.refused_count(), 0);
  EXPECT_EQ(Get(waiting.name())->state(), v1::QUEUED);
}

class DeliveryTest : public MessagesServiceTest {
 protected:
  DeliveryTest() : MessagesServiceTest(/*has_mail=*/true) {}
};

TEST_F(DeliveryTest, IsOfEachMessageOnceAlsoWithNewViews) {
  const std::string first = Send(Sending(ada_)).name();
  AwaitState(first, v1::SENT);
  EXPECT_EQ(Get(first)->message_id(), "<1@acme.example>");
  for (int i = 0; i < 2; ++i) {
    server_.Restart(/*new_views=*/true);
    const std::string next = Send(Sending(ada_)).name();
    AwaitState(next, v1::SENT);
    EXPECT_EQ(delivered().size(), static_cast<size_t>(i + 2));
  }
}

}  // namespace
}  // namespace kith::messages
