// `kith import --dry-run`, against a whole server: what would become of each row.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/services/cli/commands/command_fixture.h"
#include "tests/testing/temp_folder.h"

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class DryRunTest : public CommandTest {
 protected:
  DryRunTest() {
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
  std::string Import(const std::string& rows, int expected = 0) {
    Write("people.csv", absl::StrCat("first,mail,phone,notes\n", rows));
    return Run({"import", "contacts", "--mapping", Path("people.json"), Path("people.csv")},
               expected);
  }

  testing::TempFolder folder_;
};

// Goal: a dry run says of each row what the import then makes of it, and makes nothing. Method: a
// row that changes somebody, one that is new, one that says nothing new and one that is refused.
TEST_F(DryRunTest, ChecksRowsAsItImportsThem) {
  Import("Ada,ada@example.com,,\nEve,eve@example.com,,\n");
  const std::string rows =
      "Ada,Ada@Example.com,,Likes cranes\nBo,bo@example.com,,\nEve,eve@example.com,,\n"
      "Cy,no address,,\n";
  Write("people.csv", absl::StrCat("first,mail,phone,notes\n", rows));
  const std::string checked = Run(
      {"import", "contacts", "--dry-run", "--mapping", Path("people.json"), Path("people.csv")}, 1);
  EXPECT_THAT(checked,
              HasSubstr("contacts: 1 would be created, 1 updated, 1 unchanged, 1 rejected\n"));
  EXPECT_THAT(checked, HasSubstr("line 5: "));
  EXPECT_THAT(Run({"contacts", "list"}), Not(HasSubstr("Bo")));
  EXPECT_THAT(Import(rows, 1),
              HasSubstr("contacts: 1 created, 1 updated, 1 unchanged, 1 rejected\n"));
}

// Goal: what only the server knows refuses a row beforehand, too, also where nothing is matched.
TEST_F(DryRunTest, ChecksWhatOnlyTheServerKnows) {
  Write("deals.json", R"({"name": "deals", "collection": "deals", "key": ["name"],
      "steps": [{"verb": "create", "fields": {"display_name": "name", "stage": "stage"}}]})");
  Write("deals.csv", "name,stage\nOne,default/qualified\nTwo,default/none\n");
  const std::string checked =
      Run({"import", "deals", "--dry-run", "--mapping", Path("deals.json"), Path("deals.csv")}, 1);
  EXPECT_THAT(checked,
              HasSubstr("deals: 1 would be created, 0 updated, 0 unchanged, 1 rejected\n"));
  EXPECT_THAT(checked, HasSubstr("STAGE_NOT_FOUND"));
  EXPECT_THAT(Run({"deals", "list"}), Not(HasSubstr("One")));
}

}  // namespace
}  // namespace kith::cli
