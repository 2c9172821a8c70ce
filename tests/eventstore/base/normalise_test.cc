#include "eventstore/base/normalise.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kith {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(EmailKey, PassesOverCaseAndWhiteSpaceAndTheFinalDot) {
  EXPECT_THAT(EmailKey(" Ada.Lovelace@Example.ORG. "), Optional(Eq("ada.lovelace@example.org")));
}

TEST(EmailKey, KeepsDotsAndPlusTags) {
  EXPECT_NE(EmailKey("a.da@example.org"), EmailKey("ada@example.org"));
  EXPECT_NE(EmailKey("ada+crm@example.org"), EmailKey("ada@example.org"));
}

TEST(EmailKey, WritesInternationalDomainsInAscii) {
  EXPECT_THAT(EmailKey("ada@Bücher.Example"), Optional(Eq("ada@xn--bcher-kva.example")));
  EXPECT_EQ(EmailKey("ada@bücher.example"), EmailKey("ada@xn--bcher-kva.example"));
}

TEST(EmailKey, ComposesInternationalLocalParts) {
  EXPECT_EQ(EmailKey("ZO\u00CB@example.org"), EmailKey("zoe\u0308@example.org"));
}

TEST(EmailKey, IsNoneForWhatIsNoAddress) {
  for (const char* text :
       {"", "ada", "@example.org", "ada@", "ada@example", "ada@-example.org", "ada@exa mple.org",
        "a da@example.org", "ada@@example.org", "ada@example..org", "ada@example.org,eve@evil.org",
        "<ada@example.org>", "ada\n@example.org", "\xff@example.org"}) {
    EXPECT_EQ(EmailKey(text), std::nullopt) << text;
  }
}

// Goal: two addresses that look alike are not two people.
TEST(EmailKey, IsNoneWhereSomethingIsInItThatIsNotSeen) {
  for (const char* unseen : {"\u00A0", "\u200B", "\u200D", "\u200E", "\u202E", "\u2066", "\u3000",
                             "\u00AD", "\uFEFF", "\u2028", "\u0085", "\U000E0041", "\uFE0F"}) {
    EXPECT_EQ(EmailKey(absl::StrCat("a", unseen, "@b.example")), std::nullopt) << unseen;
    EXPECT_EQ(EmailKey(absl::StrCat("a@b", unseen, "c.example")), std::nullopt) << unseen;
  }
  EXPECT_EQ(EmailKey("\u00A0ada@b.example\u3000"), EmailKey("ada@b.example")) << "cut off";
}

// EM-1 to EM-3: domains by UTS 46, letter by letter.
TEST(EmailKey, WritesEveryScriptInAscii) {
  const std::pair<const char*, const char*> domains[] = {
      {"BÜCHER.example", "xn--bcher-kva.example"},
      {"faß.de", "xn--fa-hia.de"},
      {"臺網中心.tw", "xn--fiqq24b10vi0d.tw"},
      {"郵件.商務", "xn--5nqv22n.xn--lhr59c"},
      {"екзампл.ком", "xn--80ajglhfv.xn--j1aef"},
      {"εεττ.gr", "xn--qxaa9ba.gr"},
      {"मोहन.ईन्फो", "xn--l2bl7a9d.xn--o1b8dj2ki"},
      {"日本語.jp", "xn--wgv71a119e.jp"},
      {"münchen.de", "xn--mnchen-3ya.de"},
      {"MÜNCHEN.DE", "xn--mnchen-3ya.de"},
      {"XN--MNCHEN-3YA.DE", "xn--mnchen-3ya.de"},
      {"mu\u0308nchen.de", "xn--mnchen-3ya.de"},
      {"München．DE", "xn--mnchen-3ya.de"},
      {"münchen.de.", "xn--mnchen-3ya.de"},
      {"ελλάς.gr", "xn--hxarsa0b.gr"},
      {"ΕΛΛΆΣ.gr", "xn--hxarsa5b.gr"},
  };
  for (const auto& [domain, ascii] : domains) {
    EXPECT_THAT(EmailKey(absl::StrCat("Ada@", domain)), Optional(Eq(absl::StrCat("ada@", ascii))))
        << domain;
  }
}

// EM-4 to EM-6.
TEST(EmailKey, TakesWhatAnAddressMayBe) {
  for (const char* address :
       {"user+mailbox/department=shipping@example.tld", "!#$%&'*+-/=?^_`{|}~@example.tld"}) {
    EXPECT_THAT(EmailKey(address), Optional(Eq(address)));
  }
  for (const char* text : {".dot@x.tld", "dot.@x.tld", "a..b@x.tld", "me@-dash.tld", "me@x..tld",
                           "@x.tld", "me@x.tld\n.", "me@xn--0.tld", "user@localhost",
                           "a@x.tld, b@x.tld", "John <john@doe😃.org>"}) {
    EXPECT_EQ(EmailKey(text), std::nullopt) << text;
  }
}

TEST(EmailKey, QuotesOnlyWhatHasToBe) {
  EXPECT_EQ(EmailKey("\"unnecessarily.quoted\"@x.tld"), EmailKey("unnecessarily.quoted@x.tld"));
  EXPECT_EQ(EmailKey("\"a\\da\"@x.tld"), EmailKey("ada@x.tld"));
  EXPECT_THAT(EmailKey("\"A..b\"@x.tld"), Optional(Eq("\"a..b\"@x.tld")));
  EXPECT_THAT(EmailKey("\"a\\\"@b\"@x.tld"), Optional(Eq("\"a\\\"@b\"@x.tld")));
  for (const char* text : {"\"\"@x.tld", "\"a@x.tld", "a\"@x.tld", "\"a\"b\"@x.tld",
                           "\"a\\\"@x.tld", "\"a b\"@x.tld", "\"a\".b@x.tld"}) {
    EXPECT_EQ(EmailKey(text), std::nullopt) << text;
  }
}

TEST(DomainKey, IsNoneWhereALabelSaysThatItIsOfAnotherScriptAndIsNot) {
  EXPECT_THAT(DomainKey("XN--Bcher-kva.example"), Optional(Eq("xn--bcher-kva.example")));
  for (const char* domain : {"xn--.example", "xn--abc.example", "a.xn--9999999999.example",
                             "xn--a-.example", "xn--bcher-KVA9.example"}) {
    EXPECT_EQ(DomainKey(domain), std::nullopt) << domain;
    EXPECT_EQ(EmailKey(absl::StrCat("ada@", domain)), std::nullopt) << domain;
  }
}

TEST(IsBlank, IsWhatShowsNothing) {
  for (const char* text : {"", " ", "\t\n", "\u00A0\u2003", "\u200B", " \u202E\u2066 ", "\uFEFF"}) {
    EXPECT_TRUE(IsBlank(text)) << text;
  }
  for (const char* text : {"a", " . ", "\u200B0", "\u4E2D", "\xff"}) {
    EXPECT_FALSE(IsBlank(text)) << text;
  }
}

TEST(StripSpaces, CutsOffWhatUnicodeHasOfThem) {
  EXPECT_EQ(StripSpaces("\u00A0 a b\u3000\n"), "a b");
  EXPECT_EQ(StripSpaces("\u00A0"), "");
  EXPECT_EQ(StripSpaces(""), "");
}

TEST(EmailKey, IsNoneForWhatIsTooLong) {
  const std::string domain = "@example.org";
  EXPECT_TRUE(EmailKey(std::string(64, 'a') + domain).has_value());
  EXPECT_FALSE(EmailKey(std::string(65, 'a') + domain).has_value());
  EXPECT_FALSE(EmailKey("ada@" + std::string(64, 'a') + ".org").has_value());
  std::string long_domain = "a@";
  while (long_domain.size() < 260) long_domain += "label.";
  EXPECT_FALSE(EmailKey(long_domain + "org").has_value());
}

TEST(EmailForm, LowersTheBeginningOfAnAddress) {
  EXPECT_EQ(EmailForm("Ada@Exam"), "ada@exam");
  EXPECT_EQ(EmailForm("Ada@Example.org"), "ada@example.org");
}

TEST(FoldedWords, AreRunsOfLettersAndDigits) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(FoldedWords("  Anna-Lena  MÜLLER (O'Brien) "),
            (Words{"anna", "lena", "muller", "o", "brien"}));
  EXPECT_EQ(FoldedWords("Söhne & Co. 4711"), (Words{"sohne", "co", "4711"}));
  EXPECT_EQ(FoldedWords("Jean\u2013Luc \u201eЖук\u201c"), (Words{"jean", "luc", "жук"}));
  EXPECT_EQ(FoldedWords("हिन्दी"), Words{FoldedName("हिन्दी")}) << "marks belong to their letters";
  EXPECT_TRUE(FoldedWords(" -- ").empty());
}

TEST(FoldedName, PassesOverCaseAccentsAndSpaces) {
  EXPECT_EQ(FoldedName("  Zoë  ÅNGSTRÖM "), "zoe angstrom");
  EXPECT_EQ(FoldedName("Straße"), FoldedName("STRASSE"));
  EXPECT_EQ(FoldedName("Ada\tKing"), "ada king");
}

TEST(FoldedName, MakesOfAsciiAloneWhatItMakesOfItAmongOthers) {
  for (int code = 0; code < 128; ++code) {
    const std::string text = std::string("a") + static_cast<char>(code) + " B";
    EXPECT_EQ("李" + FoldedName(text), FoldedName("李" + text)) << code;
    const std::string end = std::string("a ") + static_cast<char>(code);
    EXPECT_EQ("李" + FoldedName(end), FoldedName("李" + end)) << code;
  }
  EXPECT_EQ(FoldedName("  Ada \t KING "), "ada king");
  EXPECT_EQ(FoldedName(" \n "), "");
}

TEST(FoldedName, KeepsScriptsThatHaveNoCase) { EXPECT_EQ(FoldedName("李 小龙"), "李 小龙"); }

TEST(FoldedName, ChangesNothingThatIsFoldedAlready) {
  for (const char* text : {"zoe angstrom", "strasse", "李 小龙", "한글", "ﬁn"}) {
    EXPECT_EQ(FoldedName(FoldedName(text)), FoldedName(text)) << text;
  }
}

TEST(IsUtf8, RefusesBrokenAndOverlongSequences) {
  EXPECT_TRUE(IsUtf8("Zoë 李"));
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_FALSE(IsUtf8("\xc3"));
  EXPECT_FALSE(IsUtf8("\xc0\xaf"));
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));
}

}  // namespace
}  // namespace kith
