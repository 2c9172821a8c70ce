// `kith import` of deals that another system told of before, against a whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/services/cli/commands/command_fixture.h"
#include "tests/testing/temp_folder.h"

namespace kith::cli {
namespace {

class ImportDealsTest : public CommandTest {
 protected:
  testing::TempFolder folder_;
};

// Goal: what another system tells of its deals is imported again and again. Method: a table, the
// same once more, and a later one; deals have the ids that the server draws.
TEST_F(ImportDealsTest, FindsDealsByTheirExternalIds) {
  std::ofstream(folder_ / "deals.json")
      << R"({"name": "deals", "collection": "deals", "key": ["id"],
      "match": ["external-id"], "policy": "upsert", "steps": [
      {"verb": "create", "fields": {"external_ids.system": {"constant": "crm"},
       "external_ids.id": "id", "display_name": "name", "stage": "stage"}},
      {"verb": "win", "when": {"won": ["yes"]}, "fields": {"amount": "amount"}}]})";
  const auto import = [&](const std::string& rows) {
    std::ofstream(folder_ / "deals.csv") << "id,name,stage,won,amount\n" << rows;
    return Run({"import", "deals", "--mapping", folder_ / "deals.json", folder_ / "deals.csv"});
  };
  const std::string mill = "2,Mill,default/new-lead,yes,5 EUR\n";
  const std::string rows = absl::StrCat("1,Press,default/new-lead,no,\n", mill);
  EXPECT_EQ(import(rows), "deals: 2 created, 0 updated, 0 unchanged, 0 rejected\n");
  EXPECT_EQ(import(rows), "deals: 0 created, 0 updated, 2 unchanged, 0 rejected\n");
  EXPECT_EQ(import(absl::StrCat("1,Press,default/contacted,no,\n", mill)),
            "deals: 0 created, 1 updated, 1 unchanged, 0 rejected\n");
  EXPECT_EQ(Output({"export", "deals", "--format", "csv", "--order-by", "display_name", "--columns",
                    "external_ids.system,external_ids.id,stage"}),
            "external_ids.system,external_ids.id,stage\r\n"
            "crm,2,pipelines/default/stages/closed-won\r\n"
            "crm,1,pipelines/default/stages/contacted\r\n");
}

}  // namespace
}  // namespace kith::cli
