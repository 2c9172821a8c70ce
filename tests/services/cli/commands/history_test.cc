// What was, as people see it: revisions, what was deleted, and many at once, from a whole server
// whose clock stands still.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/cli/calls/catalog.h"
#include "services/cli/commands/revision_table.h"
#include "tests/services/cli/commands/command_fixture.h"
#include "tests/testing/await.h"

namespace kith::cli {
namespace {

constexpr char kFieldsTitle[] = "Fields to filter by, and to order by where they have one value\n";

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using HistoryTest = CommandTest;

// Of every list of resources.
TEST_F(HistoryTest, CanFilterByEveryFieldThatItsHelpTells) {
  int lists = 0;
  for (const auto& [collection, methods] : Catalog::Linked().collections()) {
    const std::string help = Output({collection, "list", "--help"}, -1);
    const size_t at = help.find(kFieldsTitle);
    if (at == std::string::npos) continue;
    ++lists;
    std::string fields = help.substr(at + absl::string_view(kFieldsTitle).size());
    fields = fields.substr(0, fields.find("\n\n"));
    for (absl::string_view field :
         absl::StrSplit(fields, absl::ByAnyChar(" ,\n"), absl::SkipEmpty())) {
      // Which keys there are, the workspace says.
      if (absl::EndsWith(field, ".KEY")) continue;
      Output({collection, "list", "--filter", absl::StrCat(field, ":*")});
    }
  }
  EXPECT_GE(lists, 5);
}

TEST_F(HistoryTest, TellsWhichFieldsTakeWhatRecordsAreCalled) {
  EXPECT_THAT(
      Output({"deals", "list", "--help"}, -1),
      HasSubstr("its id, its display name, an e-mail address of people, a domain of companies\n"
                "  pipeline, stage, contacts.contact, owner, company, viewers, editors,\n"
                "  pipeline_lost_reason, pending_approval.requester, "
                "pending_approval.approvers\n"));
  EXPECT_THAT(Output({"pipelines", "list", "--help"}, -1), Not(HasSubstr("e-mail address")));
  // Mail threads have no events, and their rows less than is told: the method's comment says what.
  EXPECT_THAT(Output({"mail-threads", "list", "--help"}, -1),
              AllOf(HasSubstr("filtered by name, joined_threads"), Not(HasSubstr(kFieldsTitle))));
}

TEST_F(HistoryTest, TellsOfEachChangeByWhichWorkflowRunItWas) {
  const std::string greet =
      Create({"workflows", "create", "--display-name", "Greet", "--trigger",
              R"({"resource": "contacts", "change": "CREATED"})", "--steps",
              R"({"id": "greet", "call": {"method": "UpdateContact", "request": )"
              R"("{\"contact\": {\"name\": \"{{record.name}}\", \"notes\": \"Hi\"}}"}})"});
  Run({"workflows", "activate", greet});
  const std::string mira = Create({"contacts", "create", "--first-name", "Mira"});
  std::string told;
  testing::AwaitThat(server_, [&] {
    told = Run({"history", mira});
    return told.find("notes") != std::string::npos;
  });
  EXPECT_THAT(told, ::testing::ContainsRegex("workflow run +workflowRuns/ID"));
}

TEST_F(HistoryTest, TellsWhoChangedWhatWhenFromWhatToWhat) {
  const std::string mira = Create({"contacts", "create", "--first-name", "Mira", "--notes",
                                   std::string(60, 'x') + "A", "--emails", "mira@x.example"});
  server_.clock().Advance(absl::Hours(25));
  Run({"contacts", "update", mira, "--notes", std::string(60, 'x') + "B", "--emails",
       R"({"address":"mira@x.example","label":"work"})", "--occur-time", "2020-01-31T12:00:00Z"});
  Run({"contacts", "delete", mira});
  const std::string indent(77, ' ');
  EXPECT_EQ(
      Run({"contacts", "list-revisions", mira}),
      absl::StrCat("EVENT  RECORDED          HAPPENED          WHO        ETAG  WHAT             "
                   "FIELD            BEFORE                    AFTER\n",
                   "   @6  2026-01-02 01:00  2026-01-02 01:00  First key     3  contact deleted  "
                   "delete_time                                2026-01-02 01:00\n",
                   "   @5  2026-01-02 01:00  2020-01-31 12:00  First key     2  contact updated  "
                   "emails           mira@x.example · primary  mira@x.example · work · prima…\n",
                   indent, "notes            …xxxxxxxxA                …xxxxxxxxB\n",
                   "   @4  2026-01-01 00:00  2026-01-01 00:00  First key     1  contact created  "
                   "first_name                                 Mira\n",
                   indent, "display_name                               Mira\n", indent,
                   "emails                                     mira@x.example · primary\n", indent,
                   "lifecycle_stage                            LEAD\n", indent,
                   "notes                                      xxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\n"));
  EXPECT_THAT(Run({"history", mira, "--field", "notes"}),
              AllOf(HasSubstr("   @5"), HasSubstr("   @4"), Not(HasSubstr("   @6")),
                    Not(HasSubstr("emails"))));
  EXPECT_THAT(Run({"contacts", "list-revisions", mira, "--json"}), StartsWith("{\n \"revisions\""));
}

TEST_F(HistoryTest, TellsWhichKeyWasMadeAndRevoked) {
  const std::string key =
      Create({"api-keys", "create", "--display-name", "Website", "--permissions", "contacts.read"});
  Run({"api-keys", "revoke", key});
  EXPECT_THAT(
      Run({"history", "workspaces/1"}),
      AllOf(HasSubstr("First key     4  api key revoked    api_key       apiKeys/ID · Website ·"),
            HasSubstr("First key     3  api key created    api_key       apiKeys/ID · Website ·"),
            HasSubstr("kithd         2  api key created    api_key       apiKeys/ID · First key")));
  EXPECT_THAT(Run({"events", "--type", "api_key_revoked"}), HasSubstr(" name=apiKeys/ID\n"));
  EXPECT_THAT(Run({"events", "--type", "api_key_created"}), HasSubstr(" api_key=apiKeys/ID"));
}

TEST_F(HistoryTest, TellsTheIdOfAKeyWhereItsNameIsNotKnown) {
  const std::string ada = Create({"users", "create", "--display-name", "Ada"});
  EXPECT_THAT(Run({"users", "list-revisions", ada}), HasSubstr("  First key  "));
  // Of two that are called alike the name says nothing.
  Run({"api-keys", "create", "--display-name", "First key", "--permissions", "users.read"});
  EXPECT_THAT(Run({"users", "list-revisions", ada}), Not(HasSubstr("First key")));
  EXPECT_THAT(Run({"users", "list-revisions", ada}), HasSubstr("  ID  "));
}

// Keys of two users may be called alike: whose one is, is told first.
TEST_F(HistoryTest, TellsWhoseTheKeyWas) {
  const std::string ada =
      Create({"users", "create", "--display-name", "Ada", "--roles", "roles/admin"});
  const std::string ben =
      Create({"users", "create", "--display-name", "Ben", "--roles", "roles/admin"});
  const auto secret_of = [&](const std::string& user) {
    const std::string told = Output({"api-keys", "create", "--display-name", "Laptop", "--user",
                                     user, "--permissions", "contacts.*", "--json"});
    std::smatch found;
    EXPECT_TRUE(std::regex_search(told, found, std::regex("\"secret\": ?\"([^\"]+)\""))) << told;
    return found.empty() ? "" : found[1].str();
  };
  const std::string mira =
      Create({"contacts", "create", "--first-name", "Mira", "--key", secret_of(ada)});
  Run({"contacts", "update", mira, "--notes", "x", "--key", secret_of(ben)});
  Run({"contacts", "update", mira, "--notes", "y", "--on-behalf-of", ben});
  const std::string told = Run({"history", mira});
  EXPECT_THAT(told, HasSubstr("  Ada (Laptop)       "));
  EXPECT_THAT(told, HasSubstr("  Ben (Laptop)       "));
  EXPECT_THAT(told, HasSubstr("  First key for Ben  "));
  EXPECT_THAT(Run({"events", "--stream", mira}), HasSubstr("  Ada (Laptop)      contact_created"));
  EXPECT_THAT(Run({"history", mira, "--ids"}),
              AllOf(HasSubstr("  ID  "), Not(HasSubstr("Laptop")), Not(HasSubstr("Ben"))));
}

TEST_F(HistoryTest, ShowsWhenSomethingWasDeleted) {
  const std::string ada = Create({"users", "create", "--display-name", "Ada"});
  EXPECT_THAT(Run({"users", "list"}), Not(HasSubstr("DELETE TIME")));
  server_.clock().Advance(absl::Hours(25));
  Run({"users", "delete", ada});
  EXPECT_EQ(Run({"users", "list-deleted"}),
            "NAME                              DISPLAY NAME  STATE   DELETE TIME\n"
            "users/ID  Ada           ACTIVE  2026-01-02 01:00\n");
}

TEST_F(HistoryTest, ShowsManyAsAList) {
  const std::string ada = Create({"users", "create", "--display-name", "Ada"});
  const std::string bob = Create({"users", "create", "--display-name", "Bob", "--office", "Leeds"});
  EXPECT_EQ(Run({"users", "batch-get", ada, "nobody", bob, "--names", "x"}),
            "NAME                              DISPLAY NAME  OFFICE  STATE\n"
            "users/ID  Ada                   ACTIVE\n"
            "users/ID  Bob           Leeds   ACTIVE\n"
            "missing  users/nobody\n"
            "         users/x\n");
  EXPECT_EQ(Run({"users", "batch-get", "nobody"}), "missing  users/nobody\n");
  EXPECT_THAT(Run({"users", "batch-get", ada, "--json"}), StartsWith("{\n \"users\""));
}

TEST_F(HistoryTest, TakesAMinuteAsItStandsInTables) {
  server_.clock().Advance(absl::Hours(1));
  const std::string ada = Create({"users", "create", "--display-name", "Ada"});
  server_.clock().Advance(absl::Hours(1));
  EXPECT_THAT(Run({"users", "get", ada, "--as-of", "2026-01-01 01:00"}), HasSubstr("Ada"));
  EXPECT_THAT(Run({"events", "--from", "2026-01-01 01:00"}), StartsWith("     @4  "));
  EXPECT_THAT(Run({"users", "get", ada, "--as-of", "AAEC"}, 1),
              HasSubstr("\nWrite a moment like @1234, "));
}

TEST_F(HistoryTest, SaysWhereTheEventsEndWhereThereIsNone) {
  const std::string told = "No such event. The last of all is @3, recorded 2026-01-01 00:00.\n";
  EXPECT_THAT(Run({"events", "--from", "@900"}), told);
  EXPECT_THAT(Run({"events", "--type", "deal_won"}), told);
}

TEST_F(HistoryTest, TellsWhatIsWrongWithAFieldOnce) {
  EXPECT_EQ(Run({"users", "create", "--display-name", "Ada", "--email", "ada"}, 1),
            "kith: Invalid request: user.email must be an e-mail address: local@domain. "
            "[INVALID_FIELD]\nCorrect the fields named and try again.\n");
}

TEST_F(HistoryTest, SaysThatNothingWasRecordedByThen) {
  server_.clock().Advance(absl::Hours(1));
  const std::string ada = Create({"users", "create", "--display-name", "Ada"});
  server_.clock().Advance(absl::Hours(1));
  Run({"users", "delete", ada});
  const std::string first =
      "  first_record_time: 2026-01-01T01:00:00.000000Z\n  first_sequence: 4\n  name: users/ID\n";
  const std::string early =
      "kith: Nothing was recorded under users/ID by then. Its first event is number 4, recorded at "
      "2026-01-01T01:00:00.000000Z: ask as of that or later. [USER_NOT_FOUND]\n";
  for (const std::string moment : {"@3", "2026-01-01T00:30:00Z"}) {
    EXPECT_EQ(Run({"users", "get", ada, "--as-of", moment}, 1), early + first);
    EXPECT_EQ(Run({"users", "list-revisions", ada, "--as-of", moment}, 1), early + first);
  }
  EXPECT_EQ(Run({"users", "get", ada, "--as-of", "2026-01-01T02:00:00Z"}, 1),
            "kith: users/ID was deleted by then. Its first event is number 4, recorded at "
            "2026-01-01T01:00:00.000000Z: ask as of an earlier moment. [USER_NOT_FOUND]\n" +
                first);
  EXPECT_THAT(Run({"users", "get", ada, "--as-of", "@4"}), HasSubstr("Ada"));
  const std::string never = "kith: No such user, or it was deleted. Check the name. ";
  EXPECT_THAT(Run({"users", "get", "x", "--as-of", "@3"}, 1), StartsWith(never));
  EXPECT_THAT(Run({"users", "get", ada}, 1), StartsWith(never));
  EXPECT_THAT(Run({"pipelines", "get", "default", "--as-of", "@1"}, 1),
              HasSubstr("Its first event is number 3,"));
}

TEST_F(HistoryTest, TellsDatesAmountsAndCustomFieldsAsPeopleReadThem) {
  Run({"custom-fields", "create", "--display-name", "Fee", "--resource", "deals",
       "--custom-field.key", "fee", "--type", "MONEY"});
  Run({"custom-fields", "create", "--display-name", "Goes live", "--resource", "deals",
       "--custom-field.key", "goes_live", "--type", "DATE"});
  const std::string deal = Create({"deals", "create", "--display-name", "D", "--amount", "1000 EUR",
                                   "--expected-close-date", "2026-02-01", "--custom", "fee=5 EUR",
                                   "--custom", "goes_live=2026-03-01"});
  Run({"deals", "update", deal, "--amount", "24000.50 EUR", "--expected-close-date", "2026-03-01",
       "--custom", "fee=1200 EUR", "--custom", "goes_live="});
  const std::string told = Run({"history", deal, "--limit", "1"});
  for (const char* const line :
       {"amount               1,000.00 EUR  24,000.50 EUR\n",
        "expected_close_date  2026-02-01    2026-03-01\n",
        "custom.fee           5.00 EUR      1,200", "custom.goes_live     2026-03-01"}) {
    EXPECT_THAT(told, HasSubstr(line));
  }
}

TEST_F(HistoryTest, GivesEveryListAsCsvOrByItsColumns) {
  const std::string ada = Create({"contacts", "create", "--first-name", "Ada"});
  EXPECT_THAT(Run({"timeline", ada, "--csv"}), HasSubstr(",contact_created,"));
  EXPECT_THAT(Run({"timeline", ada, "--columns", "type"}), StartsWith("TYPE\ncontact_created\n"));
  EXPECT_THAT(Run({"history", ada, "--columns", "revision.type"}),
              StartsWith("REVISION.TYPE\ncontact_created\n"));
  EXPECT_THAT(Run({"history", ada, "--columns", "revision.type", "--csv"}),
              StartsWith("revision.type\r\ncontact_created\r\n"));
}

// Custom values say of themselves what only the server sets.
TEST_F(HistoryTest, TakesBackWhatItTold) {
  Run({"custom-fields", "create", "--display-name", "Tier", "--resource", "companies",
       "--custom-field.key", "tier", "--type", "CHOICE", "--choices", "gold,silver", "--indexed"});
  const std::string company =
      Create({"companies", "create", "--display-name", "C", "--custom", "tier=gold"});
  const std::string json = Output({"companies", "get", company, "--json"});
  EXPECT_THAT(Output({"companies", "update", "--data", json}), HasSubstr("tier=gold"));
  EXPECT_THAT(Output({"companies", "get", company}), HasSubstr("etag             1\n"));
}

TEST_F(HistoryTest, SaysOfAnEntryThatItWasRedacted) {
  const std::string ada = Create({"contacts", "create", "--first-name", "Ada"});
  const std::string note = Create(
      {"interactions", "record", ada, "--kind", "note", "--subject", "a secret", "--body", "of 5"});
  EXPECT_THAT(Run({"timeline", ada}), HasSubstr("a secret"));
  Run({"interactions", "redact", note, "--reason", "a slip"});
  const std::string timeline = Run({"timeline", ada});
  EXPECT_THAT(timeline, HasSubstr("(redacted)"));
  EXPECT_THAT(timeline, Not(HasSubstr("a secret")));
}

TEST(IsRevision, KnowsThoseOfEveryResource) {
  int found = 0;
  for (const auto& [collection, methods] : Catalog::Linked().collections()) {
    for (const Method& method : methods) {
      if (method.items == nullptr) continue;
      const bool is_revision = IsRevision(*method.items->message_type());
      EXPECT_EQ(is_revision, method.verb == "list-revisions") << collection << ' ' << method.verb;
      found += is_revision;
    }
  }
  EXPECT_GE(found, 2);
}

TEST(FromWhereTheyDiffer, KeepsALittleOfWhatBothHave) {
  using Texts = std::pair<std::string, std::string>;
  EXPECT_EQ(FromWhereTheyDiffer("short A", "short B", 8), Texts("short A", "short B"));
  EXPECT_EQ(FromWhereTheyDiffer("a long text: A", "a long text: B", 8), Texts("…: A", "…: B"));
  EXPECT_EQ(FromWhereTheyDiffer("A, and so on", "B, and so on", 8),
            Texts("A, and so on", "B, and so on"));
  EXPECT_EQ(FromWhereTheyDiffer("same beginning", "", 8), Texts("same beginning", ""));
  EXPECT_EQ(FromWhereTheyDiffer("ééééééééÄ", "ééééééééÖ", 8), Texts("…éÄ", "…éÖ"));
}

}  // namespace
}  // namespace kith::cli
