// Captures over gRPC: who a person is found to be, what is recorded, and what waits for a review.
// What every resource does is asked of capture reviews in tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kith/captures/v1/capture_reviews_service.grpc.pb.h"
#include "kith/captures/v1/captures_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/members.h"
#include "tests/testing/test_server.h"

namespace kith::captures {
namespace {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using interactions::v1::Interaction;
using interactions::v1::InteractionsService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Proto;
using testing::TestServer;
using workspaces::v1::WorkspacesService;
using Captures = v1::CapturesService::Stub;
using Reviews = v1::CaptureReviewsService::Stub;

class CapturesTest : public ::testing::Test {
 protected:
  // A call of a person: {"emails { … }"}.
  static v1::CaptureInteractionRequest Calling(const std::string& person,
                                               const std::string& external_id = "") {
    v1::CaptureInteractionRequest request;
    *request.mutable_person() = Proto<Contact>(person);
    request.mutable_interaction()->set_kind(interactions::v1::CALL);
    request.mutable_interaction()->set_direction(interactions::v1::INBOUND);
    request.mutable_interaction()->set_subject("About the offer");
    request.set_source("switchboard");
    request.set_external_id(external_id);
    return request;
  }
  testing::Reply<v1::Capture> TryCapture(const v1::CaptureInteractionRequest& request) {
    return server_.Call(&Captures::CaptureInteraction, request);
  }
  v1::Capture Capture(const v1::CaptureInteractionRequest& request) {
    const auto reply = TryCapture(request);
    EXPECT_EQ(reply.reason(), "");
    return reply.response;
  }
  std::string CreateContact(const std::string& text) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<Contact>(text);
    const auto created = server_.Call(&ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  Contact GetContact(const std::string& name) {
    contacts::v1::GetContactRequest request;
    request.set_name(name);
    const auto got = server_.Call(&ContactsService::Stub::GetContact, request);
    EXPECT_EQ(got.reason(), "");
    return got.response;
  }
  Interaction GetInteraction(const std::string& name) {
    interactions::v1::GetInteractionRequest request;
    request.set_name(name);
    const auto got = server_.Call(&InteractionsService::Stub::GetInteraction, request);
    EXPECT_EQ(got.reason(), "");
    return got.response;
  }
  int CountContacts() {
    const auto listed =
        server_.Call(&ContactsService::Stub::ListContacts, contacts::v1::ListContactsRequest());
    EXPECT_EQ(listed.reason(), "");
    return listed->contacts_size();
  }
  std::vector<v1::CaptureReview> Pending() {
    v1::ListCaptureReviewsRequest request;
    request.set_filter("state = PENDING");
    const auto listed = server_.Call(&Reviews::ListCaptureReviews, request);
    EXPECT_EQ(listed.reason(), "");
    return {listed->capture_reviews().begin(), listed->capture_reviews().end()};
  }
  testing::Reply<v1::CaptureReview> Resolve(const std::string& name,
                                            v1::CaptureResolution resolution,
                                            const std::string& contact = "") {
    v1::ResolveCaptureReviewRequest request;
    request.set_name(name);
    request.set_resolution(resolution);
    request.set_contact(contact);
    return server_.Call(&Reviews::ResolveCaptureReview, request);
  }
  void WantUniqueEmails() {
    workspaces::v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name("workspaces/1");
    request.mutable_workspace()->set_unique_contact_emails(true);
    ASSERT_EQ(server_.Call(&WorkspacesService::Stub::UpdateWorkspace, request).reason(), "");
  }

  TestServer server_;
};

// --- CaptureInteraction ---

TEST_F(CapturesTest, MakesOneContactOfWhoeverIsNewAndRecordsWhatHappened) {
  v1::CaptureInteractionRequest request =
      Calling(R"(first_name: "Ada" emails { address: "ada@example.com" })", "4711");
  request.mutable_interaction()->mutable_occur_time()->set_seconds(1'600'000'000);
  const v1::Capture first = Capture(request);
  EXPECT_EQ(first.outcome(), v1::CAPTURE_CREATED);
  EXPECT_TRUE(absl::StartsWith(first.name(), first.contact() + "/interactions/"));
  EXPECT_EQ(GetContact(first.contact()).first_name(), "Ada");
  EXPECT_EQ(GetContact(first.contact()).source(), "switchboard");
  const Interaction recorded = GetInteraction(first.name());
  EXPECT_EQ(recorded.subject(), "About the offer");
  EXPECT_EQ(recorded.external_id(), "switchboard:4711");
  EXPECT_EQ(recorded.occur_time().seconds(), 1'600'000'000);
  EXPECT_GT(GetContact(first.contact()).create_time().seconds(), 1'600'000'000);

  const v1::Capture second = Capture(Calling(R"(emails { address: "ADA@Example.com" })", "4712"));
  EXPECT_EQ(second.outcome(), v1::CAPTURE_MATCHED);
  EXPECT_EQ(second.contact(), first.contact());
  EXPECT_EQ(CountContacts(), 1);
}

TEST_F(CapturesTest, RecordsOnceWhatASourceTellsAgainWhoeverTellsIt) {
  const v1::Capture first = Capture(Calling(R"(emails { address: "ada@example.com" })", "4711"));
  // Later, with another request id, with other words, and of somebody else even.
  for (const char* const person :
       {R"(emails { address: "ada@example.com" })", R"(phones { raw: "+4930901820" })"}) {
    v1::CaptureInteractionRequest again = Calling(person, "4711");
    again.set_request_id(absl::StrCat("again-", absl::string_view(person).size()));
    again.mutable_interaction()->set_subject("Otherwise");
    const v1::Capture told = Capture(again);
    EXPECT_EQ(told.outcome(), v1::CAPTURE_REPEATED);
    EXPECT_EQ(told.name(), first.name());
    EXPECT_EQ(told.contact(), first.contact());
  }
  EXPECT_EQ(CountContacts(), 1);
  // Another source may call something the same.
  v1::CaptureInteractionRequest other = Calling(R"(emails { address: "ada@example.com" })", "4711");
  other.set_source("website chat");
  EXPECT_EQ(Capture(other).outcome(), v1::CAPTURE_MATCHED);
}

TEST_F(CapturesTest, AnswersARepeatedRequestAsTheFirstTime) {
  v1::CaptureInteractionRequest request = Calling(R"(emails { address: "ada@example.com" })");
  request.set_request_id("call-1");
  const v1::Capture first = Capture(request);
  EXPECT_EQ(Capture(request).SerializeAsString(), first.SerializeAsString());
  request.mutable_interaction()->set_subject("Something else");
  EXPECT_EQ(TryCapture(request).reason(), "REQUEST_ID_REUSED");
  EXPECT_EQ(CountContacts(), 1);
}

TEST_F(CapturesTest, FindsWhoHasAnExternalId) {
  const std::string ada =
      CreateContact(R"(first_name: "Ada" external_ids { system: "shop" id: "1" })");
  const v1::Capture found = Capture(Calling(R"(first_name: "A." last_name: "Lovelace"
                                               external_ids { system: "shop" id: "1" })"));
  EXPECT_EQ(found.outcome(), v1::CAPTURE_MATCHED);
  EXPECT_EQ(found.contact(), ada);
  EXPECT_EQ(GetContact(ada).last_name(), "");
}

TEST_F(CapturesTest, FillsWhatAContactLacksWhereThatIsWanted) {
  const std::string ada = CreateContact(R"(first_name: "Ada" emails { address: "ada@example.com" }
                                           job_title: "Countess" tags: "old")");
  v1::CaptureInteractionRequest request = Calling(R"(
      first_name: "Augusta" last_name: "Lovelace" job_title: "Analyst" source: "chat"
      emails { address: "ADA@example.com" } emails { address: "ada@home.example" primary: true }
      phones { raw: "+49 30 901820" } tags: "new" tags: "old")");
  request.set_match_policy(v1::FILL);
  EXPECT_EQ(Capture(request).contact(), ada);
  const Contact filled = GetContact(ada);
  EXPECT_EQ(filled.first_name(), "Ada");
  EXPECT_EQ(filled.last_name(), "Lovelace");
  EXPECT_EQ(filled.job_title(), "Countess");
  EXPECT_EQ(filled.source(), "");
  ASSERT_EQ(filled.emails_size(), 2);
  EXPECT_EQ(filled.emails(1).address(), "ada@home.example");
  EXPECT_TRUE(filled.emails(0).primary());
  EXPECT_FALSE(filled.emails(1).primary());
  ASSERT_EQ(filled.phones_size(), 1);
  EXPECT_EQ(filled.phones(0).e164(), "+4930901820");
  EXPECT_THAT(filled.tags(), ElementsAre("old", "new"));
  const std::string etag = filled.etag();
  EXPECT_EQ(Capture(request).contact(), ada);
  EXPECT_EQ(GetContact(ada).etag(), etag) << "nothing was missing";
}

// Goal: no capture takes back what somebody refused.
TEST_F(CapturesTest, FillsConsentsThatNobodyWasAskedForAndWhereElseSomebodyIs) {
  const std::string ada = CreateContact(R"(
      emails { address: "ada@example.com" }
      consents { purpose: "news" channel: BY_EMAIL state: WITHDRAWN }
      social_profiles { network: "x" profile: "@ada" })");
  v1::CaptureInteractionRequest request = Calling(R"(
      emails { address: "ada@example.com" }
      consents { purpose: "news" channel: BY_EMAIL state: GIVEN }
      consents { purpose: "tips" channel: BY_POST state: GIVEN }
      social_profiles { network: "x" profile: "@ada" }
      social_profiles { network: "linkedin" profile: "https://www.linkedin.com/in/ada" }
      card_properties: "X-SKYPE:ada")");
  request.set_match_policy(v1::FILL);
  const v1::Capture captured = Capture(request);
  EXPECT_EQ(captured.contact(), ada);
  const Contact filled = GetContact(ada);
  ASSERT_EQ(filled.consents_size(), 2);
  EXPECT_EQ(filled.consents(0).state(), contacts::v1::WITHDRAWN);
  EXPECT_EQ(filled.consents(1).purpose(), "tips");
  ASSERT_EQ(filled.social_profiles_size(), 2);
  EXPECT_EQ(filled.social_profiles(1).network(), "linkedin");
  EXPECT_THAT(filled.card_properties(), ElementsAre("X-SKYPE:ada"));
}

TEST_F(CapturesTest, MakesANewContactOfADeletedOnesAddress) {
  const std::string ada = CreateContact(R"(emails { address: "ada@example.com" })");
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(ada);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, remove).reason(), "");
  const v1::Capture made = Capture(Calling(R"(emails { address: "ada@example.com" })"));
  EXPECT_EQ(made.outcome(), v1::CAPTURE_CREATED);
  EXPECT_NE(made.contact(), ada);
}

TEST_F(CapturesTest, RefusesWhatBreaksARule) {
  EXPECT_THAT(TryCapture(Calling("")).fields(), ElementsAre("person"));
  v1::CaptureInteractionRequest colon = Calling(R"(first_name: "Ada")");
  colon.set_source("a:b");
  colon.mutable_interaction()->set_external_id("1");
  EXPECT_THAT(TryCapture(colon).fields(), ElementsAre("source", "interaction.external_id"));
  v1::CaptureInteractionRequest primary =
      Calling(R"(emails { address: "a@example.com" primary: true }
                 emails { address: "b@example.com" primary: true })");
  EXPECT_THAT(TryCapture(primary).fields(), ElementsAre("person.emails[1].primary"));
  v1::CaptureInteractionRequest kind = Calling(R"(first_name: "Ada")");
  kind.mutable_interaction()->clear_kind();
  EXPECT_THAT(TryCapture(kind).fields(), ElementsAre("interaction.kind"));
  EXPECT_EQ(CountContacts(), 0);
}

TEST_F(CapturesTest, AsksForWhatItMakes) {
  const auto key = [&](const std::vector<std::string>& permissions) {
    workspaces::v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("captures");
    for (const std::string& one : permissions) request.mutable_api_key()->add_permissions(one);
    return server_.Call(&WorkspacesService::Stub::CreateApiKey, request)->secret();
  };
  const v1::CaptureInteractionRequest request = Calling(R"(emails { address: "ada@example.com" })");
  const auto capture = [&](const std::string& secret) {
    return server_.CallWith(secret, &Captures::CaptureInteraction, request).reason();
  };
  EXPECT_EQ(capture(key({"contacts.write", "interactions.write"})), "PERMISSION_DENIED");
  EXPECT_EQ(capture(key({"captures.write", "interactions.write"})), "PERMISSION_DENIED");
  EXPECT_EQ(capture(key({"captures.write", "contacts.write"})), "PERMISSION_DENIED");
  EXPECT_EQ(CountContacts(), 0);
  EXPECT_EQ(capture(key({"captures.write", "contacts.write", "interactions.write"})), "");
  // Who is there already needs not be created, for who may know that.
  EXPECT_EQ(capture(key({"captures.write", "interactions.write"})), "PERMISSION_DENIED");
  EXPECT_EQ(capture(key({"captures.write", "interactions.write", "contacts.read"})), "");
}

// Goal: whoever tells of the same new person at once makes one contact, whether or not the
// workspace wants addresses unique. Method: threads that all tell of the same ten.
TEST_F(CapturesTest, MakesOneContactOfWhoeverComesAtOnce) {
  for (const bool unique : {false, true}) {
    if (unique) WantUniqueEmails();
    constexpr int kThreads = 6;
    constexpr int kPeople = 10;
    std::vector<std::thread> threads;
    std::atomic<int> created = 0;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kPeople; ++i) {
          const std::string mail = absl::StrCat(unique ? "u" : "p", i, "@example.com");
          const auto told = TryCapture(Calling(absl::StrCat("emails { address: \"", mail, "\" }")));
          EXPECT_EQ(told.reason(), "");
          if (told->outcome() == v1::CAPTURE_CREATED) ++created;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(created, kPeople);
    EXPECT_EQ(CountContacts(), unique ? 2 * kPeople : kPeople);
  }
}

// Goal: what has one external id is recorded once, whoever it is told of, and nobody who tells it
// is refused. Method: threads that tell the same ten, each of another person.
TEST_F(CapturesTest, RecordsOnceWhatManyTellAtOnce) {
  constexpr int kThreads = 6;
  constexpr int kCalls = 10;
  std::vector<std::thread> threads;
  std::atomic<int> repeated = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const auto told =
            TryCapture(Calling(absl::StrCat("emails { address: \"", t, "-", i, "@example.com\" }"),
                               absl::StrCat("call-", i)));
        EXPECT_EQ(told.reason(), "") << told.status.error_message();
        if (told->outcome() == v1::CAPTURE_REPEATED) ++repeated;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(repeated, (kThreads - 1) * kCalls);
  EXPECT_EQ(CountContacts(), kCalls);
}

// --- The review queue ---

TEST_F(CapturesTest, LeavesItToAReviewWhoHasASharedNumber) {
  const std::string ada = CreateContact(R"(first_name: "Ada" phones { raw: "+4930901820" })");
  const std::string bob = CreateContact(R"(first_name: "Bob" phones { raw: "+49 30 901820" })");
  const v1::Capture told = Capture(Calling(R"(phones { raw: "+49 (30) 90 18 20" })", "1"));
  EXPECT_EQ(told.outcome(), v1::CAPTURE_AMBIGUOUS);
  EXPECT_EQ(told.contact(), "");
  ASSERT_EQ(told.candidates_size(), 2);
  EXPECT_EQ((std::set<std::string>{told.candidates(0).contact(), told.candidates(1).contact()}),
            (std::set<std::string>{ada, bob}));
  EXPECT_EQ(told.candidates(0).key(), v1::PHONE_NUMBER);
  EXPECT_EQ(CountContacts(), 2);
  ASSERT_EQ(Pending().size(), 1u);
  EXPECT_EQ(Pending()[0].name(), told.name());
  EXPECT_EQ(Pending()[0].display_name(), "+49 (30) 90 18 20");
  EXPECT_EQ(Pending()[0].interaction().subject(), "About the offer");

  // What is told again waits once.
  const v1::Capture again = Capture(Calling(R"(phones { raw: "+49 (30) 90 18 20" })", "1"));
  EXPECT_EQ(again.outcome(), v1::CAPTURE_REPEATED);
  EXPECT_EQ(again.name(), told.name());
  EXPECT_EQ(again.candidates_size(), 0) << "who may see them reads the review";
  ASSERT_EQ(Pending().size(), 1u);
  EXPECT_EQ(Pending()[0].candidates_size(), 2);

  const auto resolved = Resolve(told.name(), v1::EXISTING_CONTACT, bob);
  ASSERT_EQ(resolved.reason(), "");
  EXPECT_EQ(resolved->state(), v1::MATCHED);
  EXPECT_EQ(resolved->contact(), bob);
  EXPECT_FALSE(resolved->has_person());
  EXPECT_FALSE(resolved->has_interaction());
  EXPECT_EQ(GetInteraction(resolved->recorded_interaction()).subject(), "About the offer");
  EXPECT_EQ(GetInteraction(resolved->recorded_interaction()).external_id(), "switchboard:1");
  EXPECT_THAT(Pending(), IsEmpty());
  // And is known as what it became.
  const v1::Capture late = Capture(Calling(R"(phones { raw: "+4930901820" })", "1"));
  EXPECT_EQ(late.outcome(), v1::CAPTURE_REPEATED);
  EXPECT_EQ(late.name(), resolved->recorded_interaction());

  // The same once more changes nothing; something else is refused.
  EXPECT_EQ(Resolve(told.name(), v1::EXISTING_CONTACT, bob)->etag(), resolved->etag());
  const auto otherwise = Resolve(told.name(), v1::EXISTING_CONTACT, ada);
  EXPECT_EQ(otherwise.reason(), "CAPTURE_REVIEW_RESOLVED");
  EXPECT_EQ(otherwise.metadata("contact"), bob);
}

// Goal: a review that somebody else's capture made tells a reviewer of no contact that is hidden
// from them. Method: a user who sees their own has one of two candidates shared with them.
TEST_F(CapturesTest, TellsAReviewerOfTheCandidatesThatTheySee) {
  const testing::Member rae = testing::AddMember(server_, "Rae", "roles/sales-rep");
  const std::string eve = testing::AddUser(server_, "Eve", "roles/sales-rep");
  CreateContact(
      absl::StrCat(R"(first_name: "Ada" phones { raw: "+4930901820" } owner: ")", eve, "\""));
  const std::string bob = CreateContact(
      absl::StrCat(R"(first_name: "Bob" phones { raw: "+4930901820" } owner: ")", rae.name, "\""));
  const v1::Capture told =
      Capture(Calling(absl::StrCat(R"(phones { raw: "+4930901820" } owner: ")", rae.name, "\"")));
  ASSERT_EQ(told.candidates_size(), 2);

  v1::GetCaptureReviewRequest get;
  get.set_name(told.name());
  EXPECT_EQ(server_.Call(&Reviews::GetCaptureReview, get)->candidates_size(), 2);
  const auto seen = server_.CallWith(rae.secret, &Reviews::GetCaptureReview, get);
  ASSERT_EQ(seen->candidates_size(), 1);
  EXPECT_EQ(seen->candidates(0).contact(), bob);
  const auto listed =
      server_.CallWith(rae.secret, &Reviews::ListCaptureReviews, v1::ListCaptureReviewsRequest());
  ASSERT_EQ(listed->capture_reviews_size(), 1);
  EXPECT_EQ(listed->capture_reviews(0).candidates_size(), 1);
  v1::BatchGetCaptureReviewsRequest batch;
  batch.add_names(told.name());
  const auto several = server_.CallWith(rae.secret, &Reviews::BatchGetCaptureReviews, batch);
  EXPECT_EQ(several->capture_reviews(0).candidates_size(), 1);
  v1::ListCaptureReviewRevisionsRequest history;
  history.set_name(told.name());
  const auto revisions =
      server_.CallWith(rae.secret, &Reviews::ListCaptureReviewRevisions, history);
  EXPECT_EQ(revisions->DebugString().find("candidates"), std::string::npos)
      << revisions->DebugString();
  v1::UpdateCaptureReviewRequest update;
  update.mutable_capture_review()->set_name(told.name());
  update.mutable_capture_review()->set_note("Calls back.");
  EXPECT_EQ(server_.CallWith(rae.secret, &Reviews::UpdateCaptureReview, update)->candidates_size(),
            0);
}

// Goal: nothing that somebody said of themselves is gone with the review.
TEST_F(CapturesTest, TellsInTheInteractionWhatTheContactDoesNotTake) {
  const std::string bob =
      CreateContact(R"(first_name: "Bob" job_title: "Buyer" phones { raw: "+4930901820" })");
  v1::CaptureInteractionRequest filling = Calling(R"(
    first_name: "Robert"
    job_title: "Head of Purchasing"
    department: "Purchasing"
    birthday { year: 1980 month: 2 day: 3 }
    emails { address: "bob@example.com" }
    phones { raw: "+49 30 901820" }
    tags: "press")");
  filling.set_match_policy(v1::FILL);
  filling.mutable_interaction()->set_body("Called twice.");
  const auto filled = Resolve(Capture(filling).name(), v1::EXISTING_CONTACT, bob);
  ASSERT_EQ(filled.reason(), "");
  EXPECT_EQ(GetContact(bob).department(), "Purchasing");
  EXPECT_EQ(GetInteraction(filled->recorded_interaction()).body(),
            "Called twice.\nFirst name: Robert\nJob title: Head of Purchasing");

  const std::string eve = CreateContact(R"(first_name: "Eve" phones { raw: "+4930901821" })");
  v1::CaptureInteractionRequest keeping = Calling(R"(
    first_name: "Eve"
    birthday { year: 1980 month: 2 day: 3 }
    emails { address: "eve@example.com" }
    phones { raw: "+4930901821" }
    tags: "press")");
  keeping.set_match_policy(v1::KEEP);
  const auto kept = Resolve(Capture(keeping).name(), v1::EXISTING_CONTACT, eve);
  ASSERT_EQ(kept.reason(), "");
  EXPECT_EQ(GetInteraction(kept->recorded_interaction()).body(),
            "Birthday: 1980-02-03\nE-mail address: eve@example.com\nTag: press");
  EXPECT_EQ(GetContact(eve).emails_size(), 0);
}

// Goal: an amount that somebody said is not gone with the review, and nobody learns it who may read
// texts, and no amounts.
TEST_F(CapturesTest, TellsAmountsToThoseWhoMayReadThem) {
  using custom_fields::v1::CustomFieldsService;
  for (const char* const key : {"budget", "deposit", "limit", "volume"}) {
    custom_fields::v1::CreateCustomFieldRequest field;
    field.mutable_custom_field()->set_display_name(key);
    field.mutable_custom_field()->set_resource("contacts");
    field.mutable_custom_field()->set_key(key);
    field.mutable_custom_field()->set_type(custom_fields::v1::MONEY);
    ASSERT_EQ(server_.Call(&CustomFieldsService::Stub::CreateCustomField, field).reason(), "");
  }
  const std::string bob = CreateContact(R"(
    first_name: "Bob"
    phones { raw: "+4930901820" }
    custom { key: "budget" value { text: "100 EUR" } }
    custom { key: "limit" value { text: "5 EUR" } })");
  v1::CaptureInteractionRequest call = Calling(R"(
    first_name: "Bob"
    phones { raw: "+4930901820" }
    custom { key: "budget" value { text: "24000.50 EUR" } }
    custom { key: "deposit" value { money { currency_code: "EUR" units: 7 } } }
    custom { key: "limit" value { text: "5.00 EUR" } }
    custom { key: "volume" value { text: "8 EUR" } })");
  call.mutable_interaction()->add_amounts()->set_currency_code("USD");
  const auto kept = Resolve(Capture(call).name(), v1::EXISTING_CONTACT, bob);
  ASSERT_EQ(kept.reason(), "");
  const Interaction told = GetInteraction(kept->recorded_interaction());
  EXPECT_EQ(told.body(), "Budget: see amount 2\nDeposit: see amount 3\nVolume: see amount 4");
  ASSERT_EQ(told.amounts_size(), 4);
  EXPECT_EQ(told.amounts(1).units(), 24'000);
  EXPECT_EQ(told.amounts(2).units(), 7);
  EXPECT_EQ(told.amounts(3).units(), 8);
  EXPECT_EQ(GetContact(bob).custom().at("budget").money().units(), 100);
  EXPECT_FALSE(GetContact(bob).custom().contains("deposit"));

  roles::v1::CreateRoleRequest role;
  *role.mutable_role() = Proto<roles::v1::Role>(R"(
    display_name: "Support"
    grants { permission: "*.read" scope: ALL }
    grants { permission: "interactions.write" scope: ALL }
    field_groups: PERSONAL)");
  users::v1::CreateUserRequest user;
  user.mutable_user()->set_display_name("Rae");
  user.mutable_user()->add_roles(
      server_.Call(&roles::v1::RolesService::Stub::CreateRole, role)->name());
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Rae's");
  key.mutable_api_key()->set_user(
      server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name());
  key.mutable_api_key()->add_permissions("*");
  const std::string secret = server_.Call(&WorkspacesService::Stub::CreateApiKey, key)->secret();
  interactions::v1::GetInteractionRequest get;
  get.set_name(told.name());
  const auto seen = server_.CallWith(secret, &InteractionsService::Stub::GetInteraction, get);
  ASSERT_EQ(seen.reason(), "");
  EXPECT_EQ(seen->body(), told.body());
  EXPECT_EQ(seen->amounts_size(), 0);
  interactions::v1::AmendInteractionRequest amend;
  amend.mutable_interaction()->set_name(told.name());
  amend.mutable_update_mask()->add_paths("amounts");
  EXPECT_EQ(server_.CallWith(secret, &InteractionsService::Stub::AmendInteraction, amend).reason(),
            "PERMISSION_DENIED");

  interactions::v1::RedactInteractionRequest redact;
  redact.set_name(told.name());
  ASSERT_EQ(server_.Call(&InteractionsService::Stub::RedactInteraction, redact).reason(), "");
  EXPECT_EQ(GetInteraction(told.name()).amounts_size(), 0);
}

// Goal: who may change their own contacts only, changes nobody else's by telling what was said.
TEST_F(CapturesTest, FillsNoContactThatTheCallerMayNotChange) {
  const testing::Member rae = testing::AddMember(server_, "Rae", testing::AddRole(server_, R"(
    display_name: "Own"
    grants { permission: "captures.write" scope: ALL }
    grants { permission: "interactions.write" scope: ALL }
    grants { permission: "contacts.read" scope: ALL }
    grants { permission: "contacts.write" scope: OWN }
    field_groups: PERSONAL)"));
  const std::string theirs = CreateContact(R"(emails { address: "bob@example.com" })");
  const std::string hers = CreateContact(
      absl::StrCat(R"(emails { address: "ada@example.com" } owner: ")", rae.name, "\""));
  const auto capture = [&](const std::string& address, v1::MatchPolicy policy) {
    v1::CaptureInteractionRequest request =
        Calling(absl::StrCat("emails { address: '", address, "' } job_title: 'Buyer'"));
    request.set_match_policy(policy);
    return server_.CallWith(rae.secret, &Captures::CaptureInteraction, request).reason();
  };
  EXPECT_EQ(capture("bob@example.com", v1::FILL), "PERMISSION_DENIED");
  EXPECT_EQ(GetContact(theirs).job_title(), "");
  EXPECT_EQ(capture("bob@example.com", v1::KEEP), "");
  EXPECT_EQ(capture("ada@example.com", v1::FILL), "");
  EXPECT_EQ(GetContact(hers).job_title(), "Buyer");
}

TEST_F(CapturesTest, MakesANewContactWhereTheReviewSaysSo) {
  CreateContact(R"(first_name: "Anna" last_name: "Müller" company_name: "ACME GmbH")");
  v1::CaptureInteractionRequest request =
      Calling(R"(first_name: "ANNA" last_name: "Muller" company_name: "Acme")");
  request.mutable_interaction()->mutable_occur_time()->set_seconds(1'600'000'000);
  const v1::Capture told = Capture(request);
  ASSERT_EQ(told.outcome(), v1::CAPTURE_AMBIGUOUS);
  EXPECT_EQ(told.candidates(0).key(), v1::NAME_AND_COMPANY);
  const auto resolved = Resolve(told.name(), v1::NEW_CONTACT);
  ASSERT_EQ(resolved.reason(), "");
  EXPECT_EQ(resolved->state(), v1::CREATED);
  EXPECT_EQ(GetContact(resolved->contact()).last_name(), "Muller");
  EXPECT_EQ(GetInteraction(resolved->recorded_interaction()).occur_time().seconds(), 1'600'000'000);
  EXPECT_EQ(CountContacts(), 2);
}

TEST_F(CapturesTest, RecordsNothingOfNobody) {
  CreateContact(R"(phones { raw: "+4930901820" })");
  const v1::Capture told = Capture(Calling(R"(phones { raw: "+4930901820" })", "1"));
  EXPECT_THAT(Resolve(told.name(), v1::NOBODY, "contacts/1").fields(), ElementsAre("contact"));
  EXPECT_THAT(Resolve(told.name(), v1::EXISTING_CONTACT).fields(), ElementsAre("contact"));
  EXPECT_EQ(Resolve(told.name(), v1::EXISTING_CONTACT, "contacts/nobody").reason(),
            "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(Resolve(told.name(), v1::NOBODY)->state(), v1::DISCARDED);
  EXPECT_EQ(CountContacts(), 1);
  // Nor when it is told again.
  const v1::Capture again = Capture(Calling(R"(phones { raw: "+4930901820" })", "1"));
  EXPECT_EQ(again.outcome(), v1::CAPTURE_REPEATED);
  EXPECT_EQ(again.name(), told.name());
  EXPECT_THAT(again.candidates(), IsEmpty());
  EXPECT_EQ(Resolve("captureReviews/none", v1::NOBODY).reason(), "CAPTURE_REVIEW_NOT_FOUND");
}

TEST_F(CapturesTest, LeavesItToAReviewWhereAddressesAreOfSeveral) {
  CreateContact(R"(emails { address: "info@example.com" })");
  CreateContact(R"(emails { address: "info@example.com" })");
  const v1::Capture told = Capture(Calling(R"(emails { address: "info@example.com" })"));
  EXPECT_EQ(told.outcome(), v1::CAPTURE_AMBIGUOUS);
  EXPECT_EQ(told.candidates_size(), 2);
  EXPECT_EQ(told.candidates(0).key(), v1::EMAIL_ADDRESS);
}

TEST_F(CapturesTest, TellsWhatIsWrongWithAPersonBeforeAnybodyReviewsIt) {
  CreateContact(R"(phones { raw: "+4930901820" })");
  EXPECT_THAT(TryCapture(Calling(R"(phones { raw: "+4930901820" primary: true }
                                    phones { raw: "+4930901821" primary: true })"))
                  .fields(),
              ElementsAre("person.phones[1].primary"));
}

TEST_F(CapturesTest, FindsSharedNumbersOverARestartWithViewsFoldedAnew) {
  CreateContact(R"(phones { raw: "+4930901820" })");
  server_.Restart(true);
  EXPECT_EQ(Capture(Calling(R"(phones { raw: "+4930901820" })")).outcome(), v1::CAPTURE_AMBIGUOUS);
}

// --- BatchCaptureInteractions ---

TEST_F(CapturesTest, CapturesManyEachByItself) {
  v1::BatchCaptureInteractionsRequest batch;
  for (int i = 0; i < 50; ++i) {
    *batch.add_requests() = Calling(
        absl::StrCat(R"(emails { address: "p)", i % 10, R"(@example.com" })"), absl::StrCat(i));
  }
  *batch.add_requests() = Calling("");                                              // nobody
  *batch.add_requests() = Calling(R"(emails { address: "p0@example.com" })", "0");  // again
  batch.set_request_id("batch-1");
  const auto told = server_.Call(&Captures::BatchCaptureInteractions, batch);
  ASSERT_EQ(told.reason(), "");
  EXPECT_EQ(told->captures_size(), 51);
  ASSERT_EQ(told->failed_requests_size(), 1);
  EXPECT_TRUE(told->failed_requests().contains(50));
  EXPECT_EQ(CountContacts(), 10);
  const auto again = server_.Call(&Captures::BatchCaptureInteractions, batch);
  EXPECT_EQ(again->captures_size(), 51);
  EXPECT_EQ(CountContacts(), 10);
}

// Goal: what comes from the address of one that was merged is found on the one that stays, and goes
// with that one when it is taken out again.
TEST_F(CapturesTest, GoWithWhomTheAddressIsOf) {
  const std::string ada = CreateContact("first_name: 'Ada' emails { address: 'ada@a.example' }");
  const std::string other = CreateContact("first_name: 'A.' emails { address: 'ada@b.example' }");
  contacts::v1::MergeContactsRequest merge;
  merge.set_name(ada);
  merge.add_merged(other);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::MergeContacts, merge).reason(), "");
  auto told = Calling("emails { address: 'ADA@b.example' } job_title: 'Countess'");
  told.set_match_policy(v1::FILL);
  const v1::Capture captured = Capture(told);
  EXPECT_EQ(captured.outcome(), v1::CAPTURE_MATCHED);
  EXPECT_EQ(GetContact(captured.contact()).name(), ada);
  EXPECT_EQ(GetContact(ada).job_title(), "Countess");
  EXPECT_EQ(Capture(Calling("emails { address: 'ada@a.example' }")).contact(), ada);
  EXPECT_EQ(CountContacts(), 1);

  contacts::v1::UnmergeContactRequest unmerge;
  unmerge.set_name(other);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::UnmergeContact, unmerge).reason(), "");
  EXPECT_EQ(GetContact(captured.contact()).name(), other);
  EXPECT_EQ(GetContact(other).job_title(), "Countess");
  EXPECT_EQ(GetContact(ada).job_title(), "");
}

}  // namespace
}  // namespace kith::captures
