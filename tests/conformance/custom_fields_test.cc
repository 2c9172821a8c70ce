// What custom fields promise of every resource that has them, whatever the resource.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/custom_maps.h"
#include "eventstore/base/map_field.h"
#include "kith/custom_fields/v1/custom_fields_service.grpc.pb.h"
#include "kith/type/v1/custom_value.pb.h"
#include "kith/type/v1/list.pb.h"
#include "kith/type/v1/revision.pb.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using custom_fields::v1::CustomField;
using custom_fields::v1::CustomFieldsService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using type::v1::CustomValue;

class CustomFieldsOf : public ConformanceTest {
 protected:
  // The map for personal values, or for others; null where there is none.
  const FieldDescriptor* Map(bool personal = false) const {
    for (const FieldDescriptor* const map : CustomMapsOf(*kind().resource)) {
      if (RulesOf(*map).personal() == personal) return map;
    }
    return nullptr;
  }
  static CustomField Text(const std::string& key) {
    CustomField field;
    field.set_key(key);
    field.set_type(custom_fields::v1::TEXT);
    return field;
  }
  static CustomField Number(const std::string& key, bool indexed) {
    CustomField field = Text(key);
    field.set_type(custom_fields::v1::NUMBER);
    field.set_indexed(indexed);
    return field;
  }
  // Its name.
  std::string Define(CustomField field) {
    field.set_resource(std::string(kind().type->rules->category));
    field.set_display_name(field.key());
    custom_fields::v1::CreateCustomFieldRequest request;
    *request.mutable_custom_field() = field;
    const auto made = world.server.Call(&CustomFieldsService::Stub::CreateCustomField, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  CustomValue& ValueIn(Message& resource, const std::string& key, bool personal = false) const {
    return static_cast<CustomValue&>(MutableMapValue(resource, *Map(personal), key));
  }
  std::string TextIn(const Message& resource, const std::string& key, bool personal = false) const {
    const Message* const value = FindMapValue(resource, *Map(personal), key);
    return value == nullptr ? "" : static_cast<const CustomValue*>(value)->text();
  }
  // Creates a resource with these numbers.
  std::string Made(const std::map<std::string, double>& numbers) {
    const MessagePtr resource = world.Unlinked(next_++);
    for (const auto& [key, number] : numbers) ValueIn(*resource, key).set_number(number);
    const Answer made = world.Create(*resource);
    EXPECT_EQ(made.reason(), "");
    return TextOf(*made.response, "name");
  }
  Answer List(const std::string& filter, const std::string& order_by = "",
              const Moment& moment = "", const std::string& page_token = "") {
    const MessagePtr request = NewMessage(*kind().list->input_type());
    SetText(*request, "page_token", page_token);
    SetNumber(*request, "page_size", kPage);
    SetText(*request, "filter", filter);
    SetText(*request, "order_by", order_by);
    SetFlag(MutableIn(*request, "summary"), "explain");
    if (!moment.empty()) SetText(MutableIn(*request, "read"), "token", moment);
    return world.Call(*kind().list, *request);
  }
  std::vector<std::string> Listed(const std::string& filter, const std::string& order_by = "",
                                  const Moment& moment = "") {
    const FieldDescriptor* const rows = FieldOfType(*kind().list->output_type(), *kind().resource);
    std::vector<std::string> names;
    std::string page_token;
    do {
      const Answer answer = List(filter, order_by, moment, page_token);
      EXPECT_EQ(answer.reason(), "") << answer.status.error_message();
      if (!answer.ok()) return names;
      for (const Message* const row : RowsOf(*answer.response, rows->name())) {
        names.push_back(TextOf(*row, "name"));
      }
      page_token = TextOf(*answer.response, "next_page_token");
    } while (!page_token.empty());
    return names;
  }
  static const type::v1::ListPlan& PlanOf(const Answer& answer) {
    return static_cast<const type::v1::ListSummary&>(In(*answer.response, "summary")).plan();
  }

  static constexpr int kPage = 2;
  int next_ = 0;
};
INSTANTIATE_TEST_SUITE_P(All, CustomFieldsOf, ::testing::ValuesIn(KindsThat([](const Kind& kind) {
                           return !CustomMapsOf(*kind.resource).empty();
                         })),
                         NameOfKind);

TEST_P(CustomFieldsOf, HaveValuesAsOfAnyMoment) {
  Define(Text("note"));
  const MessagePtr sample = world.Unlinked(0);
  ValueIn(*sample, "note").set_text("first");
  const Answer made = world.Create(*sample);
  ASSERT_EQ(made.reason(), "");
  const std::string name = TextOf(*made.response, "name");
  const MessagePtr change = NewMessage(*kind().resource);
  SetText(*change, "name", name);
  ValueIn(*change, "note").set_text("second");
  const Answer changed = world.Update(*change, {absl::StrCat(Map()->name(), ".note")});
  ASSERT_EQ(changed.reason(), "");
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) world.server.Restart(/*new_views=*/true);
    EXPECT_EQ(TextIn(*world.Get(name).response, "note"), "second");
    EXPECT_EQ(TextIn(*world.Get(name, absl::StrCat("token: '", made.token, "'")).response, "note"),
              "first");
  }
  const Answer history =
      world.Call(*kind().list_revisions, *world.Naming(*kind().list_revisions, name));
  const Message& last = *RowsOf(*history.response, "revisions")[0];
  EXPECT_THAT(static_cast<const type::v1::Revision&>(In(last, "revision")).changed().paths(),
              ElementsAre(absl::StrCat(Map()->name(), ".note")));
  EXPECT_EQ(TextIn(In(last, "before"), "note"), "first");
  EXPECT_EQ(TextIn(In(last, "after"), "note"), "second");
}

TEST_P(CustomFieldsOf, RefuseWhatHasNoDefinition) {
  const MessagePtr sample = world.Unlinked(0);
  ValueIn(*sample, "unheard_of").set_text("x");
  const Answer made = world.Create(*sample);
  EXPECT_EQ(made.reason(), "INVALID_FIELD");
  EXPECT_THAT(made.fields(),
              ElementsAre(absl::StrCat(kind().Called(), ".", Map()->name(), "[\"unheard_of\"]")));
}

TEST_P(CustomFieldsOf, AreFilteredAndOrderedBy) {
  for (const bool indexed : {true, false}) Define(Number(indexed ? "fast" : "slow", indexed));
  const std::string two = Made({{"fast", 2}, {"slow", 2}});
  const std::string none = Made({});
  const std::string minus = Made({{"fast", -1}, {"slow", -1}});
  const Answer before = List("custom.fast = 2");
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) world.server.Restart(/*new_views=*/true);
    for (const std::string key : {"fast", "slow"}) {
      const std::string field = absl::StrCat("custom.", key);
      SCOPED_TRACE(field);
      EXPECT_THAT(Listed(field + " = 2"), ElementsAre(two));
      EXPECT_THAT(Listed(field + " > -5"), UnorderedElementsAre(two, minus));
      EXPECT_THAT(Listed(field + ":*"), UnorderedElementsAre(two, minus));
      EXPECT_THAT(Listed(field + " != 2"), UnorderedElementsAre(none, minus));
      EXPECT_THAT(Listed(absl::StrCat("NOT ", field, ":*")), ElementsAre(none));
      EXPECT_THAT(Listed("", field), ElementsAre(none, minus, two));
      EXPECT_THAT(Listed("", field + " desc"), ElementsAre(two, minus, none));
      EXPECT_THAT(Listed(field + ":*", field + " desc"), ElementsAre(two, minus));
      EXPECT_EQ(PlanOf(List("", field)).wanted_index(),
                key == "fast" ? "" : absl::StrCat("(", field, ")"));
      const Answer plan = List(field + ":*", field);
      ASSERT_EQ(PlanOf(plan).stretches_size(), 1);
      if (key == "fast") {
        EXPECT_THAT(PlanOf(plan).stretches(0).index_fields(), ElementsAre(field));
        EXPECT_FALSE(PlanOf(plan).sorted());
      } else {
        EXPECT_THAT(PlanOf(plan).stretches(0).index_fields(), IsEmpty());
      }
    }
  }
  // Entries go with what they are of, and the past keeps them.
  ASSERT_EQ(world.Delete(two).reason(), "");
  EXPECT_THAT(Listed("custom.fast = 2"), IsEmpty());
  EXPECT_THAT(Listed("custom.fast = 2", "", before.token), ElementsAre(two));
}

TEST_P(CustomFieldsOf, AreThoseOfTheMomentThatIsRead) {
  const std::string without = List("").token;
  const std::string field = Define(Number("seats", true));
  const std::string name = Made({{"seats", 1}});
  const std::string with = List("").token;
  EXPECT_EQ(List("custom.seats = 1", "", without).reason(), "INVALID_FILTER");
  custom_fields::v1::DeleteCustomFieldRequest remove;
  remove.set_name(field);
  ASSERT_EQ(world.server.Call(&CustomFieldsService::Stub::DeleteCustomField, remove).reason(), "");
  EXPECT_EQ(List("custom.seats = 1").reason(), "INVALID_FILTER");
  EXPECT_THAT(Listed("custom.seats = 1", "", with), ElementsAre(name));
  const Answer kept = world.Get(name);
  EXPECT_NE(FindMapValue(*kept.response, *Map(), "seats"), nullptr);
}

TEST_P(CustomFieldsOf, AreSummed) {
  CustomField fee = Text("fee");
  fee.set_type(custom_fields::v1::MONEY);
  Define(fee);
  for (const int units : {20, 0, 22}) {
    const MessagePtr resource = world.Unlinked(next_++);
    if (units > 0) {
      ValueIn(*resource, "fee").mutable_money()->set_units(units);
      ValueIn(*resource, "fee").mutable_money()->set_currency_code("EUR");
    }
    ASSERT_EQ(world.Create(*resource).reason(), "");
  }
  const MessagePtr request = NewMessage(*kind().list->input_type());
  AddText(MutableIn(*request, "summary"), "sums", "custom.fee");
  const Answer answer = world.Call(*kind().list, *request);
  ASSERT_EQ(answer.reason(), "");
  const auto& summary = static_cast<const type::v1::ListSummary&>(In(*answer.response, "summary"));
  ASSERT_EQ(summary.sums_size(), 1);
  EXPECT_EQ(summary.sums(0).amounts(0).units(), 42);
}

TEST_P(CustomFieldsOf, AreClaimedWhereTheyAreUnique) {
  CustomField badge = Text("badge");
  badge.set_unique(true);
  Define(badge);
  const MessagePtr first = world.Unlinked(0);
  ValueIn(*first, "badge").set_text("B-7");
  const Answer made = world.Create(*first);
  ASSERT_EQ(made.reason(), "");
  const MessagePtr second = world.Unlinked(1);
  ValueIn(*second, "badge").set_text("b-7");
  EXPECT_EQ(world.Create(*second).reason(), "CUSTOM_VALUE_TAKEN");
  ASSERT_EQ(world.Delete(TextOf(*made.response, "name")).reason(), "");
  EXPECT_EQ(world.Create(*second).reason(), "");
}

TEST_P(CustomFieldsOf, AreSealedAndErasedWhereTheyArePersonal) {
  if (Map(true) == nullptr) GTEST_SKIP() << "its records are no people";
  CustomField hobby = Text("hobby");
  hobby.set_personal(true);
  hobby.set_indexed(true);
  Define(hobby);
  const MessagePtr sample = world.Unlinked(0);
  ValueIn(*sample, "hobby", true).set_text("beekeeping");
  const Answer made = world.Create(*sample);
  ASSERT_EQ(made.reason(), "");
  const std::string name = TextOf(*made.response, "name");
  const auto record = world.server.runtime()
                          .log
                          .ReadStream(world.server.workspace(), name, Revision(1),
                                      eventstore::Direction::kForwards, eventstore::ReadTier::kDisk)
                          ->Next();
  ASSERT_TRUE(record.ok() && *record != nullptr);
  EXPECT_THAT((*record)->payload, Not(HasSubstr("beekeeping")));
  const std::string filter = absl::StrCat(Map(true)->name(), ".hobby = beekeeping");
  EXPECT_THAT(Listed(filter), ElementsAre(name));
  ASSERT_TRUE(world.server.keys().Destroy(world.server.workspace(), name).ok());
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) world.server.Restart(/*new_views=*/true);
    EXPECT_EQ(TextIn(*world.Get(name).response, "hobby", true), "");
    EXPECT_THAT(Listed(filter), IsEmpty());
  }
  const MessagePtr change = NewMessage(*kind().resource);
  SetText(*change, "name", name);
  ValueIn(*change, "hobby", true).set_text("chess");
  EXPECT_EQ(world.Update(*change).reason(), "PERSON_ERASED");
}

}  // namespace
}  // namespace kith::testing
