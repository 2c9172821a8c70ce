// Leads over gRPC: what is their own. What every resource does is asked in tests/conformance.
#include "tests/services/leads/leads_fixture.h"

namespace kith::leads {
namespace {

using ::testing::ElementsAre;

class LeadsServiceTest : public LeadsFixture {};

TEST_F(LeadsServiceTest, AreCalledByWhatIsKnownOfThem) {
  EXPECT_EQ(Create("first_name: 'Ada' last_name: 'Byron' company_name: 'Harrow'")->display_name(),
            "Ada Byron");
  EXPECT_EQ(Create("last_name: 'Byron'")->display_name(), "Byron");
  EXPECT_EQ(Create("company_name: 'Harrow' email: 'a@example.com'")->display_name(), "Harrow");
  EXPECT_EQ(Create("email: 'a@example.com'")->display_name(), "a@example.com");
  EXPECT_EQ(Create("phone: '+49 30 901820'")->display_name(), "+49 30 901820");
  EXPECT_EQ(Create("phone: '+49 30 901820'")->phone_e164(), "+4930901820");
  EXPECT_THAT(Create("inquiry: 'Who am I?'").fields(), ElementsAre("lead"));
}

TEST_F(LeadsServiceTest, AreRefusedWithEveryDefectAtOnce) {
  const auto refused = Create(
      "inquiry: 'Who am I?' estimated_amount { currency_code: 'EUR' units: -1 } "
      "first_touch { time { seconds: 20 } } latest_touch { time { seconds: 10 } }");
  EXPECT_THAT(refused.fields(),
              ElementsAre("lead", "lead.estimated_amount", "lead.latest_touch.time"));
}

TEST_F(LeadsServiceTest, HaveAFirstAndALatestTouch) {
  const auto made = Create(
      "first_name: 'Ada' latest_touch { source: AD campaign: 'Spring' utm_source: 'google' "
      "time { seconds: 10 } }");
  EXPECT_EQ(made->source(), v1::AD);
  EXPECT_EQ(made->first_touch().campaign(), "Spring");
  const auto again = Update(made->name(), "latest_touch { source: EVENT time { seconds: 20 } }");
  EXPECT_EQ(again->first_touch().campaign(), "Spring");
  EXPECT_EQ(again->latest_touch().source(), v1::EVENT);
  EXPECT_EQ(again->source(), v1::AD);
}

// A user's lead is ASSIGNED, a team's waits; what somebody has begun stays what it is.
TEST_F(LeadsServiceTest, AreNewUntilAUserHasThem) {
  const std::string ada = CreateUser("roles: 'roles/sales-rep'");
  const std::string team = CreateTeam();
  const std::string name = Created("first_name: 'Bo'");
  EXPECT_EQ(Get(name)->status(), v1::NEW);
  EXPECT_EQ(Update(name, absl::StrCat("owner: '", team, "'"))->status(), v1::NEW);
  EXPECT_EQ(Update(name, absl::StrCat("owner: '", ada, "'"))->status(), v1::ASSIGNED);
  EXPECT_EQ(Update(name, absl::StrCat("owner: '", team, "'"))->status(), v1::NEW);
  EXPECT_EQ(Update(name, absl::StrCat("owner: '", ada, "'"))->status(), v1::ASSIGNED);
  EXPECT_EQ(Do(&Stub::ContactLead, name)->status(), v1::CONTACTED);
  EXPECT_EQ(Update(name, absl::StrCat("owner: '", team, "'"))->status(), v1::CONTACTED);
  EXPECT_EQ(Do(&Stub::RecycleLead, name)->status(), v1::RECYCLED);
  EXPECT_EQ(Update(name, absl::StrCat("owner: '", ada, "'"))->status(), v1::ASSIGNED);
  const std::string own = Created("first_name: 'Bo'", KeyOf(ada));
  EXPECT_EQ(Get(own)->status(), v1::ASSIGNED) << "who creates it has it";
}

TEST_F(LeadsServiceTest, AreFoundByTheirQueueAndByWhereTheyCameFrom) {
  const std::string first = Created("first_name: 'Bo' source: WEB_FORM rating: HOT");
  server_.clock().Advance(absl::Hours(1));
  const std::string second = Created(
      "email: 'Cy@Example.com' source: REFERRAL estimated_amount { currency_code: 'EUR' units: 5 "
      "}");
  server_.clock().Advance(absl::Hours(1));
  const std::string third =
      Created("company_name: 'Harrow Clinics' estimated_amount { currency_code: 'EUR' units: 9 }");
  EXPECT_THAT(List("status in (NEW, RECYCLED)", "create_time"), ElementsAre(first, second, third));
  EXPECT_THAT(List("source = WEB_FORM"), ElementsAre(first));
  EXPECT_THAT(List("rating = HOT"), ElementsAre(first));
  EXPECT_THAT(List("email = \"cy@example.com\""), ElementsAre(second));
  EXPECT_THAT(List("clin har"), ElementsAre(third));
  EXPECT_THAT(List("estimated_amount >= \"6 EUR\""), ElementsAre(third));
  EXPECT_THAT(List("", "estimated_amount desc").size(), 3u);
  server_.clock().Advance(absl::Hours(1));
  Do(&Stub::QualifyLead, second);
  EXPECT_THAT(List("status = QUALIFIED"), ElementsAre(second));
  EXPECT_THAT(List("status in (NEW, RECYCLED)", "create_time"), ElementsAre(first, third));
  EXPECT_THAT(List("", "last_activity_time desc").front(), second);
}

TEST_F(LeadsServiceTest, SayWhyNothingComesOfThem) {
  const std::string name = Created("first_name: 'Bo'");
  EXPECT_THAT(Do(&Stub::DisqualifyLead, name).fields(), ElementsAre("reason"));
  EXPECT_THAT(Do(&Stub::DisqualifyLead, name, "reason: OTHER_REASON").fields(),
              ElementsAre("note"));
  const auto out = Do(&Stub::DisqualifyLead, name, "reason: OTHER_REASON note: 'Moved away'");
  EXPECT_EQ(out->status(), v1::DISQUALIFIED);
  EXPECT_EQ(out->disqualify_note(), "Moved away");
  EXPECT_TRUE(out->has_close_time());
  EXPECT_EQ(Do(&Stub::DisqualifyLead, name, "reason: OTHER_REASON note: 'Moved away'")->etag(),
            out->etag());
  EXPECT_EQ(Do(&Stub::DisqualifyLead, name, "reason: NO_NEED").reason(), "TRANSITION_NOT_ALLOWED");
  EXPECT_EQ(Do(&Stub::ConvertLead, name).reason(), "TRANSITION_NOT_ALLOWED");
  EXPECT_EQ(Do(&Stub::RecycleLead, name)->disqualify_note(), "");
  EXPECT_EQ(Get(name, out.token)->disqualify_note(), "Moved away") << "as of before";
}

TEST_F(LeadsServiceTest, AreAnsweredOnce) {
  const std::string name = Created("first_name: 'Bo'");
  server_.clock().Advance(absl::Hours(2));
  const auto first = Do(&Stub::RecordLeadResponse, name);
  EXPECT_EQ(first->first_response_time().seconds() - first->create_time().seconds(), 7'200);
  EXPECT_EQ(first->status(), v1::NEW);
  server_.clock().Advance(absl::Hours(2));
  EXPECT_EQ(Do(&Stub::RecordLeadResponse, name)->etag(), first->etag());
  EXPECT_EQ(Do(&Stub::ContactLead, name)->first_response_time().seconds(),
            first->first_response_time().seconds());
}

TEST_F(LeadsServiceTest, AreFoundOrMadeByAnExternalId) {
  v1::UpdateLeadRequest request;
  request.set_allow_missing(true);
  request.mutable_lead()->set_first_name("Bo");
  auto& id = *request.mutable_lead()->add_external_ids();
  id.set_system("ads");
  id.set_id("7");
  const auto made = server_.Call(&Stub::UpdateLead, request);
  EXPECT_EQ(made.reason(), "");
  request.mutable_lead()->set_last_name("Lind");
  const auto again = server_.Call(&Stub::UpdateLead, request);
  EXPECT_EQ(again->name(), made->name());
  EXPECT_EQ(again->display_name(), "Bo Lind");
  EXPECT_EQ(Create("first_name: 'Cy' external_ids { system: 'ads' id: '7' }").reason(),
            "EXTERNAL_ID_TAKEN");
  EXPECT_THAT(List("external_id = \"ads:7\""), ElementsAre(made->name()));
}

// Who may see a lead, and what of it: as any record of an owner.
TEST_F(LeadsServiceTest, AreSeenByTheTeamWhoseTheyAre) {
  const std::string team = CreateTeam();
  const std::string rep =
      KeyOf(CreateUser(absl::StrCat("roles: 'roles/sales-rep' teams: '", team, "'")));
  const std::string stranger = KeyOf(CreateUser("roles: 'roles/sales-rep'"));
  const std::string name = Created(absl::StrCat("first_name: 'Bo' owner: '", team, "'"));
  EXPECT_EQ(Do(&Stub::ContactLead, name, "", rep).reason(), "");
  EXPECT_EQ(Do(&Stub::QualifyLead, name, "", stranger).reason(), "LEAD_NOT_FOUND");
  EXPECT_EQ(Do(&Stub::ConvertLead, name, "", stranger).reason(), "LEAD_NOT_FOUND");
}

// Goal: a lead of a queue becomes whose who takes it, by the one event that says whose it is.
TEST_F(LeadsServiceTest, AreTakenFromAQueue) {
  const std::string team = CreateTeam();
  const std::string ada =
      CreateUser(absl::StrCat("display_name: 'Ada' roles: 'roles/sales-rep' teams: '", team, "'"));
  const std::string bo = CreateUser("display_name: 'Bo' roles: 'roles/sales-rep'");
  const std::string lead = Created(absl::StrCat("first_name: 'Cy' owner: '", team, "'"));
  EXPECT_EQ(Do(&Stub::TakeLead, lead).reason(), "NOT_IN_QUEUE") << "a service takes nothing";
  EXPECT_EQ(Do(&Stub::TakeLead, lead, "", KeyOf(bo)).reason(), "LEAD_NOT_FOUND");
  const auto taken = Do(&Stub::TakeLead, lead, "", KeyOf(ada));
  EXPECT_EQ(taken.reason(), "");
  EXPECT_EQ(taken->owner(), ada);
  EXPECT_EQ(taken->status(), v1::ASSIGNED);
  EXPECT_EQ(Do(&Stub::TakeLead, lead, "", KeyOf(ada))->etag(), taken->etag()) << "once";
  const std::string chief = CreateUser("display_name: 'Di' roles: 'roles/admin'");
  const auto refused = Do(&Stub::TakeLead, lead, "", KeyOf(chief));
  EXPECT_EQ(refused.reason(), "NOT_IN_QUEUE");
  EXPECT_EQ(refused.metadata("owner"), ada);
}

// Goal: a rep, who writes their own leads only, makes a new one theirs, and nothing else of it.
TEST_F(LeadsServiceTest, AreTakenFromNobodyByWhoSeesThem) {
  const std::string team = CreateTeam();
  const std::string ada = CreateUser(absl::StrCat("roles: 'roles/sales-rep' teams: '", team, "'"));
  const std::string key = KeyOf(ada);
  const std::string lead = Created("first_name: 'Cy'");
  EXPECT_EQ(Do(&Stub::ContactLead, lead, "", key).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Do(&Stub::TakeLead, lead, "etag: '7'", key).reason(), "ETAG_MISMATCH");
  EXPECT_EQ(Do(&Stub::TakeLead, lead).reason(), "NOT_IN_QUEUE") << "a service takes nothing";
  const std::string blind = KeyOf(CreateUser("roles: 'roles/sales-rep'"), "leads.write");
  EXPECT_EQ(Do(&Stub::TakeLead, lead, "", blind).reason(), "LEAD_NOT_FOUND");
  const auto taken = Do(&Stub::TakeLead, lead, "", key);
  ASSERT_EQ(taken.reason(), "");
  EXPECT_EQ(taken->owner(), ada);
  EXPECT_EQ(taken->queue(), "");
  EXPECT_EQ(taken->status(), v1::ASSIGNED);
  EXPECT_EQ(taken->etag(), "2");
  EXPECT_EQ(Do(&Stub::TakeLead, lead, "", key)->etag(), "2") << "once";
  EXPECT_EQ(Do(&Stub::ContactLead, lead, "", key)->status(), v1::CONTACTED);
  const std::string bo =
      KeyOf(CreateUser(absl::StrCat("roles: 'roles/sales-rep' teams: '", team, "'")));
  EXPECT_EQ(Do(&Stub::TakeLead, lead, "", bo).reason(), "NOT_IN_QUEUE");
  // It was in no queue, so it goes back to none; and what is closed is nobody's to take.
  EXPECT_EQ(Do(&Stub::HandBackLead, lead, "", key).reason(), "NOT_IN_QUEUE");
  const std::string spam = Created("first_name: 'Di'");
  EXPECT_EQ(Do(&Stub::DisqualifyLead, spam, "reason: SPAM").reason(), "");
  EXPECT_EQ(Do(&Stub::TakeLead, spam, "", bo).reason(), "NOT_IN_QUEUE");
  v1::ListLeadRevisionsRequest history;
  history.set_name(lead);
  const auto told = server_.Call(&Stub::ListLeadRevisions, history);
  ASSERT_EQ(told->revisions_size(), 3);
  EXPECT_EQ(told->revisions(1).revision().type(), "lead_updated");
  EXPECT_EQ(told->revisions(1).after().owner(), ada);
}

// Goal: who took a lead from a queue can give it back to that one, once, and to no other.
TEST_F(LeadsServiceTest, GoBackToTheQueueTheyWereTakenFrom) {
  const std::string team = CreateTeam();
  const std::string rep = absl::StrCat("roles: 'roles/sales-rep' teams: '", team, "'");
  const std::string ada = CreateUser(rep);
  const std::string bo = CreateUser(rep);
  const std::string key = KeyOf(ada);
  const std::string lead = Created(absl::StrCat("first_name: 'Cy' owner: '", team, "'"));
  EXPECT_EQ(Do(&Stub::HandBackLead, lead)->etag(), "1") << "it waits already";
  EXPECT_EQ(Do(&Stub::TakeLead, lead, "", key)->queue(), team);
  EXPECT_EQ(Do(&Stub::HandBackLead, lead, "", KeyOf(bo)).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Do(&Stub::HandBackLead, lead, "etag: '1'", key).reason(), "ETAG_MISMATCH");
  const auto back = Do(&Stub::HandBackLead, lead, "", key);
  EXPECT_EQ(back->owner(), team);
  EXPECT_EQ(back->queue(), "");
  EXPECT_EQ(back->status(), v1::NEW);
  EXPECT_EQ(Do(&Stub::HandBackLead, lead)->etag(), back->etag()) << "once";
  // What was begun stays so, and who is given it by another was given it from no queue.
  EXPECT_EQ(Update(lead, absl::StrCat("owner: '", ada, "'"))->queue(), team);
  EXPECT_EQ(Do(&Stub::ContactLead, lead, "", key).reason(), "");
  EXPECT_EQ(Do(&Stub::HandBackLead, lead, "", key)->status(), v1::CONTACTED);
  EXPECT_EQ(Do(&Stub::TakeLead, lead, "", key)->queue(), team);
  EXPECT_EQ(Update(lead, absl::StrCat("owner: '", bo, "'"))->queue(), "");
  EXPECT_EQ(Do(&Stub::HandBackLead, lead).reason(), "NOT_IN_QUEUE");
  EXPECT_EQ(Do(&Stub::DisqualifyLead, lead, "reason: BAD_TIMING").reason(), "");
  EXPECT_EQ(Do(&Stub::HandBackLead, lead).reason(), "NOT_IN_QUEUE") << "it is closed";
}

// Goal: who gives a lead back is told that its queue is gone, and not of a field of an update that
// they did not send.
TEST_F(LeadsServiceTest, GoBackToATeamThatIsThere) {
  using TeamStub = teams::v1::TeamsService::Stub;
  const std::string team = CreateTeam();
  const std::string key =
      KeyOf(CreateUser(absl::StrCat("roles: 'roles/sales-rep' teams: '", team, "'")));
  const std::string lead = Created(absl::StrCat("first_name: 'Cy' owner: '", team, "'"));
  const auto taken = Do(&Stub::TakeLead, lead, "", key);
  ASSERT_EQ(taken.reason(), "");
  teams::v1::DeleteTeamRequest dissolve;
  dissolve.set_name(team);
  ASSERT_EQ(server_.Call(&TeamStub::DeleteTeam, dissolve).reason(), "");
  const auto refused = Do(&Stub::HandBackLead, lead, "", key);
  EXPECT_EQ(refused.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(refused.fields(), ElementsAre("queue"));
  EXPECT_EQ(Get(lead)->owner(), taken->owner());
  teams::v1::UndeleteTeamRequest form;
  form.set_name(team);
  ASSERT_EQ(server_.Call(&TeamStub::UndeleteTeam, form).reason(), "");
  EXPECT_EQ(Do(&Stub::HandBackLead, lead)->owner(), team);
}

// Goal: a lead that says by its contact alone who it is has a name in lists all the same.
TEST_F(LeadsServiceTest, AreCalledAsTheirContact) {
  const std::string ada = CreateContact("first_name: 'Ada' last_name: 'Byron'");
  const std::string bo = CreateContact("first_name: 'Bo'");
  const std::string lead = Created(absl::StrCat("contact: '", ada, "'"));
  EXPECT_EQ(Get(lead)->display_name(), "Ada Byron");
  EXPECT_EQ(Update(lead, "rating: HOT")->display_name(), "Ada Byron") << "it stays";
  EXPECT_EQ(Update(lead, absl::StrCat("contact: '", bo, "'"))->display_name(), "Bo");
  EXPECT_EQ(Update(lead, "first_name: 'Robert'")->display_name(), "Robert") << "its own first";
}

}  // namespace
}  // namespace kith::leads
