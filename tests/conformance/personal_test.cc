// What becomes of personal fields, whatever the resource: they are stored sealed, and gone for ever
// when the key of their person is destroyed.
#include <gmock/gmock.h>

#include <set>

#include "kith/type/v1/revision.pb.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PersonalFields : public ConformanceTest {
 protected:
  void SetUp() override {
    for (int i = 0; i < kind().resource->field_count(); ++i) {
      if (RulesOf(*kind().resource->field(i)).personal()) {
        personal_.push_back(kind().resource->field(i));
      }
    }
    made_ = world.Create(*world.Sample(0), "request-1").response;
    name_ = TextOf(*made_, "name");
  }
  // Words that stand in personal fields of the sample, and in no other.
  std::vector<std::string> Secrets() {
    std::vector<std::string> secrets;
    std::set<std::string> told;  // in the others
    for (const Place& place : TextsIn(*made_, "")) {
      const std::string top = place.path.substr(1, place.path.find_first_of(".[", 1) - 1);
      const std::string text = place.text();
      if (!RulesOf(FieldOf(*kind().resource, top)).personal()) {
        told.insert(text);
      } else if (text.size() > 8) {
        secrets.push_back(text);
      }
    }
    std::erase_if(secrets, [&](const std::string& secret) { return told.contains(secret); });
    EXPECT_FALSE(secrets.empty());
    return secrets;
  }
  void ExpectErased(const Message& resource) {
    SetText(*made_, "name", name_);
    for (const FieldDescriptor* const field : personal_) {
      EXPECT_FALSE(IsSet(resource, field->name())) << field->name();
    }
    const MessagePtr clear = CopyOf(*made_);
    for (const FieldDescriptor* const field : personal_) ClearField(*clear, field->name());
    EXPECT_THAT(Differences(*clear, resource), ::testing::IsEmpty());
    EXPECT_TRUE(FlagOf(resource, "erased"));
  }
  std::vector<const Message*> RowsIn(const Answer& answer, const MethodDescriptor& method) {
    return RowsOf(*answer.response, FieldOfType(*method.output_type(), *kind().resource)->name());
  }

  std::vector<const FieldDescriptor*> personal_;
  MessagePtr made_;
  std::string name_;
};
INSTANTIATE_TEST_SUITE_P(All, PersonalFields, ::testing::ValuesIn(KindsThat([](const Kind& kind) {
                           return kind.create != nullptr && kind.IsPersonal();
                         })),
                         NameOfKind);

TEST_P(PersonalFields, StandSealedInTheLog) {
  const auto cursor = world.server.runtime().log.ReadStream(
      world.server.workspace(), name_, Revision(1), eventstore::Direction::kForwards,
      eventstore::ReadTier::kDisk);
  const auto record = cursor->Next();
  ASSERT_TRUE(record.ok() && *record != nullptr);
  EXPECT_FALSE((*record)->sealed.empty());
  for (const std::string& secret : Secrets()) {
    EXPECT_THAT((*record)->payload, Not(HasSubstr(secret)));
    for (const auto& part : (*record)->sealed) EXPECT_THAT(part.ciphertext, Not(HasSubstr(secret)));
  }
}

TEST_P(PersonalFields, AreGoneFromEveryAnswerWithTheirKey) {
  const std::string before = world.Get(name_).token;
  ASSERT_TRUE(world.server.keys().Destroy(world.server.workspace(), name_).ok());
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) world.server.Restart(/*new_views=*/true);
    SCOPED_TRACE(rebuilt);
    const Answer got = world.Get(name_);
    ASSERT_EQ(got.reason(), "");
    ExpectErased(*got.response);
    ExpectErased(*world.Get(name_, absl::StrCat("token: '", before, "'")).response);
    ExpectErased(*world.Create(*world.Sample(0), "request-1").response);
    if (kind().list != nullptr) {
      const Answer page = world.Call(*kind().list, *NewMessage(*kind().list->input_type()));
      int seen = 0;
      for (const Message* const row : RowsIn(page, *kind().list)) {
        if (TextOf(*row, "name") != name_) continue;
        ++seen;
        ExpectErased(*row);
      }
      EXPECT_EQ(seen, 1);
    }
    if (kind().batch_get != nullptr) {
      const MessagePtr request = NewMessage(*kind().batch_get->input_type());
      AddText(*request, "names", name_);
      const Answer many = world.Call(*kind().batch_get, *request);
      ASSERT_EQ(RowsIn(many, *kind().batch_get).size(), 1u);
      ExpectErased(*RowsIn(many, *kind().batch_get)[0]);
    }
    if (kind().list_revisions != nullptr) {
      const Answer history =
          world.Call(*kind().list_revisions, *world.Naming(*kind().list_revisions, name_));
      const Message& row = *RowsOf(*history.response, "revisions")[0];
      for (const std::string& secret : Secrets()) {
        EXPECT_THAT(row.SerializeAsString(), Not(HasSubstr(secret)));
      }
      EXPECT_TRUE(static_cast<const type::v1::Revision&>(In(row, "revision")).erased());
    }
  }
}

TEST_P(PersonalFields, AreGoneFromTheListOfTheDeleted) {
  KITH_NEEDS(kind().list_deleted);
  ASSERT_EQ(world.Delete(name_).reason(), "");
  ASSERT_TRUE(world.server.keys().Destroy(world.server.workspace(), name_).ok());
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) world.server.Restart(/*new_views=*/true);
    const Answer page =
        world.Call(*kind().list_deleted, *NewMessage(*kind().list_deleted->input_type()));
    ASSERT_EQ(RowsIn(page, *kind().list_deleted).size(), 1u);
    ExpectErased(*RowsIn(page, *kind().list_deleted)[0]);
  }
  KITH_NEEDS(kind().undelete);
  ExpectErased(*world.Undelete(name_).response);
}

// What is not personal can still change, and what is cannot come back.
TEST_P(PersonalFields, CannotBeGivenToTheErased) {
  KITH_NEEDS(kind().update);
  ASSERT_TRUE(world.server.keys().Destroy(world.server.workspace(), name_).ok());
  const MessagePtr other = world.Sample(1);
  SetText(*other, "name", name_);
  bool is_any_clear = false;
  for (const FieldDescriptor* const field : world.Changeable(*other)) {
    const Answer answer = world.Update(*other, {field->name()});
    if (RulesOf(*field).personal()) {
      EXPECT_EQ(answer.reason(), "PERSON_ERASED") << field->name();
      continue;
    }
    is_any_clear = true;
    EXPECT_EQ(answer.reason(), "") << field->name();
    EXPECT_TRUE(Alike(*other, *answer.response, *field, /*or_more=*/true)) << field->name();
    EXPECT_TRUE(FlagOf(*answer.response, "erased"));
  }
  EXPECT_TRUE(is_any_clear);
}

}  // namespace
}  // namespace kith::testing
