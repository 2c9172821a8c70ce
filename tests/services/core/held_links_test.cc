#include "services/core/held_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;

constexpr char kText[] = "type: TYPE_STRING label: LABEL_OPTIONAL ";
constexpr char kTexts[] = "type: TYPE_STRING label: LABEL_REPEATED ";
constexpr char kParts[] = "type: TYPE_MESSAGE type_name: 'Offer.Part' label: LABEL_REPEATED ";

std::string Rules(absl::string_view rules) {
  return absl::StrCat("options { [kith.options.v1.field] { ", rules, " } } ");
}

class HeldLinksTest : public ::testing::Test {
 protected:
  // Those of a resource `Offer` with the field `linked`, beside the field `part` of `Offer.Part`.
  std::vector<HeldLink> LinksOf(absl::string_view linked, absl::string_view part = kText) {
    google::protobuf::FileDescriptorProto file;
    ++files_;  // a pool has each once
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat("name: 'offer", files_, ".proto' package: 'of", files_,
                     "' dependency: 'kith/options/v1/options.proto' ",
                     "syntax: 'proto3' message_type { name: 'Offer' ",
                     "field { name: 'linked' number: 1 ", linked, " } nested_type { name: 'Part' ",
                     "field { name: 'part' number: 1 ", part, " } } }"),
        &file));
    return HeldLinksOf("offers", *pool_.BuildFile(file)->message_type(0));
  }

 private:
  int files_ = 0;
  google::protobuf::DescriptorPool pool_{google::protobuf::DescriptorPool::generated_pool()};
};

TEST_F(HeldLinksTest, AreNamesAndListsOfNames) {
  for (const char* const type : {kText, kTexts}) {
    const auto links =
        LinksOf(absl::StrCat(type, Rules("resource: 'users/{user}' on_delete: ON_DELETE_REFUSE")));
    ASSERT_EQ(links.size(), 1);
    EXPECT_EQ(links[0].purpose, "offers.linked");
    EXPECT_TRUE(links[0].MayName("users/{user}"));
    EXPECT_FALSE(links[0].MayName("teams/{team}"));
  }
}

using HeldLinksDeathTest = HeldLinksTest;

TEST_F(HeldLinksDeathTest, SayWhichFieldCannotBeOne) {
  const std::string clear = "on_delete: ON_DELETE_CLEAR ";
  const std::string users = absl::StrCat("resource: 'users/{user}' ", clear);
  EXPECT_DEATH(LinksOf(absl::StrCat(kText, Rules(clear))),
               "Offer.linked has on_delete, but names no records");
  EXPECT_DEATH(LinksOf(absl::StrCat(kText, Rules(absl::StrCat(users, "required: true")))),
               "Offer.linked has on_delete, but cannot be empty");
  EXPECT_DEATH(LinksOf(kParts, absl::StrCat(kText, Rules(users))),
               "Offer.Part.part has on_delete, but is within a field");
}

}  // namespace
}  // namespace kith
