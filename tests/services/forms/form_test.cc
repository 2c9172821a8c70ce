#include "services/forms/form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/forms/v1/forms_errors.pb.h"
#include "services/forms/filled_form.h"
#include "services/forms/form_fields.h"
#include "tests/testing/decider_spec.h"

namespace kith::forms {
namespace {

using testing::ChangesNothing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsRejectedWith;
using testing::Proto;
using ::testing::UnorderedElementsAre;
using testing::ViolatedFields;

v1::Form Contact() {
  return Proto<v1::Form>(R"(
      name: "forms/1" etag: "3" display_name: "Contact us" state: PUBLISHED
      fields { key: "email" label: "E-mail" kind: EMAIL required: true maps_to: "contact.emails" }
      fields { key: "name" label: "Name" maps_to: "contact.last_name" }
      fields { key: "phone" label: "Phone" kind: PHONE maps_to: "contact.phones" }
      fields { key: "topic" label: "Topic" kind: CHOICE choices: "Sales" choices: "Support" }
      fields { key: "colours" label: "Colours" kind: CHOICES choices: "red" choices: "blue" }
      fields { key: "tier" label: "Tier" maps_to: "contact.custom.tier" }
      fields { key: "message" label: "Message" kind: PARAGRAPH }
      fields { key: "campaign" label: "Campaign" kind: HIDDEN initial: "autumn" }
      consents { key: "terms" text: "I agree." required: true version: 2 }
      consents { key: "news" text: "Send me news." version: 1 })");
}

v1::SubmitFormRequest Filled(const std::string& text) {
  return Proto<v1::SubmitFormRequest>(absl::StrCat(R"(name: "forms/1" )", text));
}

std::vector<std::string> Violations(const v1::Form& form, const std::string& text) {
  const auto read = ReadForm(form, Filled(text));
  return read.ok() ? std::vector<std::string>{} : ViolatedFields(read.status());
}

TEST(ReadForm, PutsEachValueWhereItsFieldSays) {
  const auto read = ReadForm(Contact(), Filled(R"(
      values { key: "email" value: " ada@example.com " } values { key: "name" value: "Lovelace" }
      values { key: "phone" value: "030 901820" } values { key: "topic" value: "Sales" }
      values { key: "colours" value: "red" } values { key: "colours" value: "blue" }
      values { key: "tier" value: "gold" } values { key: "message" value: "Hello\nthere" }
      values { key: "campaign" value: "spoofed" } values { key: "unknown" value: "x" }
      consents: "terms" consents: "unknown" page_url: "https://example.com/contact")"));
  ASSERT_TRUE(read.ok()) << read.status();
  const contacts::v1::Contact& person = read->capture.person();
  EXPECT_EQ(person.emails(0).address(), "ada@example.com");
  EXPECT_EQ(person.last_name(), "Lovelace");
  EXPECT_EQ(person.phones(0).raw(), "030 901820");
  EXPECT_EQ(person.custom().at("tier").text(), "gold");
  EXPECT_EQ(person.source(), "Contact us");
  const interactions::v1::Interaction& interaction = read->capture.interaction();
  EXPECT_EQ(interaction.kind(), interactions::v1::FORM_SUBMISSION);
  EXPECT_EQ(interaction.subject(), "Contact us");
  EXPECT_EQ(interaction.channel(), "https://example.com/contact");
  EXPECT_EQ(interaction.body(),
            "Topic: Sales\nColours: red, blue\nMessage:\nHello\nthere\nCampaign: autumn");
  ASSERT_EQ(read->consents.size(), 1u);
  EXPECT_EQ(read->consents[0].key(), "terms");
  EXPECT_EQ(read->consents[0].version(), 2);
  EXPECT_EQ(read->consents[0].text(), "I agree.");
}

TEST(ReadForm, TellsWhatASecondFieldSaysOfTheSame) {
  v1::Form form = Contact();
  *form.add_fields() =
      Proto<v1::FormField>(R"(key: "alias" label: "Alias" maps_to: "contact.last_name")");
  const auto read = ReadForm(form, Filled(R"(
      values { key: "email" value: "ada@example.com" } values { key: "name" value: "Lovelace" }
      values { key: "alias" value: "Byron" } consents: "terms")"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->capture.person().last_name(), "Lovelace");
  EXPECT_EQ(read->capture.interaction().body(), "Campaign: autumn\nAlias: Byron");
}

TEST(ReadForm, TellsAllThatIsWrongAtOnce) {
  EXPECT_THAT(Violations(Contact(), ""), UnorderedElementsAre("values.email", "consents.terms"));
  EXPECT_THAT(Violations(Contact(), R"(
      values { key: "email" value: "no address" } values { key: "phone" value: "n/a" }
      values { key: "topic" value: "Other" } values { key: "colours" value: "green" }
      values { key: "name" value: "a" } values { key: "name" value: "b" } consents: "terms")"),
              UnorderedElementsAre("values.email", "values.phone", "values.topic", "values.colours",
                                   "values.name"));
  v1::Form form = Contact();
  form.mutable_fields(1)->set_max_characters(3);
  form.mutable_fields(1)->set_min_characters(2);
  const std::string rest = R"(values { key: "email" value: "a@example.com" } consents: "terms")";
  EXPECT_THAT(Violations(form, rest + R"(values { key: "name" value: "äöü" })"), IsEmpty());
  EXPECT_THAT(Violations(form, rest + R"(values { key: "name" value: "äöüß" })"),
              ElementsAre("values.name"));
  EXPECT_THAT(Violations(form, rest + R"(values { key: "name" value: "a" })"),
              ElementsAre("values.name"));
  EXPECT_THAT(Violations(form, rest + R"(values { key: "name" value: "a\x01b" })"),
              ElementsAre("values.name"));
}

TEST(ReadForm, TakesABlankForNothing) {
  EXPECT_THAT(Violations(Contact(),
                         "values { key: 'email' value: ' \u00A0\u200B' } "
                         "values { key: 'name' value: '\u3000' } consents: 'terms'"),
              ElementsAre("values.email"));
}

TEST(ReadForm, KnowsWhatEachKindTakes) {
  const auto takes = [](const std::string& kind, const std::string& value) {
    const v1::Form form = Proto<v1::Form>(
        absl::StrCat(R"(display_name: "F" fields { key: "x" label: "X" kind: )", kind, " }"));
    return Violations(form, absl::StrCat(R"(values { key: "x" value: ")", value, "\" }")).empty();
  };
  EXPECT_TRUE(takes("NUMBER", "-12.5"));
  EXPECT_FALSE(takes("NUMBER", "12,5"));
  EXPECT_FALSE(takes("NUMBER", "nan"));
  EXPECT_TRUE(takes("DATE", "2026-02-28"));
  EXPECT_FALSE(takes("DATE", "2026-02-29"));
  EXPECT_FALSE(takes("DATE", "28.2.2026"));
  EXPECT_TRUE(takes("URL", "https://example.com/a"));
  EXPECT_FALSE(takes("URL", "javascript:alert(1)"));
  EXPECT_TRUE(takes("EMAIL", "user+tag@example.com"));
  EXPECT_FALSE(takes("EMAIL", "a@x.example, b@x.example"));
  EXPECT_TRUE(takes("CHECKBOX", "on"));
}

// A form whose lead is told what people write.
v1::Form OfLeads() {
  v1::Form form = Contact();
  form.set_creates_lead(true);
  for (const char* const field :
       {R"(key: "ask" label: "Question" kind: PARAGRAPH maps_to: "lead.inquiry")",
        R"(key: "budget" label: "Budget" kind: AMOUNT currency_code: "EUR"
           maps_to: "lead.estimated_amount")",
        R"(key: "how" label: "Heard of us" kind: CHOICE choices: "Referral" choices: "Web form"
           maps_to: "lead.source")",
        R"(key: "site" label: "Site" kind: URL maps_to: "lead.website")",
        R"(key: "size" label: "Size" maps_to: "lead.custom.size")",
        R"(key: "more" label: "More" kind: PARAGRAPH maps_to: "interaction.body")",
        R"(key: "fee" label: "Fee" kind: AMOUNT currency_code: "USD"
           maps_to: "contact.custom.fee")"}) {
    *form.add_fields() = Proto<v1::FormField>(field);
  }
  return form;
}

// Goal: what maps to the lead is the lead's, and stands in the interaction, too, as a lead may not
// come; an amount stands in the interaction's amounts alone.
TEST(ReadForm, PutsIntoTheLeadWhatMapsToIt) {
  const v1::Form form = OfLeads();
  EXPECT_THAT(ViolatedFields(CheckFields(form)), IsEmpty());
  const auto read = ReadForm(form, Filled(R"(
      values { key: "email" value: "ada@example.com" } values { key: "ask" value: "How much?" }
      values { key: "budget" value: "1234.5" } values { key: "how" value: "Web form" }
      values { key: "site" value: "https://ada.example" } values { key: "size" value: "20" }
      values { key: "more" value: "By tomorrow." } values { key: "fee" value: "7" }
      consents: "terms")"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->lead.inquiry(), "How much?");
  EXPECT_EQ(read->lead.estimated_amount().units(), 1234);
  EXPECT_EQ(read->lead.estimated_amount().nanos(), 500'000'000);
  EXPECT_EQ(read->lead.estimated_amount().currency_code(), "EUR");
  EXPECT_EQ(read->lead.source(), leads::v1::WEB_FORM);
  EXPECT_EQ(read->lead.website(), "https://ada.example");
  EXPECT_EQ(read->lead.custom().at("size").text(), "20");
  EXPECT_EQ(read->capture.person().custom().at("fee").text(), "7 USD");
  const interactions::v1::Interaction& interaction = read->capture.interaction();
  EXPECT_EQ(interaction.body(),
            "Campaign: autumn\nQuestion: How much?\nBudget: see amount 1\nHeard of us: Web form\n"
            "Site: https://ada.example\nSize: 20\nBy tomorrow.");
  ASSERT_EQ(interaction.amounts_size(), 1);
  EXPECT_EQ(interaction.amounts(0).units(), 1234);
}

TEST(ReadForm, TellsAnAmountThatTheContactDoesNotTakeAsOne) {
  const auto read = ReadForm(OfLeads(), Filled(R"(
      values { key: "email" value: "ada@example.com" } values { key: "fee" value: "7" }
      consents: "terms")"));
  ASSERT_TRUE(read.ok()) << read.status();
  contacts::v1::Contact contact = read->capture.person();
  auto& fee = (*contact.mutable_custom())["fee"];
  fee.mutable_money()->set_currency_code("USD");
  fee.mutable_money()->set_units(7);
  interactions::v1::Interaction interaction;
  TellLeftOut(read->contact_values, contact, {}, "DE", interaction);
  EXPECT_EQ(interaction.body(), "") << "the contact has all of it";
  fee.mutable_money()->set_units(8);
  TellLeftOut(read->contact_values, contact, {}, "DE", interaction);
  EXPECT_EQ(interaction.body(), "Fee: see amount 1");
  EXPECT_EQ(interaction.amounts(0).units(), 7);
}

TEST(ReadForm, KnowsAmountsAndSources) {
  const auto violations = [](const std::string& key, const std::string& value) {
    return Violations(OfLeads(), absl::StrCat(R"(
        values { key: "email" value: "ada@example.com" } consents: "terms" values { key: ")",
                                              key, "\" value: \"", value, "\" }"));
  };
  for (const char* const amount : {"a lot", "-1", "1.000", "5 EUR", "12.345", "1,5"}) {
    EXPECT_THAT(violations("budget", amount), ElementsAre("values.budget")) << amount;
  }
  EXPECT_THAT(violations("budget", "0.5"), IsEmpty());
  EXPECT_THAT(violations("how", "By chance"), ElementsAre("values.how"));
}

TEST(CheckForm, MapsToTheLeadByFieldsOfTheirKind) {
  const auto violations = [](const std::string& field, bool creates_lead = true) {
    v1::Form form = Contact();
    form.set_creates_lead(creates_lead);
    form.clear_fields();
    *form.add_fields() = Proto<v1::FormField>(absl::StrCat(R"(key: "a" label: "A" )", field));
    form.set_state(v1::UNPUBLISHED);
    return ViolatedFields(CheckFields(form));
  };
  for (const char* const field :
       {R"(kind: NUMBER maps_to: "lead.estimated_amount")", R"(maps_to: "lead.source")",
        R"(kind: CHOICE choices: "By chance" maps_to: "lead.source")",
        R"(kind: HIDDEN initial: "chance" maps_to: "lead.source")", R"(maps_to: "lead.website")",
        R"(maps_to: "lead.owner")",
        R"(kind: AMOUNT currency_code: "EUR" maps_to: "lead.inquiry")"}) {
    EXPECT_THAT(violations(field), ElementsAre("form.fields[0].maps_to")) << field;
  }
  EXPECT_THAT(violations("kind: AMOUNT"), ElementsAre("form.fields[0].currency_code"));
  EXPECT_THAT(violations(R"(kind: AMOUNT currency_code: "eur")"),
              ElementsAre("form.fields[0].currency_code"));
  EXPECT_THAT(violations(R"(currency_code: "EUR")"), ElementsAre("form.fields[0].currency_code"));
  EXPECT_THAT(violations(R"(maps_to: "lead.inquiry")"), IsEmpty());
  EXPECT_THAT(violations(R"(maps_to: "lead.inquiry")", false),
              ElementsAre("form.fields[0].maps_to"));
  v1::Form form = OfLeads();
  for (int i = 0; i < 19; ++i) {
    *form.add_fields() = Proto<v1::FormField>(
        absl::StrCat(R"(label: "A" kind: AMOUNT currency_code: "EUR" key: "a)", i, "\""));
  }
  EXPECT_THAT(ViolatedFields(CheckFields(form)), ElementsAre("form.fields[33].kind"));
}

TEST(CheckForm, RefusesWhatNoFormCanBe) {
  const auto violations = [](const std::string& text) {
    return ViolatedFields(
        CheckFields(Proto<v1::Form>(absl::StrCat(R"(display_name: "F" )", text))));
  };
  EXPECT_THAT(violations(R"(fields { key: "a" label: "A" } fields { key: "a" label: "A" })"),
              ElementsAre("form.fields[1]"));
  EXPECT_THAT(violations(R"(fields { key: "a" label: "A" kind: CHOICE })"),
              ElementsAre("form.fields[0].choices"));
  EXPECT_THAT(violations(R"(fields { key: "a" label: "A" maps_to: "contact.owner" })"),
              ElementsAre("form.fields[0].maps_to"));
  EXPECT_THAT(violations(R"(fields { key: "a" label: "A" maps_to: "contact.emails" })"),
              ElementsAre("form.fields[0].maps_to"));
  EXPECT_THAT(violations(R"(fields { key: "kith_a" label: "A" })"),
              ElementsAre("form.fields[0].key"));
  EXPECT_THAT(violations(R"(allowed_origins: "https://example.com/" allowed_origins: "*"
                            allowed_origins: "https://example.com")"),
              ElementsAre("form.allowed_origins[0]", "form.allowed_origins[1]"));
  EXPECT_THAT(violations(R"(fields { key: "a" label: "A" kind: EMAIL maps_to: "contact.emails" }
                            fields { key: "b" label: "B" kind: EMAIL maps_to: "contact.emails" })"),
              ElementsAre("form.fields"));
  // Both stand in headers of the page.
  EXPECT_THAT(violations(R"(allowed_origins: "https://example.com;script-src"
                            allowed_origins: "https://example.com:8443"
                            redirect_url: "https://a.example;img-src/thanks")"),
              ElementsAre("form.allowed_origins[0]", "form.redirect_url"));
  EXPECT_THAT(violations(R"(redirect_url: "https://a.example/thanks;x?y=1")"), ElementsAre());
  EXPECT_THAT(violations(R"(confirmation_mail { subject: "Confirm" text: "Please" })"),
              UnorderedElementsAre("form.confirmation_mail.text", "form.public_url"));
  EXPECT_THAT(violations(R"(state: PUBLISHED fields { key: "a" label: "A" })"),
              ElementsAre("form.fields"));
}

TEST(CheckForm, NumbersTheTextsOfAConsent) {
  const auto complete = [](const v1::Form& before, const std::string& text) {
    v1::Form after = Proto<v1::Form>(text);
    CompleteFields(before, Settings(), after);
    return after;
  };
  const v1::Form first = complete({}, R"(consents { key: "news" text: "One" })");
  EXPECT_EQ(first.state(), v1::UNPUBLISHED);
  EXPECT_EQ(first.consents(0).version(), 1);
  EXPECT_EQ(complete(first, R"(consents { key: "news" text: "One" })").consents(0).version(), 1);
  EXPECT_EQ(complete(first, R"(consents { key: "news" text: "Two" })").consents(0).version(), 2);
}

TEST(PublishForm, NeedsSomethingThatSaysWhoSomebodyIs) {
  FormNow state;
  v1::PublishFormRequest publish;
  publish.set_name("forms/1");
  EXPECT_THAT(Decide(state, publish), IsRejectedWith(v1::FORMS_ERROR_FORM_NOT_FOUND));
  state.lifecycle = Lifecycle::kActive;
  state.resource = Contact();
  EXPECT_THAT(Decide(state, publish), ChangesNothing());
  state.resource.set_state(v1::UNPUBLISHED);
  EXPECT_TRUE(Decide(state, publish)->list()[0].event != nullptr);
  state.resource.clear_fields();
  EXPECT_THAT(ViolatedFields(Decide(state, publish).status()), ElementsAre("form.fields"));
}

}  // namespace
}  // namespace kith::forms
