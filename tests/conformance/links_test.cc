// What the links of a resource promise, whatever the resource: they lead to records that are there,
// and the records of links that were made may go.
#include "services/core/links.h"

#include <gmock/gmock.h>

#include "absl/strings/str_split.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOfArray;
using ::testing::Contains;
using ::testing::Each;

class ResourceLinks : public ConformanceTest {
 protected:
  // The links of a sample.
  std::vector<Place> LinksIn(Message& sample) {
    std::vector<Place> links;
    for (Place& place : TextsIn(sample, Called())) {
      bool is_ours = false;
      for (const std::string& pattern : RulesOf(*place.field).resource()) {
        is_ours |= KindOf(pattern) != nullptr;
      }
      if (is_ours) links.push_back(std::move(place));
    }
    return links;
  }
  // Whether a made-up message has a field for a link, in it or in what is made up in it; of the
  // resource itself, in what its own checks take.
  bool HasPlaceForLink(const Message& message) const {
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    const bool is_resource = message.GetDescriptor() == kind().resource;
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      if (RulesOf(field).output_only()) continue;
      if (is_resource && world.LeavesOut(field.name())) continue;
      if (RulesOf(field).resource_size() > 0) return true;
      if (field.message_type() == nullptr) continue;
      if (!field.is_repeated()) {
        if (!reflection.HasField(message, &field)) continue;
        if (HasPlaceForLink(reflection.GetMessage(message, &field))) return true;
        continue;
      }
      for (int k = 0; k < reflection.FieldSize(message, &field); ++k) {
        if (HasPlaceForLink(reflection.GetRepeatedMessage(message, &field, k))) return true;
      }
    }
    return false;
  }
  // Of `resource`.
  void ExpectRefused(const Answer& refused, const Message& resource, const Place& link) {
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::NOT_FOUND);
    // What it comes into being in is missed before any link is.
    const WithinRule& within = kind().type->rules->within;
    if (within.type != nullptr && within.name(resource) == link.text()) return;
    EXPECT_EQ(refused.reason(), kind().LinkNotFound());
    std::vector<std::string> paths;  // of all that name the record
    const MessagePtr copy = CopyOf(resource);
    for (const Place& place : LinksIn(*copy)) {
      if (place.text() == link.text()) paths.push_back(place.path);
    }
    EXPECT_THAT(refused.fields(), AllOf(Contains(link.path), Each(AnyOfArray(paths))));
    EXPECT_THAT(std::vector<std::string>(absl::StrSplit(refused.metadata("records"), ", ")),
                Each(link.text()));
  }
  // Deletes the record that is linked; false where its kind cannot be deleted, or it is a user who
  // owns what is there.
  bool DeleteLinked(const Place& link) {
    const std::string record = link.text();
    for (const Kind* const other : Kinds()) {
      if (record.rfind(absl::StrCat(other->type->rules->category, "/"), 0) != 0) continue;
      if (other->remove == nullptr) return false;
      const std::string reason =
          world.Call(*other->remove, *world.Naming(*other->remove, record)).reason();
      if (reason == "OWNS_RECORDS" && record.rfind("users/", 0) == 0) return false;
      EXPECT_EQ(reason, "");
      return true;
    }
    return false;
  }
};
INSTANTIATE_TEST_SUITE_P(All, ResourceLinks, ::testing::ValuesIn(KindsThat([](const Kind& kind) {
                           return kind.create != nullptr && kind.HasLinks();
                         })),
                         NameOfKind);

TEST_P(ResourceLinks, LeadToRecordsThatAreThere) {
  const size_t count = LinksIn(*world.Sample(0)).size();
  if (count == 0 && !HasPlaceForLink(*world.Sample(0)))
    GTEST_SKIP() << "what holds them is nothing to be made up";
  ASSERT_GT(count, 0u) << "the suite made none up";
  const size_t before = world.Live().size();
  for (size_t i = 0; i < count; ++i) {
    const MessagePtr sample = world.Sample(0);
    const Place link = LinksIn(*sample)[i];
    SCOPED_TRACE(link.path);
    // Of the same kind of record, and none.
    const std::string record = link.text();
    link.Set(absl::StrCat(record.substr(0, record.rfind('/')), "/01J00000000000000000000000"));
    ExpectRefused(world.Create(*sample), *sample, link);
    link.Set("people/1");
    EXPECT_EQ(world.Create(*sample).reason(), "INVALID_FIELD");
  }
  EXPECT_EQ(world.Live().size(), before);
}

TEST_P(ResourceLinks, KeepTheNamesOfRecordsThatWereDeleted) {
  KITH_NEEDS(kind().update);
  const size_t count = LinksIn(*world.Sample(0)).size();
  for (size_t i = 0; i < count; ++i) {
    const int number = static_cast<int>(i);  // each with records of its own
    const MessagePtr sample = world.Sample(number);
    const MessagePtr made = world.Made(number);
    ClearField(*made, "etag");
    const Place link = LinksIn(*made)[i];
    SCOPED_TRACE(link.path);
    // Whether a field that has a say then names the record: this one, or another.
    const std::vector<Place> links = LinksIn(*made);
    if (std::any_of(links.begin(), links.end(), [&](const Place& other) {
          return other.text() == link.text() &&
                 RulesOf(*other.field).on_delete() != options::v1::ON_DELETE_UNSPECIFIED;
        })) {
      continue;
    }
    if (!DeleteLinked(link)) continue;
    const std::string name = TextOf(*made, "name");
    EXPECT_EQ(world.Get(name).reason(), "");
    EXPECT_EQ(LinksIn(*world.Get(name).response)[i].text(), link.text());
    // It may be changed in every other way, and say again what it is.
    EXPECT_EQ(world.Update(*made, {"*"}).reason(), "");
    const std::string top = link.path.substr(Called().size() + 1);
    const std::string top_field = top.substr(0, top.find_first_of(".["));
    for (const FieldDescriptor* const field : world.Changeable(*made)) {
      if (field->name() == top_field || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING ||
          RulesOf(*field).resource_size() > 0) {
        continue;
      }
      const MessagePtr changed = CopyOf(*made);
      CopyField(*world.Sample(number + 7), *changed, *field);
      EXPECT_EQ(world.Update(*changed, {field->name()}).reason(), "") << field->name();
    }
    // A new one to it is refused, of another resource as of this one.
    ExpectRefused(world.Create(*sample), *sample, LinksIn(*sample)[i]);
    if (RulesOf(FieldOf(*kind().resource, top_field)).required() ||
        RulesOf(FieldOf(*kind().resource, top_field)).immutable()) {
      continue;
    }
    const MessagePtr without = CopyOf(*made);
    ClearField(*without, top_field);
    ASSERT_EQ(world.Update(*without, {top_field}).reason(), "");
    ExpectRefused(world.Update(*made, {top_field}), *made, link);
  }
}

}  // namespace
}  // namespace kith::testing
