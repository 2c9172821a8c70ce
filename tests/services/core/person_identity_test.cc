#include "services/core/person_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/contacts/v1/contact.pb.h"
#include "tests/testing/decider_spec.h"

namespace kith {
namespace {

using contacts::v1::Contact;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Proto;

PersonKeys Keys(const std::string& text) { return PersonKeysOf(Proto<Contact>(text)); }

KnownContact Known(const std::string& name, const std::string& text) {
  return {"contacts/" + name, Keys(text)};
}

// "ada by phone", in the order of the candidates.
std::vector<std::string> Told(const Identity& identity) {
  constexpr const char* kWords[] = {"email", "id", "phone", "name", "nothing"};
  std::vector<std::string> told;
  for (const IdentityCandidate& one : identity.candidates) {
    told.push_back(one.contact.substr(9) + " by " + kWords[static_cast<int>(one.key)]);
  }
  return told;
}

TEST(PersonIdentity, IsThatOfWhoHasTheAddressInWhateverForm) {
  const std::vector<KnownContact> known = {
      Known("amy", R"(emails { address: "amy.wong@test.example.com" })"),
      Known("bob", R"(emails { address: "bob@test.example.com" })")};
  const Identity identity =
      IdentityOf(Keys(R"(emails { address: "AMY.WONG@Test.Example.com" })"), known);
  EXPECT_TRUE(identity.is_known());
  EXPECT_THAT(Told(identity), ElementsAre("amy by email"));
  // Addresses beside the first count as much.
  EXPECT_THAT(Told(IdentityOf(Keys(R"(emails { address: "amy@home.example" }
                                      emails { address: "amy.wong@test.example.com" })"),
                              known)),
              ElementsAre("amy by email"));
}

TEST(PersonIdentity, KnowsOneDomainInAllItsForms) {
  const std::vector<KnownContact> known = {Known("eva", R"(emails { address: "eva@münchen.de" })")};
  for (const char* const domain : {"MÜNCHEN.DE", "xn--mnchen-3ya.de", "XN--MNCHEN-3YA.DE",
                                   "mu\xCC\x88nchen.de", "München．DE", "münchen.de."}) {
    const std::string person = absl::StrCat("emails { address: \"eva@", domain, "\" }");
    EXPECT_THAT(Told(IdentityOf(Keys(person), known)), ElementsAre("eva by email")) << domain;
  }
}

TEST(PersonIdentity, IsNeverThatOfAPartOfAnAddress) {
  const std::vector<KnownContact> known = {
      Known("other", R"(emails { address: "someone@myodoo.com" })"),
      Known("bob", R"(emails { address: "bob@mymail.com" })")};
  EXPECT_TRUE(IdentityOf(Keys(R"(emails { address: "odoo.com" })"), known).is_new());
  EXPECT_TRUE(IdentityOf(Keys(R"(emails { address: "alice@mymail.com" })"), known).is_new());
  EXPECT_TRUE(IdentityOf(Keys(R"(emails { address: "b@mymail.com" })"), known).is_new());
}

TEST(PersonIdentity, MayBeThatOfWhoHasTheNumber) {
  const std::vector<KnownContact> known = {
      Known("ada", R"(first_name: "Ada" phones { raw: "1" e164: "+14155552671" })"),
      Known("bob", R"(phones { raw: "1" e164: "+14155552671" })")};
  const Identity both = IdentityOf(Keys(R"(phones { raw: "1" e164: "+14155552671" })"), known);
  EXPECT_FALSE(both.is_known());
  EXPECT_FALSE(both.is_new());
  EXPECT_THAT(Told(both), ElementsAre("ada by phone", "bob by phone"));
  const Identity one = IdentityOf(Keys(R"(phones { raw: "1" e164: "+14155552671" })"),
                                  absl::MakeSpan(known).subspan(0, 1));
  EXPECT_FALSE(one.is_known()) << "a number alone says nobody";
  EXPECT_THAT(Told(one), ElementsAre("ada by phone"));
}

TEST(PersonIdentity, IsNobodysWhoHasTheNumberAndAnotherAddress) {
  const std::vector<KnownContact> known = {
      Known("ada", R"(emails { address: "ada@example.com" } phones { e164: "+14155552671" })")};
  EXPECT_TRUE(IdentityOf(Keys(R"(emails { address: "eve@example.com" }
                                 phones { e164: "+14155552671" })"),
                         known)
                  .is_new());
  EXPECT_TRUE(IdentityOf(Keys(R"(external_ids { system: "crm" id: "2" }
                                 phones { e164: "+14155552671" })"),
                         {Known("ada", R"(external_ids { system: "crm" id: "1" }
                                          phones { e164: "+14155552671" })")})
                  .is_new());
  EXPECT_THAT(Told(IdentityOf(Keys(R"(external_ids { system: "shop" id: "2" }
                                      phones { e164: "+14155552671" })"),
                              known)),
              ElementsAre("ada by phone"));
}

TEST(PersonIdentity, NeverComesFromWhatNobodySays) {
  const std::vector<KnownContact> known = {Known("none", ""),
                                           Known("raw", R"(phones { raw: "n/a" })"),
                                           Known("anna", R"(first_name: "Anna")")};
  EXPECT_TRUE(IdentityOf(Keys(""), known).is_new());
  EXPECT_TRUE(IdentityOf(Keys(R"(phones { raw: "n/a" })"), known).is_new());
  EXPECT_TRUE(IdentityOf(Keys(R"(first_name: "Anna")"), known).is_new());
}

TEST(PersonIdentity, MayBeThatOfANameAtACompanyWhicheverIsAskedFirst) {
  const std::string full = R"(first_name: "Zoë" last_name: "Ångström" company_name: "ACME GmbH")";
  const std::string plain = R"(first_name: "zoe" last_name: "ANGSTROM" company_name: "Acme")";
  const std::string shorter = R"(first_name: "Zoë" company_name: "ACME GmbH")";
  EXPECT_THAT(Told(IdentityOf(Keys(full), {Known("zoe", plain)})), ElementsAre("zoe by name"));
  EXPECT_THAT(Told(IdentityOf(Keys(plain), {Known("zoe", full)})), ElementsAre("zoe by name"));
  EXPECT_THAT(Told(IdentityOf(Keys(full), {Known("zoe", shorter)})), IsEmpty());
  EXPECT_THAT(Told(IdentityOf(Keys(shorter), {Known("zoe", full)})), IsEmpty());
  EXPECT_THAT(Told(IdentityOf(Keys(full), {Known("zoe", R"(first_name: "Zoë" last_name: "Ångström"
                                                           company_name: "Beta")")})),
              IsEmpty());
}

TEST(PersonIdentity, IsInQuestionWhereAddressesAndIdsNameSeveral) {
  const std::vector<KnownContact> known = {
      Known("id", R"(external_ids { system: "crm" id: "1" })"),
      Known("phone", R"(phones { e164: "+14155552671" })"),
      Known("mail", R"(emails { address: "ada@example.com" })")};
  const PersonKeys person = Keys(R"(emails { address: "ada@example.com" }
                                    phones { e164: "+14155552671" }
                                    external_ids { system: "crm" id: "1" })");
  const Identity identity = IdentityOf(person, known);
  EXPECT_FALSE(identity.is_known());
  EXPECT_THAT(Told(identity), ElementsAre("mail by email", "id by id"));
  // An address leaves who has the number out of question.
  EXPECT_TRUE(IdentityOf(person, {known[1], known[2]}).is_known());
}

TEST(PersonIdentity, TellsTenOfMany) {
  std::vector<KnownContact> known;
  for (int i = 0; i < 20; ++i) {
    known.push_back(Known(absl::StrCat(i), R"(phones { e164: "+14155552671" })"));
  }
  EXPECT_EQ(IdentityOf(Keys(R"(phones { e164: "+14155552671" })"), known).candidates.size(),
            kIdentityCandidatesMax);
}

TEST(NameAtCompanyKey, NeedsBothAndLeavesTheLegalFormOut) {
  EXPECT_EQ(NameAtCompanyKey("Anna  Müller", "ACME GmbH & Co. KG"), "anna muller\nacme");
  EXPECT_EQ(NameAtCompanyKey("Anna Müller", "Limited"), "anna muller\nlimited");
  EXPECT_EQ(NameAtCompanyKey("Anna Müller", ""), "");
  EXPECT_EQ(NameAtCompanyKey(" ", "Acme"), "");
}

}  // namespace
}  // namespace kith
