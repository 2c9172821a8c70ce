// Setting fields of any message from texts.
#include "services/cli/text/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/contacts/v1/contact.pb.h"
#include "kith/deals/v1/deal.pb.h"
#include "tests/services/cli/parse_text.h"

namespace kith::cli {
namespace {

using contacts::v1::Contact;
using deals::v1::Deal;
using testing::EndsWith;

TEST(ReadJson, TellsWhichValuesThereAre) {
  Contact contact;
  EXPECT_THAT(
      std::string(ReadJson(R"({"lifecycle_stage": "FOO"})", &contact).message()),
      testing::StartsWith("this JSON does not fit: (lifecycle_stage): \"FOO\" is not one of "
                          "SUBSCRIBER, LEAD, "));
  EXPECT_THAT(std::string(ReadJson(R"({"nosuch": 1})", &contact).message()),
              EndsWith("nosuch: Cannot find field."));
  EXPECT_EQ(ReadJson(R"({"first_name": "Ada"})", &contact), absl::OkStatus());
  EXPECT_EQ(contact.first_name(), "Ada");
}

TEST(SetField, ReadsEveryKindOfValue) {
  Deal deal;
  for (const auto& [path, text] :
       std::vector<std::pair<std::string, std::string>>{{"display_name", "Roll-out"},
                                                        {"amount", "12.50 EUR"},
                                                        {"probability", "45"},
                                                        {"forecast_category", "best-case"},
                                                        {"expected_close_date", "2026-03-31"},
                                                        {"owner", "u1"},
                                                        {"stage", "default/qualified"}}) {
    EXPECT_EQ(SetField(&deal, path, text), absl::OkStatus()) << path;
  }
  EXPECT_TRUE(EqualsText<Deal>(deal, R"pb(
    display_name: "Roll-out"
    amount { currency_code: "EUR" units: 12 nanos: 500000000 }
    probability: 45
    forecast_category: BEST_CASE
    expected_close_date { year: 2026 month: 3 day: 31 }
    owner: "users/u1"
    stage: "pipelines/default/stages/qualified"
  )pb"));
}

TEST(SetField, BeginsAnElementWhereTheLastHasTheFieldAlready) {
  Contact contact;
  for (const auto& [path, text] :
       std::vector<std::pair<std::string, std::string>>{{"emails.address", "a@x.example"},
                                                        {"emails.label", "work"},
                                                        {"emails.address", "b@x.example"},
                                                        {"emails.primary", "yes"}}) {
    EXPECT_EQ(SetField(&contact, path, text), absl::OkStatus()) << path;
  }
  EXPECT_TRUE(EqualsText<Contact>(contact, R"pb(
    emails { address: "a@x.example" label: "work" }
    emails { address: "b@x.example" primary: true }
  )pb"));
}

TEST(SetField, TakesAPlainTextForAMessageWithOneRequiredField) {
  Contact contact;
  EXPECT_EQ(SetField(&contact, "emails", "a@x.example"), absl::OkStatus());
  EXPECT_EQ(SetField(&contact, "emails", "b@x.example"), absl::OkStatus());
  EXPECT_TRUE(EqualsText<Contact>(contact, R"pb(emails { address: "a@x.example" }
                                                emails { address: "b@x.example" })pb"));
  EXPECT_FALSE(SetField(&contact, "external_ids", "x").ok()) << "it has two required fields";
}

TEST(SetField, TakesJson) {
  Contact contact;
  EXPECT_EQ(SetField(&contact, "emails", R"([{"address":"a@x.example","label":"home"}])"),
            absl::OkStatus());
  EXPECT_EQ(SetField(&contact, "tags", R"(["a","b"])"), absl::OkStatus());
  EXPECT_EQ(SetField(&contact, "birthday", R"({"month":3,"day":1})"), absl::OkStatus());
  EXPECT_TRUE(EqualsText<Contact>(contact, R"pb(
    emails { address: "a@x.example" label: "home" }
    birthday { month: 3 day: 1 }
    tags: "a"
    tags: "b"
  )pb"));
  EXPECT_FALSE(SetField(&contact, "emails", R"([{"adress":"a@x.example"}])").ok());
}

TEST(SetField, TakesOneJsonObjectForOneElement) {
  Contact contact;
  EXPECT_EQ(SetField(&contact, "emails", R"({"address":"a@x.example","label":"home"})"),
            absl::OkStatus());
  EXPECT_EQ(SetField(&contact, "emails", "b@x.example"), absl::OkStatus());
  EXPECT_EQ(SetField(&contact, "external_ids", R"({"system":"billing","id":"7"})"),
            absl::OkStatus());
  EXPECT_EQ(SetField(&contact, "tags", "{a}"), absl::OkStatus());
  EXPECT_TRUE(EqualsText<Contact>(contact, R"pb(
    emails { address: "a@x.example" label: "home" }
    emails { address: "b@x.example" }
    external_ids { system: "billing" id: "7" }
    tags: "{a}"
  )pb"));
  EXPECT_THAT(std::string(SetField(&contact, "emails", R"({"adress":"a"})").message()),
              EndsWith("\nwrite it like {\"address\": \"…\"}, or several in [ ]"));
  EXPECT_THAT(std::string(SetField(&contact, "tags", R"(["a")").message()),
              EndsWith("\nwrite it like [\"…\", \"…\"]"));
  EXPECT_EQ(SetField(&contact, "external_ids", "7").message(),
            "it holds a ExternalId: write it like {\"system\": \"…\", \"id\": \"…\"}, or several "
            "in [ ]; or give its fields, like --external-ids.system");
}

TEST(SetField, LeavesAMessageFieldAloneForAnEmptyText) {
  Deal deal;
  EXPECT_EQ(SetField(&deal, "amount", ""), absl::OkStatus());
  EXPECT_FALSE(deal.has_amount());
}

TEST(SetField, SaysWhatIsWrong) {
  Contact contact;
  Deal deal;
  EXPECT_EQ(SetField(&contact, "frist_name", "x").message(), "Contact has no field frist_name");
  EXPECT_EQ(SetField(&contact, "first_name.x", "x").message(),
            "first_name has no fields of its own");
  EXPECT_EQ(SetField(&deal, "type", "GIFT").message(),
            "\"GIFT\" is not one of NEW_BUSINESS, EXISTING_BUSINESS, RENEWAL, UPSELL");
  EXPECT_EQ(SetField(&deal, "probability", "high").message(), "\"high\" is not a number");
}

}  // namespace
}  // namespace kith::cli
