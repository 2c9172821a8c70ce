// `kith contacts profile` and `kith companies profile`, as people see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/services/cli/commands/command_fixture.h"

namespace kith::cli {
namespace {

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

TEST_F(ProfileCommandTest, ShowsWhatWasKnownThen) {
  const std::string told = Run({"contacts", "profile", contact_, "--as-of", "@5"});
  EXPECT_THAT(told, Not(HasSubstr("Cranes")));
  EXPECT_THAT(told, HasSubstr("\n\nOPEN DEALS\nNothing found.\n"));
}

}  // namespace
}  // namespace kith::cli
