// `kith import` and `kith export`: what they send and tell, against a server that keeps no rules
// and against a whole one. IM-… name the cases of the import test list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "kith/import_jobs/v1/import_jobs_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/cli/commands/command_fixture.h"
#include "tests/services/cli/kith_fixture.h"
#include "tests/testing/source_folder.h"

namespace kith::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class KithImportTest : public KithTest {
 protected:
  KithImportTest() {
    Write("mapping.json", R"({
      "name": "test", "collection": "deals", "key": ["id"],
      "steps": [
        {"verb": "create", "fields": {
          "deal_id": "id", "display_name": "name",
          "owner": {"column": "owner", "lookup": {"collection": "users", "by": "display_name",
                    "create": {"display_name": "owner"}}}}},
        {"verb": "win", "when": {"won": ["yes"]},
         "fields": {"amount": {"column": "amount", "currency": "EUR"}}}]})");
  }

  int Import(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"import", "deals", "--mapping", folder_ / "mapping.json",
                                      folder_ / "deals.csv"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  }
};

TEST_F(KithImportTest, ImportsEveryRowAndASecondRunChangesNothing) {
  std::string csv = "id,name,owner,won,amount\n";
  for (int i = 0; i < 300; ++i) {
    absl::StrAppend(&csv, "d", i, ",Deal ", i, ",Ada ", i % 7, ",", i % 2 == 0 ? "yes" : "no", ",",
                    i, "\n");
  }
  Write("deals.csv", csv);
  EXPECT_EQ(Import({"--in-flight", "64"}), 0) << err();
  EXPECT_EQ(out(), "deals: 300 created, 0 updated, 0 unchanged, 0 rejected\n");
  EXPECT_EQ(server_.sessions().calls(), 300 + 150) << "over a session";
  EXPECT_EQ(Run({"deals", "get", "d8"}), 0);
  EXPECT_THAT(out(), HasSubstr("amount        8.00 EUR"));
  EXPECT_THAT(out(), HasSubstr("owner         users/2"));
  EXPECT_EQ(Import(), 0) << err();
  EXPECT_EQ(out(), "deals: 0 created, 0 updated, 300 unchanged, 0 rejected\n");
}

TEST_F(KithImportTest, RejectsRowsWithLineAndReasonAndGoesOn) {
  Write("deals.csv",
        "id,name,owner,won,amount\n"
        "a,refuse me,Ada,no,\n"
        "b,\"Good,\none\",Ada,no,\n"
        "c,Bad,Ada,yes,much\n");
  EXPECT_EQ(Import({"--rejects", folder_ / "rejects.csv"}), 1);
  EXPECT_EQ(out(), "deals: 1 created, 0 updated, 0 unchanged, 2 rejected\n");
  EXPECT_THAT(err(),
              HasSubstr("line 2: A field breaks a rule. [INVALID_FIELD]; deal.display_name0: "));
  EXPECT_THAT(err(), HasSubstr("line 5: amount (column amount): \"much EUR\" is not money"));
  EXPECT_THAT(err(), HasSubstr("kith: 2 rows were rejected; see "));
  const std::string rejects = Read("rejects.csv");
  EXPECT_THAT(rejects, StartsWith("\xEF\xBB\xBFrejected_line,rejected_column,rejected_value,"
                                  "rejected_reason,id,name,owner,won,amount\n"));
  EXPECT_THAT(rejects, HasSubstr("\n2,,,\"A field breaks"));
  EXPECT_THAT(rejects, HasSubstr("\n5,amount,much,"));
  EXPECT_THAT(rejects, HasSubstr(",c,Bad,Ada,yes,much\n"));
}

// Goal: what was rejected can be corrected and imported, whatever stands between its cells. Method:
// a file with semicolons, whose rejects are imported twice by its mapping, the second time mended.
TEST_F(KithImportTest, ImportsAFileOfRejectsWithTheSameMapping) {
  Write("mapping.json", R"({
      "name": "test", "collection": "deals", "delimiter": ";",
      "steps": [{"verb": "create", "fields": {"deal_id": "id", "display_name": "name"}}]})");
  Write("deals.csv", "id;name\na;refuse me\nb;\" Good; with, care \"\nc;\n");
  EXPECT_EQ(Import({"--rejects", folder_ / "rejects.csv"}), 1) << err();
  EXPECT_EQ(out(), "deals: 2 created, 0 updated, 0 unchanged, 1 rejected\n");
  const std::string rejects = Read("rejects.csv");
  EXPECT_THAT(rejects, StartsWith("\xEF\xBB\xBFrejected_line;rejected_column;rejected_value;"
                                  "rejected_reason;id;name\n2;;;\"A field breaks"));

  Write("deals.csv", rejects);
  EXPECT_EQ(Import({"--rejects", folder_ / "rejects.csv"}), 1) << err();
  EXPECT_EQ(out(), "deals: 0 created, 0 updated, 0 unchanged, 1 rejected\n");
  EXPECT_EQ(Read("rejects.csv"), rejects) << "a file of rejects of rejects is no longer than one";

  Write("deals.csv", absl::StrReplaceAll(rejects, {{"refuse me", "mended"}}));
  EXPECT_EQ(Import(), 0) << err();
  EXPECT_EQ(Run({"deals", "get", "a"}), 0);
  EXPECT_THAT(out(), HasSubstr("mended"));
}

// Some are refused by the server, which tells those that came together the other way round, and
// some before they are sent.
TEST_F(KithImportTest, TellsWhatBecameOfTheLinesInTheirOrder) {
  std::string csv = "id,name,owner,won,amount\n";
  std::vector<std::string> lines;
  for (int i = 0; i < 60; ++i) {
    const bool is_sent = i % 3 != 2;
    absl::StrAppend(&csv, "d", i, ",refuse me,Ada,", is_sent ? "no," : "yes,much", "\n");
    lines.push_back(absl::StrCat("line ", i + 2));
  }
  Write("deals.csv", csv);
  EXPECT_EQ(Import(), 1);
  std::vector<std::string> told;
  for (const absl::string_view line : absl::StrSplit(err(), '\n')) {
    if (absl::StartsWith(line, "line ")) told.emplace_back(line.substr(0, line.find(':')));
  }
  EXPECT_EQ(told, lines);
}

TEST_F(KithImportTest, CallsAServerThatHasNoSessionsWithoutThem) {
  Write("deals.csv", "id,name,owner,won,amount\na,One,Ada,no,\nb,Two,Bob,yes,5\nc,Three,,no,\n");
  FakeServer old(/*sessions=*/false);
  const auto import = [&] {
    std::ostringstream out, err;
    EXPECT_EQ(
        cli::Run({"import", "deals", "--mapping", folder_ / "mapping.json", folder_ / "deals.csv"},
                 {.out = out,
                  .err = err,
                  .environment = [](const char*) { return std::nullopt; },
                  .connect =
                      [&](const ClientOptions& options) {
                        return std::make_unique<Client>(options, old.NewChannel());
                      }}),
        0)
        << err.str();
    return out.str();
  };
  EXPECT_EQ(import(), "deals: 3 created, 0 updated, 0 unchanged, 0 rejected\n");
  EXPECT_EQ(import(), "deals: 0 created, 0 updated, 3 unchanged, 0 rejected\n");
}

TEST_F(KithImportTest, RejectsARowWhoseContentChangedSinceItWasImported) {
  Write("deals.csv", "id,name,owner,won,amount\na,One,Ada,no,\n");
  EXPECT_EQ(Import(), 0) << err();
  Write("deals.csv", "id,name,owner,won,amount\na,Other,Ada,no,\n");
  EXPECT_EQ(Import(), 1);
  EXPECT_THAT(err(), HasSubstr("line 2: it was imported before with other content"));
}

TEST_F(KithImportTest, GoesOnWithoutASessionWhereThereIsNoRoomForOne) {
  server_.sessions().Refuse();
  Write("deals.csv", "id,name,owner,won,amount\na,One,,no,\nb,Two,,no,\n");
  EXPECT_EQ(Import(), 0) << err();
  EXPECT_EQ(out(), "deals: 2 created, 0 updated, 0 unchanged, 0 rejected\n");
}

TEST_F(KithImportTest, SendsNoMoreWhereWhatARowMeetsConcernsAll) {
  Write("deals.csv", "id,name,owner,won,amount\na,One,,no,\nb,whose?,,no,\nc,Three,,no,\n");
  EXPECT_EQ(Import({"--in-flight", "1"}), 1);
  EXPECT_THAT(err(), StartsWith("It goes on with: kith import --resume importJobs/1 "));
  EXPECT_THAT(err(), HasSubstr("kith: The key is unknown."));
  EXPECT_EQ(server_.sessions().calls(), 2);
}

TEST_F(KithImportTest, StopsAtOnceWhereNoServerAnswers) {
  Write("deals.csv", "id,name,owner,won,amount\na,One,Ada,no,\nb,Two,Bob,no,\nc,Three,,no,\n");
  std::ostringstream out, err;
  const std::string address = absl::StrCat("unix:", folder_ / "nobody");
  EXPECT_EQ(cli::Run({"import", "deals", "--mapping", folder_ / "mapping.json",
                      folder_ / "deals.csv", "--address", address},
                     {.out = out,
                      .err = err,
                      .environment = [](const char*) { return std::nullopt; },
                      .connect =
                          [](const ClientOptions& options) {
                            return std::make_unique<Client>(options);
                          }}),
            1);
  EXPECT_THAT(err.str(), StartsWith("kith: no Kith server answers at "));
}

TEST_F(KithImportTest, TellsTheServerWhatItImportsAndHowFarItIs) {
  Write("deals.csv",
        "id,name,owner,won,amount\na,One,Ada,no,\nb,refuse me,Ada,no,\nc,Bad,Ada,yes,much\n");
  EXPECT_EQ(Import(), 1);
  const import_jobs::v1::ImportJob job = server_.import_jobs().last();
  EXPECT_EQ(job.display_name(), "deals.csv");
  EXPECT_EQ(job.collection(), "deals");
  EXPECT_EQ(job.file_digest().size(), 64u);
  EXPECT_EQ(job.row_count(), 3);
  EXPECT_THAT(job.mapping(), HasSubstr("\"collection\": \"deals\""));
  EXPECT_EQ(job.state(), import_jobs::v1::COMPLETED);
  EXPECT_EQ(job.position(), 3);
  EXPECT_EQ(job.created_count(), 1);
  EXPECT_EQ(job.rejected_count(), 2);
  const auto rejections = server_.import_jobs().rejections();
  ASSERT_EQ(rejections.size(), 2u);
  EXPECT_EQ(rejections[0].line(), 3);
  EXPECT_EQ(rejections[0].reason(), "INVALID_FIELD");
  EXPECT_EQ(rejections[1].line(), 4);
  EXPECT_EQ(rejections[1].reason(), "INVALID_ROW");
  EXPECT_EQ(rejections[1].columns(0), "amount");
  EXPECT_THAT(rejections[1].ShortDebugString(), Not(HasSubstr("much")));
}

// Goal: no row is sent twice after a client that died. Method: a job of 1,501 rows that somebody
// cancels, so that the client stops at what it has told; it goes on with the mapping that the job
// kept.
TEST_F(KithImportTest, GoesOnBehindWhatItToldIM3) {
  std::string csv = "id,name,owner,won,amount\n";
  for (int i = 0; i < 1'501; ++i) absl::StrAppend(&csv, "d", i, ",Deal,,no,\n");
  Write("deals.csv", csv);
  server_.import_jobs().Cancel();
  EXPECT_EQ(Import({"--in-flight", "1"}), 1);
  EXPECT_THAT(err(), HasSubstr("It is cancelled."));
  const int calls = server_.sessions().calls();
  EXPECT_GE(calls, 1'000);
  EXPECT_LT(calls, 1'010);
  EXPECT_EQ(Run({"import", "--resume", "importJobs/1", folder_ / "deals.csv"}), 0) << err();
  EXPECT_EQ(server_.import_jobs().last().position(), 1'501);
  EXPECT_EQ(server_.import_jobs().last().state(), import_jobs::v1::COMPLETED);
  Write("deals.csv", csv + "more,Deal,,no,\n");
  EXPECT_EQ(Run({"import", "--resume", "importJobs/1", folder_ / "deals.csv"}), 1);
  EXPECT_THAT(err(), HasSubstr("Another file."));
}

TEST_F(KithImportTest, IsDoneWithAHeaderAloneIM2) {
  Write("deals.csv", "id,name,owner,won,amount\n");
  EXPECT_EQ(Import(), 0) << err();
  EXPECT_EQ(out(), "deals: 0 created, 0 updated, 0 unchanged, 0 rejected\n");
  Write("deals.csv", "");
  EXPECT_EQ(Import(), 2);
  EXPECT_THAT(err(), HasSubstr("the file has no header"));
  Write("deals.csv", "id,name,owner,won,amount\na,One,,no,\nb,\"Two,,no,\n");
  EXPECT_EQ(Import(), 2);
  EXPECT_THAT(err(), HasSubstr("line 3: its last quotation mark is missing"));
  EXPECT_EQ(Run({"deals", "get", "a"}), 1) << "nothing of the file was imported";
}

TEST_F(KithImportTest, SendsNothingOnADryRun) {
  Write("deals.csv", "id,name,owner,won,amount\na,One,Ada,no,\n");
  EXPECT_EQ(Import({"--dry-run"}), 0) << err();
  EXPECT_EQ(out(),
            "deals: 1 would be created, 0 updated, 0 unchanged, 0 rejected; of 1 the server checks "
            "more once sent\n");
  EXPECT_EQ(Run({"deals", "get", "a"}), 1);
}

TEST_F(KithImportTest, TellsOnADryRunWhatIsRequired) {
  Write("deals.csv", "id,name,owner,won,amount\na,One,Ada,no,\nb,,Ada,no,\n");
  EXPECT_EQ(Import({"--dry-run"}), 1);
  EXPECT_THAT(out(), StartsWith("deals: 1 would be created, 0 updated, 0 unchanged, 1 rejected; "));
  EXPECT_THAT(err(), HasSubstr("line 3: display_name (column name): is required"));
}

// --- Against a whole server ---

class ImportCommandTest : public CommandTest {
 protected:
  ImportCommandTest() {
    Write("people.json", R"({
      "name": "people", "collection": "contacts", "key": ["mail", "phone"],
      "policy": "upsert", "match": ["email", "phone"],
      "steps": [{"verb": "create", "fields": {
        "first_name": "first", "emails": "mail", "phones": "phone", "notes": "notes"}}]})");
  }
  std::string Path(const std::string& name) const { return folder_ / name; }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  std::string Read(const std::string& name) {
    std::ifstream file(folder_ / name);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }
  std::string Import(const std::string& rows, int expected = 0) {
    Write("people.csv", absl::StrCat("first,mail,phone,notes\n", rows));
    return Run({"import", "contacts", "--mapping", Path("people.json"), "--rejects",
                Path("rejects.csv"), Path("people.csv")},
               expected);
  }

  // What is said of a file that was imported before, where that was taken back.
  static std::string Anew(const std::string& file) {
    return absl::StrCat(file,
                        " was imported before as importJobs/ID, and that was taken back: its rows "
                        "are imported anew. They are taken back with: kith import --revert "
                        "importJobs/ID\n");
  }

  // The name of the first record in what the words print.
  std::string NameIn(std::vector<std::string> words, const std::string& collection) {
    words.push_back("--json");
    const std::string listed = Output(words);
    std::smatch found;
    EXPECT_TRUE(std::regex_search(listed, found, std::regex(collection + "/[0-9A-Z]+"))) << listed;
    return found.empty() ? "" : found[0].str();
  }
  std::string LastJob() {
    server_.clock().Advance(absl::Seconds(1));
    return NameIn({"import-jobs", "list", "--order-by", "create_time desc"}, "importJobs");
  }

  testing::TempFolder folder_;
};

// 54 rows, of which one has no address that can be: the others are imported, and a second run of
// the same file, which is another job, changes nothing. The corrected reject is imported alone.
TEST_F(ImportCommandTest, RejectsOneRowAndChangesNothingTheSecondTimeIM4) {
  std::string rows;
  for (int i = 1; i <= 54; ++i) {
    absl::StrAppend(&rows, "P", i,
                    i == 7 ? ",broken at example" : absl::StrCat(",p", i, "@x.example"), ",,\n");
  }
  EXPECT_THAT(Import(rows, 1),
              HasSubstr("contacts: 53 created, 0 updated, 0 unchanged, 1 rejected\n"));
  EXPECT_THAT(Read("rejects.csv"), HasSubstr("\n8,mail,broken at example,"));
  EXPECT_THAT(Import(rows, 1),
              HasSubstr("contacts: 0 created, 0 updated, 53 unchanged, 1 rejected\n"));
  const std::string rejects = Read("rejects.csv");
  Write("people.csv", absl::StrReplaceAll(rejects, {{"broken at example", "p7@x.example"}}));
  EXPECT_EQ(Run({"import", "contacts", "--mapping", Path("people.json"), Path("people.csv")}),
            "contacts: 1 created, 0 updated, 0 unchanged, 0 rejected\n");
}

// Goal: pages whose size only the server chooses are asked for until the end. Method: the plan of a
// revert, which has 100 records a page.
TEST_F(ImportCommandTest, ListsPagesOfTheServersSize) {
  std::string rows;
  for (int i = 0; i < 120; ++i) absl::StrAppend(&rows, "P", i, ",p", i, "@x.example,,\n");
  Import(rows);
  const std::string planned = Output({"import-jobs", "preview-import-job-revert", LastJob(),
                                      "--all", "--columns", "change.record", "--csv"});
  EXPECT_EQ(std::count(planned.begin(), planned.end(), '\n'), 121) << "with the header";
}

TEST_F(ImportCommandTest, TakesAStageByWhatItIsCalled) {
  Write("deals.json", R"({
    "name": "deals", "collection": "deals", "key": ["name"],
    "steps": [{"verb": "create", "fields": {"display_name": "name", "stage": "stage"}},
              {"verb": "move", "when": {"then": ["Negotiation", "nowhere"]},
               "fields": {"stage": "then"}}]})");
  Write("deals.csv",
        "name,stage,then\nA,Proposal Sent,\nB,qualified,Negotiation\nC,Nowhere,\nD,,nowhere\n");
  const std::string told =
      Run({"import", "deals", "--mapping", Path("deals.json"), Path("deals.csv")}, 1);
  EXPECT_THAT(told, HasSubstr("deals: 2 created, 0 updated, 0 unchanged, 2 rejected\n"));
  EXPECT_THAT(told, HasSubstr("line 4: none of the stages of pipelines/default is called "
                              "\"Nowhere\": there are new-lead (New Lead), "));
  EXPECT_THAT(told, HasSubstr("line 5: none of the stages of pipelines/default"));
  EXPECT_EQ(Output({"deals", "list", "--order-by", "display_name", "--columns", "stage", "--csv"}),
            "stage\r\npipelines/default/stages/proposal-sent\r\n"
            "pipelines/default/stages/negotiation\r\n");
}

// The mapping that a file of one's own begins with.
TEST_F(ImportCommandTest, TakesAStageByWhatItIsCalledWithTheMappingOfTheSample) {
  const std::string header =
      "id,name,stage,company,product,amount,currency,probability,forecast_category,expected_close,"
      "contact_email,owner,type,source,next_step,created,outcome,closed,lost_reason,lost_notes,"
      "seats\n";
  const std::string empty(18, ',');
  Write("deals.csv",
        absl::StrCat(header, "a1,A,Proposal Sent", empty, "\n", "b1,B,qualified", empty, "\n"));
  EXPECT_EQ(Run({"import", "deals", "--mapping", testing::SourcePath("deploy/import/deals.json"),
                 Path("deals.csv")}),
            "deals: 2 created, 0 updated, 0 unchanged, 0 rejected\n");
  EXPECT_EQ(Output({"deals", "list", "--order-by", "display_name", "--columns", "stage", "--csv"}),
            "stage\r\npipelines/default/stages/proposal-sent\r\n"
            "pipelines/default/stages/qualified\r\n");
}

// Whom nothing finds is made once, as the key tells.
TEST_F(ImportCommandTest, MakesOnceWhatNothingMatches) {
  Write("people.json", R"({
    "name": "people", "collection": "contacts", "key": ["first"], "policy": "upsert",
    "match": ["email"], "steps": [{"verb": "create", "fields": {
      "first_name": "first", "emails": "mail", "phones": "phone", "notes": "notes"}}]})");
  const std::string rows = "Ada,ada@x.example,,\nBea,,+4930901820,\n";
  EXPECT_EQ(Import(rows), "contacts: 2 created, 0 updated, 0 unchanged, 0 rejected\n");
  EXPECT_EQ(Import(rows), "contacts: 0 created, 0 updated, 2 unchanged, 0 rejected\n");
}

// Goal: what is exported as cards comes back to whom it is of, and changes nothing of them.
TEST_F(ImportCommandTest, TakesItsOwnCardsBack) {
  Create({"contacts", "create", "--first-name", "Ada", "--last-name", "King", "--emails",
          "ada@x.example", "--phones", "+442079460018", "--tags", "vip", "--addresses",
          R"({"label": "home", "street": "Main 1", "city": "London", "country": "GB"})"});
  Create({"contacts", "create", "--last-name", "Byron", "--emails", "byron@x.example"});
  Create({"contacts", "create", "--emails", "nameless@x.example"});
  for (const char* const version : {"vcard", "vcard3"}) {
    Output({"export", "contacts", "--format", version, "--output", Path("cards.vcf")});
    EXPECT_EQ(Run({"import", "contacts", "--mapping",
                   testing::SourcePath("deploy/import/cards.json"), Path("cards.vcf")}),
              "contacts: 0 created, 0 updated, 3 unchanged, 0 rejected\n");
  }
}

TEST_F(ImportCommandTest, MakesTwoOfThreeRowsAndTellsBothCandidatesOfOneIM1) {
  EXPECT_EQ(
      Import("Ada,ada@x.example,,\nBea,bea@x.example,+49 30 901820,\nAda,ADA@x.example,,met\n"),
      "contacts: 2 created, 1 updated, 0 unchanged, 0 rejected\n");
  const std::string told =
      Import("Who,ada@x.example,030 901820,\n,ada@x.example,+4930901820,\n", 1);
  EXPECT_THAT(told, HasSubstr("line 3: Several records match the row: contacts/ID (EMAIL_ADDRESS), "
                              "contacts/ID (PHONE_NUMBER)."));
}

TEST_F(ImportCommandTest, TellsOfEachChangeByWhichImportItWasAndTakesItBack) {
  const std::string ada =
      Create({"contacts", "create", "--first-name", "Ada", "--emails", "ada@x.example"});
  Import("Countess,ada@x.example,,\nBea,bea@x.example,,\n");
  EXPECT_THAT(Run({"history", ada}), ContainsRegex("import job +importJobs/ID"));
  const std::string job = LastJob();
  EXPECT_EQ(Run({"import", "--revert", job, "--dry-run"}),
            "2 records would be taken back, 0 would be kept\n");
  EXPECT_EQ(Run({"import", "--revert", job}), "2 records were taken back, 0 kept\n");
  EXPECT_THAT(Run({"contacts", "get", ada}), HasSubstr("Ada"));
  EXPECT_EQ(Run({"import", "--revert", job}), "0 records were taken back, 0 kept\n");
  Run({"import", "--resume", job, Path("people.csv")}, 1);
}

// Goal: what lookups make is the job's, too. Method: two deals whose companies and owner are made
// by the import, and a deal of somebody else that names one of the companies.
TEST_F(ImportCommandTest, TakesBackWhatItsLookupsMade) {
  Write("deals.json", R"({"name": "deals", "collection": "deals", "key": ["name"],
      "steps": [{"verb": "create", "fields": {
        "display_name": "name",
        "company": {"column": "company", "lookup": {"collection": "companies",
                    "by": "display_name", "create": {"display_name": "company"}}},
        "owner": {"column": "owner", "lookup": {"collection": "users", "by": "display_name",
                  "create": {"display_name": "owner"}}}}}]})");
  Write("deals.csv", "name,company,owner\nOne,Acme,Ada\nTwo,Bright,Ada\n");
  const std::vector<std::string> import = {"import", "deals", "--mapping", Path("deals.json"),
                                           Path("deals.csv")};
  EXPECT_EQ(Run(import), "deals: 2 created, 0 updated, 0 unchanged, 0 rejected\n");
  const std::string job = LastJob();
  const std::string bright =
      NameIn({"companies", "list", "--filter", "display_name = \"Bright\""}, "companies");
  const std::string other =
      Create({"deals", "create", "--display-name", "Other", "--company", bright});

  EXPECT_THAT(Run({"import", "--revert", job}, 1),
              HasSubstr("4 records were taken back, 1 kept\n"
                        "companies/ID: It stays: some of the deals name it"));
  EXPECT_THAT(Run({"companies", "list"}), Not(HasSubstr("Acme")));
  EXPECT_THAT(Run({"users", "list"}), Not(HasSubstr("Ada")));
  // The same again: what was taken back is made anew, and what stayed is found.
  EXPECT_EQ(Run(import), absl::StrCat("deals: 2 created, 0 updated, 0 unchanged, 0 rejected\n",
                                      Anew("deals.csv")));
  EXPECT_THAT(Run({"companies", "list"}), HasSubstr("Acme"));
  EXPECT_THAT(Run({"users", "list"}), HasSubstr("Ada"));
  Run({"deals", "delete", other});
  // One of the new deals names it now.
  EXPECT_THAT(Run({"import", "--revert", job, "--dry-run"}, 1),
              HasSubstr("0 records would be taken back, 1 would be kept\n"));
  EXPECT_THAT(Run({"import", "--revert", job}, 1), HasSubstr("0 records were taken back, 1 kept"));
  EXPECT_EQ(Run({"import", "--revert", LastJob()}), "4 records were taken back, 0 kept\n");
  EXPECT_EQ(Run({"import", "--revert", job}), "1 record was taken back, 0 kept\n");
}

// Goal: nothing half done is left of rows that are refused. Method: two deals whose ids cannot be
// and that name a company which there is not, one of them together with a row that is taken.
TEST_F(ImportCommandTest, LeavesNothingThatLookupsMadeForRowsThatAreRefused) {
  Write("deals.json", R"({"name": "deals", "collection": "deals", "key": ["id"],
      "steps": [{"verb": "create", "fields": {
        "deal_id": "id", "display_name": "name", "amount": "amount",
        "company": {"column": "company", "lookup": {"collection": "companies",
                    "by": "display_name", "create": {"display_name": "company"}}}}}]})");
  const std::vector<std::string> import = {"import", "deals", "--mapping", Path("deals.json"),
                                           Path("deals.csv")};
  const std::string header = "id,name,amount,company\n";
  Write("deals.csv", absl::StrCat(header, "a,One,much,Cedar\n", "not-:an-id,Two,,Acme\n",
                                  "not-:an-id-2,Three,,Bright\n", "d,Four,,Bright\n"));
  EXPECT_THAT(Run(import, 1), HasSubstr("deals: 1 created, 0 updated, 0 unchanged, 3 rejected\n"));
  const std::string companies = Run({"companies", "list"});
  EXPECT_THAT(companies, HasSubstr("Bright"));
  EXPECT_THAT(companies, Not(HasSubstr("Acme")));
  EXPECT_THAT(companies, Not(HasSubstr("Cedar")));
  EXPECT_THAT(Run({"companies", "list-deleted"}), Not(HasSubstr("Cedar"))) << "none was made";
  // It is made anew for the row that is mended.
  Write("deals.csv", absl::StrCat(header, "b,Two,,Acme\n"));
  EXPECT_THAT(Run(import), HasSubstr("deals: 1 created, 0 updated, 0 unchanged, 0 rejected\n"));
  EXPECT_THAT(Run({"companies", "list"}), HasSubstr("Acme"));
  EXPECT_EQ(Run({"import", "--revert", LastJob()}), "2 records were taken back, 0 kept\n");
}

// Goal: rows of an import that was taken back are imported anew, corrected or not, as often as it
// was; and no row is imported twice otherwise.
TEST_F(ImportCommandTest, ImportsAnewWhatWasTakenBack) {
  Write("people.json", R"({"name": "people", "collection": "contacts", "key": ["mail"],
      "steps": [{"verb": "create", "fields": {"first_name": "first", "emails": "mail"}}]})");
  const std::string rows = "Ada,ada@x.example,,\nBea,bea@x.example,,\n";
  const std::string both_created = "contacts: 2 created, 0 updated, 0 unchanged, 0 rejected\n";
  const std::string unchanged = "contacts: 0 created, 0 updated, 2 unchanged, 0 rejected\n";
  EXPECT_EQ(Import(rows), both_created);
  EXPECT_EQ(Import(rows), unchanged);
  server_.clock().Advance(absl::Seconds(1));
  const std::string first =
      NameIn({"import-jobs", "list", "--order-by", "create_time"}, "importJobs");
  EXPECT_EQ(Run({"import", "--revert", first}), "2 records were taken back, 0 kept\n");
  EXPECT_EQ(Import(rows), absl::StrCat(both_created, Anew("people.csv")));
  EXPECT_EQ(Import(rows), unchanged);
  const std::string ada =
      NameIn({"contacts", "list", "--filter", "first_name = \"Ada\""}, "contacts");
  const std::string mended = "Ada Maria,ada@x.example,,\nBea,bea@x.example,,\n";
  EXPECT_THAT(Import(mended, 1), HasSubstr("imported before with other content"));
  const std::string second = NameIn(
      {"import-jobs", "list", "--filter", "created_count = 2 state = COMPLETED"}, "importJobs");
  EXPECT_EQ(Run({"import", "--revert", second}), "2 records were taken back, 0 kept\n");
  EXPECT_EQ(Import(mended), both_created);
  EXPECT_THAT(Run({"contacts", "list"}), HasSubstr("Ada Maria"));
  // One that was brought back is there, and no second one is made beside it.
  const std::string third = NameIn(
      {"import-jobs", "list", "--filter", "created_count = 2 state = COMPLETED"}, "importJobs");
  const std::string maria =
      NameIn({"contacts", "list", "--filter", "first_name = \"Ada Maria\""}, "contacts");
  EXPECT_EQ(Run({"import", "--revert", third}), "2 records were taken back, 0 kept\n");
  Run({"contacts", "undelete", maria});
  EXPECT_EQ(Import(mended),
            absl::StrCat("contacts: 1 created, 0 updated, 1 unchanged, 0 rejected\n",
                         Anew("people.csv")));
}

// Goal: an update that was taken back is not applied again without a word, nor while it is being
// taken back. Method: a revert that goes on with further calls alone, as of limited credentials.
TEST_F(ImportCommandTest, SaysThatWhatItAppliesWasTakenBack) {
  const std::string ada =
      Create({"contacts", "create", "--first-name", "Ada", "--emails", "ada@x.example"});
  const std::string rows = "Countess,ada@x.example,,\n";
  const std::string updated = "contacts: 0 created, 1 updated, 0 unchanged, 0 rejected\n";
  EXPECT_EQ(Import(rows), updated);
  const std::string job = LastJob();
  workspaces::v1::CreateApiKeyRequest limited;
  limited.mutable_api_key()->set_display_name("imports");
  limited.mutable_api_key()->add_permissions("import_jobs.write");
  limited.mutable_api_key()->add_permissions("contacts.write");
  import_jobs::v1::RevertImportJobRequest revert;
  revert.set_name(job);
  EXPECT_TRUE(
      server_
          .CallWith(server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, limited)
                        ->secret(),
                    &import_jobs::v1::ImportJobsService::Stub::RevertImportJob, revert)
          ->more());
  EXPECT_THAT(Import(rows, 1), HasSubstr("is being taken back. Import it once kith import-jobs get "
                                         "importJobs/ID says REVERTED."));
  EXPECT_EQ(Run({"import", "--revert", job}), "1 record was taken back, 0 kept\n");
  EXPECT_THAT(Run({"contacts", "get", ada}), HasSubstr("Ada"));
  EXPECT_EQ(Import(rows), absl::StrCat(updated, Anew("people.csv")));
  EXPECT_EQ(Import(rows), "contacts: 0 created, 0 updated, 1 unchanged, 0 rejected\n");
}

// Goal: a client that dies makes nothing twice, and the counts add up. Method: what it had told the
// server is set back by telling it nothing: the job is cancelled before the first thousand rows,
// by a job of 600 of which the client sent all.
TEST_F(ImportCommandTest, MakesNothingTwiceAfterItWasInterruptedIM3) {
  Write("people.json", R"({"name": "people", "collection": "contacts", "key": ["mail"],
      "steps": [{"verb": "create", "fields": {"first_name": "first", "emails": "mail"}}]})");
  std::string rows;
  for (int i = 0; i < 501; ++i) absl::StrAppend(&rows, "P", i, ",p", i, "@x.example,,\n");
  EXPECT_EQ(Import(rows), "contacts: 501 created, 0 updated, 0 unchanged, 0 rejected\n");
  // As another job would: what is there is found by its request ids.
  EXPECT_EQ(Import(rows), "contacts: 0 created, 0 updated, 501 unchanged, 0 rejected\n");
  EXPECT_EQ(Import(rows + "P501,p501@x.example,,\n"),
            "contacts: 1 created, 0 updated, 501 unchanged, 0 rejected\n");
}

// Goal: a table of an export names what deals link to as people do, and comes back as it is.
TEST_F(ImportCommandTest, ExportsWhatLinkedRecordsAreCalledAndTakesItBack) {
  const std::string rita = Create({"users", "create", "--display-name", "Rita Wolf"});
  const std::string quay = Create({"companies", "create", "--display-name", "Quay, Ltd"});
  Create({"deals", "create", "--deal-id", "d1", "--display-name", "Press", "--owner", rita,
          "--company", quay, "--amount", "1000 EUR", "--stage", "default/contacted"});
  const std::string table = Output({"export", "deals", "--format", "csv"});
  EXPECT_THAT(table, HasSubstr(",stage,stage.display_name,"));
  EXPECT_THAT(table, HasSubstr("pipelines/default/stages/contacted,Contacted,"));
  EXPECT_THAT(table, HasSubstr(",owner,owner.display_name,"));
  EXPECT_THAT(table, HasSubstr(absl::StrCat(rita, ",Rita Wolf,")));
  EXPECT_THAT(table, HasSubstr(absl::StrCat(quay, ",\"Quay, Ltd\"")));
  EXPECT_THAT(Output({"export", "deals", "--format", "csv", "--ids"}),
              Not(HasSubstr(".display_name")));
  EXPECT_EQ(Output({"deals", "list", "--csv", "--columns", "name,owner.display_name"}),
            "name,owner.display_name\r\ndeals/d1,Rita Wolf\r\n");
  Output({"export", "deals", "--format", "csv", "--output", Path("deals.csv")});
  Write("deals.json", R"({
    "name": "back", "collection": "deals", "key": ["name"], "match": ["name"], "policy": "upsert",
    "steps": [{"verb": "create", "fields": {
      "deal_id": "name", "display_name": "display_name", "stage": "stage", "amount": "amount",
      "owner": {"column": "owner.display_name",
                "lookup": {"collection": "users", "by": "display_name"}},
      "company": {"column": "company.display_name",
                  "lookup": {"collection": "companies", "by": "display_name"}}}}]})");
  const std::vector<std::string> back = {"import", "deals", "--mapping", Path("deals.json"),
                                         Path("deals.csv")};
  EXPECT_EQ(Run(back), "deals: 0 created, 0 updated, 1 unchanged, 0 rejected\n");
  Output({"deals", "update", "d1", "--amount", "7 EUR"});
  Output({"deals", "move", "d1", "--stage", "default/qualified"});
  EXPECT_EQ(Run(back), "deals: 0 created, 1 updated, 0 unchanged, 0 rejected\n");
  EXPECT_EQ(Output({"deals", "list", "--csv", "--columns", "amount,stage"}),
            "amount,stage\r\n1000.00 EUR,pipelines/default/stages/contacted\r\n");
}

// Goal: a dry run refuses what an import would, also where there is nothing to match it with.
TEST_F(ImportCommandTest, SaysBeforehandWhatCannotBeMatched) {
  Write("tasks.json", R"({"name": "tasks", "collection": "tasks", "match": ["external-id"],
      "policy": "update-only",
      "steps": [{"verb": "create", "fields": {"display_name": "what"}}]})");
  Write("tasks.csv", "what\nCall\n");
  std::vector<std::string> words = {"import",           "tasks",          "--dry-run", "--mapping",
                                    Path("tasks.json"), Path("tasks.csv")};
  EXPECT_THAT(Run(words, 1), HasSubstr("only contacts, companies, leads and deals are matched"));
  words.insert(words.end(), {"--match", "shoe-size"});
  EXPECT_THAT(Run(words, 2), HasSubstr("\"shoe-size\" is none of email, phone, external-id, "));
}

// Goal: leads of a table are made once, found by their address, and taken back.
TEST_F(ImportCommandTest, FindsLeadsByTheirAddress) {
  Write("leads.json", R"({"name": "leads", "collection": "leads", "key": ["mail"],
      "match": ["email"], "policy": "upsert", "steps": [{"verb": "create", "fields": {
      "last_name": "name", "email": "mail", "job_title": "title"}}]})");
  const auto import = [&](const std::string& rows) {
    Write("leads.csv", absl::StrCat("name,mail,title\n", rows));
    return Run({"import", "leads", "--mapping", Path("leads.json"), Path("leads.csv")});
  };
  const std::string rows = "Quist,lena@quay.example,\nWolf,otto@quay.example,Clerk\n";
  EXPECT_EQ(import(rows), "leads: 2 created, 0 updated, 0 unchanged, 0 rejected\n");
  EXPECT_EQ(import(rows), "leads: 0 created, 0 updated, 2 unchanged, 0 rejected\n");
  EXPECT_EQ(import("Quist,Lena@Quay.example,Buyer\n"),
            "leads: 0 created, 1 updated, 0 unchanged, 0 rejected\n");
  EXPECT_EQ(Run({"import", "--revert", LastJob()}), "1 record was taken back, 0 kept\n");
}

// Goal: names that a page has many of are all told. Method: more deals than one call of names
// takes, each with a company of its own, of which two are called alike.
TEST_F(ImportCommandTest, ExportsTheNamesOfManyRecords) {
  Write("deals.json", R"({"name": "deals", "collection": "deals", "key": ["id"], "steps": [
      {"verb": "create", "fields": {"deal_id": "id", "display_name": "id",
       "company": {"column": "company", "lookup": {"collection": "companies", "by": "display_name",
                   "create": {"display_name": "company"}}}}}]})");
  std::string rows = "id,company\n";
  for (int i = 0; i < 510; ++i) absl::StrAppend(&rows, "d", i, ",Company ", i, "\n");
  Write("deals.csv", rows);
  Output({"import", "deals", "--mapping", Path("deals.json"), Path("deals.csv")});
  const std::string twin = Create({"companies", "create", "--display-name", "Company 7"});
  Output({"deals", "update", "d8", "--company", twin});
  const std::string table =
      Output({"export", "deals", "--format", "csv", "--columns", "name,company.display_name"});
  EXPECT_THAT(table, HasSubstr("deals/d7,Company 7\r\n"));
  EXPECT_THAT(table, HasSubstr("deals/d8,Company 7\r\n"));
  for (int i = 9; i < 510; ++i) {
    EXPECT_THAT(table, HasSubstr(absl::StrCat("deals/d", i, ",Company ", i, "\r\n")));
  }
}

TEST_F(ImportCommandTest, ExportsWhatWhoeverMayTakeItOutWithoutFormulas) {
  Import("=cmd|' /C calc'!A0,ada@x.example,+4930901820,-x\n");
  EXPECT_EQ(
      Run({"export", "contacts", "--format", "csv", "--columns", "first_name,phones.raw,notes"}),
      "first_name,phones.raw,notes\r\n'=cmd|' /C calc'!A0,+4930901820,'-x\r\n");
  EXPECT_THAT(Run({"export-jobs", "list", "--columns", "collection,format,state,row_count"}),
              HasSubstr("contacts    CSV     DONE           1"));
  const std::string key = Output({"api-keys", "create", "--display-name", "reader", "--permissions",
                                  "contacts.read", "--json"});
  std::smatch secret;
  ASSERT_TRUE(std::regex_search(key, secret, std::regex("\"secret\": ?\"([^\"]+)\""))) << key;
  EXPECT_THAT(Output({"contacts", "list", "--key", secret[1].str()}), HasSubstr("=cmd"));
  EXPECT_THAT(Output({"export", "contacts", "--key", secret[1].str()}, 1),
              HasSubstr("export_jobs.write"));
}

}  // namespace
}  // namespace kith::cli
