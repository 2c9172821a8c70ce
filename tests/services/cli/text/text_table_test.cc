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
  table.Print(0, out);
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
  table.AddColumn("LINK");
  table.AddRow({"two\nlines", "y"});
  table.AddRow({std::string(TextTable::kCellWidthMax + 1, 'x'), "z"});
  std::ostringstream out;
  table.Print(0, out);
  EXPECT_NE(out.str().find("\ntwo lines  "), std::string::npos);
  EXPECT_NE(out.str().find(std::string(TextTable::kCellWidthMax - 1, 'x') + "…  z"),
            std::string::npos);
}

TEST(TextTable, CutsTheWidestCellsToTheTerminal) {
  TextTable table;
  table.AddColumn("NAME", TextTable::Align::kLeft, /*may_cut=*/false);
  table.AddColumn("SUBJECT");
  table.AddColumn("WHO");
  table.AddRow({std::string(30, 'n'), std::string(50, 's'), "Ada"});
  std::ostringstream out;
  table.Print(60, out);
  EXPECT_EQ(out.str(), "NAME                            SUBJECT                  WHO\n" +
                           std::string(30, 'n') + "  " + std::string(22, 's') + "…  Ada\n");
  out.str("");
  table.Print(20, out);
  EXPECT_EQ(out.str(), "NAME                            SUBJECT       WHO\n" +
                           std::string(30, 'n') + "  " + std::string(11, 's') + "…  Ada\n")
      << "what may not be cut is whole, and of the others something is left";
  out.str("");
  table.Print(0, out);
  EXPECT_NE(out.str().find(std::string(50, 's')), std::string::npos);
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
