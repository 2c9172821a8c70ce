#include "services/runtime/requests/validate.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/deals/v1/pipelines_service.pb.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/saved_views/v1/saved_views_service.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "kith/workspaces/v1/workspaces_service.pb.h"
#include "projections/tables/query.h"
#include "tests/testing/decider_spec.h"

namespace kith::runtime {
namespace {

using contacts::v1::CreateContactRequest;
using contacts::v1::ListContactsRequest;
using contacts::v1::UpdateContactRequest;
using deals::v1::CreateDealRequest;
using kith::testing::Proto;
using kith::testing::ViolatedFields;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

template <class Request>
std::vector<std::string> Violations(const Request& request) {
  const absl::Status status = MessageRules::Of(Request::descriptor()).Check(request);
  EXPECT_TRUE(status.ok() || IsError(status, type::v1::ERROR_INVALID_FIELD)) << status;
  return ViolatedFields(status);
}

CreateContactRequest Contact(absl::string_view contact) {
  return Proto<CreateContactRequest>(absl::StrCat("contact { ", contact, " }"));
}

TEST(MessageRules, PassAWholeContact) {
  EXPECT_THAT(Violations(Contact(R"pb(
                first_name: "Ada"
                emails { address: "ada@example.com" label: "work" }
                phones { raw: "+49 (0)30 90-1820 ext. 4" }
                addresses { country: "GB" }
                owner: "users/01J"
                language: "de-CH"
                time_zone: "Europe/London"
                birthday { month: 12 day: 10 }
                website: "https://example.com/a?b#c"
                tags: "x"
                external_ids { system: "billing" id: "7" }
                notes: "two\nlines\tand a tab")pb")),
              IsEmpty());
}

TEST(MessageRules, CountCharactersAndNotBytes) {
  saved_views::v1::CreateSavedViewRequest request;
  request.mutable_saved_view()->set_resource("contacts");
  std::string name;
  for (int i = 0; i < 200; ++i) name += "ü";
  request.mutable_saved_view()->set_display_name(name);
  EXPECT_THAT(Violations(request), IsEmpty());
  request.mutable_saved_view()->set_display_name(name + "x");
  EXPECT_THAT(Violations(request), ElementsAre("saved_view.display_name"));
}

TEST(MessageRules, KnowWhatListsAreAsked) {
  saved_views::v1::CreateSavedViewRequest request;
  saved_views::v1::SavedView& view = *request.mutable_saved_view();
  view.set_display_name("x");
  for (const char* const collection : {"contacts", "savedViews", "l33t"}) {
    view.set_resource(collection);
    EXPECT_THAT(Violations(request), IsEmpty()) << collection;
  }
  for (const char* const collection : {"saved_views", "1st", "a b", "ä", "contacts/1"}) {
    view.set_resource(collection);
    EXPECT_THAT(Violations(request), ElementsAre("saved_view.resource")) << collection;
  }
  view.set_resource("contacts");
  view.set_filter("a = 1 AND (b = \"c*\")");
  view.set_order_by("a, b desc");
  view.add_columns("display_name");
  EXPECT_THAT(Violations(request), IsEmpty());
  view.set_filter("a = 1 AND");
  view.set_order_by("a b c");
  view.add_columns("displayName");
  view.add_columns("custom.Tier");
  view.add_columns("");
  EXPECT_THAT(Violations(request), ElementsAre("saved_view.filter", "saved_view.order_by",
                                               "saved_view.columns[1]", "saved_view.columns[2]"));
}

TEST(MessageRules, NameEveryViolationAtOnceByItsPath) {
  auto request = Contact(R"pb(
    first_name: "a\001b"
    emails { address: "ada@example.com" }
    emails { address: "nope" }
    emails { label: "no address" }
    phones { raw: "call me" }
    addresses { country: "UK" }
    owner: "contacts/1"
    language: "not a tag"
    time_zone: "Mars/Olympus"
    birthday { month: 2 day: 30 }
    website: "ftp://example.com"
    lifecycle_stage: 99)pb");
  request.set_request_id("caf\xc3\xa9");
  request.mutable_occur_time()->set_nanos(-1);
  EXPECT_THAT(Violations(request),
              ElementsAre("contact.first_name", "contact.emails[1].address",
                          "contact.emails[2].address", "contact.phones[0].raw",
                          "contact.addresses[0].country", "contact.lifecycle_stage",
                          "contact.owner", "contact.language", "contact.time_zone",
                          "contact.birthday", "contact.website", "occur_time", "request_id"));
}

TEST(MessageRules, RequireWhatIsRequired) {
  EXPECT_THAT(Violations(CreateContactRequest()), ElementsAre("contact"));
  EXPECT_THAT(Violations(deals::v1::MoveDealRequest()), ElementsAre("name", "stage"));
  EXPECT_THAT(Violations(deals::v1::ReorderStagesRequest()), ElementsAre("pipeline", "stages"));
}

TEST(MessageRules, DoNotLookAtWhatIsOutputOnly) {
  EXPECT_THAT(Violations(Contact(R"pb(name: "what \001 ever" first_name: "Ada")pb")), IsEmpty());
}

TEST(MessageRules, BoundStringsInBytes) {
  auto request = Contact("");
  request.mutable_contact()->set_first_name(std::string(128, 'x'));
  EXPECT_THAT(Violations(request), IsEmpty());
  request.mutable_contact()->set_first_name(std::string(129, 'x'));
  EXPECT_THAT(Violations(request), ElementsAre("contact.first_name"));
}

TEST(MessageRules, BoundStringsWithoutARuleToo) {
  auto request = Proto<ListContactsRequest>("");
  request.set_order_by(std::string(1024, 'x'));
  request.set_page_token(std::string(8192, 'x'));
  request.set_filter(std::string(projections::kFilterBytesMax, 'x'));
  EXPECT_THAT(Violations(request), IsEmpty());
  request.set_order_by(std::string(1025, 'x'));
  request.set_page_token(std::string(8193, 'x'));
  request.set_filter(std::string(projections::kFilterBytesMax + 1, 'x'));
  EXPECT_THAT(Violations(request), UnorderedElementsAre("filter", "order_by", "page_token"));
}

TEST(MessageRules, RefuseBrokenUtf8) {
  auto request = Contact("");
  request.mutable_contact()->set_first_name("\xff");
  EXPECT_THAT(Violations(request), ElementsAre("contact.first_name"));
}

TEST(MessageRules, BoundLists) {
  auto request = Contact("");
  for (int i = 0; i < 51; ++i) request.mutable_contact()->add_tags("x");
  EXPECT_THAT(Violations(request), ElementsAre("contact.tags"));
}

TEST(MessageRules, CheckEveryStringOfAList) {
  auto request = Contact("");
  request.mutable_contact()->add_tags("fine");
  request.mutable_contact()->add_tags(std::string(65, 'x'));
  EXPECT_THAT(Violations(request), ElementsAre("contact.tags[1]"));
}

TEST(MessageRules, BoundNumbers) {
  EXPECT_THAT(
      Violations(Proto<CreateDealRequest>(R"pb(deal { display_name: "A" probability: 101 })pb")),
      ElementsAre("deal.probability"));
  EXPECT_THAT(
      Violations(Proto<CreateDealRequest>(R"pb(deal { display_name: "A" probability: -1 })pb")),
      ElementsAre("deal.probability"));
  EXPECT_THAT(
      Violations(Proto<CreateDealRequest>(R"pb(deal { display_name: "A" probability: 0 })pb")),
      IsEmpty());
}

TEST(MessageRules, CheckMoneyDatesAndIds) {
  EXPECT_THAT(Violations(Proto<CreateDealRequest>(R"pb(
                deal {
                  display_name: "A"
                  pipeline: "stages/1"
                  amount { currency_code: "eur" units: 1 }
                  expected_close_date { month: 2 day: 1 }
                }
                deal_id: "no/slash")pb")),
              ElementsAre("deal.pipeline", "deal.amount", "deal.expected_close_date", "deal_id"));
}

TEST(MessageRules, TakeAnyOfSeveralResourcePatterns) {
  auto request = Proto<interactions::v1::RecordInteractionRequest>(
      R"pb(parent: "contacts/1"
           interaction { kind: CALL links: "deals/1" links: "contacts/2" })pb");
  EXPECT_THAT(Violations(request), IsEmpty());
  request.set_parent("users/1");
  request.mutable_interaction()->set_links(1, "contacts/2/interactions/3");
  EXPECT_THAT(Violations(request), ElementsAre("parent", "interaction.links[1]"));
}

TEST(MessageRules, CheckDurations) {
  auto request =
      Proto<interactions::v1::RecordInteractionRequest>(R"pb(parent: "contacts/1"
                                                             interaction {
                                                               kind: CALL
                                                               duration { seconds: 1 nanos: -1 }
                                                             })pb");
  EXPECT_THAT(Violations(request), ElementsAre("interaction.duration"));
}

TEST(MessageRules, OfAnUpdateRequireOnlyWhatTheMaskNames) {
  auto request = Proto<deals::v1::UpdateDealRequest>(R"pb(deal { name: "deals/1" product: "p" }
                                                          update_mask { paths: "product" })pb");
  EXPECT_THAT(Violations(request), IsEmpty());
  request.mutable_update_mask()->add_paths("display_name");
  EXPECT_THAT(Violations(request), ElementsAre("deal.display_name"));
  request.mutable_update_mask()->Clear();
  EXPECT_THAT(Violations(request), IsEmpty());
  request.mutable_update_mask()->add_paths("*");
  EXPECT_THAT(Violations(request), ElementsAre("deal.display_name"));
}

TEST(MessageRules, OfAnUpdateCheckTheNameOfWhatIsUpdated) {
  EXPECT_THAT(Violations(Proto<UpdateContactRequest>(R"pb(contact { name: "deals/1" })pb")),
              ElementsAre("contact.name"));
}

TEST(MessageRules, CutALongListOfViolations) {
  auto request = Contact("");
  for (int i = 0; i < 20; ++i) {
    request.mutable_contact()->add_emails()->set_label(std::string(65, 'x'));
    request.mutable_contact()->add_phones()->set_label(std::string(65, 'x'));
  }
  const absl::Status status = MessageRules::Of(CreateContactRequest::descriptor()).Check(request);
  EXPECT_THAT(ViolatedFields(status), SizeIs(40));
  EXPECT_LT(status.message().size(), 500u);
}

}  // namespace
}  // namespace kith::runtime
