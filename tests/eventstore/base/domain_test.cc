#include "eventstore/base/domain.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kith {
namespace {

using ::testing::HasSubstr;

std::string DomainOf(absl::string_view text) {
  const auto domain = RegistrableDomain(text);
  return domain.ok() ? *domain : absl::StrCat("! ", domain.status().message());
}

TEST(RegistrableDomain, IsWhatWasRegisteredUnderAPublicSuffix) {
  EXPECT_EQ(DomainOf("example.com"), "example.com");
  EXPECT_EQ(DomainOf("shop.eu.Example.co.uk"), "example.co.uk");
  EXPECT_EQ(DomainOf("www.city.kawasaki.jp"), "city.kawasaki.jp");  // an exception of the list
  EXPECT_EQ(DomainOf("a.b.example.unlisted"), "example.unlisted");
  EXPECT_EQ(DomainOf("www.com"), "www.com");
}

TEST(RegistrableDomain, TakesASuffixOfACompanyForOneToo) {
  EXPECT_EQ(DomainOf("acme.github.io"), "acme.github.io");
  EXPECT_EQ(DomainOf("docs.acme.github.io"), "acme.github.io");
}

TEST(RegistrableDomain, PassesOverSchemeWwwPortPathCaseAndTheFinalDot) {
  for (const char* text : {"Example.COM", "www.example.com", "https://www.example.com/about?a=b#c",
                           "example.com:8443", "  example.com. ", "http://example.com#x"}) {
    EXPECT_EQ(DomainOf(text), "example.com") << text;
  }
}

TEST(RegistrableDomain, WritesInternationalOnesInAscii) {
  EXPECT_EQ(DomainOf("BÜCHER.example"), "xn--bcher-kva.example");
  EXPECT_EQ(DomainOf("faß.de"), "xn--fa-hia.de");
  EXPECT_EQ(DomainOf("www.臺網中心.tw"), "xn--fiqq24b10vi0d.tw");
  EXPECT_EQ(DomainOf("a.郵件.商務"), "xn--5nqv22n.xn--lhr59c");
  for (const char* text : {"münchen.de", "MÜNCHEN.DE", "xn--mnchen-3ya.de", "XN--MNCHEN-3YA.DE",
                           "mu\u0308nchen.de", "München．DE", "münchen.de."}) {
    EXPECT_EQ(DomainOf(text), "xn--mnchen-3ya.de") << text;
  }
  EXPECT_EQ(DomainOf("ελλάς.gr"), "xn--hxarsa0b.gr");
  EXPECT_EQ(DomainOf("ΕΛΛΆΣ.gr"), "xn--hxarsa5b.gr");
}

TEST(RegistrableDomain, RefusesAPublicSuffix) {
  for (const char* text : {"co.uk", "www.co.uk/x", "https://github.io", "com.", "商務"}) {
    EXPECT_THAT(DomainOf(text), HasSubstr("! must be ")) << text;
  }
  EXPECT_THAT(DomainOf("Co.UK"), HasSubstr("co.uk is a public suffix"));
}

TEST(RegistrableDomain, RefusesAddressesOfMachines) {
  for (const char* text : {"127.0.0.1", "http://10.0.0.1:80/", "[::1]", "fe80::1", "1.2.3"}) {
    EXPECT_THAT(DomainOf(text), HasSubstr("is an IP address")) << text;
  }
  EXPECT_THAT(DomainOf("http://localhost:8080/x"), HasSubstr("a name without a dot"));
}

TEST(RegistrableDomain, RefusesWhatIsNone) {
  const std::string label(60, 'a');
  const std::string longest =
      absl::StrCat(label, ".", label, ".", label, ".", label, ".", label, ".de");
  for (const std::string& text :
       {std::string(), std::string("office@example.com"), std::string("exa mple.com"),
        std::string("example..com"), std::string("-x.de"), std::string("http://"), longest,
        std::string("\xff.de")}) {
    EXPECT_THAT(DomainOf(text), HasSubstr("! must be ")) << text;
  }
}

TEST(RegistrableDomain, OfOneIsItself) {
  for (const char* text : {"https://www.Shop.Example.co.uk", "BÜCHER.example", "a.b.c.github.io"}) {
    const std::string once = DomainOf(text);
    EXPECT_EQ(DomainOf(once), once);
  }
}

TEST(DomainForm, LowersWhatIsNone) {
  EXPECT_EQ(DomainForm("  Exam"), "exam");
  EXPECT_EQ(DomainForm("www.Example.com"), "example.com");
}

}  // namespace
}  // namespace kith
