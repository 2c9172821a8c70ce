#include "services/cli/text/text_table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace kith::cli {
namespace {

TEST(TextTable, AlignsByWhatIsSeenNotByBytes) {
  TextTable table;
  table.AddColumn("NAME");
  table.AddColumn("AMOUNT", TextTable::Align::kRight);
  table.AddColumn("NOTES");
  table.AddRow({"Zoë", "5", ""});
  table.AddRow({"東京", "1,000", ""});
  table.AddRule();
  table.AddRow({"", "1,005", ""});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "NAME  AMOUNT\n"
            "Zoë        5\n"
            "東京   1,000\n"
            "------------\n"
            "       1,005\n");
}

TEST(TextTable, KeepsEveryRowOnOneLine) {
  TextTable table;
  table.AddColumn("TEXT");
  table.AddColumn("LINK", TextTable::Align::kLeft, /*may_cut=*/false);
  table.AddRow({std::string(200, 'x') + "\n", std::string(100, 'y')});
  std::ostringstream out;
  table.Print(out);
  EXPECT_NE(out.str().find(std::string(TextTable::kCellWidthMax - 1, 'x') + "…  yyyy"),
            std::string::npos)
      << out.str();
  EXPECT_NE(out.str().find(std::string(100, 'y')), std::string::npos);
}

TEST(DisplayWidth, SurvivesMalformedText) {
  EXPECT_EQ(DisplayWidth("a\xC3"), 2);
  EXPECT_EQ(DisplayWidth("\xFF\xFE"), 2);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1) << "a combining accent takes no column";
  EXPECT_EQ(Shortened("Zoë", 3), "Zoë");
  EXPECT_EQ(Shortened("Zoës", 3), "Zo…");
}

}  // namespace
}  // namespace kith::cli
