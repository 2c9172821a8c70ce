// Workflows that a time sets off: the moment of a record, and a schedule; and how many may be
// active.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kith/business_calendars/v1/business_calendars_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "projections/contacts/contact_directory.h"
#include "projections/deals/deal_list.h"
#include "tests/services/runtime/gate.h"
#include "tests/services/workflows/workflow_world.h"
#include "tests/testing/await.h"

namespace kith::workflows {
namespace {

using Fields = std::vector<std::string>;
using ::testing::UnorderedElementsAre;

class WorkflowTimesTest : public WorkflowWorld {
 protected:
  explicit WorkflowTimesTest(std::function<void(runtime::ServerBuilder&)> more = nullptr)
      : WorkflowWorld(std::move(more)) {
    workspaces::v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_time_zone("Europe/Berlin");
    const auto updated =
        server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, request);
    EXPECT_EQ(updated.reason(), "") << updated.status.error_message();
  }
  std::string Deal(const std::string& day) {
    deals::v1::CreateDealRequest request;
    *request.mutable_deal() =
        testing::Proto<deals::v1::Deal>(absl::StrCat("display_name: 'x' ", CloseOn(day)));
    const auto created = server_.Call(&DealsService::Stub::CreateDeal, request);
    EXPECT_EQ(created.reason(), "") << created.status.error_message();
    return created->name();
  }
  static std::string CloseOn(const std::string& day) {
    absl::CivilDay date;
    EXPECT_TRUE(absl::ParseCivilTime(day, &date));
    return absl::StrCat("expected_close_date { year: ", date.year(), " month: ", date.month(),
                        " day: ", date.day(), " }");
  }
  void Move(const std::string& deal, const std::string& text) {
    deals::v1::UpdateDealRequest request;
    *request.mutable_deal() = testing::Proto<deals::v1::Deal>(text);
    request.mutable_deal()->set_name(deal);
    EXPECT_EQ(server_.Call(&DealsService::Stub::UpdateDeal, request).reason(), "");
  }
  // The clock is then so far, in UTC.
  void AdvanceTo(absl::CivilSecond time) {
    server_.clock().Advance(absl::FromCivil(time, absl::UTCTimeZone()) - server_.clock().Now());
  }
  // Until so many events happened to it.
  void AwaitEvents(const std::string& stream, uint64_t count) {
    testing::AwaitThat(server_, [&] {
      return server_.runtime()
                 .log.HeadOf(server_.workspace(), stream, eventstore::ReadTier::kDisk)
                 ->revision.value() >= count;
    });
  }
  std::vector<std::string> RecordsOfRuns() {
    std::vector<std::string> records;
    for (const v1::WorkflowRun& run : Runs()) records.push_back(run.record());
    return records;
  }
};

constexpr char kBeforeClosing[] =
    "display_name: 'Soon' trigger { resource: 'deals' condition: 'status = OPEN' record_time { "
    "field: 'expected_close_date' offset: '-7d' time_of_day: '09:00' existing_records: true } } "
    "steps { id: 'end' end {} }";

TEST_F(WorkflowTimesTest, ComesWithTheMomentOfARecord) {
  const std::string there = Deal("2026-02-01");
  const std::string past = Deal("2026-01-03");
  const v1::Workflow workflow = Active(kBeforeClosing);
  AwaitEvents(workflow.name(), 3);  // created, activated, and the records found that were there
  const std::string moved = Deal("2026-01-20");
  Move(moved, CloseOn("2026-02-20"));
  const std::string lost = Deal("2026-02-02");
  const std::string deleted = Deal("2026-02-03");
  deals::v1::LoseDealRequest lose;
  lose.set_name(lost);
  lose.set_reason(deals::v1::PRICING);
  server_.Call(&DealsService::Stub::LoseDeal, lose);
  deals::v1::DeleteDealRequest remove;
  remove.set_name(deleted);
  EXPECT_EQ(server_.Call(&DealsService::Stub::DeleteDeal, remove).reason(), "");
  AdvanceTo(absl::CivilSecond(2026, 1, 25, 7, 59, 59));
  EXPECT_EQ(Runs().size(), 0u);
  AdvanceTo(absl::CivilSecond(2026, 1, 25, 8, 0, 0));  // 09:00 in Berlin
  AwaitRuns(1, v1::DONE);
  server_.Restart(/*new_views=*/true);
  AdvanceTo(absl::CivilSecond(2026, 2, 13, 9, 0, 0));
  AwaitRuns(2, v1::DONE);
  EXPECT_EQ(RecordsOfRuns(), (std::vector<std::string>{there, moved}));
}

// WF-2. Goal: a record sets a time rule off once, and one that was there before the rule only where
// that is asked for.
TEST_F(WorkflowTimesTest, CoversRecordsThatWereThereOnlyWhereItIsAsked) {
  const std::string old = CreateContact("Old").name();
  server_.clock().Advance(absl::Hours(1));
  const auto rule = [&](absl::string_view more) {
    return Active(absl::StrCat(
                      "display_name: 'Three days' trigger { resource: 'contacts' record_time { "
                      "field: 'create_time' offset: '3d' ",
                      more, " } } steps { id: 'end' end {} }"))
        .name();
  };
  const std::string plain = rule("");
  const std::string asked = rule("existing_records: true");
  AwaitEvents(asked, 3);  // created, activated, and the record found that was there
  const std::string young = CreateContact("Young").name();
  const auto records = [&](const std::string& workflow) {
    std::vector<std::string> found;
    for (const v1::WorkflowRun& run : Runs()) {
      if (run.workflow() == workflow) found.push_back(run.record());
    }
    return found;
  };
  server_.clock().Advance(absl::Hours(24 * 4));
  AwaitRuns(3, v1::DONE);
  const std::string later = CreateContact("Later").name();
  server_.Restart(/*new_views=*/true);
  server_.clock().Advance(absl::Hours(24 * 4));
  AwaitRuns(5, v1::DONE);
  EXPECT_THAT(records(plain), UnorderedElementsAre(young, later));
  EXPECT_THAT(records(asked), UnorderedElementsAre(old, young, later));
}

TEST_F(WorkflowTimesTest, CountsMomentsThatRecordsGetFromThenOn) {
  const std::string kept = Deal("2026-02-01");
  const std::string moved = Deal("2026-02-01");
  Active(
      "display_name: 'Soon' trigger { resource: 'deals' record_time { "
      "field: 'expected_close_date' offset: '-7d' } } steps { id: 'end' end {} }");
  Move(kept, "product: 'Crane'");
  Move(moved, CloseOn("2026-02-02"));
  AdvanceTo(absl::CivilSecond(2026, 2, 3));
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(RecordsOfRuns(), std::vector<std::string>{moved});
}

// Goal: a moment is counted by the calendar that the workflow names, and moves with it; one that
// was not waited for is not waited for then either.
TEST_F(WorkflowTimesTest, CountsByTheCalendarThatItNames) {
  using business_calendars::v1::BusinessCalendarsService;
  business_calendars::v1::CreateBusinessCalendarRequest create;
  *create.mutable_business_calendar() = testing::Proto<business_calendars::v1::BusinessCalendar>(
      "display_name: 'Office' time_zone: 'Europe/Berlin' periods { start: '10:00' end: '17:00' "
      "weekdays: MONDAY weekdays: TUESDAY weekdays: WEDNESDAY weekdays: THURSDAY weekdays: FRIDAY "
      "}");
  const std::string calendar =
      server_.Call(&BusinessCalendarsService::Stub::CreateBusinessCalendar, create)->name();
  Deal("2026-02-05");  // was there before, and nobody asks for those
  const v1::Workflow workflow = Active(absl::StrCat(
      "display_name: 'Soon' trigger { resource: 'deals' record_time { "
      "field: 'expected_close_date' offset: '-1bd' time_of_day: '09:00' business_calendar: '",
      calendar, "' } } steps { id: 'end' end {} }"));
  const std::string tuesday = Deal("2026-02-03");
  const std::string friday = Deal("2026-02-06");
  // Nobody works on the Monday before.
  business_calendars::v1::UpdateBusinessCalendarRequest update;
  *update.mutable_business_calendar() = testing::Proto<business_calendars::v1::BusinessCalendar>(
      "holidays { date { year: 2026 month: 2 day: 2 } }");
  update.mutable_business_calendar()->set_name(calendar);
  const auto updated =
      server_.Call(&BusinessCalendarsService::Stub::UpdateBusinessCalendar, update);
  EXPECT_EQ(updated.reason(), "") << updated.status.error_message();
  AwaitEvents(workflow.name(), 3);  // created, activated, and what was found by the calendar
  AdvanceTo(absl::CivilSecond(2026, 1, 30, 7, 59, 59));
  EXPECT_EQ(Runs().size(), 0u);
  AdvanceTo(absl::CivilSecond(2026, 1, 30, 8, 0, 0));  // Friday, 09:00 in Berlin
  AwaitRuns(1, v1::DONE);
  server_.Restart(/*new_views=*/true);
  AdvanceTo(absl::CivilSecond(2026, 2, 5, 8, 0, 0));
  AwaitRuns(2, v1::DONE);
  EXPECT_EQ(RecordsOfRuns(), (std::vector<std::string>{tuesday, friday}));
}

// Goal: a moment sets a workflow off once, whatever the machine's clock does. Method: it is set
// back behind the log's time before a deal gets its moment, and once more after that came.
TEST_F(WorkflowTimesTest, ComesOnceWhereverTheClockGoes) {
  const v1::Workflow workflow = Active(kBeforeClosing);
  AdvanceTo(absl::CivilSecond(2026, 1, 25, 9, 30, 0));
  Deal("2026-01-03");  // the log's time; of a moment that has passed, whenever it is looked for
  server_.clock().Jump(-absl::Hours(2));
  const std::string soon = Deal("2026-02-01");  // at 8:00
  EXPECT_EQ(Runs().size(), 0u);
  server_.clock().Jump(absl::Hours(1));
  AwaitRuns(1, v1::DONE);
  server_.clock().Jump(-absl::Hours(1));
  // It comes again for who moves the deal and for who looks for what is to come.
  Move(soon, CloseOn("2026-03-20"));
  Move(soon, CloseOn("2026-02-01"));
  v1::PauseWorkflowRequest pause;
  pause.set_name(workflow.name());
  EXPECT_EQ(server_.Call(&Stub::PauseWorkflow, pause).reason(), "");
  const std::string other = Deal("2026-02-01");
  EXPECT_EQ(Activate(workflow), "");
  AwaitEvents(workflow.name(), 5);  // created, activated, paused, activated, and what was found
  server_.clock().Jump(absl::Hours(3));
  AwaitRuns(2, v1::DONE);
  const std::string last = Deal("2026-02-02");
  AdvanceTo(absl::CivilSecond(2026, 1, 26, 9, 0, 0));
  AwaitRuns(3, v1::DONE);
  EXPECT_EQ(RecordsOfRuns(), (std::vector<std::string>{soon, other, last}));
}

// Goal: what is to come is told by when the workflow was activated, not by when it is looked for.
TEST_F(WorkflowTimesTest, FindsWhatCameBeforeItWasLookedFor) {
  const std::string soon = Deal("2026-02-01");
  AdvanceTo(absl::CivilSecond(2026, 1, 25, 7, 30, 0));
  policies::v1::PausePolicyRequest rest;
  rest.set_name("policies/workflow_triggers_deals");
  EXPECT_EQ(server_.Call(&policies::v1::PoliciesService::Stub::PausePolicy, rest).reason(), "");
  Active(kBeforeClosing);
  server_.clock().Jump(absl::Hours(1));
  policies::v1::ResumePolicyRequest go_on;
  go_on.set_name(rest.name());
  EXPECT_EQ(server_.Call(&policies::v1::PoliciesService::Stub::ResumePolicy, go_on).reason(), "");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(RecordsOfRuns(), std::vector<std::string>{soon});
}

TEST_F(WorkflowTimesTest, RestsWithItsWorkflow) {
  const std::string deal = Deal("2026-02-01");
  const v1::Workflow workflow = Active(kBeforeClosing);
  AwaitEvents(workflow.name(), 3);
  v1::PauseWorkflowRequest pause;
  pause.set_name(workflow.name());
  EXPECT_EQ(server_.Call(&Stub::PauseWorkflow, pause).reason(), "");
  const v1::Workflow other = Active(kBeforeClosing);
  AwaitEvents(other.name(), 3);
  AdvanceTo(absl::CivilSecond(2026, 1, 26));
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(Runs()[0].workflow(), other.name());
}

std::string Weekly(const std::string& more, const std::string& schedule = "") {
  return absl::StrCat("display_name: 'Weekly' trigger { ", more,
                      " schedule { recurrence: 'FREQ=WEEKLY;BYDAY=MO' start_date { year: 2026 "
                      "month: 1 day: 1 } time_of_day: '09:00' ",
                      schedule, " } } steps { id: 'end' end {} }");
}

TEST_F(WorkflowTimesTest, ComesWithItsSchedule) {
  const v1::Workflow weekly = Active(Weekly(""));
  AdvanceTo(absl::CivilSecond(2026, 1, 5, 8, 0, 0));
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(Runs()[0].record(), "");
  AwaitEvents(weekly.name(), 3);
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(Runs().size(), 1u);
  // Three weeks are made up for once, and then the next Monday is waited for.
  AdvanceTo(absl::CivilSecond(2026, 1, 28));
  AwaitRuns(2, v1::DONE);
  AwaitEvents(weekly.name(), 4);
  AdvanceTo(absl::CivilSecond(2026, 2, 2, 8, 0, 0));
  AwaitRuns(3, v1::DONE);
  EXPECT_EQ(Runs().size(), 3u);
  EXPECT_EQ(Runs()[2].create_time().seconds(),
            absl::ToUnixSeconds(
                absl::FromCivil(absl::CivilSecond(2026, 2, 2, 8, 0, 0), absl::UTCTimeZone())));
}

TEST_F(WorkflowTimesTest, IsSetOffOverTheRecordsThatThereAre) {
  std::vector<std::string> stale;
  for (int i = 0; i < 100; ++i) {
    stale.push_back(CreateContact(absl::StrCat("C", i), "stale").name());
    if (i % 10 == 0) CreateContact("Other", "fresh");
  }
  Active(Weekly("resource: 'contacts' condition: 'notes = \"stale\"'", "max_records: 95"));
  AdvanceTo(absl::CivilSecond(2026, 1, 5, 8, 0, 0));
  AwaitRuns(95, v1::DONE);
  AdvanceTo(absl::CivilSecond(2026, 1, 12, 8, 0, 0));
  AwaitRuns(190, v1::DONE);
  std::vector<std::string> records = RecordsOfRuns();
  ASSERT_EQ(records.size(), 190u);
  std::sort(records.begin(), records.end());
  for (size_t i = 0; i < records.size(); ++i) EXPECT_EQ(records[i], stale[i / 2]);
}

// Holds the lane of a directory at what was recorded after `from`: its rows come no further
// meanwhile.
class HeldRows final : public projections::Projection {
 public:
  HeldRows(absl::string_view directory, runtime::Gate& gate, const Position& from)
      : directory_(directory), gate_(gate), from_(from) {}
  absl::string_view name() const override { return "held_rows"; }
  int version() const override { return 1; }
  std::string base() const override { return directory_; }
  std::vector<std::string> categories() const override { return {}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch&) const override {
    if (event.header().position > from_) gate_.Pass();
    return absl::OkStatus();
  }

 private:
  const std::string directory_;
  runtime::Gate& gate_;
  const Position& from_;  // changes while the gate is open, and nothing is folded
};

struct WithGate {
  runtime::Gate gate;
  Position from;
};

class HeldRowsTest : protected WithGate, public WorkflowTimesTest {
 protected:
  explicit HeldRowsTest(absl::string_view directory)
      : WorkflowTimesTest([this, directory](runtime::ServerBuilder& builder) {
          builder.AddProjection(std::make_unique<HeldRows>(directory, gate, from));
        }) {}

  // As after a crash, when the rows are folded anew; until the gate is opened.
  void LoseRowsAfter(Position position) {
    // The server that stops has folded all of it, or it would wait at the gate for ever.
    runtime::Gate folded;
    folded.Close();
    server_.runtime()
        .views.Find("held_rows")
        .WhenAt(server_.runtime().log.head(), absl::InfiniteDuration(),
                [&folded](const absl::Status&) { folded.Open(); });
    folded.Pass();
    gate.Close();
    from = position;
    server_.Restart(/*new_views=*/true);
    gate.AwaitWaiting(1);
  }
};

class HeldContactsTest : public HeldRowsTest {
 protected:
  HeldContactsTest() : HeldRowsTest(contacts::ContactDirectory::kName) {}
};

class HeldDealsTest : public HeldRowsTest {
 protected:
  HeldDealsTest() : HeldRowsTest(deals::DealList::kName) {}
};

TEST_F(HeldContactsTest, AreAwaitedByWhatIsSetOffOverThem) {
  const std::string stale = CreateContact("Ada", "stale").name();
  Active(Weekly("resource: 'contacts' condition: 'notes = \"stale\"'", "max_records: 5"));
  Active(Weekly(""));
  LoseRowsAfter(Position());
  AdvanceTo(absl::CivilSecond(2026, 1, 5, 8, 0, 0));
  AwaitRuns(1, v1::DONE);  // of the one that is about no record, due at the same time
  EXPECT_EQ(RecordsOfRuns(), std::vector<std::string>{""});
  gate.Open();
  AwaitRuns(2, v1::DONE);
  EXPECT_THAT(RecordsOfRuns(), UnorderedElementsAre("", stale));
}

// Goal: what is set off late is about the records that there are then, not as of when it was due.
// Method: the rows are there until long after that, but not to the end, as many more are recorded
// meanwhile than are folded at once.
TEST_F(HeldContactsTest, AreAwaitedByWhatIsSetOffLate) {
  const std::string ada = CreateContact("Ada", "stale").name();
  Active(Weekly("resource: 'contacts' condition: 'notes = \"stale\"'", "max_records: 5"));
  Active(Weekly(""));
  policies::v1::PausePolicyRequest rest;
  rest.set_name("policies/workflow_schedules");
  EXPECT_EQ(server_.Call(&policies::v1::PoliciesService::Stub::PausePolicy, rest).reason(), "");
  AdvanceTo(absl::CivilSecond(2026, 1, 5, 9, 0, 0));
  contacts::v1::BatchCreateContactsRequest others;
  for (int i = 0; i < 100; ++i) others.add_requests()->mutable_contact()->set_first_name("Other");
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(server_.Call(&ContactsService::Stub::BatchCreateContacts, others).reason(), "");
  }
  const Position before = server_.runtime().log.head();
  const std::string ben = CreateContact("Ben", "stale").name();
  LoseRowsAfter(before);
  policies::v1::ResumePolicyRequest go_on;
  go_on.set_name(rest.name());
  EXPECT_EQ(server_.Call(&policies::v1::PoliciesService::Stub::ResumePolicy, go_on).reason(), "");
  AwaitRuns(1, v1::DONE);  // of the one that is about no record
  EXPECT_EQ(RecordsOfRuns(), std::vector<std::string>{""});
  gate.Open();
  AwaitRuns(3, v1::DONE);
  EXPECT_THAT(RecordsOfRuns(), UnorderedElementsAre("", ada, ben));
}

// Goal: a step that asks what rows alone tell asks no rows of long ago.
TEST_F(HeldDealsTest, AreAwaitedByConditionsOfSteps) {
  Active(R"(display_name: 'x' trigger { resource: 'deals' change: CREATED }
            steps { id: 'wait' wait { duration: '1h' } }
            steps { id: 'look' branch { condition: 'last_activity_time > -30d' otherwise: 'end' } }
            steps { id: 'say' call { method: 'UpdateDeal' request:
              '{"deal": {"name": "{{record.name}}", "product": "touched"}}' } }
            steps { id: 'end' end {} })");
  Active(Weekly(""));
  AdvanceTo(absl::CivilSecond(2026, 1, 5, 7, 0, 0));
  deals::v1::GetDealRequest get;
  get.set_name(Deal("2026-03-01"));
  AwaitRuns(1, v1::WAITING);
  LoseRowsAfter(Position());
  AdvanceTo(absl::CivilSecond(2026, 1, 5, 8, 0, 0));
  AwaitRuns(1, v1::DONE);  // of the one that is about no record, due at the same time
  EXPECT_EQ(RecordsOfRuns(), (std::vector<std::string>{get.name(), ""}));
  gate.Open();
  AwaitRuns(2, v1::DONE);
  EXPECT_EQ(server_.Call(&DealsService::Stub::GetDeal, get)->product(), "touched");
}

// When something happened last to a deal, only its row says.
TEST_F(WorkflowTimesTest, IsSetOffOverDealsThatNobodyTouched) {
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Stale");
  const std::string deal = server_.Call(&DealsService::Stub::CreateDeal, create)->name();
  AdvanceTo(absl::CivilSecond(2026, 2, 20, 8, 0, 0));
  EXPECT_EQ(server_.Call(&DealsService::Stub::CreateDeal, create).reason(), "");
  Active(Weekly("resource: 'deals' condition: 'last_activity_time < -30d'", "max_records: 5"));
  AdvanceTo(absl::CivilSecond(2026, 2, 23, 8, 0, 0));
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(RecordsOfRuns(), std::vector<std::string>{deal});
}

TEST_F(WorkflowTimesTest, HasTasksAndMessages) {
  Active(
      "display_name: 'Done' trigger { resource: 'tasks' condition: 'state = DONE' } "
      "steps { id: 'end' end {} }");
  tasks::v1::CreateTaskRequest create;
  create.mutable_task()->set_display_name("Call");
  const std::string task = server_.Call(&tasks::v1::TasksService::Stub::CreateTask, create)->name();
  tasks::v1::CompleteTaskRequest complete;
  complete.set_name(task);
  EXPECT_EQ(server_.Call(&tasks::v1::TasksService::Stub::CompleteTask, complete).reason(), "");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(Runs()[0].record(), task);
  Active(
      absl::StrCat("display_name: 'Sent' trigger { resource: 'messages' "
                   "condition: 'state = QUEUED' } ",
                   Titles("title", "written to")));
  const Contact ada = CreateContact("Ada");
  Update(ada, "emails { address: 'ada@example.com' }");
  messages::v1::SendMessageRequest send;
  send.set_contact(ada.name());
  send.set_subject("Hello");
  send.set_text("Hello Ada");
  const auto sent = server_.Call(&messages::v1::MessagesService::Stub::SendMessage, send);
  EXPECT_EQ(sent.reason(), "") << sent.status.error_message();
  AwaitRuns(2, v1::DONE);
  EXPECT_EQ(Runs()[1].record(), ada.name());
  EXPECT_EQ(TitleOf(ada), "written to");
}

TEST_F(WorkflowTimesTest, HasMessagesThatAreOpenedAndFollowed) {
  Active(
      absl::StrCat("display_name: 'Followed' trigger { resource: 'messages' change: UPDATED "
                   "condition: 'click_count > 0' condition_before: 'click_count = 0' } ",
                   Titles("title", "interested")));
  const Contact ada = CreateContact("Ada");
  Update(ada, "emails { address: 'ada@example.com' }");
  messages::v1::SendMessageRequest send;
  send.set_contact(ada.name());
  send.set_subject("Hello");
  send.set_text("Hello Ada");
  send.set_html("<a href='https://a.example/'>a</a>");
  using Stub = messages::v1::MessagesService::Stub;
  messages::v1::RecordMessageClickedRequest click;
  click.set_name(server_.Call(&Stub::SendMessage, send)->name());
  messages::v1::RecordMessageSentRequest sent;
  sent.set_name(click.name());
  sent.set_message_id("<1@acme.example>");
  sent.set_tracked(true);
  EXPECT_EQ(server_.Call(&Stub::RecordMessageSent, sent).reason(), "");
  EXPECT_EQ(server_.Call(&Stub::RecordMessageClicked, click)->automatic_click_count(), 1);
  server_.clock().Advance(absl::Hours(1));
  EXPECT_EQ(server_.Call(&Stub::RecordMessageClicked, click)->click_count(), 1);
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(Runs()[0].record(), ada.name());
  EXPECT_EQ(TitleOf(ada), "interested");
}

TEST_F(WorkflowTimesTest, IsRefusedWhereItsTimeCannotBe) {
  const auto fields = [&](const std::string& trigger) {
    const auto created = Create(
        absl::StrCat("display_name: 'x' trigger { ", trigger, " } steps { id: 'end' end {} }"));
    EXPECT_EQ(created.reason(), "INVALID_WORKFLOW") << trigger;
    return created.fields();
  };
  const std::string daily =
      " schedule { recurrence: 'FREQ=DAILY' start_date { year: 2026 month: 1 day: 1 } "
      "time_of_day: '09:00' } ";
  EXPECT_EQ(fields("record_time { field: 'close_time' }"), Fields{"workflow.trigger.record_time"});
  EXPECT_EQ(fields("resource: 'deals' record_time { field: 'owner' }"),
            Fields{"workflow.trigger.record_time.field"});
  EXPECT_EQ(fields("resource: 'deals' record_time { field: 'close_time' offset: '3bh' }"),
            Fields{"workflow.trigger.record_time.offset"});
  EXPECT_EQ(fields("resource: 'deals' record_time { field: 'close_time' }" + daily),
            Fields{"workflow.trigger.schedule"});
  EXPECT_EQ(fields("resource: 'deals' change: CREATED" + daily), Fields{"workflow.trigger.change"});
  EXPECT_EQ(fields("resource: 'messages' " + daily), Fields{"workflow.trigger.resource"});
}

TEST_F(WorkflowTimesTest, RefusesOneTooManyAndNobodyElseFires) {
  v1::Workflow last;
  for (int i = 0; i < 100; ++i) last = Active(Greet());
  const v1::Workflow further = Create(Greet()).response;
  EXPECT_EQ(Activate(further), "TOO_MANY_ACTIVE");
  EXPECT_EQ(Activate(last), "");  // it is one of them
  EXPECT_EQ(Activate(Create("display_name: 'x' trigger { resource: 'deals' } "
                            "steps { id: 'end' end {} }")
                         .response),
            "");
  v1::DeleteWorkflowRequest remove;
  remove.set_name(last.name());
  EXPECT_EQ(server_.Call(&Stub::DeleteWorkflow, remove).reason(), "");
  EXPECT_EQ(Activate(further), "");
  // What comes back rests, or there would be one too many.
  v1::UndeleteWorkflowRequest undelete;
  undelete.set_name(last.name());
  EXPECT_EQ(server_.Call(&Stub::UndeleteWorkflow, undelete)->state(), v1::PAUSED);
  EXPECT_EQ(Activate(last), "TOO_MANY_ACTIVE");
  v1::FireWorkflowRequest fire;
  fire.set_name(further.name());
  EXPECT_EQ(server_.Call(&Stub::FireWorkflow, fire).reason(), "FIRES_BY_ITSELF");
}

}  // namespace
}  // namespace kith::workflows
