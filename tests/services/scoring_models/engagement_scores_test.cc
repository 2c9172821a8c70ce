// Scores of what contacts do with mails and on sites: opens, clicks and page views count as
// interactions do, by people alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/scoring_models/v1/scoring_models_service.grpc.pb.h"
#include "kith/visitors/v1/sites_service.grpc.pb.h"
#include "kith/visitors/v1/visitors_service.grpc.pb.h"
#include "tests/services/scoring_models/scores_world.h"

namespace kith::scoring_models {
namespace {

using messages::v1::MessagesService;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using visitors::v1::SitesService;
using visitors::v1::VisitorsService;

constexpr char kRules[] = R"(
    rules { id: 'opened' event { engagement: MAIL_OPENED } points: 2 }
    rules { id: 'clicked' event { engagement: MAIL_CLICKED } points: 10 }
    rules { id: 'second' event { engagement: MAIL_CLICKED condition: 'link = 1' } points: 100 }
    rules { id: 'visit' event { engagement: PAGES_VIEWED condition: 'visit_begins = true' }
            points: 1000 }
    rules { id: 'pages' event { engagement: PAGES_VIEWED } points: 10000 })";

class EngagementScoresTest : public ScoresWorld {
 protected:
  EngagementScoresTest() {
    visitors::v1::CreateSiteRequest create;
    *create.mutable_site() = testing::Proto<visitors::v1::Site>(
        "display_name: 'Ours' allowed_origins: 'https://www.example.com'");
    site_ = server_.Call(&SitesService::Stub::CreateSite, create)->name();
  }

  template <class Method, class Request>
  auto Made(Method method, const Request& request) {
    const auto made = server_.Call(method, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made.response;
  }
  // A tracked message that was sent an hour ago.
  std::string Sent(const std::string& contact) {
    messages::v1::SendMessageRequest send;
    send.set_contact(contact);
    send.set_subject("Hello");
    send.set_text("Hello");
    send.set_html("<a href=\"https://a.example/\">a</a><a href=\"https://b.example/\">b</a>");
    const std::string name = Made(&MessagesService::Stub::SendMessage, send).name();
    messages::v1::RecordMessageSentRequest sent;
    sent.set_name(name);
    sent.set_message_id("<" + name + "@acme.example>");
    sent.set_tracked(true);
    Made(&MessagesService::Stub::RecordMessageSent, sent);
    server_.clock().Advance(absl::Hours(1));
    return name;
  }
  void Open(const std::string& message,
            messages::v1::AutomaticCause cause = messages::v1::AUTOMATIC_CAUSE_UNSPECIFIED) {
    messages::v1::RecordMessageOpenedRequest opened;
    opened.set_name(message);
    opened.set_automatic(cause);
    Made(&MessagesService::Stub::RecordMessageOpened, opened);
  }
  void Click(const std::string& message, int link) {
    messages::v1::RecordMessageClickedRequest clicked;
    clicked.set_name(message);
    clicked.set_link(link);
    clicked.set_link_count(2);
    Made(&MessagesService::Stub::RecordMessageClicked, clicked);
  }
  std::string CreateVisitor() {
    visitors::v1::CreateVisitorRequest create;
    create.mutable_visitor()->set_site(site_);
    return Made(&VisitorsService::Stub::CreateVisitor, create).name();
  }
  void View(const std::string& visitor) {
    visitors::v1::RecordPageViewsRequest record;
    record.set_name(visitor);
    record.set_site(site_);
    visitors::v1::PageView& view = *record.add_page_views();
    view.set_id(absl::StrCat("view-", ++views_));
    view.set_url("https://www.example.com/");
    Made(&VisitorsService::Stub::RecordPageViews, record);
  }
  void Identify(const std::string& visitor, const std::string& contact) {
    visitors::v1::IdentifyVisitorRequest identify;
    identify.set_name(visitor);
    identify.set_contact(contact);
    Made(&VisitorsService::Stub::IdentifyVisitor, identify);
  }
  static v1::ScoringModel LeadModel() {
    return testing::Proto<v1::ScoringModel>(R"(display_name: 'Leads' target: LEADS
        rules { id: 'clicked' event { engagement: MAIL_CLICKED } points: 10 })");
  }
  std::string ScoredLeads() {
    v1::CreateScoringModelRequest create;
    *create.mutable_scoring_model() = LeadModel();
    const std::string model = Made(&ModelStub::CreateScoringModel, create).name();
    AwaitScored(model);
    return model;
  }
  std::string CreateLead(const std::string& contact) {
    leads::v1::CreateLeadRequest create;
    create.mutable_lead()->set_contact(contact);
    return Made(&leads::v1::LeadsService::Stub::CreateLead, create).name();
  }
  void DeleteLead(const std::string& lead) {
    leads::v1::DeleteLeadRequest request;
    request.set_name(lead);
    Made(&leads::v1::LeadsService::Stub::DeleteLead, request);
  }
  std::string CreateAda() { return CreateContact("emails { address: 'ada@example.com' }"); }

  std::string site_;
  int views_ = 0;
};

TEST_F(EngagementScoresTest, CountWhatPeopleDoWithMails) {
  const std::string model = Scored(kRules);
  const std::string ada = CreateAda();
  const std::string message = Sent(ada);
  Open(message, messages::v1::KNOWN_AGENT);
  EXPECT_EQ(ScoreOf(model, ada), 0) << "a program's opens do not count";
  Open(message);
  EXPECT_EQ(ScoreOf(model, ada), 2);
  Click(message, 0);
  EXPECT_EQ(ScoreOf(model, ada), 12);
  server_.clock().Advance(absl::Minutes(1));
  Click(message, 1);
  EXPECT_EQ(ScoreOf(model, ada), 122);
  const v1::ScoreExplanation told = Explain(model, ada);
  ASSERT_THAT(told.lines(), SizeIs(4));
  EXPECT_EQ(told.lines(0).interaction(), message);
}

// Whoever follows all links at once is a program: the clicks before the last one are taken back.
TEST_F(EngagementScoresTest, TakeBackClicksThatAreFoundToBeAProgramsNowAndOfThePast) {
  const std::string model = Scored(kRules);
  const std::string ada = CreateAda();
  const std::string message = Sent(ada);
  Click(message, 0);
  EXPECT_EQ(ScoreOf(model, ada), 10);
  const absl::Time then = server_.clock().Now();
  server_.clock().Advance(absl::Seconds(1));
  Click(message, 1);
  EXPECT_EQ(ScoreOf(model, ada), 0);
  EXPECT_EQ(ScoreOf(model, ada, then), 10) << "the past stays";
  server_.clock().Advance(absl::Minutes(1));
  Click(message, 0);
  EXPECT_EQ(ScoreOf(model, ada), 10);
  EXPECT_EQ(ScoreOf(Scored(kRules), ada), 10) << "also of rules that are saved later";
  v1::DryRunScoringModelRequest dry_run;
  *dry_run.mutable_definition() = testing::Proto<v1::ScoringModel>(
      absl::StrCat("display_name: 'Fit' target: CONTACTS ", kRules));
  const auto told = Made(&ModelStub::DryRunScoringModel, dry_run);
  ASSERT_THAT(told.scores(), SizeIs(1));
  EXPECT_EQ(told.scores(0).score(), 10);
}

TEST_F(EngagementScoresTest, CountThePagesOfWhoIsKnown) {
  const std::string ada = CreateAda();
  const std::string visitor = CreateVisitor();
  View(visitor);
  Identify(visitor, ada);
  const std::string model = Scored(kRules);
  EXPECT_EQ(ScoreOf(model, ada), 0) << "nobody knew then who it is";
  View(visitor);
  EXPECT_EQ(ScoreOf(model, ada), 10'000) << "of the same visit";
  server_.clock().Advance(absl::Hours(1));
  View(visitor);
  EXPECT_EQ(ScoreOf(model, ada), 21'000);
  EXPECT_EQ(ScoreOf(Scored(kRules), ada), 21'000) << "also of rules that are saved later";
  EXPECT_EQ(Explain(model, ada).lines(0).interaction(), "") << "no visitor is told";
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(ScoreOf(model, ada), 21'000);
}

// What a contact does counts for the leads that name it, by whichever of its names.
TEST_F(EngagementScoresTest, CountForLeadsByTheirContact) {
  const std::string ada = CreateAda();
  const std::string eve = CreateContact("first_name: 'Eve'");
  const std::string lead = CreateLead(ada);
  const std::string other = CreateLead(eve);
  const std::string message = Sent(ada);
  Click(message, 0);
  const std::string model = ScoredLeads();
  EXPECT_EQ(ScoreOf(model, lead), 10) << "what was there before the rules";
  server_.clock().Advance(absl::Minutes(1));
  Click(message, 0);
  EXPECT_EQ(ScoreOf(model, lead), 20);
  EXPECT_EQ(ScoreOf(model, other), 0);
  Merge(eve, ada);
  server_.clock().Advance(absl::Minutes(1));
  Click(message, 0);
  EXPECT_EQ(ScoreOf(model, lead), 30);
  EXPECT_EQ(ScoreOf(model, other), 10) << "since both contacts are one";
  DeleteLead(lead);
  server_.Restart(/*new_views=*/true);
  server_.clock().Advance(absl::Minutes(1));
  Click(message, 0);
  EXPECT_EQ(ScoreOf(model, other), 20);
  v1::DryRunScoringModelRequest dry_run;
  *dry_run.mutable_definition() = LeadModel();
  const auto told = Made(&ModelStub::DryRunScoringModel, dry_run);
  ASSERT_THAT(told.scores(), SizeIs(1));
  EXPECT_EQ(told.scores(0).score(), 40) << "of all that its contact did";
}

TEST_F(EngagementScoresTest, HaveNoKindOfInteraction) {
  const std::string model = Scored(R"(rules { id: 'a' points: 1
      event { engagement: MAIL_OPENED kind: CALL direction: INBOUND } })");
  const std::string ada = CreateAda();
  Record(ada, "kind: CALL direction: INBOUND");
  EXPECT_EQ(ScoreOf(model, ada), 0);
  Open(Sent(ada));
  EXPECT_EQ(ScoreOf(model, ada), 1);
  const auto of_other = Create(
      "rules { id: 'a' event { engagement: MAIL_OPENED condition: 'outcome = \"x\"' } points: 1 }");
  EXPECT_THAT(of_other.status.error_message(), HasSubstr("outcome"));
}

}  // namespace
}  // namespace kith::scoring_models
