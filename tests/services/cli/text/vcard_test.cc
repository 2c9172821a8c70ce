// Contacts as cards, which are read as what was written.
#include "services/cli/text/vcard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "absl/strings/str_split.h"
#include "services/cli/import/vcard_reader.h"
#include "tests/testing/decider_spec.h"

namespace kith::cli {
namespace {

using ::testing::HasSubstr;

contacts::v1::Contact Ada() {
  return testing::Proto<contacts::v1::Contact>(
      R"(name: 'contacts/1' salutation: 'Dr.' first_name: 'Ada'
         last_name: 'King; Countess, of\\Lovelace'
         display_name: 'Ada King'
         emails { address: 'ada@king.example' label: 'Home' }
         emails { address: 'ada@example.com' label: 'office' primary: true }
         phones { raw: '020 7946 0018' e164: '+442079460018' label: 'mobile' primary: true }
         phones { raw: 'ask, twice' label: 'at the club' }
         addresses { street: "12 St James's Square" city: 'London' postal_code: 'SW1Y 4JH'
                     country: 'GB' }
         job_title: 'Mathematician' department: 'Research' company_name: 'Engines, Ltd'
         birthday { year: 1815 month: 12 day: 10 } website: 'https://ada.example'
         language: 'en' tags: 'vip' tags: 'press, radio')");
}

std::string CardOf(const contacts::v1::Contact& contact, CardVersion version) {
  std::ostringstream out;
  PrintCard(contact, version, out);
  return out.str();
}

std::string At(const CsvFile& file, absl::string_view column) {
  return file.rows.at(0).cells.at(static_cast<size_t>(file.FindColumn(column)));
}

TEST(PrintCard, IsReadAsItWas) {
  contacts::v1::Contact ada = Ada();
  for (int i = 0; i < 40; ++i) ada.mutable_notes()->append("Größe\nund, dies; \\ das ");
  for (const CardVersion version : {CardVersion::k3, CardVersion::k4}) {
    const std::string card = CardOf(ada, version);
    const auto read = ParseCards(card);
    ASSERT_TRUE(read.ok()) << read.status() << card;
    EXPECT_EQ(At(*read, "family"), ada.last_name());
    EXPECT_EQ(At(*read, "given"), "Ada");
    EXPECT_EQ(At(*read, "prefix"), "Dr.");
    EXPECT_EQ(At(*read, "email"), "ada@example.com\nada@king.example") << "the primary one first";
    EXPECT_EQ(At(*read, "tel"), "+442079460018\nask, twice");
    EXPECT_EQ(At(*read, "org"), "Engines, Ltd");
    EXPECT_EQ(At(*read, "department"), "Research");
    EXPECT_EQ(At(*read, "bday"), "1815-12-10");
    EXPECT_EQ(At(*read, "categories"), "vip\npress, radio");
    EXPECT_EQ(At(*read, "street"), "12 St James's Square");
    EXPECT_EQ(At(*read, "note") + " ", ada.notes());
  }
}

// Goal: what an export says of where else somebody is, and what other programs said of them, is
// read as it was, and nothing that is said in it begins a line of its own.
TEST(PrintCard, SaysAgainWhatCardsSaidIM10) {
  const auto ada = testing::Proto<contacts::v1::Contact>(R"(
      name: 'contacts/1' display_name: 'Ada' photo_url: 'https://ada.example/a.png'
      social_profiles { network: 'LinkedIn' profile: 'https://www.linkedin.com/in/ada' }
      social_profiles { network: 'a "net", here' profile: '@ada; the, first' }
      card_properties: 'X-SKYPE:ada' card_properties: 'X-PLACE:Rue\\, 1\\n2'
      card_properties: 'X-BAD:1\nEND:VCARD')");
  for (const CardVersion version : {CardVersion::k3, CardVersion::k4}) {
    const std::string card = CardOf(ada, version);
    const auto read = ParseCards(card);
    ASSERT_TRUE(read.ok()) << read.status() << card;
    EXPECT_EQ(At(*read, "photo"), ada.photo_url());
    EXPECT_EQ(At(*read, "social"),
              R"({"network":"LinkedIn","profile":"https://www.linkedin.com/in/ada"})"
              "\n"
              R"({"network":"a net  here","profile":"@ada; the, first"})");
    EXPECT_EQ(At(*read, "x"), R"(X-SKYPE:ada
X-PLACE:Rue\, 1\n2
X-BAD:1\nEND:VCARD)");
  }
}

TEST(PrintCard, FoldsBetweenLetters) {
  contacts::v1::Contact contact;
  contact.set_name("contacts/1");
  for (int i = 0; i < 200; ++i) contact.mutable_notes()->append(i % 3 == 0 ? "ä" : "€");
  for (const absl::string_view line : absl::StrSplit(CardOf(contact, CardVersion::k4), "\r\n")) {
    EXPECT_LE(line.size(), 75u);
    EXPECT_TRUE(line.empty() || (static_cast<unsigned char>(line.back()) & 0xC0) != 0xC0) << line;
    EXPECT_TRUE(line.size() < 2 || (static_cast<unsigned char>(line[1]) & 0xC0) != 0x80) << line;
  }
}

TEST(PrintCard, SaysTypesThatThereAreAndANameInAnyCase) {
  const std::string card = CardOf(Ada(), CardVersion::k4);
  EXPECT_THAT(card, HasSubstr("\r\nEMAIL;TYPE=work;PREF=1:ada@example.com\r\n"));
  EXPECT_THAT(card, HasSubstr("\r\nTEL;VALUE=uri;TYPE=cell;PREF=1:tel:+442079460018\r\n"));
  EXPECT_THAT(card, HasSubstr("\r\nTEL:ask\\, twice\r\n")) << "no type has blanks";
  EXPECT_THAT(CardOf(Ada(), CardVersion::k3),
              HasSubstr("\r\nEMAIL;TYPE=internet;TYPE=work;TYPE=pref:ada@example.com\r\n"));
  contacts::v1::Contact nameless;
  nameless.set_name("contacts/2");
  nameless.add_emails()->set_address("x@example.com");
  EXPECT_THAT(CardOf(nameless, CardVersion::k3), HasSubstr("\r\nFN:x@example.com\r\nN:;;;;\r\n"));
}

}  // namespace
}  // namespace kith::cli
