// `kith contacts profile` and `kith companies profile`, as people see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/services/cli/commands/command_fixture.h"

namespace kith::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ProfileCommandTest : public CommandTest {
 protected:
  void SetUp() override {
    company_ = Create({"companies", "create", "--display-name", "Harrow"});
    contact_ = Create({"contacts", "create", "--first-name", "Mira", "--companies",
                       absl::StrCat(R"({"company":")", company_, R"(","role":"EXECUTIVE"})")});
    Run({"deals", "create", "--display-name", "Crane", "--company", company_, "--contacts.contact",
         contact_, "--amount", "100 EUR"});
    Run({"interactions", "record", contact_, "--kind", "CALL", "--subject", "Cranes"});
  }
  std::string company_;
  std::string contact_;
};

TEST_F(ProfileCommandTest, ShowsEachPartUnderItsName) {
  const std::string told = Run({"contacts", "profile", contact_});
  EXPECT_THAT(told, StartsWith("name "));
  for (const char* const part :
       {"\n\nCOMPANIES\nNAME", "Harrow", "\n\nOPEN DEALS\nNAME", "100.00 EUR", "\n1 in all.\n",
        "\nSum of amount: 100.00 EUR.\n", "\n\nWON DEALS\nNothing found.\n0 in all.\n",
        "\n\nINTERACTIONS\nKIND  COUNT  LAST OCCUR TIME\nCALL      1", "\n\nTIMELINE\nWHEN",
        "Cranes", "\n\nREVISIONS\nEVENT", "contact created"}) {
    EXPECT_THAT(told, HasSubstr(part));
  }
  EXPECT_THAT(told, Not(HasSubstr("Not told")));
  const std::string of_company = Run({"companies", "profile", company_});
  EXPECT_THAT(of_company, HasSubstr("\n\nSUMMARY\n"));
  EXPECT_THAT(of_company, HasSubstr("COMPANIES.ROLE"));
  EXPECT_THAT(of_company, HasSubstr("EXECUTIVE"));
  EXPECT_THAT(Run({"contacts", "profile", contact_, "--json"}), StartsWith("{\n \"read_time\""));
}

// Whom of several people an entry is about, it says by name.
TEST_F(ProfileCommandTest, SaysWhomOfTheCompanyItIsAbout) {
  const std::string told = Run({"companies", "profile", company_});
  EXPECT_THAT(told, ContainsRegex("\n\nTIMELINE OF PEOPLE\nWHEN +EVENT +ABOUT +WHAT +DETAILS\n"
                                  "[^\n]* Mira +call +Cranes\n"));
  const std::vector<std::string> list = {"interactions", "list-people-timeline", company_};
  EXPECT_THAT(Run(list), ContainsRegex("ABOUT[^\n]*\n[^\n]* Mira +call +Cranes\n"));
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.begin(), list.begin(), list.end());
    return Run(words);
  };
  EXPECT_THAT(with({"--columns", "record"}), StartsWith("RECORD\nMira\n"));
  EXPECT_THAT(with({"--columns", "record.display_name", "--csv"}),
              StartsWith("record.display_name\r\nMira\r\n"));
  EXPECT_THAT(Run({"timeline", contact_}), Not(HasSubstr("ABOUT")));
}

// What is recorded of a deal is about the people whom it is linked to.
TEST_F(ProfileCommandTest, NamesThoseWhomAnEntryIsLinkedTo) {
  const std::string deal = Create({"deals", "create", "--display-name", "Harbour"});
  Run({"interactions", "record", deal, "--kind", "NOTE", "--subject", "Quay", "--links", contact_});
  EXPECT_THAT(Run({"companies", "profile", company_}),
              ContainsRegex(" Harbour, Mira +note +Quay\n"));
}

TEST_F(ProfileCommandTest, ShowsWhatWasKnownThen) {
  const std::string told = Run({"contacts", "profile", contact_, "--as-of", "@5"});
  EXPECT_THAT(told, Not(HasSubstr("Cranes")));
  EXPECT_THAT(told, HasSubstr("\n\nOPEN DEALS\nNothing found.\n"));
}

}  // namespace
}  // namespace kith::cli
