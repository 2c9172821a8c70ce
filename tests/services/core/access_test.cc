#include "services/core/access.h"

#include "gtest/gtest.h"

namespace kith {
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

TEST(Grants, OfAUserReachAsFarAsTheWidestRoleThatGivesThem) {
  const Grants grants({"*"}, {{{"contacts.*", Scope::kOwn},
                               {"contacts.read", Scope::kTeam},
                               {"*.read", Scope::kOwn},
                               {"pipelines.write", Scope::kAll}},
                              {}});
  EXPECT_EQ(grants.ScopeOf("contacts.read"), Scope::kTeam);
  EXPECT_EQ(grants.ScopeOf("contacts.write"), Scope::kOwn);
  EXPECT_EQ(grants.ScopeOf("deals.read"), Scope::kOwn);
  EXPECT_EQ(grants.ScopeOf("deals.write"), Scope::kNone);
  EXPECT_TRUE(grants.Contain("contacts.write"));
  EXPECT_FALSE(grants.Contain("deals.write"));
  EXPECT_TRUE(grants.ContainAll("pipelines.write"));
  EXPECT_FALSE(grants.ContainAll("contacts.read")) << "not everybody's";
  EXPECT_EQ(grants.ScopeOf("contacts.*"), Scope::kOwn);
}

TEST(Grants, OfAUserAreNoMoreThanTheKeysOwn) {
  const Grants grants({"contacts.read"}, {{{"*", Scope::kAll}}, {}});
  EXPECT_EQ(grants.ScopeOf("contacts.read"), Scope::kAll);
  EXPECT_EQ(grants.ScopeOf("contacts.write"), Scope::kNone);
  EXPECT_EQ(Grants({"*"}, RoleGrants()).ScopeOf("contacts.read"), Scope::kNone)
      << "no role, no right";
  EXPECT_EQ(Grants({"*"}).ScopeOf("contacts.read"), Scope::kAll) << "a service's";
}

TEST(Grants, GiveNoMoreThanTheyAre) {
  const Grants own({"*"}, {{{"contacts.*", Scope::kTeam}}, {"PERSONAL"}});
  const auto beyond = [&](const RoleGrants& wanted) {
    const std::optional<Excess> excess = FirstBeyond(wanted, &own);
    return excess.has_value() ? excess->Why() : "";
  };
  EXPECT_EQ(beyond({{{"contacts.read", Scope::kTeam}}, {"PERSONAL"}}), "");
  EXPECT_EQ(beyond({{{"contacts.read", Scope::kOwn}, {"contacts.write", Scope::kAll}}, {"MONEY"}}),
            "it grants contacts.write with the scope all, and your own is team");
  EXPECT_EQ(beyond({{}, {"PERSONAL", "MONEY"}}),
            "it shows fields of the group MONEY, which are hidden from you");
  const Grants service({"contacts.read"});
  EXPECT_FALSE(FirstBeyond({{}, {"MONEY"}}, &service).has_value()) << "it is shown all";
  EXPECT_FALSE(FirstBeyond({{{"*", Scope::kAll}}, {"MONEY"}}, nullptr).has_value());
}

}  // namespace
}  // namespace kith
