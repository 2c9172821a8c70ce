// The whole program against a server inside the test: words in, text and exit code out.
#include "services/cli/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/version.h"
#include "tests/services/cli/kith_fixture.h"

namespace kith::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(KithTest, SaysItsVersion) {
  EXPECT_EQ(Run({"--version"}), 0);
  EXPECT_EQ(out(), absl::StrCat("kith ", Version(), "\n"));
}

TEST_F(KithTest, CreatesAndReads) {
  EXPECT_EQ(Run({"deals", "create", "--deal-id", "x", "--display-name", "Roll-out", "--amount",
                 "1500 EUR", "--key", "secret"}),
            0)
      << err();
  EXPECT_EQ(server_.deals().authorization(), "Bearer secret");
  EXPECT_EQ(out(),
            "name          deals/x\n"
            "display_name  Roll-out\n"
            "status        OPEN\n"
            "amount        1,500.00 EUR\n");
  EXPECT_EQ(Run({"deals", "get", "x", "--json"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("\"display_name\": \"Roll-out\""));
}

TEST_F(KithTest, ListsAsManyAsAreWantedAcrossPages) {
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    ASSERT_EQ(Run({"deals", "create", "--deal-id", id, "--display-name", "D"}), 0) << err();
  }
  EXPECT_EQ(Run({"deals", "list"}), 0);
  EXPECT_THAT(out(), HasSubstr("deals/e"));
  EXPECT_EQ(err(), "");
  EXPECT_EQ(Run({"deals", "list", "--limit", "3"}), 0);
  EXPECT_THAT(out(), HasSubstr("deals/c"));
  EXPECT_THAT(out(), Not(HasSubstr("deals/d")));
  EXPECT_THAT(err(), HasSubstr("The first 3"));
}

TEST_F(KithTest, GoesOnOverEmptyPagesAndSaysWhereItEnds) {
  ASSERT_EQ(Run({"deals", "create", "--deal-id", "a", "--display-name", "D"}), 0) << err();
  EXPECT_EQ(Run({"deals", "list", "--filter", "product = far"}), 0);
  EXPECT_THAT(out(), Not(HasSubstr("deals/a")));
  EXPECT_THAT(err(), StartsWith("Not all rows were looked at so far: --all goes on"));
  EXPECT_EQ(Run({"deals", "list", "--filter", "product = far", "--all"}), 0);
  EXPECT_THAT(out(), HasSubstr("deals/a"));
  EXPECT_EQ(err(), "");
}

TEST_F(KithTest, TellsHowManyThereAreAndHowTheyWereFound) {
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_EQ(Run({"deals", "create", "--deal-id", id, "--display-name", "D"}), 0) << err();
  }
  EXPECT_EQ(Run({"deals", "list", "--limit", "2", "--columns", "name", "--total", "--explain"}), 0)
      << err();
  EXPECT_EQ(out(),
            "NAME\n"
            "deals/a\n"
            "deals/b\n"
            "3 in all.\n"
            "Found in all rows.\n"
            "3 looked at.\n");
  EXPECT_EQ(Run({"deals", "list", "--total", "--json"}), 0);
  EXPECT_THAT(out(), HasSubstr("\"total_size\": \"3\""));
  EXPECT_EQ(Run({"deals", "list-deleted", "--total"}), 2);
  EXPECT_THAT(err(), HasSubstr("unknown flag --total"));
}

TEST_F(KithTest, ListsTheColumnsThatAreAskedFor) {
  ASSERT_EQ(Run({"deals", "create", "--deal-id", "a", "--display-name", "D", "--amount", "5 EUR"}),
            0);
  EXPECT_EQ(Run({"deals", "list", "--columns", "amount,name"}), 0) << err();
  EXPECT_EQ(out(),
            "  AMOUNT  NAME\n"
            "5.00 EUR  deals/a\n");
  const std::string table = out();
  EXPECT_EQ(Run({"deals", "list", "--columns", "amount", "--columns", "name"}), 0) << err();
  EXPECT_EQ(out(), table);
  EXPECT_EQ(Run({"deals", "list", "--columns", "amount,name", "--csv"}), 0) << err();
  EXPECT_EQ(out(), "amount,name\r\n5.00 EUR,deals/a\r\n");
  EXPECT_EQ(Run({"deals", "list", "--csv"}), 0) << err();
  EXPECT_THAT(out(), StartsWith("name,etag,"));
  EXPECT_EQ(Run({"deals", "list", "--columns", "amout"}), 2);
  EXPECT_THAT(err(),
              ContainsRegex("--columns: there is no amout; of the [0-9]+ fields of Deal these "
                            "are most like it: amount, .*; kith deals list --help tells all"));
  EXPECT_LT(err().size(), 250u);
  EXPECT_EQ(Run({"deals", "list", "--csv", "--json"}), 2);
}

TEST_F(KithTest, CallsPeopleByTheirNames) {
  for (const char* name : {"Ada", "Twin", "Twin"}) {
    ASSERT_EQ(Run({"users", "create", "--display-name", name}), 0) << err();
  }
  const auto owner_of = [&](const std::string& owner, const std::vector<std::string>& more = {}) {
    EXPECT_EQ(Run({"deals", "create", "--deal-id", "a", "--display-name", "D", "--owner", owner}),
              0)
        << err();
    std::vector<std::string> words = {"deals", "list", "--columns", "owner"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(Run(words), 0) << err();
    return out().substr(out().find('\n') + 1);
  };
  EXPECT_EQ(owner_of("users/1"), "Ada\n");
  EXPECT_EQ(owner_of("users/1", {"--ids"}), "users/1\n");
  EXPECT_EQ(owner_of("users/1", {"--csv"}), "users/1\r\n");
  EXPECT_EQ(owner_of("users/7"), "users/7 (deleted, or not shown)\n");
}

// A record says beside a link what that is called: whoever may read the one may read the other.
TEST_F(KithTest, CallsWhatIsNotShownAsTheRecordItselfDoes) {
  const auto company_of = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"deals",          "create", "--deal-id", "a",
                                      "--display-name", "D",      "--company", "companies/7"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(Run(words), 0) << err();
    EXPECT_EQ(Run({"deals", "list", "--columns", "company"}), 0) << err();
    return out().substr(out().find('\n') + 1);
  };
  EXPECT_EQ(company_of({"--company-name", "Acme"}), "Acme\n");
  EXPECT_EQ(company_of({}), "companies/7 (deleted, or not shown)\n");
}

TEST_F(KithTest, TakesTheLastPartOfAStageForTheWhole) {
  ASSERT_EQ(Run({"deals", "create", "--deal-id", "a", "--display-name", "D", "--pipeline",
                 "pipelines/partner", "--stage", "new"}),
            0)
      << err();
  EXPECT_THAT(out(), HasSubstr("pipelines/partner/stages/new\n"));
  ASSERT_EQ(Run({"deals", "move", "a", "--stage", "sent"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("pipelines/partner/stages/sent\n"));
  ASSERT_EQ(Run({"deals", "move", "a", "--stage", "other/sent"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("pipelines/other/stages/sent\n"));
}

TEST_F(KithTest, TellsHistoriesAndPermissions) {
  EXPECT_EQ(Run({"history"}), 2);
  EXPECT_EQ(Run({"history", "pipelines/x/stages/won"}), 2);
  EXPECT_THAT(err(), HasSubstr("that of pipelines/x tells of them"));
  EXPECT_EQ(Run({"history", "deals/x"}), 1) << "this server has none";
  EXPECT_EQ(Run({"permissions"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("\ncontacts.read "));
  EXPECT_EQ(Run({"completion", "bash"}), 0);
  EXPECT_THAT(out(), HasSubstr("kith complete -- "));
  EXPECT_EQ(Run({"completion", "fish"}), 2);
  EXPECT_EQ(Run({"complete", "--", "deals", "win"}), 0);
  EXPECT_EQ(out(), "win\n");
}

TEST_F(KithTest, FitsTheTerminal) {
  ASSERT_EQ(Run({"deals", "create", "--deal-id", "a", "--display-name", std::string(90, 'd')}), 0);
  EXPECT_EQ(Run({"deals", "list", "--columns", "name,display_name"}), 0);
  EXPECT_THAT(out(), HasSubstr(std::string(90, 'd')));
  environment_["COLUMNS"] = "40";
  EXPECT_EQ(Run({"deals", "list", "--columns", "name,display_name"}), 0);
  EXPECT_THAT(out(), HasSubstr("deals/a  " + std::string(30, 'd') + "…\n"));
}

TEST_F(KithTest, ListsWhatASavedViewSays) {
  ASSERT_EQ(Run({"deals", "create", "--deal-id", "a", "--display-name", "Roll-out", "--amount",
                 "1500 EUR"}),
            0)
      << err();
  ASSERT_EQ(Run({"saved-views", "create", "--display-name", "Closing next", "--resource", "deals",
                 "--filter", "status = OPEN", "--order-by", "expected_close_date", "--columns",
                 "amount, display_name"}),
            0)
      << err();
  ASSERT_EQ(Run({"deals", "list", "--view", "Closing next"}), 0) << err();
  EXPECT_EQ(out(),
            "      AMOUNT  DISPLAY NAME\n"
            "1,500.00 EUR  Roll-out\n");
  EXPECT_EQ(server_.deals().listed().filter(), "status = OPEN");
  EXPECT_EQ(server_.deals().listed().order_by(), "expected_close_date");
  // What else is asked holds beside its filter, and instead of its order.
  ASSERT_EQ(Run({"deals", "list", "--view", "savedViews/1", "--filter", "stage = x", "--order-by",
                 "amount"}),
            0)
      << err();
  EXPECT_EQ(server_.deals().listed().filter(), "(status = OPEN) AND (stage = x)");
  EXPECT_EQ(server_.deals().listed().order_by(), "amount");
}

TEST_F(KithTest, SaysWhichSavedViewIsMeant) {
  const auto save = [&](const char* resource, const char* called) {
    ASSERT_EQ(Run({"saved-views", "create", "--display-name", called, "--resource", resource}), 0);
  };
  save("deals", "Mine");
  save("deals", "Mine");
  save("contacts", "Leads");
  EXPECT_EQ(Run({"deals", "list", "--view", "Leads"}), 2);
  EXPECT_THAT(err(), HasSubstr("no saved view of deals is called \"Leads\""));
  EXPECT_EQ(Run({"deals", "list", "--view", "Mine"}), 2);
  EXPECT_THAT(err(), HasSubstr("say which: savedViews/1, savedViews/2"));
  EXPECT_EQ(Run({"deals", "list", "--view", "savedViews/3"}), 2);
  EXPECT_THAT(err(), HasSubstr("savedViews/3 lists contacts, not deals"));
  EXPECT_EQ(Run({"deals", "list", "--view", "savedViews/9"}), 1);
  EXPECT_THAT(err(), HasSubstr("SAVED_VIEW_NOT_FOUND"));
  EXPECT_EQ(Run({"deals", "list", "--view", ""}), 2);
  // What is no list of resources has none.
  EXPECT_EQ(Run({"deals", "list-deleted", "--view", "Mine"}), 2);
  EXPECT_EQ(Run({"deals", "list", "--help"}), 0);
  EXPECT_THAT(out(), HasSubstr("--view NAME"));
  EXPECT_EQ(Run({"deals", "list-deleted", "--help"}), 0);
  EXPECT_THAT(out(), Not(HasSubstr("--view NAME")));
}

TEST_F(KithTest, TellsARefusalWithItsReasonAndEveryField) {
  EXPECT_EQ(Run({"deals", "create", "--display-name", "refuse me"}), 1);
  EXPECT_EQ(err(),
            "kith: A field breaks a rule. [INVALID_FIELD]\n"
            "  deal.display_name0: is not wanted\n"
            "  deal.display_name1: is not wanted\n"
            "Correct the fields named and try again.\n");
  EXPECT_EQ(Run({"deals", "get", "nobody"}), 1);
  EXPECT_EQ(err(), "kith: No such deal. [DEAL_NOT_FOUND]\nCheck the name.\n");
}

TEST_F(KithTest, TellsWrongWordsFromRefusals) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"deals"}), 2);
  EXPECT_EQ(Run({"dels", "list"}), 2);
  EXPECT_THAT(err(), HasSubstr("did you mean deals?"));
  EXPECT_EQ(Run({"deals", "wni", "x"}), 2);
  EXPECT_THAT(err(), HasSubstr("did you mean win?"));
  EXPECT_EQ(Run({"list", "deals"}), 2);
  EXPECT_THAT(err(), HasSubstr("there is no command \"list\"; did you mean kith deals list?"));
  EXPECT_EQ(Run({"get", "deals/x"}), 2);
  EXPECT_THAT(err(), HasSubstr("; did you mean kith deals get deals/x?"));
  EXPECT_EQ(Run({"deals/x"}), 2);
  EXPECT_THAT(err(), HasSubstr("; did you mean kith deals get deals/x?"));
  EXPECT_EQ(Run({"deals", "list", "--limit", "0"}), 2);
  EXPECT_EQ(Run({"deals", "create", "--amount", "5"}), 2);
  EXPECT_EQ(Run({"deals", "list", "--limit", "3", "--all"}), 2);
  EXPECT_EQ(Run({"events", "--follow", "--newest"}), 2);
  EXPECT_EQ(Run({"events", "--follow", "--limit", "3"}), 2);
  EXPECT_EQ(Run({"deals", "list", "--key-file", folder_ / "missing"}), 2);
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_EQ(Run({"deals", "win", "--help"}), 0);
  EXPECT_THAT(out(), HasSubstr("--amount MONEY"));
}

TEST_F(KithTest, HelpsWithWhatIsAsked) {
  EXPECT_EQ(Run({"help", "deals", "win"}), 0);
  EXPECT_THAT(out(), StartsWith("kith deals win [NAME] "));
  EXPECT_EQ(Run({"help", "deals"}), 0);
  EXPECT_THAT(out(), StartsWith("kith deals create "));
  EXPECT_EQ(Run({"help", "received-mails"}), 0);
  EXPECT_THAT(out(), HasSubstr("kith received-mails get-attachment NAME NUMBER"));
  EXPECT_EQ(Run({"board", "--help"}), 0);
  EXPECT_THAT(out(), StartsWith("kith board "));
  EXPECT_EQ(Run({"bench", "record", "--help"}), 0);
  EXPECT_EQ(Run({"help"}), 0);
  EXPECT_THAT(out(), HasSubstr("Collections and their verbs"));
  EXPECT_EQ(Run({"help", "dels"}), 2);
  EXPECT_EQ(Run({"deals", "wni", "--help"}), 2);
  EXPECT_THAT(err(), HasSubstr("did you mean win?"));
}

TEST_F(KithTest, FindsTheKeyInTheFileThatTheEnvironmentNames) {
  Write("key", "from-file\n");
  environment_["KITH_KEY_FILE"] = folder_ / "key";
  EXPECT_EQ(Run({"deals", "get", "x"}), 1);
  EXPECT_EQ(server_.deals().authorization(), "Bearer from-file");
  environment_["KITH_KEY"] = "from-environment";
  EXPECT_EQ(Run({"deals", "get", "x"}), 1);
  EXPECT_EQ(server_.deals().authorization(), "Bearer from-environment");
}

TEST_F(KithTest, TakesAFlagBeforeTheEnvironment) {
  Write("key", "from-file\n");
  environment_["KITH_KEY"] = "from-environment";
  EXPECT_EQ(Run({"deals", "get", "x", "--key-file", folder_ / "key"}), 1);
  EXPECT_EQ(server_.deals().authorization(), "Bearer from-file");
  EXPECT_EQ(Run({"deals", "get", "x", "--key", "said"}), 1);
  EXPECT_EQ(server_.deals().authorization(), "Bearer said");
  EXPECT_EQ(Run({"deals", "get", "x", "--key", "said", "--key-file", folder_ / "key"}), 2);
  EXPECT_EQ(err(), "kith: --key and --key-file both say a key: choose one\n");
}

TEST_F(KithTest, SaysWhichKeyIsMeant) {
  const auto create = [&](const std::string& key) {
    return Run({"custom-fields", "create", "--key", key});
  };
  EXPECT_EQ(create("renewal_talk"), 2);
  EXPECT_EQ(
      err(),
      "kith: --key is the API key that a call is made with, and \"renewal_talk\" is none; the "
      "field is written --custom-field.key renewal_talk\n");
  for (const char* const credential : {"kith_1_01J_secret", "head.claims.signature"}) {
    create(credential);
    EXPECT_THAT(err(), Not(HasSubstr("is none"))) << credential;
  }
}

TEST_F(KithTest, SaysThatTheKeyItWasGivenIsNoGood) {
  const std::vector<std::string> words = {"deals", "create",         "--deal-id",
                                          "a",     "--display-name", "whose?"};
  EXPECT_EQ(Run(words), 1);
  EXPECT_THAT(err(), HasSubstr("\nGive an API key with --key, "));
  environment_["KITH_KEY"] = "bogus";
  EXPECT_EQ(Run(words), 1);
  EXPECT_THAT(err(), HasSubstr("\nThe key that was given is unknown or revoked: give "));
}

TEST_F(KithTest, SaysForWhomAServiceCalls) {
  EXPECT_EQ(Run({"deals", "list", "--on-behalf-of", "users/ada"}), 0) << err();
  EXPECT_EQ(server_.deals().on_behalf_of(), "users/ada");
  EXPECT_EQ(Run({"deals", "list"}), 0) << err();
  EXPECT_EQ(server_.deals().on_behalf_of(), "");
  EXPECT_EQ(Run({"deals", "list", "--on-behalf-of="}), 2);
  EXPECT_THAT(err(), HasSubstr("--on-behalf-of"));
}

TEST_F(KithTest, SpeaksTlsWhereTheAddressOrAFileSaysSo) {
  Write("ca", "-----BEGIN CERTIFICATE-----\n");
  Write("key", "-----BEGIN PRIVATE KEY-----\n");
  Write("text", "none\n");
  const auto server_of = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"deals", "get", "x"});
    Run(words);
    return absl::StrCat(asked_.tls != nullptr ? "TLS " : "", asked_.address);
  };
  EXPECT_EQ(server_of({}), "127.0.0.1:7447");
  EXPECT_EQ(server_of({"--address", "http://host:1"}), "host:1");
  EXPECT_EQ(server_of({"--address", "https://host:1/"}), "TLS host:1");
  EXPECT_EQ(server_of({"--address", "host:1", "--tls-ca", folder_ / "ca"}), "TLS host:1");
  EXPECT_EQ(server_of({"--tls-cert", folder_ / "ca", "--tls-key", folder_ / "key"}),
            "TLS 127.0.0.1:7447");
  environment_["KITH_TLS_CA"] = folder_ / "ca";
  EXPECT_EQ(server_of({"--address", "host:1"}), "TLS host:1");
  EXPECT_EQ(Run({"deals", "get", "x", "--address", "http://host:1"}), 2);
  EXPECT_THAT(err(), HasSubstr("http:// is without TLS"));
  environment_.clear();
  EXPECT_EQ(Run({"deals", "get", "x", "--tls-cert", folder_ / "ca"}), 2);
  EXPECT_THAT(err(), HasSubstr("go together"));
  EXPECT_EQ(Run({"deals", "get", "x", "--tls-ca", folder_ / "text"}), 2);
  EXPECT_THAT(err(), HasSubstr("there is no PEM in"));
}

// A script that lost a value must not go on with another server, another key, another moment, or
// without its condition.
TEST_F(KithTest, RefusesAnEmptyValue) {
  Write("blank", " \n");
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--address", ""},
                                               {"--key="},
                                               {"--key", ""},
                                               {"--key-file", ""},
                                               {"--key-file", folder_ / "blank"},
                                               {"--key"},
                                               {"--as-of", ""}}) {
    std::vector<std::string> words = {"deals", "get", "x"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(Run(words), 2) << more[0];
    EXPECT_THAT(err(), AnyOf(HasSubstr(" is empty: give it a value or leave it out\n"),
                             HasSubstr("there is no key in "), HasSubstr("needs a value")));
  }
  for (const char* variable : {"KITH_ADDRESS", "KITH_KEY", "KITH_KEY_FILE"}) {
    environment_[variable] = "";
    EXPECT_EQ(Run({"deals", "get", "x"}), 2);
    EXPECT_EQ(err(), absl::StrCat("kith: ", variable,
                                  " is set, but empty: give it a value or unset it\n"));
    environment_.erase(variable);
  }
  EXPECT_EQ(server_.deals().authorization(), "") << "nothing was sent";
  EXPECT_EQ(Run({"deals", "get", ""}), 2);
  EXPECT_EQ(Run({"deals", "list", "--filter", ""}), 2);
  EXPECT_EQ(Run({"events", "--from", ""}), 2);
  EXPECT_EQ(Run({"bench", "get", "--as-of", ""}), 2);
}

TEST_F(KithTest, SaysHowToStartAServerWhereNoneAnswers) {
  std::ostringstream out, err;
  const std::string address = absl::StrCat("unix:", folder_ / "nobody");
  EXPECT_EQ(cli::Run({"deals", "list", "--address", address},
                     {.out = out,
                      .err = err,
                      .environment = [](const char*) { return std::nullopt; },
                      .connect =
                          [](const ClientOptions& options) {
                            return std::make_unique<Client>(options);
                          }}),
            1);
  EXPECT_THAT(err.str(), StartsWith(absl::StrCat("kith: no Kith server answers at ", address)));
  EXPECT_THAT(err.str(), HasSubstr("deploy/run"));
}

TEST_F(KithTest, MeasuresAForecastAtItsQuota) {
  EXPECT_EQ(Run({"forecast", "--quota", "60000 EUR"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("Quota reached to 25.0 %, 45,000.00 EUR to go.\n"));
  EXPECT_EQ(Run({"forecast", "--quota", "10000 EUR"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("Quota reached to 150.0 %, 5,000.00 EUR beyond it.\n"));
  EXPECT_EQ(Run({"forecast", "--quota", "0 EUR"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("There is no quota above 0 to reach; won 15,000.00 EUR.\n"));
  EXPECT_EQ(Run({"forecast", "--by", "month,week"}), 2);
  EXPECT_THAT(err(), StartsWith("kith: --by: \"week\" is not one of MONTH, "));
  EXPECT_EQ(Run({"forecast"}), 0) << err();
  EXPECT_THAT(out(), Not(HasSubstr("uota")));
  // What is not grouped is all together: its rows are its totals.
  const auto lines = [this] {
    const std::string told = out();
    return std::count(told.begin(), told.end(), '\n');
  };
  EXPECT_EQ(lines(), 4) << out();
  EXPECT_THAT(out(), Not(HasSubstr("total")));
  EXPECT_EQ(Run({"forecast", "--by", "month"}), 0) << err();
  EXPECT_EQ(lines(), 7) << out();
  EXPECT_THAT(out(), HasSubstr("\ntotal "));
  EXPECT_THAT(out(), HasSubstr("no amount"));
  EXPECT_THAT(out(), Not(HasSubstr("USD"))) << "what was lost is no forecast";
}

class KithIngestTest : public KithTest {
 protected:
  static std::string Item(const std::string& parent, int subject) {
    return absl::StrCat(R"({"parent":")", parent, R"(","interaction":{"kind":"CALL","subject":")",
                        subject, "\"}}\n");
  }
  int Ingest(const std::string& lines, const std::vector<std::string>& more = {}) {
    Write("items.jsonl", lines);
    std::vector<std::string> words = {"interactions", "ingest", folder_ / "items.jsonl"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  }
};

TEST_F(KithIngestTest, TellsTheResultOfEachLine) {
  EXPECT_EQ(Ingest(Item("contacts/1", 1) + "\n" + Item("contacts/2", 2)), 0) << err();
  EXPECT_EQ(out(),
            "LINE  NAME\n"
            "   1  contacts/1/interactions/1\n"
            "   3  contacts/2/interactions/2\n");
  EXPECT_EQ(Ingest(""), 0) << err();
  EXPECT_EQ(out(), "");
}

TEST_F(KithIngestTest, NamesRefusedLinesWithTheirReason) {
  const std::string lines = Item("contacts/1", 1) + "{\"parent\":\n" + Item("contacts/nobody", 3) +
                            "{\"colour\":\"red\"}\n" + Item("contacts/1", 5);
  EXPECT_EQ(Ingest(lines), 1);
  EXPECT_THAT(out(), HasSubstr("   2                             this JSON does not fit: "));
  EXPECT_THAT(out(), HasSubstr("   3                             No such contact."));
  EXPECT_THAT(out(), HasSubstr("colour"));
  EXPECT_THAT(out(), HasSubstr("   5  contacts/1/interactions/5\n"));
  EXPECT_EQ(err(), "kith: 3 of 5 items were refused\n");
  EXPECT_EQ(Ingest(lines, {"--json"}), 1);
  EXPECT_THAT(out(), StartsWith("{\"line\":1,\"name\":\"contacts/1/interactions/1\"}\n"
                                "{\"line\":2,\"status\":{\"code\":3,"));
  EXPECT_THAT(out(), HasSubstr("\n{\"line\":3,\"status\":{\"code\":5,\"message\":\"No such "
                               "contact.\"}}\n"));
}

// A line that is no item must not move the others: what was taken would be taken again.
TEST_F(KithIngestTest, GivesALineTheSameIdWhateverStandsInTheOthers) {
  std::string lines;
  for (int i = 0; i < 120; ++i) lines += i == 7 ? "nonsense\n" : Item("contacts/1", i);
  EXPECT_EQ(Ingest(lines, {"--request-id", "load"}), 1);
  EXPECT_THAT(server_.interactions().request_ids(), ElementsAre("load.0", "load.1", "load.2"));
  EXPECT_THAT(out(), HasSubstr(" 100  contacts/1/interactions/99\n"));
  EXPECT_EQ(err(), "kith: 1 of 120 items was refused\n");
}

TEST_F(KithIngestTest, TellsALongFilesResultsInItsOrder) {
  std::string lines;
  for (int i = 1; i <= 20'010; ++i) lines += Item("contacts/1", i);
  EXPECT_EQ(Ingest(lines, {"--json"}), 0) << err();
  const std::string told = out();
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 20'010);
  EXPECT_THAT(told, HasSubstr("{\"line\":20010,\"name\":\"contacts/1/interactions/20010\"}\n"));
}

TEST_F(KithIngestTest, SaysHowToGoOnWhereTheStreamBreaks) {
  EXPECT_EQ(Ingest(Item("contacts/end", 1), {"--request-id", "load"}), 1);
  EXPECT_THAT(err(), StartsWith("kith: Bye. [ENDS]\n"));
  EXPECT_THAT(err(), HasSubstr("With --request-id load the same file can be sent again"));
  EXPECT_EQ(Run({"interactions", "ingest"}), 2);
  EXPECT_EQ(Run({"interactions", "ingest", folder_ / "missing"}), 2);
  EXPECT_EQ(Run({"interactions", "ingest", folder_ / "items.jsonl", "--parent", "x"}), 2);
}

}  // namespace
}  // namespace kith::cli
