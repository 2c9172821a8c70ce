// Messages as tables and texts.
#include "services/cli/text/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "google/rpc/status.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/tasks/v1/task_events.pb.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "services/cli/text/event_text.h"
#include "tests/services/cli/parse_text.h"

namespace kith::cli {
namespace {

using contacts::v1::Contact;
using ::testing::HasSubstr;
using ::testing::Not;

const Style kStyle = {.zone = absl::UTCTimeZone()};

TEST(PrintRows, ShowsTheColumnsThatTheProtoMarks) {
  const auto ada = FromText<Contact>(R"pb(
    name: "contacts/1"
    display_name: "Ada Lovelace"
    emails { address: "ada@x.example" label: "work" }
    emails { address: "a@y.example" }
    notes: "not a column"
    lifecycle_stage: CUSTOMER
  )pb");
  std::ostringstream out;
  PrintRows({&ada}, PathsOf(ColumnsOf(*Contact::descriptor())), kStyle, out);
  EXPECT_EQ(out.str(),
            "NAME        DISPLAY NAME  EMAILS                      LIFECYCLE STAGE\n"
            "contacts/1  Ada Lovelace  ada@x.example, a@y.example  CUSTOMER\n");
}

TEST(PrintRows, ShowsCustomFieldsByTheirKeys) {
  const auto ada = FromText<Contact>(R"pb(
    name: "contacts/1"
    custom {
      key: "tags"
      value {
        choices { values: "a" values: "b" }
        slot: 1
      }
    }
    custom {
      key: "fee"
      value { money { currency_code: "EUR" units: 5 } }
    }
    custom {
      key: "vip"
      value { boolean: false unique: true }
    }
  )pb");
  const auto columns = ParsePaths(*Contact::descriptor(), "custom.fee,custom.none,custom");
  ASSERT_TRUE(columns.ok()) << columns.status();
  std::ostringstream out;
  PrintRows({&ada}, *columns, kStyle, out);
  EXPECT_EQ(out.str(),
            "CUSTOM.FEE  CUSTOM\n"
            "5.00 EUR    fee=5.00 EUR, tags=a, b, vip=no\n");
}

TEST(PrintRows, ShowsAnExternalIdAsFiltersTakeIt) {
  const auto ada = FromText<Contact>(R"pb(
    external_ids { system: "billing" id: "7" }
    external_ids { system: "shop" id: "a1" }
  )pb");
  std::ostringstream out;
  PrintRows({&ada}, *ParsePaths(*Contact::descriptor(), "external_ids"), kStyle, out);
  EXPECT_EQ(out.str(), "EXTERNAL IDS\nbilling:7, shop:a1\n");
}

TEST(PrintRows, ShowsTotalsBelowALine) {
  const auto won = FromText<deals::v1::BoardStage>(R"pb(stage: "won" count: 2)pb");
  const auto total = FromText<deals::v1::BoardStage>(R"pb(count: 5)pb");
  const std::vector<Path> columns =
      *ParsePaths(*deals::v1::BoardStage::descriptor(), "stage,count");
  std::ostringstream out;
  PrintRows({&won}, columns, kStyle, out, {&total});
  EXPECT_EQ(out.str(), "STAGE  COUNT\nwon        2\n------------\ntotal      5\n");
}

TEST(PrintRows, SaysWhereThereIsNothing) {
  std::ostringstream out;
  PrintRows({}, PathsOf(ColumnsOf(*Contact::descriptor())), kStyle, out);
  EXPECT_EQ(out.str(), "Nothing found.\n");
}

TEST(PrintRows, ShowsAZeroThatIsACount) {
  const auto stage = FromText<deals::v1::BoardStage>(R"pb(stage: "s")pb");
  std::ostringstream out;
  PrintRows({&stage}, PathsOf(ColumnsOf(*deals::v1::BoardStage::descriptor())), kStyle, out);
  EXPECT_EQ(out.str(),
            "STAGE  PROBABILITY  COUNT  ROTTING COUNT\n"
            "s                0      0              0\n");
}

// What is due on a day is due until it ends, which is the day after by the clock.
TEST(PrintRows, ShowsTheDayOnWhichSomethingIsDue) {
  const auto task = FromText<tasks::v1::Task>(R"pb(
    due_time { seconds: 1769904000 }
    due_date { year: 2026 month: 1 day: 31 }
  )pb");
  const auto at_noon = FromText<tasks::v1::Task>(R"pb(due_time { seconds: 1769860800 })pb");
  const std::vector<Path> columns = *ParsePaths(*tasks::v1::Task::descriptor(), "due_time");
  std::ostringstream out;
  PrintRows({&task, &at_noon}, columns, kStyle, out);
  EXPECT_EQ(out.str(), "DUE TIME\n2026-01-31\n2026-01-31 12:00\n");
  out.str("");
  PrintFields(task, kStyle, out);
  EXPECT_EQ(out.str(), "due_time  2026-01-31\ndue_date  2026-01-31\n");
  out.str("");
  PrintCsv({&task}, columns, out);
  EXPECT_EQ(out.str(), "due_time\r\n2026-02-01T00:00:00Z\r\n") << "a program is told the time";
  const auto moved = FromText<tasks::v1::TaskEvent>(R"pb(
    task_rescheduled {
      due_time { seconds: 1769904000 }
      due_date { year: 2026 month: 1 day: 31 }
    }
  )pb");
  google::protobuf::Any payload;
  payload.PackFrom(moved.task_rescheduled());
  EXPECT_THAT(EventText(payload, "tasks/1", kStyle), HasSubstr("due_time=2026-01-31"));
  EXPECT_THAT(EventText(payload, "tasks/1", kStyle), Not(HasSubstr("2026-02-01")));
}

TEST(PrintRows, CallsLinkedRecordsAsPeopleDo) {
  const auto deal = FromText<deals::v1::Deal>(R"pb(
    name: "deals/1"
    owner: "users/1"
    stage: "pipelines/p/stages/won"
  )pb");
  const std::vector<Path> columns = *ParsePaths(*deals::v1::Deal::descriptor(), "name,owner,stage");
  const Style style = {.zone = absl::UTCTimeZone(),
                       .names = {{"users/1", "Ada"}, {"deals/1", "not a link"}}};
  std::ostringstream out;
  PrintRows({&deal}, columns, style, out);
  EXPECT_EQ(out.str(),
            "NAME     OWNER  STAGE\n"
            "deals/1  Ada    pipelines/p/stages/won\n");
}

TEST(PrintCsv, WritesWhatAnImportReads) {
  const auto ada = FromText<Contact>(R"pb(
    display_name: "Ada \"the first\", Lovelace"
    emails { address: "ada@x.example" label: "work" }
    emails { address: "a@y.example" }
    birthday { year: 1815 month: 12 day: 10 }
    create_time { seconds: 1769817600 }
  )pb");
  const std::vector<Path> columns = *ParsePaths(
      *Contact::descriptor(), "display_name,emails.address, birthday,create_time,notes");
  std::ostringstream out;
  PrintCsv({&ada}, columns, out);
  EXPECT_EQ(out.str(),
            "display_name,emails.address,birthday,create_time,notes\r\n"
            "\"Ada \"\"the first\"\", Lovelace\",ada@x.example; a@y.example,1815-12-10,"
            "2026-01-31T00:00:00Z,\r\n");
  const auto deal = FromText<deals::v1::Deal>(R"pb(
    amount { currency_code: "EUR" units: 1234567 }
  )pb");
  out.str("");
  PrintCsv({&deal}, *ParsePaths(*deals::v1::Deal::descriptor(), "amount"), out);
  EXPECT_EQ(out.str(), "amount\r\n1234567.00 EUR\r\n");
}

TEST(PrintCsv, CallsLinkedRecordsInColumnsOfTheirOwn) {
  const auto deal = FromText<deals::v1::Deal>(R"pb(
    owner: "users/1"
    company: "companies/1"
    contacts { contact: "contacts/1" }
    contacts { contact: "contacts/2" }
  )pb");
  const auto columns = ParsePaths(*deals::v1::Deal::descriptor(),
                                  "owner,owner.display_name,company.display_name,"
                                  "contacts.contact,contacts.contact.display_name");
  ASSERT_TRUE(columns.ok()) << columns.status();
  std::ostringstream out;
  PrintCsv({&deal}, *columns, out,
           {{"users/1", "Ada"}, {"contacts/1", "Bea"}, {"contacts/2", "Cid"}});
  EXPECT_EQ(out.str(),
            "owner,owner.display_name,company.display_name,contacts.contact,"
            "contacts.contact.display_name\r\n"
            "users/1,Ada,,contacts/1; contacts/2,Bea; Cid\r\n");
  for (const char* const none : {"owner.display_name.x", "owner.etag", "source.display_name"}) {
    EXPECT_FALSE(ParsePaths(*deals::v1::Deal::descriptor(), none).ok()) << none;
  }
}

TEST(ParsePaths, NamesWhatIsThere) {
  const auto inside = ParsePaths(*Contact::descriptor(), "emails.adress");
  EXPECT_THAT(inside.status().message(), HasSubstr("EmailAddress"));
  EXPECT_THAT(inside.status().message(), HasSubstr(" address, "));
  EXPECT_FALSE(ParsePaths(*Contact::descriptor(), "notes.text").ok()) << "a text has no parts";
  EXPECT_FALSE(ParsePaths(*Contact::descriptor(), "notes,").ok());
}

TEST(PrintFields, ShowsNestedMessagesWhole) {
  const auto ada = FromText<Contact>(R"pb(
    name: "contacts/1"
    emails { address: "ada@x.example" label: "work" primary: true }
    emails { address: "a@y.example" }
    birthday { month: 12 day: 10 }
    create_time { seconds: 1769817600 }
  )pb");
  std::ostringstream out;
  PrintFields(ada, kStyle, out);
  EXPECT_EQ(out.str(),
            "name         contacts/1\n"
            "emails       ada@x.example · work · primary\n"
            "             a@y.example\n"
            "birthday     --12-10\n"
            "create_time  2026-01-31 00:00\n");
}

TEST(ToJson, CallsFieldsAsTheProtosDo) {
  EXPECT_EQ(ToJson(FromText<Contact>(R"pb(first_name: "Ada")pb"), false),
            R"({"first_name":"Ada"})");
}

TEST(ToJson, IsJsonEvenWhereATypeIsNotKnown) {
  google::rpc::Status status;
  google::protobuf::Any* unknown = status.add_details();
  unknown->set_type_url("type.googleapis.com/kith.dragons.v1.DragonFed");
  unknown->set_value("\x0a\x01x");
  EXPECT_THAT(ToJson(status, false), testing::StartsWith(R"({"unreadable":")"));
}

template <class Event>
std::string TextOf(const std::string& text, absl::string_view stream) {
  google::protobuf::Any any;
  any.PackFrom(FromText<Event>(text));
  return EventText(any, stream, kStyle);
}

TEST(EventText, ShowsWhatAnUpdateChanged) {
  EXPECT_EQ(TextOf<deals::v1::DealUpdated>(
                R"pb(
                  name: "deals/1"
                  update_mask { paths: "product" }
                  deal { name: "deals/1" display_name: "not changed" product: "GTX" }
                )pb",
                "deals/1"),
            "product=GTX");
}

TEST(EventText, ShowsTheCustomFieldsThatChanged) {
  EXPECT_EQ(TextOf<deals::v1::DealUpdated>(
                R"pb(
                  name: "deals/1"
                  update_mask { paths: "custom.seats" }
                  deal {
                    name: "deals/1"
                    custom {
                      key: "seats"
                      value { number: 9 }
                    }
                    custom {
                      key: "tier"
                      value { text: "gold" }
                    }
                  }
                )pb",
                "deals/1"),
            "custom.seats=9");
  EXPECT_EQ(TextOf<deals::v1::DealCreated>(
                R"pb(
                  deal {
                    display_name: "D"
                    custom {
                      key: "tier"
                      value { text: "gold" }
                    }
                  }
                )pb",
                "deals/1"),
            "display_name=D  custom.tier=gold");
}

TEST(EventText, ShowsAStageByItsId) {
  EXPECT_EQ(TextOf<deals::v1::DealStageChanged>(R"pb(
                                                  name: "deals/1"
                                                  from_stage: "pipelines/default/stages/new-lead"
                                                  to_stage: "pipelines/default/stages/qualified"
                                                  dwell { seconds: 86400 }
                                                )pb",
                                                "deals/1"),
            "from_stage=new-lead  to_stage=qualified  dwell=1d");
}

TEST(EventText, JoinsClearAndPersonalFields) {
  EXPECT_EQ(TextOf<contacts::v1::ContactCreated>(
                R"pb(
                  name: "contacts/1"
                  contact { company_name: "Example" department: "no column" }
                  personal { first_name: "Ada" }
                )pb",
                "contacts/1"),
            "company_name=Example  first_name=Ada");
}

TEST(EventText, NamesWhatItsStreamDoesNotSay) {
  EXPECT_EQ(TextOf<workspaces::v1::ApiKeyCreated>(
                R"pb(
                  api_key { name: "apiKeys/1" display_name: "Website" permissions: "contacts.read" }
                )pb",
                "workspaces/7"),
            "api_key=apiKeys/1  display_name=Website  permissions=contacts.read");
  EXPECT_EQ(TextOf<workspaces::v1::ApiKeyRevoked>(R"pb(name: "apiKeys/1")pb", "workspaces/7"),
            "name=apiKeys/1");
}

TEST(EventText, NamesATypeItDoesNotKnow) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/kith.dragons.v1.DragonFed");
  EXPECT_EQ(EventText(any, "", kStyle), "kith.dragons.v1.DragonFed");
}

}  // namespace
}  // namespace kith::cli
