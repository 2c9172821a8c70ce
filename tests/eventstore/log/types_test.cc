#include "eventstore/log/types.h"

#include <gtest/gtest.h>

namespace kith::eventstore {
namespace {

TEST(CategoryOf, IsTheLastCollectionOfAName) {
  EXPECT_EQ(CategoryOf("contacts/01J"), "contacts");
  EXPECT_EQ(CategoryOf("contacts/01J/interactions"), "interactions");
  EXPECT_EQ(CategoryOf("pipelines/default/stages/won"), "stages");
  EXPECT_EQ(CategoryOf("a/b/c/d/e"), "e");
}

TEST(CategoryOf, TakesWhateverItIsGiven) {
  EXPECT_EQ(CategoryOf(""), "");
  EXPECT_EQ(CategoryOf("contacts"), "contacts");
  EXPECT_EQ(CategoryOf("/"), "");
  EXPECT_EQ(CategoryOf("contacts/"), "contacts");
  EXPECT_EQ(CategoryOf("//"), "");
}

}  // namespace
}  // namespace kith::eventstore
