// `kith hand-over`, as people see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/services/cli/commands/command_fixture.h"

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HandOverTest : public CommandTest {
 protected:
  std::string User(const std::string& display_name) {
    return Create({"users", "create", "--display-name", display_name});
  }
  std::string Contact(const std::string& owner) {
    return Create({"contacts", "create", "--first-name", "Ada", "--owner", owner});
  }
};

TEST_F(HandOverTest, TellsEachRecordAndHowManyThereWere) {
  const std::string marta = User("Marta");
  const std::string priya = User("Priya");
  const std::string contact = Contact(marta);
  const std::string company =
      Create({"companies", "create", "--display-name", "Alderbrook", "--owner", marta});
  Create({"deals", "create", "--deal-id", "atlas", "--display-name", "Atlas", "--owner", priya});
  EXPECT_THAT(Output({"users", "deactivate", marta}, 1), HasSubstr("OWNS_RECORDS"));
  EXPECT_EQ(Output({"hand-over", marta, priya, "--collections", "contacts"}),
            absl::StrCat(contact, "\n1 record was handed over\n"));
  EXPECT_EQ(Output({"hand-over", marta, priya}),
            absl::StrCat(company, "\n1 record was handed over\n"));
  EXPECT_EQ(Output({"hand-over", marta, priya}), "0 records were handed over\n");
  EXPECT_THAT(Output({"contacts", "get", contact}), HasSubstr("Priya"));
  EXPECT_THAT(Output({"users", "deactivate", marta}), HasSubstr("INACTIVE"));
}

TEST_F(HandOverTest, GoesOnUntilNoneIsLeft) {
  const std::string marta = User("Marta");
  const std::string priya = User("Priya");
  for (int i = 0; i < 103; ++i) Contact(marta);
  const std::string told = Output({"hand-over", marta, priya});
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 104);
  EXPECT_THAT(told, HasSubstr("\n103 records were handed over\n"));
}

TEST_F(HandOverTest, TellsWhatStayedAndWhy) {
  const std::string marta = User("Marta");
  const std::string priya = User("Priya");
  const std::string contact = Contact(marta);
  const std::string key = Output(
      {"api-keys", "create", "--display-name", "Another", "--permissions", "users.*", "--json"});
  std::smatch secret;
  ASSERT_TRUE(std::regex_search(key, secret, std::regex("\"secret\": ?\"([^\"]+)\"")));
  const std::string told = Output({"--key", secret[1].str(), "hand-over", marta, priya}, 1);
  EXPECT_THAT(told, HasSubstr(absl::StrCat(contact, ": The credentials do not grant")));
  EXPECT_THAT(told, HasSubstr("0 records were handed over\n"));
  EXPECT_THAT(told, HasSubstr("1 stayed where they are"));
}

TEST_F(HandOverTest, AsksForBothOfThem) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"hand-over"},
        {"hand-over", "users/1"},
        {"hand-over", "users/1", "--collections", "deals"}}) {
    EXPECT_THAT(Output(words, 2), HasSubstr("kith hand-over FROM TO"));
  }
  EXPECT_THAT(Output({"hand-over", User("Marta"), "users/01J00000000000000000000000"}, 1),
              HasSubstr("LINKED_RECORD_NOT_FOUND"));
}

}  // namespace
}  // namespace kith::cli
