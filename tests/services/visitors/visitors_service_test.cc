// Visitors over gRPC: their visits in the timeline of whom they are found to be, before and since,
// as of any moment, and what forms say of them. What every resource does is asked in
// tests/conformance; the script and what it posts in tests/services/edge/visitor_pages_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/forms/v1/forms_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/visitors/v1/sites_service.grpc.pb.h"
#include "kith/visitors/v1/visitors_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/members.h"
#include "tests/testing/test_server.h"

namespace kith::visitors {
namespace {

using contacts::v1::ContactsService;
using forms::v1::FormsService;
using interactions::v1::InteractionsService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Proto;
using Stub = v1::VisitorsService::Stub;
using Sites = v1::SitesService::Stub;

class VisitorsTest : public ::testing::Test {
 protected:
  VisitorsTest() {
    v1::CreateSiteRequest create;
    *create.mutable_site() =
        Proto<v1::Site>(R"(display_name: "Our site" allowed_origins: "https://www.example.com")");
    site_ = server_.Call(&Sites::CreateSite, create)->name();
  }
  std::string CreateVisitor() {
    v1::CreateVisitorRequest create;
    create.mutable_visitor()->set_site(site_);
    const auto created = server_.Call(&Stub::CreateVisitor, create);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  std::string CreateContact(const std::string& name) {
    contacts::v1::CreateContactRequest create;
    create.mutable_contact()->set_first_name(name);
    create.mutable_contact()->add_emails()->set_address(name + "@example.com");
    return server_.Call(&ContactsService::Stub::CreateContact, create)->name();
  }
  // Pages of the visitor now; the token of the event.
  std::string View(const std::string& visitor, const std::vector<std::string>& paths) {
    v1::RecordPageViewsRequest record;
    record.set_name(visitor);
    record.set_site(site_);
    for (const std::string& path : paths) {
      v1::PageView& view = *record.add_page_views();
      view.set_id(absl::StrCat("view-", ++views_));
      view.set_url("https://www.example.com" + path);
      view.set_title("Page " + path.substr(0, path.find('?')));
    }
    const auto recorded = server_.Call(&Stub::RecordPageViews, record);
    EXPECT_EQ(recorded.reason(), "");
    return recorded.token;
  }
  testing::Reply<v1::Visitor> Identify(const std::string& visitor, const std::string& contact,
                                       const std::string& request_id = "") {
    v1::IdentifyVisitorRequest identify;
    identify.set_name(visitor);
    identify.set_contact(contact);
    identify.set_request_id(request_id);
    return server_.Call(&Stub::IdentifyVisitor, identify);
  }
  // Of a contact or a visitor, as of a moment, "" for now: "/landing 2", the last one first.
  std::vector<std::string> Visits(const std::string& parent, const std::string& as_of = "") {
    v1::ListVisitsRequest list;
    list.set_parent(parent);
    if (!as_of.empty()) list.mutable_read()->set_token(as_of);
    const auto listed = server_.Call(&Stub::ListVisits, list);
    EXPECT_EQ(listed.reason(), "");
    std::vector<std::string> told;
    for (const v1::Visit& visit : listed->visits()) {
      told.push_back(absl::StrCat(PathOf(visit.landing_page()), " ", visit.page_view_count()));
    }
    return told;
  }
  // The visits in a contact's timeline.
  std::vector<v1::Visit> InTimeline(const std::string& contact, const std::string& as_of = "") {
    interactions::v1::ListTimelineRequest list;
    list.set_parent(contact);
    list.add_kinds(interactions::v1::PAGE_VIEW);
    if (!as_of.empty()) list.mutable_read()->set_token(as_of);
    const auto listed = server_.Call(&InteractionsService::Stub::ListTimeline, list);
    EXPECT_EQ(listed.reason(), "");
    std::vector<v1::Visit> visits;
    for (const auto& entry : listed->entries()) {
      EXPECT_EQ(entry.type(), "visitor_pages_viewed");
      visits.push_back(entry.visit());
    }
    return visits;
  }
  std::string PublishForm(const std::string& more = "") {
    forms::v1::CreateFormRequest create;
    *create.mutable_form() = Proto<forms::v1::Form>(absl::StrCat(R"(
        display_name: "Contact us" creates_lead: true
        fields { key: "email" label: "E-mail" kind: EMAIL maps_to: "contact.emails" } )",
                                                                 more));
    forms::v1::PublishFormRequest publish;
    publish.set_name(server_.Call(&FormsService::Stub::CreateForm, create)->name());
    EXPECT_EQ(server_.Call(&FormsService::Stub::PublishForm, publish).reason(), "");
    return publish.name();
  }
  testing::Reply<forms::v1::FormSubmission> Submit(const std::string& form,
                                                   const std::string& email,
                                                   const std::string& visitor) {
    forms::v1::SubmitFormRequest submit;
    submit.set_name(form);
    submit.set_visitor(visitor);
    submit.set_page_url("https://www.example.com/contact?utm_source=form-page");
    auto& value = *submit.add_values();
    value.set_key("email");
    value.set_value(email);
    return server_.Call(&FormsService::Stub::SubmitForm, submit);
  }
  v1::Visitor Get(const std::string& visitor) {
    v1::GetVisitorRequest get;
    get.set_name(visitor);
    return server_.Call(&Stub::GetVisitor, get).response;
  }
  static std::string PathOf(const std::string& url) {
    const size_t path = url.find('/', 8);
    return path == url.npos ? "" : url.substr(path);
  }

  testing::TestServer server_;
  std::string site_;
  int views_ = 0;
};

TEST_F(VisitorsTest, AreInTheTimelineOfWhomTheyAreFoundToBe) {
  const std::string ada = CreateContact("ada");
  const std::string visitor = CreateVisitor();
  View(visitor, {"/?utm_source=google&utm_medium=cpc", "/pricing"});
  server_.clock().Advance(absl::Hours(2));
  const std::string before = View(visitor, {"/docs"});
  EXPECT_THAT(InTimeline(ada), IsEmpty());
  server_.clock().Advance(absl::Minutes(1));
  ASSERT_EQ(Identify(visitor, ada)->contact(), ada);
  server_.clock().Advance(absl::Minutes(1));
  View(visitor, {"/contact"});

  const auto visits = InTimeline(ada);
  ASSERT_EQ(visits.size(), 2u);
  EXPECT_EQ(visits[0].page_view_count(), 2);
  EXPECT_EQ(PathOf(visits[0].landing_page()), "/docs");
  EXPECT_EQ(FromTimestamp(visits[0].end_time()) - FromTimestamp(visits[0].start_time()),
            absl::Minutes(2));
  EXPECT_EQ(visits[1].touch().source(), leads::v1::AD);
  EXPECT_EQ(visits[1].touch().utm_source(), "google");
  EXPECT_EQ(PathOf(visits[1].landing_page()), "/?utm_source=google&utm_medium=cpc");
  EXPECT_THAT(visits[1].page_views(), IsEmpty());
  EXPECT_THAT(Visits(ada), ElementsAre("/docs 2", "/?utm_source=google&utm_medium=cpc 2"));
  // As of before nobody knew, and it stays so.
  EXPECT_THAT(InTimeline(ada, before), IsEmpty());
  EXPECT_THAT(Visits(ada, before), IsEmpty());
  EXPECT_THAT(Visits(visitor, before),
              ElementsAre("/docs 1", "/?utm_source=google&utm_medium=cpc 2"));

  v1::GetVisitRequest get;
  get.set_name(visits[0].name());
  const auto whole = server_.Call(&Stub::GetVisit, get);
  ASSERT_EQ(whole->page_views_size(), 2) << whole.reason();
  EXPECT_EQ(whole->page_views(0).title(), "Page /docs");
  EXPECT_EQ(whole->page_views(1).title(), "Page /contact");
  // The same after the views were folded anew.
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(InTimeline(ada).size(), 2u);
  EXPECT_THAT(Visits(ada), ElementsAre("/docs 2", "/?utm_source=google&utm_medium=cpc 2"));
}

TEST_F(VisitorsTest, AreTwoPeopleOneAfterTheOther) {
  const std::string ada = CreateContact("ada");
  const std::string bob = CreateContact("bob");
  const std::string visitor = CreateVisitor();
  View(visitor, {"/a"});
  ASSERT_EQ(Identify(visitor, ada).reason(), "");
  View(visitor, {"/b"});
  ASSERT_EQ(Identify(visitor, bob).reason(), "");
  View(visitor, {"/c"});
  EXPECT_THAT(Visits(ada), ElementsAre("/a 2"));
  EXPECT_THAT(Visits(bob), ElementsAre("/c 1"));
  EXPECT_EQ(InTimeline(ada).size(), 1u);
  EXPECT_EQ(InTimeline(bob).size(), 1u);
  EXPECT_THAT(Get(visitor).previous_contacts(), ElementsAre(ada));
  // And two browsers are one person.
  const std::string other = CreateVisitor();
  View(other, {"/d"});
  ASSERT_EQ(Identify(other, ada).reason(), "");
  EXPECT_EQ(InTimeline(ada).size(), 2u);
}

// Goal: what the visitors of people who are merged looked at is one history while they are, as of
// any moment then, and each person's own again when they part: also what was looked at meanwhile,
// and whatever name of theirs a visitor is said to be.
TEST_F(VisitorsTest, AreInOneTimelineWhileTheirPeopleAreMerged) {
  const std::string ada = CreateContact("ada");
  const std::string bob = CreateContact("bob");
  const std::string of_ada = CreateVisitor();
  const std::string of_bob = CreateVisitor();
  View(of_ada, {"/a?utm_source=one"});
  server_.clock().Advance(absl::Hours(1));
  View(of_bob, {"/b?utm_source=two"});
  ASSERT_EQ(Identify(of_ada, ada).reason(), "");
  const auto apart = Identify(of_bob, bob);
  ASSERT_EQ(apart.reason(), "");

  server_.clock().Advance(absl::Hours(1));
  contacts::v1::MergeContactsRequest merge;
  merge.set_name(ada);
  merge.add_merged(bob);
  const auto merged = server_.Call(&ContactsService::Stub::MergeContacts, merge);
  ASSERT_EQ(merged.reason(), "");
  // It is the same person, by another of their names.
  const std::string etag = Get(of_bob).etag();
  EXPECT_EQ(Identify(of_bob, ada)->etag(), etag);
  View(of_bob, {"/c"});
  const std::vector<std::string> together = {"/c 1", "/b?utm_source=two 1", "/a?utm_source=one 1"};
  for (const std::string& name : {ada, bob}) {
    EXPECT_EQ(Visits(name), together);
    EXPECT_EQ(InTimeline(name).size(), 3u);
  }
  EXPECT_THAT(Visits(ada, apart.token), ElementsAre("/a?utm_source=one 1"));
  EXPECT_EQ(InTimeline(ada, apart.token).size(), 1u);
  const std::string before = View(of_bob, {"/d"});

  contacts::v1::UnmergeContactRequest unmerge;
  unmerge.set_name(bob);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::UnmergeContact, unmerge).reason(), "");
  for (const bool is_anew : {false, true}) {
    if (is_anew) server_.Restart(/*new_views=*/true);
    EXPECT_THAT(Visits(ada), ElementsAre("/a?utm_source=one 1"));
    EXPECT_THAT(Visits(bob), ElementsAre("/c 2", "/b?utm_source=two 1"));
    EXPECT_EQ(InTimeline(ada).size(), 1u);
    EXPECT_EQ(InTimeline(bob).size(), 2u);
  }
  // What was asked about before stays as it was.
  EXPECT_THAT(Visits(ada, before),
              ElementsAre("/c 2", "/b?utm_source=two 1", "/a?utm_source=one 1"));
}

// Goal: no visitor, whosever it is or was, tells anybody of a contact that is hidden from them.
TEST_F(VisitorsTest, TellNothingOfAContactThatIsHidden) {
  const testing::Member rep = testing::AddMember(server_, "Marta", "roles/sales-rep");
  const auto give = [&](const std::string& contact, const std::string& owner) {
    contacts::v1::UpdateContactRequest update;
    update.mutable_contact()->set_name(contact);
    update.mutable_contact()->set_owner(owner);
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, update).reason(), "");
  };
  const std::string hidden = CreateContact("ada");
  give(hidden, testing::AddUser(server_, "Mira", "roles/sales-rep"));
  const std::string visitor = CreateVisitor();
  View(visitor, {"/a"});
  const auto listed = [&] {
    v1::ListVisitsRequest list;
    list.set_parent(visitor);
    return server_.CallWith(rep.secret, &Stub::ListVisits, list);
  };
  v1::GetVisitRequest get;
  get.set_name(listed()->visits(0).name());
  EXPECT_EQ(server_.CallWith(rep.secret, &Stub::GetVisit, get).reason(), "")
      << "of nobody who is known";
  const auto identified = Identify(visitor, hidden);
  ASSERT_EQ(identified.reason(), "");
  EXPECT_EQ(listed().reason(), "");
  EXPECT_EQ(listed()->visits_size(), 0);
  EXPECT_EQ(server_.CallWith(rep.secret, &Stub::GetVisit, get).reason(), "VISIT_NOT_FOUND");
  EXPECT_EQ(server_.Call(&Stub::GetVisit, get).reason(), "");
  give(hidden, rep.name);
  EXPECT_EQ(listed()->visits_size(), 1);
  EXPECT_EQ(server_.CallWith(rep.secret, &Stub::GetVisit, get).reason(), "");
  // Nor where the visitor is given to others, as of before that, or is taken.
  const std::string other = testing::AddUser(server_, "Mira", "roles/sales-rep");
  give(hidden, other);
  v1::ListVisitsRequest list_then;
  list_then.set_parent(visitor);
  list_then.mutable_read()->set_token(identified.token);
  v1::GetVisitRequest get_then = get;
  get_then.mutable_read()->set_token(identified.token);
  for (const std::string& owner : {other, rep.name}) {
    v1::UpdateVisitorRequest update;
    update.mutable_visitor()->set_name(visitor);
    update.mutable_visitor()->set_owner(owner);
    ASSERT_EQ(server_.Call(&Stub::UpdateVisitor, update).reason(), "");
    EXPECT_EQ(Get(visitor).owner(), owner);
    EXPECT_EQ(server_.CallWith(rep.secret, &Stub::GetVisit, get).reason(), "VISIT_NOT_FOUND");
    EXPECT_EQ(server_.CallWith(rep.secret, &Stub::GetVisit, get_then).reason(), "VISIT_NOT_FOUND");
    const auto then = server_.CallWith(rep.secret, &Stub::ListVisits, list_then);
    EXPECT_EQ(then.reason(), "");
    EXPECT_EQ(then->visits_size(), 0);
    EXPECT_EQ(server_.Call(&Stub::ListVisits, list_then)->visits_size(), 1);
  }
  EXPECT_EQ(listed().reason(), "") << "the visitor is theirs";
  EXPECT_EQ(listed()->visits_size(), 0);
}

TEST_F(VisitorsTest, AreSaidToBeSomebodyOnceHoweverOften) {
  const std::string ada = CreateContact("ada");
  const std::string visitor = CreateVisitor();
  View(visitor, {"/a"});
  const auto first = Identify(visitor, ada, "id-1");
  EXPECT_EQ(Identify(visitor, ada, "id-1")->etag(), first->etag());
  EXPECT_EQ(Identify(visitor, ada)->etag(), first->etag());
  EXPECT_EQ(Identify(visitor, "contacts/none").reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(Identify("visitors/none", ada).reason(), "VISITOR_NOT_FOUND");
  // Of many who say it at once each is recorded, and one comes last.
  std::vector<std::string> contacts;
  for (int i = 0; i < 4; ++i) contacts.push_back(CreateContact(absl::StrCat("c", i)));
  std::vector<std::thread> threads;
  for (const std::string& contact : contacts) {
    threads.emplace_back([&, contact] { EXPECT_EQ(Identify(visitor, contact).reason(), ""); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(contacts, ::testing::Contains(Get(visitor).contact()));
  EXPECT_EQ(Get(visitor).previous_contacts_size(), 4);
  EXPECT_THAT(Visits(ada), ElementsAre("/a 1"));
}

TEST_F(VisitorsTest, AreNamedByTheFormThatTheySend) {
  const std::string form = PublishForm();
  const std::string visitor = CreateVisitor();
  const std::string before = View(visitor, {"/?utm_source=newsletter"});
  server_.clock().Advance(absl::Hours(1));
  const auto sent = Submit(form, "ada@example.com", visitor);
  ASSERT_EQ(sent.reason(), "");
  EXPECT_EQ(sent->visitor(), visitor);
  EXPECT_EQ(Get(visitor).contact(), sent->contact());
  EXPECT_THAT(Visits(sent->contact()), ElementsAre("/?utm_source=newsletter 1"));
  leads::v1::GetLeadRequest get;
  get.set_name(sent->lead());
  const auto lead = server_.Call(&leads::v1::LeadsService::Stub::GetLead, get);
  EXPECT_EQ(lead->first_touch().utm_source(), "newsletter");
  EXPECT_EQ(lead->latest_touch().utm_source(), "form-page");
  EXPECT_EQ(lead->source(), leads::v1::WEB_FORM);
  // Somebody else at the same browser was never there before.
  const auto second = Submit(form, "bob@example.com", visitor);
  get.set_name(second->lead());
  EXPECT_EQ(server_.Call(&leads::v1::LeadsService::Stub::GetLead, get)->first_touch().utm_source(),
            "form-page");
  EXPECT_EQ(Get(visitor).contact(), second->contact());
  // What nobody knows of holds nothing up.
  const auto third = Submit(form, "cyd@example.com", "visitors/none");
  ASSERT_EQ(third.reason(), "");
  EXPECT_EQ(third->visitor(), "");
}

TEST_F(VisitorsTest, AreNotNamedBeforeSomebodyHasConfirmed) {
  const std::string form = PublishForm(R"(
      public_url: "https://forms.example.com"
      confirmation_mail { subject: "Was it you?" text: "{{link}}" })");
  const std::string visitor = CreateVisitor();
  View(visitor, {"/a"});
  const auto sent = Submit(form, "ada@example.com", visitor);
  ASSERT_EQ(sent.reason(), "");
  EXPECT_EQ(sent->visitor(), visitor);
  EXPECT_EQ(Get(visitor).contact(), "");
  using Messages = messages::v1::MessagesService::Stub;
  messages::v1::ListMessagesRequest list;
  list.set_parent(sent->contact());
  messages::v1::GetMessageRequest get;
  get.set_name(server_.Call(&Messages::ListMessages, list)->messages(0).name());
  const std::string text = server_.Call(&Messages::GetMessage, get)->text();
  forms::v1::ConfirmFormSubmissionRequest confirm;
  confirm.set_token(text.substr(text.rfind('/') + 1));
  ASSERT_EQ(server_.Call(&FormsService::Stub::ConfirmFormSubmission, confirm).reason(), "");
  EXPECT_EQ(Get(visitor).contact(), sent->contact());
  EXPECT_THAT(Visits(sent->contact()), ElementsAre("/a 1"));
}

TEST_F(VisitorsTest, AreForgottenWithThePerson) {
  const std::string ada = CreateContact("ada");
  const std::string visitor = CreateVisitor();
  View(visitor, {"/before"});
  ASSERT_EQ(Identify(visitor, ada).reason(), "");
  server_.clock().Advance(absl::Hours(1));
  View(visitor, {"/since"});
  // Each key takes its own: what was looked at before anybody knew is sealed under the visitor's.
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), ada).ok());
  EXPECT_THAT(Visits(ada), ElementsAre(" 1", "/before 1"));
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), visitor).ok());
  EXPECT_THAT(Visits(ada), ElementsAre(" 1", " 1"));
  const auto visits = InTimeline(ada);
  ASSERT_EQ(visits.size(), 2u);
  EXPECT_TRUE(visits[0].erased());
  EXPECT_TRUE(visits[1].erased());
}

TEST_F(VisitorsTest, TellHowAContactFoundUsAsOfAnyMoment) {
  const std::string visitor = CreateVisitor();
  View(visitor, {"/?gclid=1&utm_source=google"});
  server_.clock().Advance(absl::Hours(2));
  const auto sent = Submit(PublishForm(), "ada@example.com", "");
  v1::GetContactTouchesRequest get;
  get.set_contact(sent->contact());
  const auto before = server_.Call(&Stub::GetContactTouches, get);
  EXPECT_EQ(before->first_touch().source(), leads::v1::WEB_FORM);
  EXPECT_EQ(before->first_touch().utm_source(), "form-page");
  EXPECT_EQ(before->visit_count(), 0);
  EXPECT_EQ(before->form_submission_count(), 1);
  server_.clock().Advance(absl::Hours(2));
  ASSERT_EQ(Identify(visitor, sent->contact()).reason(), "");
  for (const bool is_new : {false, true}) {
    if (is_new) server_.Restart(/*new_views=*/true);
    get.clear_read();
    const auto after = server_.Call(&Stub::GetContactTouches, get);
    EXPECT_EQ(after->first_touch().source(), leads::v1::AD);
    EXPECT_EQ(after->first_touch().utm_source(), "google");
    EXPECT_EQ(after->latest_touch().source(), leads::v1::WEB_FORM);
    EXPECT_EQ(after->visit_count(), 1);
    EXPECT_EQ(after->page_view_count(), 1);
    get.mutable_read()->set_token(before.token);
    const auto then = server_.Call(&Stub::GetContactTouches, get);
    EXPECT_EQ(then->first_touch().source(), leads::v1::WEB_FORM);
    EXPECT_EQ(then->visit_count(), 0);
  }
}

// Goal: what the workspace adds stays beside what the visitor looks at, and finds it.
TEST_F(VisitorsTest, HaveFieldsOfTheWorkspace) {
  custom_fields::v1::CreateCustomFieldRequest define;
  *define.mutable_custom_field() = Proto<custom_fields::v1::CustomField>(
      R"(display_name: "Segment" resource: "visitors" key: "segment" type: TEXT indexed: true)");
  ASSERT_EQ(server_.Call(&custom_fields::v1::CustomFieldsService::Stub::CreateCustomField, define)
                .reason(),
            "");
  const std::string visitor = CreateVisitor();
  v1::UpdateVisitorRequest update;
  update.mutable_visitor()->set_name(visitor);
  (*update.mutable_visitor()->mutable_custom())["segment"].set_text("press");
  update.mutable_update_mask()->add_paths("custom.segment");
  ASSERT_EQ(server_.Call(&Stub::UpdateVisitor, update).reason(), "");
  View(visitor, {"/a", "/b"});
  View(CreateVisitor(), {"/a"});
  v1::ListVisitorsRequest list;
  list.set_filter("custom.segment = press");
  const auto listed = server_.Call(&Stub::ListVisitors, list);
  ASSERT_EQ(listed.reason(), "");
  ASSERT_EQ(listed->visitors_size(), 1);
  EXPECT_EQ(listed->visitors(0).name(), visitor);
  EXPECT_EQ(listed->visitors(0).page_view_count(), 2);
  EXPECT_EQ(listed->visitors(0).custom().at("segment").text(), "press");
}

TEST_F(VisitorsTest, AreCountedBySite) {
  const std::string ada = CreateContact("ada");
  const std::string visitor = CreateVisitor();
  View(visitor, {"/a", "/b"});
  View(CreateVisitor(), {"/c"});
  ASSERT_EQ(Identify(visitor, ada).reason(), "");
  ASSERT_EQ(Identify(visitor, CreateContact("bob")).reason(), "");
  v1::GetSiteReportRequest get;
  get.set_name(site_);
  const auto report = server_.Call(&Sites::GetSiteReport, get);
  ASSERT_EQ(report.reason(), "");
  EXPECT_EQ(report->visitors(), 2);
  EXPECT_EQ(report->identified_visitors(), 1);
  EXPECT_EQ(report->visits(), 2);
  EXPECT_EQ(report->page_views(), 3);
  v1::CountSiteTrafficRequest count;
  count.set_name(site_);
  count.set_bots(1);
  EXPECT_EQ(server_.Call(&Sites::CountSiteTraffic, count).reason(), "COUNTS_BY_ITSELF");
  v1::GetSiteEmbeddingRequest embed;
  embed.set_name(site_);
  const auto told = server_.Call(&Sites::GetSiteEmbedding, embed);
  EXPECT_EQ(told->html(), absl::StrCat("<script src=\"", told->path(), "\" async></script>"));
  EXPECT_THAT(told->warning(), ::testing::HasSubstr("the site's public_url"));
}

TEST_F(VisitorsTest, HaveVisitsThatAreFoundByWhatTheyWere) {
  const std::string visitor = CreateVisitor();
  View(visitor, {"/?utm_campaign=spring", "/b"});
  server_.clock().Advance(absl::Hours(1));
  View(visitor, {"/c"});
  v1::ListVisitsRequest list;
  list.set_filter("page_view_count > 1");
  EXPECT_EQ(server_.Call(&Stub::ListVisits, list)->visits_size(), 1);
  list.set_filter(R"(utm_campaign = "spring")");
  EXPECT_EQ(server_.Call(&Stub::ListVisits, list)->visits_size(), 1);
  list.clear_filter();
  list.set_page_size(1);
  const auto first = server_.Call(&Stub::ListVisits, list);
  list.set_page_token(first->next_page_token());
  const auto second = server_.Call(&Stub::ListVisits, list);
  ASSERT_EQ(second->visits_size(), 1) << second.reason();
  EXPECT_NE(first->visits(0).name(), second->visits(0).name());
  v1::GetVisitRequest get;
  get.set_name(visitor + "/visits/9");
  EXPECT_EQ(server_.Call(&Stub::GetVisit, get).reason(), "VISIT_NOT_FOUND");
}

}  // namespace
}  // namespace kith::visitors
