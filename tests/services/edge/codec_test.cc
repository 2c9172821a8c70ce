#include "services/edge/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/events/v1/events_service.pb.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::edge {
namespace {

using contacts::v1::CreateContactRequest;
using ::testing::HasSubstr;

// "field: what", of the one violation that the JSON is refused with.
std::string Refused(absl::string_view json) {
  const auto bytes = BytesOfJson(*CreateContactRequest::descriptor(), json);
  if (bytes.ok()) return "taken";
  EXPECT_TRUE(IsError(bytes.status(), type::v1::ERROR_INVALID_FIELD)) << bytes.status();
  google::rpc::BadRequest request;
  const google::rpc::Status wire = WireError(bytes.status()).value();
  for (const auto& detail : wire.details()) detail.UnpackTo(&request);
  EXPECT_EQ(request.field_violations_size(), 1);
  const auto& violation = request.field_violations(0);
  return absl::StrCat(violation.field(), ": ", violation.description());
}

CreateContactRequest Taken(absl::string_view json) {
  const auto bytes = BytesOfJson(*CreateContactRequest::descriptor(), json);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  CreateContactRequest request;
  EXPECT_TRUE(request.ParseFromString(bytes.value_or("")));
  return request;
}

TEST(BytesOfJson, TakesBothNamesOfAField) {
  EXPECT_EQ(Taken(R"({"contact":{"first_name":"Ada"},"request_id":"a"})").contact().first_name(),
            "Ada");
  EXPECT_EQ(Taken(R"({"contact":{"firstName":"Ada"},"requestId":"a"})").request_id(), "a");
}

TEST(BytesOfJson, TakesNumbersOf64BitsAsTextAndAsNumbers) {
  for (const auto* json : {R"({"limit":"9007199254740993"})", R"({"limit":9007199254740993})"}) {
    const auto bytes = BytesOfJson(*events::v1::ReadEventsRequest::descriptor(), json);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    events::v1::ReadEventsRequest request;
    ASSERT_TRUE(request.ParseFromString(*bytes));
    EXPECT_EQ(request.limit(), 9007199254740993);
  }
}

TEST(BytesOfJson, NamesTheFieldThatIsUnknown) {
  EXPECT_EQ(Refused(R"({"contact":{"firstNam":"Ada"}})"),
            "contact.firstNam: is no field of the message");
  EXPECT_EQ(Refused(R"({"contakt":{}})"), "contakt: is no field of the message");
  EXPECT_EQ(Refused(R"({"contact":{"emails":[{"address":"a"},{"adress":"a"}]}})"),
            "contact.emails[1].adress: is no field of the message");
}

TEST(BytesOfJson, RepeatsLittleOfWhatIsWrong) {
  EXPECT_LT(Refused(absl::StrCat("{\"", std::string(500'000, 'k'), "\":1}")).size(), 1000u);
}

TEST(BytesOfJson, NamesTheFieldWhoseValueIsNone) {
  EXPECT_THAT(Refused(R"({"contact":{"emails":[{"address":1}]}})"),
              HasSubstr("contact.emails[0].address: does not parse: invalid value 1"));
  EXPECT_THAT(Refused(R"({"contact":{"lifecycle_stage":"NOPE"}})"),
              HasSubstr("contact.lifecycle_stage: does not parse"));
  EXPECT_THAT(Refused(R"({"contact":[1]})"), HasSubstr("contact: does not parse"));
  EXPECT_THAT(Refused("[]"), HasSubstr("Root element must be a message"));
  EXPECT_THAT(Refused("null"), HasSubstr("Root element must be a message"));
}

// The library would pass over such an element.
TEST(BytesOfJson, RefusesANullWithinAList) {
  const std::string why = ": is null, which no element of a list can be";
  EXPECT_EQ(Refused(R"({"contact":{"emails":[{"address":"a"},null]}})"), "contact.emails[1]" + why);
  EXPECT_EQ(Refused(R"({"contact":{"tags":[ null ]}})"), "contact.tags[0]" + why);
  EXPECT_EQ(Refused(R"({contact:{'tags':["],","\\", null]}})"), "contact.tags[2]" + why);
  // As a field's value it says that there is none.
  EXPECT_EQ(Taken(R"({"contact":{"first_name":null,"tags":["null"]}})").contact().tags(0), "null");
  EXPECT_EQ(Refused(R"({"contact":{"tags":null,"emails":[],"last_name":null}})"), "taken");
}

// The library would round it to the least that 64 bits hold.
TEST(BytesOfJson, RefusesAWholeNumberBeyond64Bits) {
  const auto refused = [](absl::string_view number) {
    return BytesOfJson(*events::v1::ReadEventsRequest::descriptor(),
                       absl::StrCat("{\"limit\":", number, "}"))
        .status();
  };
  EXPECT_THAT(std::string(refused("-9223372036854775809").message()),
              HasSubstr("limit is a whole number beyond 64 bits"));
  EXPECT_EQ(refused("-9223372036854775808"), absl::OkStatus());
  EXPECT_EQ(refused("9223372036854775807"), absl::OkStatus());
  for (const auto* number :
       {"9223372036854775808", "18446744073709551616", "1e400", "\"-9223372036854775809\""}) {
    EXPECT_TRUE(IsError(refused(number), type::v1::ERROR_INVALID_FIELD)) << number;
  }
}

TEST(BytesOfJson, SaysWhereTheTextIsNone) {
  EXPECT_EQ(
      Refused(R"({"contact" 1})"),
      ": the JSON does not parse: Expected : between key:value pair behind `{\"contact\" `, in "
      "`{\"contact\" 1}`");
  EXPECT_EQ(Refused(""),
            ": the JSON does not parse: Unexpected end of string. Expected a value at its end");
  EXPECT_THAT(Refused("{\"contact\":{\"first_name\":\"\xff\"}}"),
              HasSubstr("non UTF-8 code points behind ``, in `?\"}}`"));
  EXPECT_THAT(Refused(R"({"contact":{"first_name":"\ud800"}})"), HasSubstr("surrogate"));
}

// What is nested too deeply neither ends the process nor takes long.
TEST(BytesOfJson, RefusesWhatIsNestedDeeply) {
  EXPECT_NE(Refused("{\"contact\":" + std::string(1'000'000, '[')), "taken");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"contact\":";
  EXPECT_NE(Refused(objects), "taken");
}

TEST(Append, NamesFieldsAsOnTheWireAndLeavesOutWhatIsEmpty) {
  CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  std::string json = "> ";
  ASSERT_TRUE(Append(request, Encoding::kJson, &json).ok());
  EXPECT_EQ(json, R"(> {"contact":{"first_name":"Ada"}})");

  events::v1::ReadEventsRequest read;
  read.set_limit(9007199254740993);
  json.clear();
  ASSERT_TRUE(Append(read, Encoding::kJson, &json).ok());
  EXPECT_EQ(json, R"({"limit":"9007199254740993"})");
}

TEST(Append, SaysThatAnUnknownTypeCannotBeTold) {
  events::v1::ReadEventsResponse response;
  auto* const payload = response.add_events()->mutable_payload();
  payload->set_type_url("type.googleapis.com/kith.Unknown");
  payload->set_value("a");
  std::string json;
  EXPECT_TRUE(absl::IsInternal(Append(response, Encoding::kJson, &json)));
  EXPECT_EQ(json, "");
}

}  // namespace
}  // namespace kith::edge
