#include "services/core/update_mask.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/core/personal.h"
#include "tests/testing/decider_spec.h"

namespace kith {
namespace {

using contacts::v1::Contact;
using deals::v1::Deal;
using google::protobuf::FieldMask;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Proto;
using testing::ViolatedFields;

std::vector<std::string> Paths(const absl::StatusOr<FieldMask>& mask) {
  if (!mask.ok()) return {mask.status().ToString()};
  return {mask->paths().begin(), mask->paths().end()};
}

FieldMask Mask(std::initializer_list<const char*> paths) {
  FieldMask mask;
  for (const char* path : paths) mask.add_paths(path);
  return mask;
}

const Contact kAda = Proto<Contact>(R"pb(name: "contacts/1"
                                         etag: "3"
                                         first_name: "Ada"
                                         last_name: "Byron"
                                         tags: "x"
                                         do_not_call: true)pb");

TEST(ChangedFields, AreThoseNamedThatDiffer) {
  const auto wanted = Proto<Contact>(R"pb(first_name: "Ada" last_name: "Lovelace")pb");
  EXPECT_THAT(Paths(ChangedFields(kAda, wanted, Mask({"last_name", "first_name"}))),
              ElementsAre("last_name"));
}

TEST(ChangedFields, OfAFieldNamedAndNotSetIsItsEmptying) {
  EXPECT_THAT(Paths(ChangedFields(kAda, Contact(), Mask({"tags", "do_not_call", "notes"}))),
              ElementsAre("tags", "do_not_call"));
}

TEST(ChangedFields, OfAnEmptyMaskAreThoseSet) {
  const auto wanted = Proto<Contact>(
      R"pb(name: "contacts/1" etag: "2" last_name: "King" display_name: "ignored")pb");
  EXPECT_THAT(Paths(ChangedFields(kAda, wanted, FieldMask())), ElementsAre("last_name"));
}

// Goal: an error is no larger than a client takes in, whatever the mask is made of.
TEST(ChangedFields, TellsABoundedNumberOfPathsThatAreRefused) {
  FieldMask mask;
  for (int i = 0; i < 10'000; ++i) mask.add_paths(absl::StrCat("none", i));
  mask.add_paths(std::string(100'000, 'x'));
  const auto changed = ChangedFields(kAda, kAda, mask);
  EXPECT_TRUE(IsError(changed.status(), type::v1::ERROR_INVALID_UPDATE_MASK));
  EXPECT_EQ(ViolatedFields(changed.status()).size(), 40u);
  EXPECT_LT(WireError(changed.status())->ByteSizeLong(), 8'000u);

  const auto one = ChangedFields(kAda, kAda, Mask({std::string(100'000, 'x').c_str()}));
  EXPECT_THAT(ViolatedFields(one.status()), ElementsAre("update_mask"));
  EXPECT_LT(WireError(one.status())->ByteSizeLong(), 1'000u);
}

TEST(ChangedFields, OfAMapAreItsKeys) {
  const auto current = Proto<Contact>(R"pb(custom {
                                             key: "a"
                                             value { text: "1" }
                                           }
                                           custom {
                                             key: "b"
                                             value { text: "2" }
                                           })pb");
  const auto wanted = Proto<Contact>(R"pb(custom {
                                            key: "b"
                                            value { text: "3" }
                                          }
                                          custom {
                                            key: "c"
                                            value { text: "4" }
                                          })pb");
  EXPECT_THAT(Paths(ChangedFields(current, wanted, FieldMask())),
              ElementsAre("custom.b", "custom.c"));
  EXPECT_THAT(Paths(ChangedFields(current, wanted, Mask({"custom.a", "custom.b"}))),
              ElementsAre("custom.a", "custom.b"));
  EXPECT_THAT(Paths(ChangedFields(current, wanted, Mask({"custom"}))),
              ElementsAre("custom.a", "custom.b", "custom.c"));
  EXPECT_THAT(ViolatedFields(ChangedFields(current, wanted, Mask({"custom.", "tags.x"})).status()),
              ElementsAre("update_mask.custom.", "update_mask.tags.x"));
  Contact changed = current;
  ApplyFields(wanted, Mask({"custom.a", "custom.b"}), &changed);
  EXPECT_EQ(changed.custom_size(), 1);
  EXPECT_EQ(changed.custom().at("b").text(), "3");
}

TEST(ChangedFields, OfAStarAreAll) {
  const auto wanted = Proto<Contact>(R"pb(first_name: "Ada")pb");
  EXPECT_THAT(Paths(ChangedFields(kAda, wanted, Mask({"*"}))),
              ElementsAre("last_name", "tags", "do_not_call"));
}

TEST(ChangedFields, AreRefusedAllAtOnce) {
  const auto mask =
      Mask({"first_name", "nonsense", "create_time", "name", "etag", "emails.address"});
  const auto changed = ChangedFields(kAda, kAda, mask);
  EXPECT_TRUE(IsError(changed.status(), type::v1::ERROR_INVALID_UPDATE_MASK));
  EXPECT_THAT(ViolatedFields(changed.status()),
              ElementsAre("update_mask.nonsense", "update_mask.create_time", "update_mask.name",
                          "update_mask.etag", "update_mask.emails.address"));
}

TEST(ChangedFields, MayRepeatAnImmutableFieldButNotChangeIt) {
  const auto deal = Proto<Deal>(R"pb(display_name: "A" pipeline: "pipelines/default")pb");
  auto wanted = Proto<Deal>(R"pb(display_name: "B" pipeline: "pipelines/default")pb");
  EXPECT_THAT(Paths(ChangedFields(deal, wanted, FieldMask())), ElementsAre("display_name"));
  EXPECT_THAT(Paths(ChangedFields(deal, wanted, Mask({"pipeline"}))), IsEmpty());
  for (const char* const other : {"pipelines/other", ""}) {
    wanted.set_pipeline(other);
    EXPECT_THAT(ViolatedFields(ChangedFields(deal, wanted, Mask({"pipeline"})).status()),
                ElementsAre("update_mask.pipeline"));
  }
  wanted.set_pipeline("pipelines/other");
  EXPECT_THAT(ViolatedFields(ChangedFields(deal, wanted, FieldMask()).status()),
              ElementsAre("update_mask.pipeline"));
  ClearImmutable(&wanted);
  EXPECT_THAT(Paths(ChangedFields(deal, wanted, FieldMask())), ElementsAre("display_name"));
}

TEST(CheckMaskOfNew, AllowsWhatACallerMaySetAtCreation) {
  const auto refused = [](const FieldMask& mask) {
    return ViolatedFields(CheckMaskOfNew(*Deal::descriptor(), mask));
  };
  EXPECT_THAT(refused(FieldMask()), IsEmpty());
  EXPECT_THAT(refused(Mask({"*"})), IsEmpty());
  EXPECT_THAT(refused(Mask({"display_name", "pipeline"})), IsEmpty());
  EXPECT_THAT(
      refused(Mask({"pipeline", "status", "name", "size", "*"})),
      ElementsAre("update_mask.status", "update_mask.name", "update_mask.size", "update_mask.*"));
}

TEST(ChangedFields, TellUnsetFromZero) {
  const auto deal = Proto<Deal>(R"pb(display_name: "A")pb");
  const auto wanted = Proto<Deal>(R"pb(probability: 0)pb");
  EXPECT_THAT(Paths(ChangedFields(deal, wanted, FieldMask())), ElementsAre("probability"));
}

TEST(ApplyFields, SetsAndEmptiesWhatTheMaskNames) {
  Contact contact = kAda;
  const auto from = Proto<Contact>(R"pb(last_name: "King" notes: "not named")pb");
  ApplyFields(from, Mask({"last_name", "tags", "from_the_future"}), &contact);
  EXPECT_EQ(contact.last_name(), "King");
  EXPECT_THAT(contact.tags(), IsEmpty());
  EXPECT_EQ(contact.first_name(), "Ada");
  EXPECT_EQ(contact.notes(), "");
  EXPECT_EQ(from.last_name(), "King");
}

TEST(ClearOutputOnly, AlsoWithin) {
  auto contact = Proto<Contact>(R"pb(name: "contacts/1"
                                     first_name: "Ada"
                                     erased: true
                                     phones { raw: "030" e164: "+49" })pb");
  ClearOutputOnly(&contact);
  EXPECT_EQ(contact.DebugString(), Proto<Contact>(R"pb(first_name: "Ada"
                                                       phones { raw: "030" })pb")
                                       .DebugString());
}

TEST(SplitPersonal, PartsTheFieldsAndLosesNone) {
  const auto contact = Proto<Contact>(R"pb(name: "contacts/1"
                                           first_name: "Ada"
                                           notes: "n"
                                           owner: "users/1"
                                           emails { address: "a@b.c" })pb");
  const auto split = SplitPersonal(contact);
  EXPECT_EQ(split.clear.DebugString(),
            Proto<Contact>(R"pb(name: "contacts/1" owner: "users/1")pb").DebugString());
  EXPECT_EQ(split.personal.first_name(), "Ada");
  EXPECT_EQ(split.personal.emails_size(), 1);
  Contact merged = split.clear;
  merged.MergeFrom(split.personal);
  EXPECT_EQ(merged.DebugString(), contact.DebugString());
}

}  // namespace
}  // namespace kith
