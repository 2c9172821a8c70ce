#include "services/core/resource_name.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kith {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(ResourcePattern, ParsesWhatItFormats) {
  const ResourcePattern stage("pipelines/{pipeline}/stages/{stage}");
  const std::string name = stage.Format({"default", "won"});
  EXPECT_EQ(name, "pipelines/default/stages/won");
  EXPECT_THAT(stage.Parse(name), Optional(ElementsAre("default", "won")));
}

TEST(ResourcePattern, MatchesNothingElse) {
  const ResourcePattern contact("contacts/{contact}");
  EXPECT_TRUE(contact.Matches("contacts/01J"));
  for (const char* name : {"", "contacts", "contacts/", "/contacts/1", "deals/1", "contacts/1/",
                           "contacts/1/interactions/2", "contacts/a b", "contacts/\u00e4",
                           "contacts/-1", "Contacts/1"}) {
    EXPECT_FALSE(contact.Matches(name)) << name;
  }
}

TEST(ResourceId, IsOneTo63PlainCharacters) {
  EXPECT_TRUE(IsResourceId("a"));
  EXPECT_TRUE(IsResourceId("1C1I7A6R"));
  EXPECT_TRUE(IsResourceId(std::string(63, 'x')));
  EXPECT_FALSE(IsResourceId(std::string(64, 'x')));
  EXPECT_FALSE(IsResourceId("_a"));
  EXPECT_FALSE(IsResourceId(""));
}

TEST(ResourceNames, HaveAnIdAndAParent) {
  EXPECT_EQ(IdOf("pipelines/default/stages/won"), "won");
  EXPECT_EQ(ParentOf("pipelines/default/stages/won"), "pipelines/default");
  EXPECT_EQ(ParentOf("contacts/1"), "");
}

}  // namespace
}  // namespace kith
