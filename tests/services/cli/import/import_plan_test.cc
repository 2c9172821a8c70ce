// Rows into requests: what a mapping makes of a CSV file, and what it makes of bad rows.
#include "services/cli/import/import_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "absl/strings/str_replace.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kith/companies/v1/companies_service.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "services/cli/text/server_error.h"
#include "tests/services/cli/parse_text.h"
#include "tests/testing/source_folder.h"

namespace kith::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kDeals[] = R"json({
  "name": "crm", "collection": "deals", "key": ["id"],
  "corrections": {"product": {"GTXPro": "GTX Pro"}},
  "steps": [
    {"verb": "create", "fields": {
      "deal_id": "id",
      "display_name": {"template": ["{product} for {account}", "{product}"]},
      "product": "product",
      "stage": {"column": "stage", "values": {"New": "default/new-lead", "Won": "default/contacted",
                                              "Lost": "default/contacted"}},
      "owner": {"column": "agent", "lookup": {"collection": "users", "by": "display_name",
                "create": {"display_name": "agent", "office": {"constant": "Central"}}}},
      "occur_time": {"column": "engaged", "date_format": "%d.%m.%Y", "default": "2016-10-20"}}},
    {"verb": "win", "when": {"stage": ["Won"]}, "fields": {
      "amount": {"column": "value", "currency": "USD"}, "occur_time": "closed"}},
    {"verb": "lose", "when": {"stage": ["Lost"]}, "fields": {
      "reason": {"constant": "OTHER_REASON"}, "occur_time": "closed"}}
  ]})json";

constexpr char kHeader[] = "id,agent,product,account,stage,engaged,closed,value\n";

// A file under a mapping, planned as if every lookup had found "users/<text>".
class Planned {
 public:
  Planned(const std::string& json, const std::string& csv)
      : mapping_(ParseMapping(json, "").value()),
        csv_(ParseCsv(csv).value()),
        planner_(ImportPlanner::Make(mapping_, Catalog::Linked(), csv_).value()) {
    for (const auto& [key, row] : planner_.CollectReferences()) {
      references_.emplace(key, absl::StrCat("users/", key.text));
    }
  }

  absl::StatusOr<std::vector<PlannedCall>> Row(size_t i) const {
    return planner_.Plan(csv_.rows[i], references_);
  }
  std::string Mistake(size_t i) const { return std::string(Row(i).status().message()); }
  const ImportPlanner& planner() const { return planner_; }
  References& references() { return references_; }

 private:
  const Mapping mapping_;
  const CsvFile csv_;
  const ImportPlanner planner_;
  References references_;
};

std::string RequestId(const PlannedCall& call) {
  const auto* field = call.request->GetDescriptor()->FindFieldByName("request_id");
  return call.request->GetReflection()->GetString(*call.request, field);
}

void ClearRequestId(const PlannedCall& call) {
  call.request->GetReflection()->ClearField(
      call.request.get(), call.request->GetDescriptor()->FindFieldByName("request_id"));
}

TEST(ImportPlanner, CreatesAClosedDealAndThenWinsIt) {
  const Planned planned(
      kDeals, absl::StrCat(kHeader, "A1,Ada,GTXPro,Isdom,Won,25.10.2016,2017-03-11,4514\n"));
  const auto calls = planned.Row(0);
  ASSERT_TRUE(calls.ok()) << calls.status();
  ASSERT_THAT(*calls, SizeIs(2));
  EXPECT_EQ((*calls)[1].method->verb, "win");
  for (const PlannedCall& call : *calls) ClearRequestId(call);
  EXPECT_TRUE(EqualsText<deals::v1::CreateDealRequest>(*(*calls)[0].request, R"pb(
    deal_id: "A1"
    deal {
      display_name: "GTX Pro for Isdom"
      product: "GTX Pro"
      stage: "pipelines/default/stages/contacted"
      owner: "users/Ada"
    }
    occur_time { seconds: 1477353600 }
  )pb"));
  EXPECT_TRUE(EqualsText<deals::v1::WinDealRequest>(*(*calls)[1].request, R"pb(
    amount { currency_code: "USD" units: 4514 }
    occur_time { seconds: 1489190400 }
  )pb"));
}

TEST(ImportPlanner, TakesTheFirstCompleteTemplateAndTheDefault) {
  const Planned planned(kDeals, absl::StrCat(kHeader, "A1,Ada,GTX,,New,,,\n"));
  const auto calls = planned.Row(0);
  ASSERT_TRUE(calls.ok()) << calls.status();
  ASSERT_THAT(*calls, SizeIs(1));
  ClearRequestId((*calls)[0]);
  EXPECT_TRUE(EqualsText<deals::v1::CreateDealRequest>(*(*calls)[0].request, R"pb(
    deal_id: "A1"
    deal {
      display_name: "GTX"
      product: "GTX"
      stage: "pipelines/default/stages/new-lead"
      owner: "users/Ada"
    }
    occur_time { seconds: 1476921600 }
  )pb"));
}

TEST(ImportPlanner, NamesTheColumnsOfWhatIsRefused) {
  const Planned planned(kDeals, absl::StrCat(kHeader, "A1,Ada,GTX,Isdom,New,20.10.2016,,\n"));
  const auto calls = planned.Row(0);
  ASSERT_TRUE(calls.ok()) << calls.status();
  const auto refused = [&](const std::vector<std::string>& fields) {
    google::rpc::BadRequest request;
    for (const std::string& field : fields) request.add_field_violations()->set_field(field);
    google::rpc::Status details;
    details.add_details()->PackFrom(request);
    return WithColumns(ServerError(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "Refused.",
                                                details.SerializeAsString()),
                                   "", /*with_key=*/true),
                       (*calls)[0]);
  };
  const absl::Status told = refused({"deal.display_name", "deal.owner[0]"});
  EXPECT_THAT(std::string(told.message()),
              EndsWith("\nThe file has that in the columns product, account, agent."));
  EXPECT_TRUE(IsServerError(told));
  EXPECT_THAT(std::string(refused({"deal.display_names"}).message()), Not(HasSubstr("The file")));
}

TEST(ImportPlanner, NamesEveryMistakeOfARow) {
  Planned planned(kDeals, absl::StrCat(kHeader, "A1,Ada,GTX,Isdom,Won,2016-10-25,soon,much\n",  //
                                       "A2,Ada,GTX,Isdom,Open,,,\n",                            //
                                       "A3,Ada,GTX,Isdom,New,,,,more\n",                        //
                                       "A4,Bob,GTX,,New,,,\n"));
  const std::string mistakes = planned.Mistake(0);
  EXPECT_THAT(mistakes,
              HasSubstr("occur_time (column engaged): \"2016-10-25\" is not like %d.%m.%Y"));
  EXPECT_THAT(mistakes, HasSubstr("amount (column value): \"much USD\" is not money"));
  EXPECT_THAT(mistakes, HasSubstr("occur_time (column closed): \"soon\" is not a time"));
  EXPECT_EQ(planned.Mistake(1), "stage (column stage): the mapping says nothing of \"Open\"");
  EXPECT_EQ(planned.Mistake(2), "it has 9 cells, the header 8");
  for (auto& [key, found] : planned.references()) found = absl::NotFoundError("there is none");
  EXPECT_EQ(planned.Mistake(3), "owner (column agent): there is none");
}

// Goal: a file in Latin-1 is refused before anything is sent, so that a dry run tells it too.
TEST(ImportPlanner, NamesTheColumnsThatAreNoUtf8) {
  const Planned planned(kDeals, absl::StrCat(kHeader, "A1,Zo\xEB,GTX,Caf\xE9,New,,,\n",  //
                                             "A2,Zo\xC3\xAB,GTX,,New,,,\n"));
  EXPECT_EQ(planned.Mistake(0),
            "the column \"account\" is not valid UTF-8: name the file's encoding in the mapping, "
            "or save it as UTF-8; "
            "the column \"agent\" is not valid UTF-8: name the file's encoding in the mapping, or "
            "save it as UTF-8");
  EXPECT_EQ(planned.Row(1).status(), absl::OkStatus());
  EXPECT_THAT(planned.planner().CollectReferences(), SizeIs(1)) << "what is no text is not sought";
}

TEST(ImportPlanner, GivesTheSameRowTheSameRequestIdsInEveryRun) {
  const std::string csv = absl::StrCat(kHeader, "A1,Ada,GTX,Isdom,Won,25.10.2016,2017-03-11,1\n",
                                       "A2,Ada,GTX,Isdom,Won,25.10.2016,2017-03-11,1\n");
  const Planned first(kDeals, csv), second(kDeals, csv);
  const auto once = first.Row(0), again = second.Row(0), other = first.Row(1);
  EXPECT_EQ(RequestId((*once)[0]), RequestId((*again)[0]));
  EXPECT_EQ(RequestId((*once)[1]), RequestId((*again)[1]));
  EXPECT_NE(RequestId((*once)[0]), RequestId((*once)[1]));
  EXPECT_NE(RequestId((*once)[0]), RequestId((*other)[0]));
  EXPECT_LE(RequestId((*once)[0]).size(), 128u);
}

TEST(ImportPlanner, KeepsTheRequestIdOfAKeyWhoseContentChanged) {
  const Planned before(kDeals, absl::StrCat(kHeader, "A1,Ada,GTX,,New,,,\n"));
  const Planned after(kDeals, absl::StrCat(kHeader, "A1,Ada,MG,,New,,,\n"));
  EXPECT_EQ(RequestId((*before.Row(0))[0]), RequestId((*after.Row(0))[0]))
      << "so that the server refuses it instead of making a second record";
}

TEST(ImportPlanner, TellsRowsApartByAllTheyHoldWhereTheMappingHasNoKey) {
  const std::string mapping = absl::StrReplaceAll(kDeals, {{R"("key": ["id"],)", ""}});
  const Planned planned(mapping,
                        absl::StrCat(kHeader, "A1,Ada,GTX,,New,,,\n", "A1,Ada,MG,,New,,,\n"));
  EXPECT_NE(RequestId((*planned.Row(0))[0]), RequestId((*planned.Row(1))[0]));
}

TEST(ImportPlanner, TellsRowsApartByAllTheyHoldWhereTheirKeyIsEmpty) {
  const Planned planned(kDeals, absl::StrCat(kHeader, ",Ada,GTX,,New,,,\n", " ,Ada,MG,,New,,,\n",
                                             ",Ada,GTX,,New,,,\n"));
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(planned.Row(i).ok()) << planned.Mistake(i);
  EXPECT_NE(RequestId((*planned.Row(0))[0]), RequestId((*planned.Row(1))[0]));
  EXPECT_EQ(RequestId((*planned.Row(0))[0]), RequestId((*planned.Row(2))[0]));
}

TEST(ImportPlanner, TakesTheFirstOfTheRowsWithOneKey) {
  const std::string mapping =
      absl::StrReplaceAll(kDeals, {{R"("key": ["id"])", R"("key": ["id", "agent"])"}});
  const Planned planned(mapping,
                        absl::StrCat(kHeader, "A1,Ada,GTX,,New,,,\n", "A1,Bob,GTX,,New,,,\n",
                                     " A1 ,Ada,MG,,New,,,\n", "A1,Ada,GTX,,New,,,\n"));
  EXPECT_TRUE(planned.Row(0).ok()) << planned.Mistake(0);
  EXPECT_TRUE(planned.Row(1).ok()) << planned.Mistake(1);
  EXPECT_EQ(planned.Mistake(2), "it has the same key (id, agent) as line 2");
  EXPECT_EQ(planned.Mistake(3), "it has the same key (id, agent) as line 2");
}

// Goal: a row that failed half-way is not made twice when its file of rejects is imported.
TEST(ImportPlanner, TakesTheColumnsOfAFileOfRejectsForNoContent) {
  const std::string mapping = absl::StrReplaceAll(kDeals, {{R"("key": ["id"],)", ""}});
  const std::string row = "A1,Ada,GTX,,New,,,\n";
  const Planned planned(mapping, absl::StrCat(kHeader, row));
  const Planned rejected(mapping, absl::StrCat("rejected_line,rejected_reason,", kHeader,
                                               "2,The disk is full.,", row));
  EXPECT_EQ(RequestId((*planned.Row(0))[0]), RequestId((*rejected.Row(0))[0]));
}

TEST(ImportPlanner, MakesEachRecordThatRowsReferToOnce) {
  const Planned planned(kDeals,
                        absl::StrCat(kHeader, "A1,Ada,GTX,,New,,,\n", "A2,Ada,GTX,,New,,,\n",
                                     "A3,Bob,GTX,,New,,,\n", "A4,,GTX,,New,,,\n"));
  const auto references = planned.planner().CollectReferences();
  ASSERT_THAT(references, SizeIs(2));
  const auto& [key, row] = *references.begin();
  const auto call = planned.planner().PlanReference(key, *row);
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_FALSE(RequestId(*call).empty());
  ClearRequestId(*call);
  EXPECT_TRUE(EqualsText<users::v1::CreateUserRequest>(
      *call->request, R"pb(user { display_name: "Ada" office: "Central" })pb"));
}

constexpr char kPeople[] = R"({
  "name": "p", "collection": "contacts", "key": ["mail"], "policy": "upsert", "match": ["email"],
  "steps": [{"verb": "create", "fields": {
    "first_name": "first", "last_name": "last", "emails": "mail", "birthday": "born",
    "occur_time": "met"}}]})";

// Else the second would take the place of what the first says, without a word.
TEST(ImportPlanner, TakesTheFirstOfTheRowsWithOneKeyWhereTheyAreMatchedToo) {
  const Planned planned(kPeople,
                        "first,last,mail,born,met\nAnna,One,same@x.example\n"
                        "Otto,Two,same@x.example\nIda,Three,\nEva,Four,\n");
  EXPECT_TRUE(planned.Row(0).ok()) << planned.Mistake(0);
  EXPECT_EQ(planned.Mistake(1), "it has the same key (mail) as line 2");
  EXPECT_TRUE(planned.Row(2).ok()) << planned.Mistake(2);
  EXPECT_TRUE(planned.Row(3).ok()) << "nothing in the key";
}

TEST(ImportPlanner, TrimsCellsAndPadsShortRowsIM3) {
  const Planned planned(
      kPeople, "first,last,mail,born,met\n  John  , Do  e ,a@x.example\n,,,,\n1,2,3,4,5,6\n");
  const auto calls = planned.Row(0);
  ASSERT_TRUE(calls.ok()) << calls.status();
  ClearRequestId((*calls)[0]);
  EXPECT_TRUE(EqualsText<contacts::v1::CreateContactRequest>(
      *(*calls)[0].request, R"pb(contact {
                                   first_name: "John"
                                   last_name: "Do  e"
                                   emails { address: "a@x.example" }
                                 })pb"));
  EXPECT_EQ(planned.Mistake(1), "it has 6 cells, the header 5");
}

TEST(ImportPlanner, TakesBlanksForNothingAndTheDayOfATimeIM11) {
  const Planned planned(kPeople,
                        "first,last,mail,born,met\n  Test 1 , ,,2030-12-10T10:11:12-01:00,"
                        "2030-12-10T10:11:12-01:00\n");
  const auto calls = planned.Row(0);
  ASSERT_TRUE(calls.ok()) << calls.status();
  ClearRequestId((*calls)[0]);
  EXPECT_TRUE(EqualsText<contacts::v1::CreateContactRequest>(*(*calls)[0].request, R"pb(
    contact {
      first_name: "Test 1"
      birthday { year: 2030 month: 12 day: 10 }
    }
    occur_time { seconds: 1923131472 }
  )pb"));
}

TEST(MatchRecord, MakesARowOneThatFindsItsRecord) {
  const std::string csv =
      "first,last,mail,born,met\nAda,,a@x.example,,2020-01-01\nBea,,a@x.example,,\n";
  const Planned planned(kPeople, csv);
  auto calls = planned.Row(0);
  ASSERT_TRUE(calls.ok()) << calls.status();
  CsvRow row;
  row.line = 2;
  ASSERT_EQ(MatchRecord(Catalog::Linked(), "importJobs/1", row, *calls), absl::OkStatus());
  EXPECT_EQ((*calls)[0].method->descriptor->name(), "ImportRecord");
  const std::string id = RequestId((*calls)[0]);
  ClearRequestId((*calls)[0]);
  EXPECT_TRUE(EqualsText<import_jobs::v1::ImportRecordRequest>(*(*calls)[0].request, R"pb(
    import_job: "importJobs/1"
    contact {
      first_name: "Ada"
      emails { address: "a@x.example" }
    }
    occur_time { seconds: 1577836800 }
  )pb"));
  // It is the same in each run, and another row of the file with its key is refused.
  auto again = Planned(kPeople, csv).Row(0);
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_EQ(MatchRecord(Catalog::Linked(), "importJobs/1", row, *again), absl::OkStatus());
  EXPECT_EQ(RequestId((*again)[0]), id);
  EXPECT_THAT(std::string(planned.Row(1).status().message()), HasSubstr("the same key"));
  auto tasks = Planned(R"({"name": "t", "collection": "tasks",
                           "steps": [{"verb": "create", "fields": {"display_name": "what"}}]})",
                       "what\nCall\n")
                   .Row(0);
  ASSERT_TRUE(tasks.ok()) << tasks.status();
  EXPECT_THAT(std::string(MatchRecord(Catalog::Linked(), "importJobs/1", row, *tasks).message()),
              HasSubstr("only contacts, companies, leads and deals are matched"));
}

TEST(MatchRecord, TakesTheIdOfADeal) {
  auto calls = Planned(R"({"name": "d", "collection": "deals", "steps": [{"verb": "create",
                           "fields": {"deal_id": "id", "display_name": "what"}}]})",
                       "id,what\na1,Press\n")
                   .Row(0);
  ASSERT_TRUE(calls.ok()) << calls.status();
  google::protobuf::RepeatedField<int> keys;
  keys.Add(import_jobs::v1::DEAL_NAME);
  EXPECT_TRUE(MayMatch(keys, *(*calls)[0].request));
  EXPECT_THAT(MatchDigests(*(*calls)[0].request), SizeIs(1));
  CsvRow row;
  row.line = 2;
  ASSERT_EQ(MatchRecord(Catalog::Linked(), "importJobs/1", row, *calls), absl::OkStatus());
  ClearRequestId((*calls)[0]);
  EXPECT_TRUE(EqualsText<import_jobs::v1::ImportRecordRequest>(*(*calls)[0].request, R"pb(
    import_job: "importJobs/1"
    deal { display_name: "Press" }
    deal_id: "a1"
  )pb"));
}

TEST(ImportPlanner, SplitsListsOfContacts) {
  const Planned planned(
      R"({"name": "c", "collection": "contacts", "steps": [{"verb": "create", "fields": {
           "last_name": "name", "emails": {"column": "mail", "separator": ";"},
           "addresses.city": "city", "addresses.country": {"constant": "DE"}}}]})",
      "name,mail,city\nAda,a@x.example; b@x.example;,Kiel\n");
  const auto calls = planned.Row(0);
  ASSERT_TRUE(calls.ok()) << calls.status();
  ClearRequestId((*calls)[0]);
  EXPECT_TRUE(EqualsText<contacts::v1::CreateContactRequest>(*(*calls)[0].request, R"pb(
    contact {
      last_name: "Ada"
      emails { address: "a@x.example" }
      emails { address: "b@x.example" }
      addresses { city: "Kiel" country: "DE" }
    }
  )pb"));
}

TEST(ImportPlanner, RefusesAMappingThatFitsNeitherTheFileNorTheServer) {
  const auto refusal = [](const std::string& json, const std::string& csv) {
    const Mapping mapping = ParseMapping(json, "").value();
    const CsvFile file = ParseCsv(csv).value();
    return std::string(ImportPlanner::Make(mapping, Catalog::Linked(), file).status().message());
  };
  EXPECT_EQ(refusal(kDeals, "id\n"), "the file has no column \"account\"");
  EXPECT_EQ(refusal(kDeals, "id,acount\n"),
            "the file has no column \"account\"; did you mean acount?");
  EXPECT_EQ(refusal(R"({"name":"x","collection":"deals","steps":[{"verb":"eat"}]})", "id\n"),
            "steps[0]: there is no command \"deals eat\"");
  EXPECT_EQ(refusal(R"({"name":"x","collection":"deals","steps":[{"verb":"list"}]})", "id\n"),
            "steps[0]: there is no command \"deals list\"");
  EXPECT_EQ(refusal(R"({"name":"x","collection":"api-keys","steps":[{"verb":"create"}]})", "id\n"),
            "steps[0]: api-keys create tells a secret once, and an import tells it nobody: call it "
            "one by one");
  EXPECT_THAT(refusal(R"({"name":"x","collection":"deals","steps":[{"verb":"create","fields":{
                          "product":{"column":"id","lookup":{"collection":"api-keys",
                            "by":"display_name","create":{"display_name":"id"}}}}}]})",
                      "id\n"),
              HasSubstr("api-keys create tells a secret once"));
  EXPECT_EQ(
      refusal(
          R"({"name":"x","collection":"deals","steps":[{"verb":"win","fields":{"prize":"id"}}]})",
          "id\n"),
      "steps[0].fields.prize: deals win has no such field; kith deals win --help tells all");
  EXPECT_EQ(refusal(R"({"name":"x","collection":"leads",
                        "steps":[{"verb":"create","fields":{"display_name":"id"}}]})",
                    "id\n"),
            "steps[0].fields.display_name: the server makes display_name by itself; leads create "
            "--help tells what is said");
}

TEST(ParseMapping, NamesThePlaceOfAMistake) {
  const auto refusal = [](const std::string& json) {
    return std::string(ParseMapping(json, "/nowhere").status().message());
  };
  EXPECT_EQ(refusal("{"), "the mapping is not JSON");
  EXPECT_EQ(refusal("{}"), "the mapping: name and collection are wanted");
  EXPECT_EQ(refusal(R"({"name":"x","collection":"deals","keys":[]})"),
            "the mapping: nothing is known of \"keys\"");
  EXPECT_EQ(
      refusal(R"({"name":"x","collection":"deals","steps":[{"verb":"win","fields":{"a":3}}]})"),
      "steps[0].fields.a: an object is wanted");
  EXPECT_EQ(
      refusal(R"({"name":"x","collection":"deals","steps":[{"verb":"win","fields":{"a":{}}}]})"),
      "steps[0].fields.a: one of column, template and constant is wanted");
  EXPECT_EQ(refusal(R"({"name":"x","collection":"deals","steps":[{"verb":"win","fields":{"a":
                       {"column":"b","values_from":{"file":"c.csv","key":"k","value":"v"}}}}]})"),
            "cannot read /nowhere/c.csv");
}

// The mappings and the sample data that are shipped fit each other.
class ShippedImport : public ::testing::TestWithParam<const char*> {};

TEST_P(ShippedImport, PlansEveryRow) {
  const std::string directory = testing::SourcePath("deploy/");
  std::ifstream file(absl::StrCat(directory, "import/", GetParam(), ".json"));
  const std::string json((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto mapping = ParseMapping(json, directory);
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  const auto csv = ReadTable(absl::StrCat(directory, "sample/", GetParam(), ".csv"));
  ASSERT_TRUE(csv.ok()) << csv.status();
  const auto planner = ImportPlanner::Make(*mapping, Catalog::Linked(), *csv);
  ASSERT_TRUE(planner.ok()) << planner.status();
  References references;
  for (const auto& [key, row] : planner->CollectReferences()) references.emplace(key, "x");
  for (const CsvRow& row : csv->rows) {
    EXPECT_EQ(planner->Plan(row, references).status(), absl::OkStatus()) << "line " << row.line;
  }
}

INSTANTIATE_TEST_SUITE_P(, ShippedImport,
                         ::testing::Values("contacts", "deals", "interactions", "tasks"));

// Rows that may be of one record are sent one after the other.
TEST(MatchDigests, AreAlikeHoweverItIsWritten) {
  const auto of = [](const char* contact) {
    return MatchDigests(
        FromText<contacts::v1::CreateContactRequest>(absl::StrCat("contact { ", contact, " }")));
  };
  const auto both = of("emails { address: 'Lena@Quay.example' } phones { raw: '+49 40 555 0001' }");
  EXPECT_THAT(both, SizeIs(2));
  EXPECT_THAT(of("emails { address: 'lena@quay.example' label: 'work' }"),
              ::testing::ElementsAre(both[0]));
  EXPECT_EQ(of("emails { address: 'lena@Bücher.example' }"),
            of("emails { address: 'lena@xn--bcher-kva.example.' }"));
  EXPECT_THAT(of("phones { raw: '040 5550001' }"), ::testing::ElementsAre(both[1]));
  EXPECT_THAT(of("emails { address: 'otto@quay.example' }"),
              ::testing::Not(::testing::ElementsAre(both[0])));
  EXPECT_THAT(of("external_ids { system: 'erp' id: '1' }"),
              ::testing::Not(::testing::Eq(of("external_ids { system: 'erp' id: '2' }"))));
  EXPECT_THAT(of("first_name: 'Lena'"), ::testing::IsEmpty());
}

TEST(MatchDigests, AreOfTheAddressThatALeadHas) {
  const auto of = [](const char* email) {
    leads::v1::CreateLeadRequest request;
    request.mutable_lead()->set_email(email);
    return MatchDigests(request);
  };
  EXPECT_THAT(of("lena@quay.example"), SizeIs(1));
  EXPECT_EQ(of("Lena@Quay.example"), of("lena@quay.example"));
}

TEST(MatchDigests, AreThoseOfTheDomainsThatSitesAreIn) {
  const auto of = [](const char* domain) {
    companies::v1::CreateCompanyRequest request;
    request.mutable_company()->add_domains(domain);
    return MatchDigests(request);
  };
  EXPECT_EQ(of("www.Quay.example"), of("quay.example"));
  EXPECT_EQ(of("https://quay.example/about"), of("quay.example"));
  EXPECT_NE(of("pier.example"), of("quay.example"));
}

}  // namespace
}  // namespace kith::cli
