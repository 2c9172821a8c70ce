#include "services/core/merge_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/decider_spec.h"

namespace kith {
namespace {

using mail_templates::v1::MailTemplate;
using ::testing::ElementsAre;
using testing::Proto;

// "field: description" of each violation.
std::vector<std::string> DefectsOf(const MailTemplate& mail_template) {
  google::rpc::BadRequest violations;
  CheckTemplate(mail_template, violations);
  std::vector<std::string> defects;
  for (const auto& violation : violations.field_violations()) {
    defects.push_back(absl::StrCat(violation.field(), ": ", violation.description()));
  }
  return defects;
}

TEST(MergeFields, AreThoseOfTheRecordsAndNoOthers) {
  EXPECT_TRUE(IsMergeField("contact.first_name"));
  EXPECT_TRUE(IsMergeField("contact.email"));
  EXPECT_TRUE(IsMergeField("workspace.display_name"));
  EXPECT_TRUE(IsAmount("deal.amount"));
  EXPECT_FALSE(IsAmount("deal.display_name"));
  for (const char* const other : {"contact", "contact.notes", "contact.frist_name", "owner.roles",
                                  "user.display_name", "", "."}) {
    EXPECT_FALSE(IsMergeField(other)) << other;
  }
}

TEST(MergeFields, ThatAreUnknownAreNamed) {
  EXPECT_THAT(
      DefectsOf(Proto<MailTemplate>(R"(
                subject: "Hi {{contact.frist_name}}" text: "{{#deal.amount}}{{x}}{{/deal.amount}}"
                html: "{{{contact.first_name}}}"
                fallbacks { field: "contact.first_name" text: "a" }
                fallbacks { field: "contact.first_name" text: "b" })")),
      ElementsAre(
          "mail_template.subject: names {{contact.frist_name}}, which is no merge field",
          "mail_template.text: names {{x}}, which is no merge field",
          "mail_template.html: has a gap whose value is not escaped, {{{contact.first_name}}}",
          "mail_template.fallbacks[1]: stands there already"));
}

TEST(MergeTemplate, TakesFieldsOfEachRecordByTheirTypes) {
  const auto mail_template = Proto<MailTemplate>(R"(
      subject: "{{deal.display_name}}: {{deal.amount}}"
      text: "{{contact.first_name}} <{{contact.email}}> of {{company.display_name}},"
            " {{owner.email}} {{deal.expected_close_date}} {{workspace.display_name}}"
      html: "{{company.display_name}}")");
  const auto contact = Proto<contacts::v1::Contact>("first_name: 'Ada'");
  const auto company = Proto<companies::v1::Company>("display_name: 'Harrow & Sons'");
  const auto owner = Proto<users::v1::User>("email: 'marta@acme.example'");
  const auto deal = Proto<deals::v1::Deal>(R"(
      display_name: "Mill" amount { currency_code: "EUR" units: 1234 nanos: 500000000 }
      expected_close_date { year: 2026 month: 2 day: 3 })");
  const auto merged = MergeTemplate(mail_template, {.contact = &contact,
                                                    .address = "ada@example.com",
                                                    .company = &company,
                                                    .owner = &owner,
                                                    .deal = &deal,
                                                    .workspace = "Acme"});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->subject, "Mill: 1234.50 EUR");
  EXPECT_EQ(merged->text,
            "Ada <ada@example.com> of Harrow & Sons, marta@acme.example 2026-02-03 Acme");
  EXPECT_EQ(merged->html, "Harrow &amp; Sons");
  EXPECT_THAT(merged->empty_fields, ElementsAre());
  EXPECT_THAT(RecordsIn(mail_template),
              ElementsAre("deal", "contact", "company", "owner", "workspace"));
}

TEST(MergeTemplate, SaysAFallbackWhereAFieldIsEmptyAndTellsWhichHaveNone) {
  const auto mail_template = Proto<MailTemplate>(R"(
      subject: "Hi {{contact.first_name}}" text: "{{deal.amount}}{{company.industry}}"
      fallbacks { field: "contact.first_name" text: "there" })");
  const contacts::v1::Contact nobody;
  const auto merged = MergeTemplate(mail_template, {.contact = &nobody});
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged->subject, "Hi there");
  EXPECT_EQ(merged->text, "");
  EXPECT_THAT(merged->empty_fields, ElementsAre("deal.amount", "company.industry"));
}

TEST(MergeTemplate, WritesAmountsOfEverySizeAndCurrency) {
  const auto mail_template = Proto<MailTemplate>("subject: '{{deal.amount}}' text: 'x'");
  const auto written = [&](const char* amount) {
    deals::v1::Deal deal;
    *deal.mutable_amount() = Proto<google::type::Money>(amount);
    return MergeTemplate(mail_template, {.deal = &deal})->subject;
  };
  EXPECT_EQ(written("currency_code: 'JPY' units: 500"), "500 JPY");
  EXPECT_EQ(written("currency_code: 'EUR' nanos: -50000000"), "-0.05 EUR");
  EXPECT_EQ(written("currency_code: 'EUR' units: -3 nanos: -500000000"), "-3.50 EUR");
}

TEST(MergeTemplate, RefusesWhatBecomesTooLong) {
  const auto contact =
      Proto<contacts::v1::Contact>(absl::StrCat("company_name: '", std::string(256, 'x'), "'"));
  const auto mail_template = Proto<MailTemplate>(
      "subject: '{{contact.company_name}}{{contact.company_name}}{{contact.company_name}}"
      "{{contact.company_name}}' text: 'x'");
  const auto merged = MergeTemplate(mail_template, {.contact = &contact});
  EXPECT_EQ(merged.status().message(), "The subject is longer than 998 bytes.");
}

TEST(AddressOf, IsThePrimaryOneOrTheFirst) {
  EXPECT_EQ(AddressOf({}), nullptr);
  const auto contact = Proto<contacts::v1::Contact>(
      "emails { address: 'a@x.example' } emails { address: 'b@x.example' primary: true }");
  EXPECT_EQ(AddressOf(contact)->address(), "b@x.example");
}

TEST(CompanyOf, IsOneThatTheContactStillBelongsTo) {
  const auto contact = Proto<contacts::v1::Contact>(R"(
      companies { company: "companies/left" primary: true end_date { year: 2020 month: 1 day: 1 } }
      companies { company: "companies/first" } companies { company: "companies/second" })");
  EXPECT_EQ(CompanyOf(contact), "companies/first");
  EXPECT_EQ(CompanyOf({}), "");
}

}  // namespace
}  // namespace kith
