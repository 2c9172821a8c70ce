// What a caller sees and may change of a resource whose records have owners, whatever the resource:
// every method, as every scope, about records of everybody.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/type/money.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/type/v1/list.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/conformance/about_records.h"

namespace kith::testing {
namespace {

using roles::v1::AccessScope;
using ::testing::UnorderedElementsAreArray;

bool HasOwner(const Kind& kind) {
  return kind.create != nullptr && kind.resource->FindFieldByName("owner") != nullptr;
}

class Visibility : public AboutRecords {
 protected:
  // Somebody who asks, and those whose records there are.
  void SetUp() override {
    teams::v1::CreateTeamRequest team;
    team.mutable_team()->set_display_name("North");
    team_ = world.server.Call(&teams::v1::TeamsService::Stub::CreateTeam, team)->name();
    owners_ = {
        {"own", ""}, {"team", CreateUser("", team_)}, {"other", CreateUser("")}, {"nobody", ""}};
  }

  std::string CreateUser(const std::string& role, const std::string& team = "") {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta");
    if (!role.empty()) request.mutable_user()->add_roles(role);
    if (!team.empty()) request.mutable_user()->add_teams(team);
    const auto created = world.server.Call(&users::v1::UsersService::Stub::CreateUser, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  // A key of a user of the team, who may read so far, and write.
  std::string KeyOf(AccessScope reading, AccessScope writing,
                    const std::vector<roles::v1::FieldGroup>& groups = {roles::v1::PERSONAL,
                                                                        roles::v1::MONEY}) {
    roles::v1::CreateRoleRequest role;
    role.mutable_role()->set_display_name("Role");
    for (const roles::v1::FieldGroup group : groups) role.mutable_role()->add_field_groups(group);
    std::set<std::string> granted;
    for (const MethodDescriptor* const method : kind().methods()) {
      const std::string permission = PermissionOf(*method);
      if (!granted.insert(permission).second) continue;
      auto& grant = *role.mutable_role()->add_grants();
      grant.set_permission(permission);
      grant.set_scope(absl::EndsWith(permission, ".read") ? reading : writing);
    }
    auto& linked = *role.mutable_role()->add_grants();
    linked.set_permission("*.read");
    linked.set_scope(reading);
    const auto made = world.server.Call(&roles::v1::RolesService::Stub::CreateRole, role);
    EXPECT_EQ(made.reason(), "");
    const std::string user = CreateUser(made->name(), team_);
    owners_["own"] = user;
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Marta's");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions("*");
    return world.server.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  }
  static const std::string& PermissionOf(const MethodDescriptor& method) {
    return method.options().GetExtension(options::v1::method).permission();
  }
  static bool Covers(AccessScope scope, const std::string& whose) {
    if (scope == roles::v1::ALL) return true;
    return whose == "own" || (scope == roles::v1::TEAM && (whose == "team" || whose == "nobody"));
  }
  std::string RecordOf(const std::string& whose) {
    const MessagePtr resource = world.Unlinked(next_record_++);
    SetText(*resource, "owner", owners_.at(whose));
    const Answer made = world.Create(*resource);
    EXPECT_EQ(made.reason(), "");
    return TextOf(*made.response, "name");
  }
  // What an answer says, with the record's name taken out.
  static std::string Said(const Answer& answer, const std::string& name) {
    return absl::StrReplaceAll(
        absl::StrCat(answer.status.error_code(), " ", answer.reason(), " ",
                     answer.status.error_message(), " ", answer.status.error_details()),
        {{name, "NAME"}});
  }
  // Whether the method is about one record, by its name.
  bool IsAboutOne(const MethodDescriptor& method) const {
    return &method != kind().create && &method != kind().list && &method != kind().list_deleted &&
           &method != kind().batch_create;
  }

  std::vector<std::string> NamesOf(const std::string& key, const MethodDescriptor& list,
                                   int page_size = 1'000) {
    std::vector<std::string> names;
    const MessagePtr request = NewMessage(*list.input_type());
    SetNumber(*request, "page_size", page_size);
    const std::string rows = FieldOfType(*list.output_type(), *kind().resource)->name();
    do {
      const Answer page = world.CallWith(key, list, *request);
      EXPECT_EQ(page.reason(), "");
      for (const Message* const row : RowsOf(*page.response, rows)) {
        names.push_back(TextOf(*row, "name"));
      }
      SetText(*request, "page_token", TextOf(*page.response, "next_page_token"));
    } while (!TextOf(*request, "page_token").empty());
    return names;
  }
  static std::vector<std::string> Without(const std::vector<std::string>& before,
                                          std::vector<std::string> names) {
    names.erase(std::remove_if(names.begin(), names.end(),
                               [&](const std::string& name) {
                                 return std::find(before.begin(), before.end(), name) !=
                                        before.end();
                               }),
                names.end());
    return names;
  }

  std::string team_;
  std::map<std::string, std::string>
      owners_;  // by whose they are: "own", "team", "other", "nobody"
  int next_record_ = 100;
};
INSTANTIATE_TEST_SUITE_P(All, Visibility, ::testing::ValuesIn(KindsThat(HasOwner)), NameOfKind);

TEST_P(Visibility, IsThatOfTheScopeInEveryMethod) {
  int allowed = 0;
  int refused = 0;
  for (const AccessScope reading : {roles::v1::OWN, roles::v1::TEAM, roles::v1::ALL}) {
    for (const AccessScope writing : {roles::v1::OWN, roles::v1::TEAM, roles::v1::ALL}) {
      const std::string key = KeyOf(reading, writing);
      for (const char* const whose : {"own", "team", "other", "nobody"}) {
        for (const MethodDescriptor* const method : kind().methods()) {
          if (!IsAboutOne(*method)) continue;
          SCOPED_TRACE(absl::StrCat(method->name(), " of ", whose, "'s record, reading ",
                                    AccessScope_Name(reading), ", writing ",
                                    AccessScope_Name(writing)));
          const std::string name = RecordOf(whose);
          if (method == kind().undelete) {
            ASSERT_EQ(world.Delete(name).reason(), "");
          }
          const Answer told = world.CallWith(key, *method, *About(*method, name));
          const bool is_read = absl::EndsWith(PermissionOf(*method), ".read");
          if (!Covers(reading, whose)) {
            const std::string nobody = kind().Nobody();
            EXPECT_EQ(Said(told, name),
                      Said(world.CallWith(key, *method, *About(*method, nobody)), nobody));
            EXPECT_FALSE(told.ok() && method == kind().get);
            ++refused;
          } else if (!is_read && !Covers(writing, whose)) {
            EXPECT_EQ(told.reason(), "PERMISSION_DENIED");
            ++refused;
          } else {
            EXPECT_EQ(told.reason(), "");
            ++allowed;
          }
        }
      }
    }
  }
  std::printf("%s: %d allowed, %d refused\n", Called().c_str(), allowed, refused);
}

// Goal: an update that may create tells nothing of what is hidden: not what it has, nor whether it
// is deleted, nor whether the update would change anything.
TEST_P(Visibility, IsThatOfUpdatesThatMayCreate) {
  if (!kind().HasUpsert()) GTEST_SKIP() << "its update creates none";
  const std::string key = KeyOf(roles::v1::OWN, roles::v1::ALL);
  std::set<std::string> said;
  for (const bool is_deleted : {false, true}) {
    for (const bool changes : {false, true}) {
      const std::string name = RecordOf("other");
      if (is_deleted) {
        ASSERT_EQ(world.Delete(name).reason(), "");
      }
      const MessagePtr resource = NewMessage(*kind().resource);
      SetText(*resource, "name", name);
      SetText(*resource, "owner", owners_.at(changes ? "own" : "other"));
      const MessagePtr request = world.Updating(*resource, {"owner"});
      SetFlag(*request, "allow_missing");
      const Answer told = world.CallWith(key, *kind().update, *request);
      EXPECT_FALSE(told.ok());
      EXPECT_EQ(told.response->ByteSizeLong(), 0u);
      said.insert(Said(told, name));
    }
  }
  EXPECT_EQ(said.size(), 1u) << absl::StrJoin(said, "\n");
}

TEST_P(Visibility, IsThatOfTheScopeInLists) {
  for (const AccessScope scope : {roles::v1::OWN, roles::v1::TEAM, roles::v1::ALL}) {
    SCOPED_TRACE(AccessScope_Name(scope));
    const std::string key = KeyOf(scope, scope);
    const std::vector<std::string> before = NamesOf(key, *kind().list);
    const std::vector<std::string> deleted_before = NamesOf(key, *kind().list_deleted);
    std::vector<std::string> seen;
    std::vector<std::string> deleted;
    for (const char* const whose : {"own", "team", "other", "nobody", "other"}) {
      const std::string name = RecordOf(whose);
      const std::string gone = RecordOf(whose);
      ASSERT_EQ(world.Delete(gone).reason(), "");
      if (!Covers(scope, whose)) continue;
      seen.push_back(name);
      deleted.push_back(gone);
    }
    EXPECT_THAT(Without(before, NamesOf(key, *kind().list)), UnorderedElementsAreArray(seen));
    EXPECT_THAT(Without(before, NamesOf(key, *kind().list, 1)), UnorderedElementsAreArray(seen));
    EXPECT_THAT(Without(deleted_before, NamesOf(key, *kind().list_deleted)),
                UnorderedElementsAreArray(deleted));
  }
}

// Goal: who asks by a filter, a count or an address learns no more than who lists.
TEST_P(Visibility, IsThatOfTheScopeInFiltersAndCounts) {
  const std::string key = KeyOf(roles::v1::OWN, roles::v1::OWN);
  const std::string own = RecordOf("own");
  RecordOf("other");
  const MessagePtr request = NewMessage(*kind().list->input_type());
  SetFlag(MutableIn(*request, "summary"), "total_size");
  const auto total = [&](const std::string& filter) {
    SetText(*request, "filter", filter);
    const Answer page = world.CallWith(key, *kind().list, *request);
    EXPECT_EQ(page.reason(), "") << filter;
    type::v1::ListSummary summary;
    EXPECT_TRUE(summary.ParseFromString(In(*page.response, "summary").SerializeAsString()));
    return summary.total_size();
  };
  EXPECT_EQ(total(""), 1);
  EXPECT_EQ(total(absl::StrCat("owner = ", owners_.at("other"))), 0);
  EXPECT_EQ(total(absl::StrCat("owner != ", owners_.at("own"))), 0);
  EXPECT_EQ(total(absl::StrCat("owner = ", owners_.at("own"), " OR owner != ", owners_.at("own"))),
            1);
  // Nor how a page was found: the plan is the same whatever the hidden records are.
  SetFlag(MutableIn(*request, "summary"), "explain");
  const auto plan = [&](const std::string& owner) {
    SetText(*request, "filter", absl::StrCat("owner = ", owner));
    const Answer page = world.CallWith(key, *kind().list, *request);
    type::v1::ListSummary summary;
    EXPECT_TRUE(summary.ParseFromString(In(*page.response, "summary").SerializeAsString()));
    return summary.plan().SerializeAsString();
  };
  EXPECT_NE(plan(owners_.at("other")), "");
  EXPECT_EQ(plan(owners_.at("other")), plan(CreateUser("")));
}

// Goal: what somebody may see follows at once from who they are. Method: they leave the team, a
// record is given away, and the same is asked again.
TEST_P(Visibility, FollowsTheTeamAndTheOwner) {
  const std::string key = KeyOf(roles::v1::TEAM, roles::v1::TEAM);
  const std::string colleagues = RecordOf("team");
  const std::string own = RecordOf("own");
  const auto reads = [&](const std::string& name) {
    return world.CallWith(key, *kind().get, *world.Naming(*kind().get, name)).reason();
  };
  EXPECT_EQ(reads(colleagues), "");
  const MessagePtr given = world.Unlinked(1);
  SetText(*given, "name", own);
  SetText(*given, "owner", owners_.at("other"));
  ASSERT_EQ(world.CallWith(key, *kind().update, *world.Updating(*given, {"owner"})).reason(), "");
  EXPECT_EQ(reads(own), kind().NotFound());
  users::v1::UpdateUserRequest leaving;
  leaving.mutable_user()->set_name(owners_.at("own"));
  leaving.mutable_update_mask()->add_paths("teams");
  ASSERT_EQ(world.server.Call(&users::v1::UsersService::Stub::UpdateUser, leaving).reason(), "");
  EXPECT_EQ(reads(colleagues), kind().NotFound());
}

// Goal: nothing personal and no amount is told to who may not read those, nor found out by asking.
TEST_P(Visibility, IsOfTheFieldsToo) {
  const MessagePtr sample = world.Sample(0);
  const std::string name = TextOf(*world.Create(*sample).response, "name");
  for (const roles::v1::FieldGroup hidden : {roles::v1::PERSONAL, roles::v1::MONEY}) {
    SCOPED_TRACE(FieldGroup_Name(hidden));
    const std::string key =
        KeyOf(roles::v1::ALL, roles::v1::ALL,
              {hidden == roles::v1::PERSONAL ? roles::v1::MONEY : roles::v1::PERSONAL});
    const MessagePtr told =
        world.CallWith(key, *kind().get, *world.Naming(*kind().get, name)).response;
    std::vector<const FieldDescriptor*> set;
    sample->GetReflection()->ListFields(*sample, &set);
    for (const FieldDescriptor* const field : set) {
      SCOPED_TRACE(field->name());
      const bool is_money = field->message_type() == google::type::Money::descriptor();
      const bool is_hidden = hidden == roles::v1::MONEY ? is_money : RulesOf(*field).personal();
      if (!is_hidden) {
        EXPECT_TRUE(IsSet(*told, field->name()));
        continue;
      }
      EXPECT_FALSE(IsSet(*told, field->name()));
      const MessagePtr request = NewMessage(*kind().list->input_type());
      SetText(*request, "filter",
              is_money ? absl::StrCat(field->name(), " > \"1 EUR\"")
                       : absl::StrCat(field->name(), ":*"));
      const bool is_plain = is_money || field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
      if (!is_plain) continue;
      EXPECT_EQ(world.CallWith(key, *kind().list, *request).reason(), "PERMISSION_DENIED");
      SetText(*request, "filter", "");
      if (!field->is_repeated()) {
        SetText(*request, "order_by", field->name());
        EXPECT_EQ(world.CallWith(key, *kind().list, *request).reason(), "PERMISSION_DENIED");
        SetText(*request, "order_by", "");
      }
      if (!is_money) continue;
      AddText(MutableIn(*request, "summary"), "sums", field->name());
      EXPECT_EQ(world.CallWith(key, *kind().list, *request).reason(), "PERMISSION_DENIED");
    }
  }
}

}  // namespace
}  // namespace kith::testing
