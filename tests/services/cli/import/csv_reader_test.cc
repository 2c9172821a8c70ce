#include "services/cli/import/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace kith::cli {
namespace {

using testing::ElementsAre;

TEST(ParseCsv, KnowsTheLineOfEveryRow) {
  const auto file =
      ParseCsv("\xEF\xBB\xBFname,note\r\nAda,\"two\nlines\"\r\n\r\nBob,\"a \"\"b\"\"\"\n");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->columns, ElementsAre("name", "note"));
  ASSERT_EQ(file->rows.size(), 2u);
  EXPECT_EQ(file->rows[0].line, 2);
  EXPECT_THAT(file->rows[0].cells, ElementsAre("Ada", "two\nlines"));
  EXPECT_EQ(file->rows[1].line, 5);
  EXPECT_THAT(file->rows[1].cells, ElementsAre("Bob", "a \"b\""));
}

TEST(ParseCsv, KnowsTheLineOfEveryRowWhateverEndsIt) {
  const auto file = ParseCsv("a\r1\r\r2\r\n3\n\"4\r5\"\r6");
  ASSERT_TRUE(file.ok()) << file.status();
  std::vector<int64_t> lines;
  for (const CsvRow& row : file->rows) lines.push_back(row.line);
  EXPECT_THAT(lines, ElementsAre(2, 4, 5, 6, 8));
}

TEST(ParseCsv, TakesALastLineWithoutAnEnd) {
  const auto file = ParseCsv("a;b\n1;2", ';');
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->rows.size(), 1u);
  EXPECT_THAT(file->rows[0].cells, ElementsAre("1", "2"));
}

TEST(ParseCsv, EndsShortRowsAndKeepsLongOnesForTheCallerToRefuse) {
  const auto file = ParseCsv("a,b\n1\n1,2,3\n1,2,,\n");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->rows[0].cells, ElementsAre("1", ""));
  EXPECT_THAT(file->rows[1].cells, ElementsAre("1", "2", "3"));
  EXPECT_THAT(file->rows[2].cells, ElementsAre("1", "2"));
}

TEST(ParseCsv, PassesOverRowsWithNothingInThem) {
  const auto file = ParseCsv("a,b\n,\n1,2\n \t, \n\"\",\n3,4\n,,,\n");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->rows.size(), 2u);
  EXPECT_EQ(file->rows[0].line, 3);
  EXPECT_EQ(file->rows[1].line, 6);
}

TEST(ParseCsv, RefusesAFileThatIsNone) {
  EXPECT_EQ(ParseCsv("").status().message(), "the file has no header");
  EXPECT_EQ(ParseCsv("a,a\n").status().message(), "two columns are called \"a\"");
  EXPECT_EQ(ParseCsv("a,b\n1,2\n\"x\"y,2\n").status().message(),
            "line 3: a quotation mark stands where none can");
  EXPECT_FALSE(ParseCsv("a,b\n1,\"2\n").ok()) << "the last quotation mark is missing";
}

// The cases of csv-spectrum.
TEST(ParseCsv, TakesWhatProgramsWriteIM6) {
  const std::string text =
      "a,b\r\n\"with \"\"quotes\"\"\",\"one\ntwo\"\r\n\"x, y\",\"\"\rNULL,08123\r02095257564,z";
  const auto file = ParseCsv(text);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->rows.size(), 4u);
  EXPECT_THAT(file->rows[0].cells, ElementsAre("with \"quotes\"", "one\ntwo"));
  EXPECT_THAT(file->rows[1].cells, ElementsAre("x, y", ""));
  EXPECT_THAT(file->rows[2].cells, ElementsAre("NULL", "08123"));
  EXPECT_THAT(file->rows[3].cells, ElementsAre("02095257564", "z"));
}

TEST(ParseCsv, TakesAQuotationMarkWithinACellAsItIsIM7) {
  const auto file = ParseCsv("name,place\nhere,37°36'37.8\"N 121°2'17.9\"E\nthere,5\" x 3\"\n");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->rows[0].cells[1], "37°36'37.8\"N 121°2'17.9\"E");
  EXPECT_EQ(file->rows[1].cells[1], "5\" x 3\"");
  // What opens a cell has to close it.
  EXPECT_FALSE(ParseCsv("a\n\"x\" \"y\"\n").ok());
}

TEST(ParseCsv, DropsTheMarkAtTheBeginningAndKeepsEmojiIM1) {
  const auto file = ParseCsv("\xEF\xBB\xBFname\nAda 🐝\n");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->columns, ElementsAre("name"));
  EXPECT_EQ(file->rows[0].cells[0], "Ada 🐝");
}

TEST(ParseCsv, RefusesMoreCellsThanItTakes) {
  std::string header = "a";
  for (int i = 0; i < 10'000; ++i) header += ",c" + std::to_string(i);
  std::string rows;
  for (int i = 0; i < 2'100; ++i) rows += "\nx";
  EXPECT_THAT(std::string(ParseCsv(header + rows).status().message()),
              ::testing::HasSubstr("20,000,000 cells"));
  for (int i = 0; i < 7'000; ++i) header += ",d" + std::to_string(i);
  EXPECT_THAT(std::string(ParseCsv(header).status().message()),
              ::testing::HasSubstr("16,384 columns"));
}

TEST(CsvCell, IsNoFormulaToWhoOpensItAndReadAsItWas) {
  EXPECT_EQ(CsvCell("=1+1"), "'=1+1");
  EXPECT_EQ(CsvCell("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(CsvCell("+cmd|' /C calc'!A0"), "'+cmd|' /C calc'!A0");
  EXPECT_EQ(CsvCell("-x"), "'-x");
  for (const char* const number : {"-12.50", "+49 30 901820", "-", "12", "-1 000.00"}) {
    EXPECT_EQ(CsvCell(number, ';'), number);
  }
  for (const std::string cell : {"=1+1", "'=1+1", "''=x", "@a", "-x", "'quoted'", "'", "\t=x"}) {
    const auto file = ParseCsv("h,i\nx," + CsvCell(cell));
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->rows[0].cells[1], cell);
  }
}

TEST(CsvCell, QuotesOnlyWhatMustBe) {
  EXPECT_EQ(CsvCell("plain"), "plain");
  EXPECT_EQ(CsvCell("a \"b\", c"), "\"a \"\"b\"\", c\"");
}

TEST(CsvCell, IsReadAsItWas) {
  for (const char delimiter : {',', ';', '\t', '|'}) {
    for (const std::string cell :
         {"", "a b", " a ", "\ta", "a|b", "a\tb", "a,b;c", "\"", "a\r\nb"}) {
      const std::string line =
          absl::StrCat("x", std::string(1, delimiter), CsvCell(cell, delimiter));
      const auto file =
          ParseCsv(absl::StrCat("h", std::string(1, delimiter), "i\n", line), delimiter);
      ASSERT_TRUE(file.ok()) << file.status();
      EXPECT_EQ(file->rows[0].cells[1], cell) << line;
    }
  }
}

}  // namespace
}  // namespace kith::cli
