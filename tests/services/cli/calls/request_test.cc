// Requests from flags.
#include "services/cli/calls/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/deals/v1/pipelines_service.pb.h"
#include "kith/forecast/v1/forecast_service.pb.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "services/cli/calls/session.h"
#include "services/cli/text/values.h"
#include "tests/services/cli/parse_text.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;

absl::StatusOr<std::unique_ptr<Message>> Build(absl::string_view collection, absl::string_view verb,
                                               const std::vector<std::string>& words) {
  const Method* method = Catalog::Linked().Find(collection, verb);
  if (method == nullptr) return absl::NotFoundError("no such command");
  auto arguments = ParseFor(*method, words);
  if (!arguments.ok()) return arguments.status();
  return BuildRequest(*method, *std::move(arguments));
}

TEST(BuildRequest, TakesTheResourcesFieldsAtTheTop) {
  const auto request = Build("contacts", "create",
                             {"--first-name", "Ada", "--emails", "ada@x.example", "--do-not-call",
                              "--occur-time", "2026-01-31", "--request-id", "r1"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(EqualsText<contacts::v1::CreateContactRequest>(**request, R"pb(
    contact {
      first_name: "Ada"
      emails { address: "ada@x.example" }
      do_not_call: true
    }
    occur_time { seconds: 1769817600 }
    request_id: "r1"
  )pb"));
}

TEST(BuildRequest, MakesTheMaskOfAnUpdateFromItsFlags) {
  const auto request =
      Build("deals", "update", {"x", "--amount", "5 EUR", "--clear", "next-step", "--etag", "7"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(EqualsText<deals::v1::UpdateDealRequest>(**request, R"pb(
    deal {
      name: "deals/x"
      etag: "7"
      amount { currency_code: "EUR" units: 5 }
    }
    update_mask { paths: "amount" paths: "next_step" }
  )pb"));
}

TEST(BuildRequest, TakesTheBodyAsJsonAndItsFieldsIntoTheMask) {
  const auto request =
      Build("deals", "update", {"deals/x", "--data", R"({"product":"p","source":"s"})"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(EqualsText<deals::v1::UpdateDealRequest>(**request, R"pb(
    deal { name: "deals/x" product: "p" source: "s" }
    update_mask { paths: "product" paths: "source" }
  )pb"));
}

// Goal: what `get --json` printed can be changed and given back.
TEST(BuildRequest, PassesOverWhatOnlyTheServerSets) {
  const auto request =
      Build("contacts", "update",
            {"contacts/x", "--data",
             R"({"name":"contacts/x","etag":"3","display_name":"Ada","first_name":"Ada",
           "phones":[{"raw":"1","e164":"+491"}],"create_time":"2026-01-02T03:04:05Z"})"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(EqualsText<contacts::v1::UpdateContactRequest>(**request, R"pb(
    contact {
      name: "contacts/x"
      etag: "3"
      first_name: "Ada"
      phones { raw: "1" }
    }
    update_mask { paths: "first_name" paths: "phones" }
  )pb"));
}

TEST(BuildRequest, TakesShortNamesOfWhatStandsInARecord) {
  const auto request =
      Build("pipelines", "update-stage", {"default/qualified", "--probability", "40"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(EqualsText<deals::v1::UpdateStageRequest>(**request, R"pb(
    stage { name: "pipelines/default/stages/qualified" probability: 40 }
    update_mask { paths: "probability" }
  )pb"));
}

TEST(BuildRequest, SaysWhereWordsOfOnesOwnGo) {
  const auto refused = Build("deals", "lose", {"deals/x", "--reason", "Too expensive"});
  EXPECT_THAT(refused.status().message(),
              ::testing::HasSubstr("; words of your own go to --notes"));
}

TEST(BuildRequest, SetsEntriesOfAMapByTheirKeys) {
  const auto request = Build("deals", "update",
                             {"deals/x", "--custom", "seats=12", "--custom.tier", "a=b", "--custom",
                              "note=", "--clear", "custom.fee", "--product", "p"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(EqualsText<deals::v1::UpdateDealRequest>(**request, R"pb(
    deal {
      name: "deals/x"
      product: "p"
      custom {
        key: "seats"
        value { text: "12" }
      }
      custom {
        key: "tier"
        value { text: "a=b" }
      }
    }
    update_mask {
      paths: "custom.fee"
      paths: "custom.note"
      paths: "custom.seats"
      paths: "custom.tier"
      paths: "product"
    }
  )pb"));
  const auto json =
      Build("deals", "update", {"deals/x", "--data", R"({"custom": {"seats": {"number": 12}}})"});
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_TRUE(EqualsText<deals::v1::UpdateDealRequest>(**json, R"pb(
    deal {
      name: "deals/x"
      custom {
        key: "seats"
        value { number: 12 }
      }
    }
    update_mask { paths: "custom.seats" }
  )pb"));
  EXPECT_EQ(Build("deals", "update", {"deals/x", "--custom", "seats"}).status().message(),
            "--custom: \"seats\" is not like key=value, as tier=gold");
  for (const std::string second : {"--custom=seats=3", "--custom.seats=3", "--custom=seats="}) {
    EXPECT_THAT(std::string(Build("deals", "update", {"deals/x", "--custom", "seats=2", second})
                                .status()
                                .message()),
                ::testing::HasSubstr("seats is said twice: say it once, several choices with "))
        << second;
  }
}

TEST(BuildRequest, TakesSeveralChoicesInOneWord) {
  const auto request =
      Build("custom-fields", "create",
            {"--display-name", "Tier", "--choices", "gold, silver", "--choices", "bronze"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT((*request)->DebugString(),
              ::testing::ContainsRegex("choices: \"gold\"\n *choices: \"silver\"\n *"
                                       "choices: \"bronze\""));
}

TEST(BuildRequest, KnowsWhereTheWordWithoutAFlagGoes) {
  const auto move = Build("deals", "move", {"x", "--stage", "default/qualified"});
  ASSERT_TRUE(move.ok()) << move.status();
  EXPECT_TRUE(EqualsText<deals::v1::MoveDealRequest>(
      **move, R"pb(name: "deals/x" stage: "pipelines/default/stages/qualified")pb"));

  const auto record =
      Build("interactions", "record", {"contacts/1", "--kind", "call", "--duration", "7m"});
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_TRUE(EqualsText<interactions::v1::RecordInteractionRequest>(**record, R"pb(
    parent: "contacts/1"
    interaction {
      kind: CALL
      duration { seconds: 420 }
    }
  )pb"));

  const auto archive = Build("pipelines", "archive-stage", {"default/qualified"});
  ASSERT_TRUE(archive.ok()) << archive.status();
  EXPECT_TRUE(EqualsText<deals::v1::ArchiveStageRequest>(
      **archive, R"pb(stage: "pipelines/default/stages/qualified")pb"));
}

TEST(BuildRequest, AsksAsOfAnEventATimeADayOrAToken) {
  const auto as_of = [](const std::string& moment) {
    auto request = Build("deals", "get", {"x", "--as-of", moment});
    EXPECT_TRUE(request.ok()) << request.status();
    return std::move(*request);
  };
  using Get = deals::v1::GetDealRequest;
  EXPECT_TRUE(EqualsText<Get>(*as_of("@12"), R"pb(name: "deals/x"
                                                  read { sequence: 12 })pb"));
  EXPECT_TRUE(EqualsText<Get>(*as_of("2026-01-31T00:00:00Z"),
                              R"pb(name: "deals/x"
                                   read { time { seconds: 1769817600 } })pb"));
  // A day and a minute as they stand in a table: all of it, in the zone of the table.
  const absl::Time next_day = absl::FromCivil(absl::CivilDay(2026, 2, 1), absl::LocalTimeZone());
  EXPECT_TRUE(EqualsText<Get>(
      *as_of("2026-01-31"),
      absl::StrCat("name: 'deals/x' read { time { seconds: ", absl::ToUnixSeconds(next_day) - 1,
                   " nanos: 999999000 } }")));
  const absl::Time minute =
      absl::FromCivil(absl::CivilMinute(2026, 1, 31, 14, 5), absl::LocalTimeZone());
  EXPECT_TRUE(EqualsText<Get>(
      *as_of("2026-01-31 14:05"),
      absl::StrCat("name: 'deals/x' read { time { seconds: ", absl::ToUnixSeconds(minute) + 59,
                   " nanos: 999999000 } }")));
  EXPECT_TRUE(EqualsText<Get>(*as_of("AAEC"), R"pb(name: "deals/x"
                                                   read { token: "AAEC" })pb"));
  for (const std::string wrong : {"yesterdya", "2026-01-31 25:00", "9999-01-31"}) {
    EXPECT_FALSE(Build("deals", "get", {"x", "--as-of", wrong}).ok()) << wrong;
  }
}

TEST(BuildRequest, SaysHowAMomentIsWritten) {
  const auto refused = Build("deals", "get", {"x", "--as-of", "30.11.2026"});
  EXPECT_THAT(std::string(refused.status().message()),
              ::testing::StartsWith("--as-of: \"30.11.2026\" is not a moment: write it like "));
}

TEST(BuildRequest, TakesADayCountedFromToday) {
  for (const char* const from : {"today", "-10d"}) {
    const auto request = Build("forecast", "query", {"--from", from, "--to", "today+2d"});
    ASSERT_TRUE(request.ok()) << request.status();
    const auto& asked = static_cast<const forecast::v1::QueryForecastRequest&>(**request);
    EXPECT_LT(FormatDate(asked.from()), FormatDate(asked.to()));
  }
}

TEST(BuildRequest, TakesATimeAsTablesShowIt) {
  const auto win = Build("deals", "win", {"x", "--occur-time", "2026-01-31 14:05"});
  ASSERT_TRUE(win.ok()) << win.status();
  const absl::Time minute =
      absl::FromCivil(absl::CivilMinute(2026, 1, 31, 14, 5), absl::LocalTimeZone());
  EXPECT_TRUE(EqualsText<deals::v1::WinDealRequest>(
      **win,
      absl::StrCat("name: 'deals/x' occur_time { seconds: ", absl::ToUnixSeconds(minute), " }")));
}

TEST(BuildRequest, TakesATimeCountedFromNow) {
  const auto request =
      Build("leads", "query-lead-conversions", {"--start-time", "-30d", "--end-time", "today"});
  ASSERT_TRUE(request.ok()) << request.status();
  const auto& asked = static_cast<const leads::v1::QueryLeadConversionsRequest&>(**request);
  const int64_t days = (asked.end_time().seconds() - asked.start_time().seconds()) / 86'400;
  EXPECT_GE(days, 28);
  EXPECT_LE(days, 30);
  const auto refused = Build("deals", "win", {"x", "--occur-time", "soon"});
  EXPECT_THAT(std::string(refused.status().message()),
              ::testing::StartsWith("--occur-time: \"soon\" is not a time: write it like "));
}

TEST(BuildRequest, TakesADayByThePersonsClocks) {
  const auto win = Build("deals", "win", {"x", "--occur-time", "2026-01-31"});
  ASSERT_TRUE(win.ok()) << win.status();
  const absl::Time midnight = absl::FromCivil(absl::CivilDay(2026, 1, 31), absl::LocalTimeZone());
  EXPECT_EQ(std::string((*win)->ShortDebugString()),
            absl::StrCat("name: \"deals/x\" occur_time { seconds: ", absl::ToUnixSeconds(midnight),
                         " }"));
}

TEST(BuildRequest, EmptiesAFieldAndNothingElse) {
  const auto request =
      Build("contacts", "update",
            {"1", "--job-title", "", "--tags", "", "--birthday", "", "--contact.notes", ""});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(EqualsText<contacts::v1::UpdateContactRequest>(**request, R"pb(
    contact { name: "contacts/1" }
    update_mask { paths: "birthday" paths: "job_title" paths: "notes" paths: "tags" }
  )pb"));
  for (const char* flag : {"--etag", "--contact.etag", "--request-id", "--name", "--clear"}) {
    EXPECT_EQ(Build("contacts", "update", {"1", flag, ""}).status().message(),
              absl::StrCat(flag, " is empty: give it a value or leave it out"));
  }
  EXPECT_FALSE(Build("deals", "win", {"x", "--amount", ""}).ok());
}

TEST(BuildRequest, SaysHowAListIsNarrowed) {
  EXPECT_EQ(Build("deals", "list", {"--stage", "Talks"}).status().message(),
            "unknown flag --stage; did you mean --filter 'stage = …'?");
  EXPECT_EQ(
      Build("contacts", "create", {"Ada"}).status().message(),
      "\"Ada\" is one word too many: a value stands behind its flag, and kith contacts create "
      "--help lists the flags");
}

TEST(BuildRequest, SaysWhatACommandIsAbout) {
  EXPECT_EQ(Build("deals", "win", {}).status().message(),
            "say which: kith deals win NAME …; kith deals win --help says more");
  EXPECT_EQ(Build("deals", "update", {"--product", "p"}).status().message(),
            "say which: kith deals update NAME …; kith deals update --help says more");
  EXPECT_TRUE(Build("deals", "update", {"--product", "p", "--allow-missing"}).ok());
  EXPECT_EQ(
      Build("deals", "create", {}).status().message(),
      "say what: kith deals create --display-name …; kith deals create --help lists all flags");
  EXPECT_TRUE(Build("deals", "list", {}).ok());
  EXPECT_TRUE(Build("workspaces", "update", {"--tracking-stopped"}).ok()) << "the caller's own";
}

TEST(BuildRequest, RefusesWhatOnlyTheServerSets) {
  for (const std::string verb : {"create", "update"}) {
    EXPECT_EQ(Build("deals", verb, {"--name=x", "--status", "WON"}).status().message(),
              "--status: the server sets it; if a verb changes it, kith deals --help tells which");
  }
}

TEST(BuildRequest, SaysWhichFlagIsWrong) {
  const auto message = [](absl::string_view collection, absl::string_view verb,
                          const std::vector<std::string>& words) {
    return std::string(Build(collection, verb, words).status().message());
  };
  EXPECT_EQ(message("deals", "create", {"--amont", "5 EUR"}),
            "unknown flag --amont; did you mean --amount?");
  EXPECT_EQ(message("deals", "create", {"--amount", "5"}),
            "--amount: \"5\" is not money: write it like \"1000.50 EUR\"");
  EXPECT_EQ(message("deals", "create", {"--as-of", "@1"}),
            "--as-of: deals create is always about now");
  EXPECT_THAT(message("deals", "get", {"x", "y"}),
              testing::StartsWith("\"y\" is one word too many: "));
  EXPECT_EQ(message("deals", "get", {"--as-of", "@x"}),
            "--as-of: after @ stands the number of an event, like @1234");
  EXPECT_EQ(message("deals", "create", {"--clear", "product"}),
            "--clear: only an update can clear a field");
  EXPECT_EQ(message("deals", "update", {"x", "--clear", "prodct"}),
            "--clear: Deal has no field prodct; did you mean product?");
  EXPECT_THAT(message("deals", "create", {"--data", "{"}), testing::StartsWith("--data: "));
}

TEST(SetRequestId, KeepsTheOneGiven) {
  contacts::v1::DeleteContactRequest request;
  SetRequestId(&request, "first");
  SetRequestId(&request, "second");
  EXPECT_EQ(request.request_id(), "first");
  contacts::v1::GetContactRequest without;
  SetRequestId(&without, "x");
}

}  // namespace
}  // namespace kith::cli
