// Cards of every version as rows, with the cases of RFC 6350 and of what programs write.
#include "services/cli/import/vcard_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace kith::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Cards {
 public:
  explicit Cards(absl::string_view text) : file_(ParseCards(text)) {
    EXPECT_TRUE(file_.ok()) << file_.status();
  }
  std::string At(size_t row, absl::string_view column) const {
    return file_->rows.at(row).cells.at(static_cast<size_t>(file_->FindColumn(column)));
  }
  const CsvFile& file() const { return *file_; }

 private:
  absl::StatusOr<CsvFile> file_;
};

std::string CardOf(absl::string_view lines) {
  return absl::StrCat("BEGIN:VCARD\r\nVERSION:4.0\r\n", lines, "END:VCARD\r\n");
}

TEST(CardParts, AreTakenOutOfTheirEscapesIM9) {
  EXPECT_THAT(CardParts("one;two,,three;;four\\,five\\;six"),
              ElementsAre(ElementsAre("one"), ElementsAre("two", "", "three"), ElementsAre(""),
                          ElementsAre("four,five;six")));
  EXPECT_THAT(CardParts("a\\\\b\\nc\\Nd"), ElementsAre(ElementsAre("a\\b\nc\nd")));
}

TEST(ParseCards, TakesWhatAContactCan) {
  const Cards cards(
      CardOf("UID:urn:uuid:1\r\nFN:Dr. Ada King\r\nN:King;Ada;Augusta,Byron;Dr.;\r\n"
             "ORG:Analytical Engines;Research\r\nTITLE:Mathematician\r\n"
             "EMAIL;TYPE=work:ada@example.com\r\nEMAIL;PREF=1:ada@king.example\r\n"
             "TEL;VALUE=uri;TYPE=\"voice,home\":tel:+44-20-7946-0018\r\n"
             "ADR;TYPE=home:;;12 St James's Square;London;;SW1Y 4JH;UK\r\n"
             "ADR;TYPE=work:;;Elsewhere;;;;\r\n"
             "BDAY:18151210\r\nCATEGORIES:vip,press\r\nNOTE:Likes\\, above all\\: numbers\\n\r\n"
             "LANG:en\r\nURL:https://ada.example\r\nPHOTO:data:image/png;base64,AAAA\r\n"));
  ASSERT_EQ(cards.file().rows.size(), 1u);
  EXPECT_EQ(cards.file().rows[0].line, 1);
  EXPECT_EQ(cards.At(0, "family"), "King");
  EXPECT_EQ(cards.At(0, "given"), "Ada");
  EXPECT_EQ(cards.At(0, "additional"), "Augusta Byron");
  EXPECT_EQ(cards.At(0, "prefix"), "Dr.");
  EXPECT_EQ(cards.At(0, "org"), "Analytical Engines");
  EXPECT_EQ(cards.At(0, "department"), "Research");
  EXPECT_EQ(cards.At(0, "email"), "ada@king.example\nada@example.com");
  EXPECT_EQ(cards.At(0, "tel"), "+44-20-7946-0018");
  EXPECT_EQ(cards.At(0, "street"), "12 St James's Square");
  EXPECT_EQ(cards.At(0, "code"), "SW1Y 4JH");
  EXPECT_EQ(cards.At(0, "bday"), "1815-12-10");
  EXPECT_EQ(cards.At(0, "categories"), "vip\npress");
  EXPECT_EQ(cards.At(0, "note"), "Likes, above all: numbers");
}

// Of a fold exactly one blank belongs to it.
TEST(ParseCards, TakesTheWholeNameForTheGivenOneWhereItIsAName) {
  const auto given = [](const std::string& card) { return Cards(CardOf(card)).At(0, "given"); };
  EXPECT_EQ(given("FN:Ada\r\n"), "Ada");
  EXPECT_EQ(given("FN:Lovelace\r\nN:Lovelace;;;;\r\n"), "");
  EXPECT_EQ(given("FN:ada@x.example\r\nN:;;;;\r\nEMAIL:ada@x.example\r\n"), "");
}

TEST(ParseCards, UnfoldsLinesIM9) {
  EXPECT_EQ(Cards(CardOf("NOTE:one \r\n  two\r\n\tthree\r\n")).At(0, "note"), "one  twothree");
}

TEST(ParseCards, TakesWhatOldProgramsWriteIM10) {
  const Cards cards(
      "begin:vcard\nversion:2.1\n"
      "n;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg\n"
      "note;QUOTED-PRINTABLE;charset=iso-8859-1:=E4=F6=\n=FC=DF\n"
      "tel;dom;home;pref:030 123\nTEL;TYPE=\"dom,home,work\":040 456\nX-SKYPE:joerg\n"
      "item1.EMAIL;INTERNET:j@example.com\nend:vcard\n\n"
      "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bo\r\nN:;Bo;;;\r\nBDAY:--0203\r\nEND:VCARD\r\n");
  ASSERT_EQ(cards.file().rows.size(), 2u);
  EXPECT_EQ(cards.At(0, "family"), "Müller");
  EXPECT_EQ(cards.At(0, "given"), "Jörg");
  EXPECT_EQ(cards.At(0, "note"), "äöüß");
  EXPECT_EQ(cards.At(0, "tel"), "030 123\n040 456");
  EXPECT_EQ(cards.At(0, "email"), "j@example.com");
  EXPECT_EQ(cards.At(0, "x"), "X-SKYPE:joerg");
  EXPECT_EQ(cards.file().rows[1].line, 12);
  EXPECT_EQ(cards.At(1, "given"), "Bo");
  EXPECT_EQ(cards.At(1, "bday"), "");
}

// Goal: what Kith has no field for is kept as it is written, so far as a contact takes it.
TEST(ParseCards, KeepsUnknownPropertiesIM10) {
  const std::string long_text(600, 'A');
  const Cards cards(
      CardOf(absl::StrCat("FN:Ada\r\nx-skype;TYPE=home:ada\r\nX-PLACE:Rue\\, 1\\n2\r\n",
                          "X-EMPTY: \r\nX-LONG:", long_text, "\r\nX-Ö:1\r\n")));
  EXPECT_EQ(cards.At(0, "x"), "X-SKYPE:ada\nX-PLACE:Rue\\, 1\\n2");
  std::string many = "FN:Ada\r\n";
  for (int i = 0; i < 60; ++i) absl::StrAppend(&many, "X-N:", i, "\r\n");
  const std::string kept = Cards(CardOf(many)).At(0, "x");
  EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 49);
}

TEST(ParseCards, TakesWhereAPictureIsAndWhereElseSomebodyIs) {
  const Cards cards(
      CardOf("FN:Ada\r\nPHOTO:https://ada.example/ada.png\r\nPHOTO:https://ada.example/2.png\r\n"
             "SOCIALPROFILE;SERVICE-TYPE=LinkedIn:https://www.linkedin.com/in/ada\r\n"
             "X-SOCIALPROFILE;type=twitter;type=pref:@ada\r\nX-SOCIALPROFILE:nowhere\r\n"));
  EXPECT_EQ(cards.At(0, "photo"), "https://ada.example/ada.png");
  EXPECT_EQ(cards.At(0, "social"),
            "{\"network\":\"LinkedIn\",\"profile\":\"https://www.linkedin.com/in/ada\"}\n"
            "{\"network\":\"twitter\",\"profile\":\"@ada\"}");
  EXPECT_EQ(cards.At(0, "x"), "X-SOCIALPROFILE:nowhere");
}

TEST(ParseCards, PassesOverPicturesHoweverLongAndRefusesOtherFloods) {
  const std::string long_text(2 << 20, 'A');
  EXPECT_EQ(
      Cards(CardOf(absl::StrCat("FN:Ada\r\nPHOTO;ENCODING=b:", long_text, "\r\n"))).At(0, "fn"),
      "Ada");
  EXPECT_THAT(
      std::string(ParseCards(CardOf(absl::StrCat("NOTE:", long_text, "\r\n"))).status().message()),
      HasSubstr("more than 1 MiB"));
  std::string nested;
  for (int i = 0; i < 12; ++i) nested += "BEGIN:VCARD\n";
  EXPECT_THAT(std::string(ParseCards(nested).status().message()), HasSubstr("within each other"));
}

TEST(ParseCards, RefusesWhatIsNone) {
  EXPECT_TRUE(LooksLikeCards("\xEF\xBB\xBF\r\nbegin:VCARD\r\n"));
  EXPECT_FALSE(LooksLikeCards("name,email\n"));
  const auto refused = [](absl::string_view text) {
    return std::string(ParseCards(text).status().message());
  };
  EXPECT_EQ(refused("BEGIN:VCARD\nFN:Ada\n"), "line 2: the last card has no END:VCARD");
  EXPECT_EQ(refused("BEGIN:VCARD\nFN\nEND:VCARD\n"), "line 2: a property of a card has a colon");
  EXPECT_EQ(refused("BEGIN:VCARD\nFN:A\nEND:VCARD\nFN:B\n"), "line 4: it stands in no card");
  EXPECT_THAT(refused("BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=none:A\nEND:VCARD\n"),
              HasSubstr("there is no encoding \"none\""));
}

}  // namespace
}  // namespace kith::cli
