#include "services/runtime/admission/authorizer.h"

#include "gtest/gtest.h"

namespace kith::runtime {
namespace {

TEST(Grants, ContainWhatTheyName) {
  const Grants grants({"contacts.read"});
  EXPECT_TRUE(grants.Contain("contacts.read"));
  EXPECT_FALSE(grants.Contain("contacts.write"));
  EXPECT_FALSE(grants.Contain("contacts.readall"));
  EXPECT_FALSE(grants.Contain("contacts"));
  EXPECT_FALSE(Grants().Contain("contacts.read"));
}

TEST(Grants, MayNameAllOfACapability) {
  const Grants grants({"contacts.*"});
  EXPECT_TRUE(grants.Contain("contacts.read"));
  EXPECT_TRUE(grants.Contain("contacts.write"));
  EXPECT_FALSE(grants.Contain("contactsx.read"));
  EXPECT_FALSE(grants.Contain("deals.read"));
}

TEST(Grants, MayNameAnActionEverywhere) {
  const Grants grants({"*.read"});
  EXPECT_TRUE(grants.Contain("contacts.read"));
  EXPECT_FALSE(grants.Contain("contacts.write"));
  EXPECT_FALSE(grants.Contain("operator.read"));
}

TEST(Grants, OfEverythingDoNotReachAcrossWorkspaces) {
  EXPECT_TRUE(Grants({"*"}).Contain("contacts.write"));
  EXPECT_FALSE(Grants({"*"}).Contain("operator.workspaces"));
  EXPECT_FALSE(Grants({"*"}).ContainAll("operator.*"));
  EXPECT_TRUE(Grants({"operator.*"}).Contain("operator.workspaces"));
  EXPECT_FALSE(Grants({"operator.*"}).Contain("contacts.read"));
}

TEST(Grants, ContainPatternsOnlyWhole) {
  EXPECT_TRUE(Grants({"*"}).ContainAll("contacts.*"));
  EXPECT_TRUE(Grants({"*"}).ContainAll("*"));
  EXPECT_TRUE(Grants({"contacts.*"}).ContainAll("contacts.*"));
  EXPECT_FALSE(Grants({"contacts.*"}).ContainAll("*"));
  EXPECT_FALSE(Grants({"contacts.*"}).ContainAll("*.read"));
  EXPECT_FALSE(Grants({"*.read"}).ContainAll("contacts.*"));
  EXPECT_FALSE(Grants({"contacts.read", "contacts.write"}).ContainAll("contacts.*"));
}

}  // namespace
}  // namespace kith::runtime
