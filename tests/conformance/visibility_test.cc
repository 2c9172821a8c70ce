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
#include "absl/strings/str_split.h"
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
  const FieldDescriptor* const owner = kind.resource->FindFieldByName("owner");
  return kind.create != nullptr && owner != nullptr && !RulesOf(*owner).output_only();
}

class Visibility : public AboutRecords {
 protected:
  // Somebody who asks, and those whose records there are.
  void SetUp() override {
    teams::v1::CreateTeamRequest team;
    team.mutable_team()->set_display_name("Sales");
    whole_ = world.server.Call(&teams::v1::TeamsService::Stub::CreateTeam, team)->name();
    team.mutable_team()->set_display_name("North");
    team.mutable_team()->set_parent(whole_);
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
  // Of records that others own, which are shared with whoever asks: to be seen, to be changed, and
  // to be seen by the team that theirs is a part of.
  static bool IsShared(const std::string& whose) {
    return whose == "viewed" || whose == "edited" || whose == "seen by the team";
  }
  static bool Covers(AccessScope scope, const std::string& whose) {
    if (IsShared(whose)) return true;
    if (scope == roles::v1::ALL) return true;
    return whose == "own" || (scope == roles::v1::TEAM && (whose == "team" || whose == "nobody"));
  }
  static bool MayChange(AccessScope scope, const std::string& whose) {
    if (IsShared(whose)) return whose == "edited" || scope == roles::v1::ALL;
    return Covers(scope, whose);
  }
  // The kinds of records that there are.
  std::vector<std::string> Whose() const {
    std::vector<std::string> whose = {"own", "team", "other", "nobody"};
    if (kind().resource->FindFieldByName("viewers") == nullptr) return whose;
    whose.insert(whose.end(), {"viewed", "edited", "seen by the team"});
    return whose;
  }
  std::string RecordOf(const std::string& whose) {
    const MessagePtr resource = world.Unlinked(next_record_++);
    SetText(*resource, "owner", owners_.at(IsShared(whose) ? "other" : whose));
    if (whose == "viewed") AddText(*resource, "viewers", owners_.at("own"));
    if (whose == "edited") AddText(*resource, "editors", owners_.at("own"));
    if (whose == "seen by the team") AddText(*resource, "viewers", whole_);
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

  // Calls the method about a record of somebody, and expects what the key's scopes say; whether
  // that is allowed.
  bool AsksAboutOne(const std::string& key, const MethodDescriptor& method,
                    const std::string& whose, AccessScope reading, AccessScope writing) {
    const std::string name = RecordOf(whose);
    if (&method == kind().undelete) {
      EXPECT_EQ(world.Delete(name).reason(), "");
    }
    const Answer told = world.CallWith(key, method, *About(method, name));
    if (!Covers(reading, whose)) {
      const std::string nobody = kind().Nobody();
      EXPECT_EQ(Said(told, name),
                Said(world.CallWith(key, method, *About(method, nobody)), nobody));
      EXPECT_FALSE(told.ok() && &method == kind().get);
      return false;
    }
    const bool is_read = absl::EndsWith(PermissionOf(method), ".read");
    const bool is_allowed = is_read || MayChange(writing, whose);
    EXPECT_EQ(told.reason(), is_allowed ? "" : "PERMISSION_DENIED");
    return is_allowed;
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

  std::string whole_;  // the team that theirs is a part of
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
      for (const std::string& whose : Whose()) {
        for (const MethodDescriptor* const method : kind().methods()) {
          if (!IsAboutOne(*method)) continue;
          SCOPED_TRACE(absl::StrCat(method->name(), " of ", whose, "'s record, reading ",
                                    AccessScope_Name(reading), ", writing ",
                                    AccessScope_Name(writing)));
          ++(AsksAboutOne(key, *method, whose, reading, writing) ? allowed : refused);
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
    std::vector<std::string> all = Whose();
    all.emplace_back("other");
    for (const std::string& whose : all) {
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
  if (RulesOf(FieldOf(*kind().resource, "owner")).immutable()) {
    GTEST_SKIP() << "it stays with its owner";
  }
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

bool HasShares(const Kind& kind) {
  return HasOwner(kind) && kind.resource->FindFieldByName("viewers") != nullptr;
}

class Sharing : public Visibility {
 protected:
  // Makes the record seen by these, and nobody else.
  Answer Share(const std::string& key, const std::string& name,
               const std::vector<std::string>& viewers) {
    const MessagePtr change = world.Unlinked(1);
    SetText(*change, "name", name);
    for (const std::string& viewer : viewers) AddText(*change, "viewers", viewer);
    return world.CallWith(key, *kind().update, *world.Updating(*change, {"viewers"}));
  }
  std::string Reads(const std::string& key, const std::string& name, const std::string& read = "") {
    return world.CallWith(key, *kind().get, *world.Naming(*kind().get, name, read)).reason();
  }
};
INSTANTIATE_TEST_SUITE_P(All, Sharing, ::testing::ValuesIn(KindsThat(HasShares)), NameOfKind);

// Goal: what is shared stands in its place in every order, on whatever page, and is counted once.
TEST_P(Sharing, IsInListsInTheirOrder) {
  const std::string key = KeyOf(roles::v1::OWN, roles::v1::OWN);
  std::vector<std::string> names;
  for (const char* const whose : {"viewed", "own", "other", "edited", "own", "viewed"}) {
    world.server.clock().Advance(absl::Seconds(1));
    const std::string name = RecordOf(whose);
    if (whose != std::string("other")) names.push_back(name);
  }
  // One that is theirs and shared with them is there once.
  ASSERT_EQ(Share(world.server.secret(), names[1], {owners_.at("own")}).reason(), "");
  const MessagePtr request = NewMessage(*kind().list->input_type());
  const std::string rows = FieldOfType(*kind().list->output_type(), *kind().resource)->name();
  SetFlag(MutableIn(*request, "summary"), "total_size");
  for (const bool descending : {false, true}) {
    SetText(*request, "order_by", descending ? "create_time desc" : "create_time");
    for (const int page_size : {1, 2, 50}) {
      SetNumber(*request, "page_size", page_size);
      SetText(*request, "page_token", "");
      std::vector<std::string> listed;
      do {
        const Answer page = world.CallWith(key, *kind().list, *request);
        ASSERT_EQ(page.reason(), "");
        type::v1::ListSummary summary;
        ASSERT_TRUE(summary.ParseFromString(In(*page.response, "summary").SerializeAsString()));
        EXPECT_EQ(summary.total_size(), 5);
        for (const Message* const row : RowsOf(*page.response, rows)) {
          listed.push_back(TextOf(*row, "name"));
        }
        SetText(*request, "page_token", TextOf(*page.response, "next_page_token"));
      } while (!TextOf(*request, "page_token").empty());
      if (descending) std::reverse(listed.begin(), listed.end());
      EXPECT_THAT(listed, ::testing::ElementsAreArray(names));
    }
  }
  std::vector<std::string> owners;
  SetText(*request, "order_by", "owner, create_time");
  const Answer by_owner = world.CallWith(key, *kind().list, *request);
  for (const Message* const row : RowsOf(*by_owner.response, rows)) {
    owners.push_back(TextOf(*row, "owner"));
  }
  EXPECT_EQ(owners.size(), 5u);
  EXPECT_TRUE(std::is_sorted(owners.begin(), owners.end())) << absl::StrJoin(owners, " ");
  SetText(*request, "filter", absl::StrCat("owner = ", owners_.at("other")));
  EXPECT_EQ(RowsOf(*world.CallWith(key, *kind().list, *request).response, rows).size(), 3U);
}

TEST_P(Sharing, EndsWithTheShareAndWithWhoLeaves) {
  const std::string key = KeyOf(roles::v1::OWN, roles::v1::OWN);
  const std::string name = RecordOf("viewed");
  const std::string by_team = RecordOf("seen by the team");
  const std::string before = world.Get(name).token;
  EXPECT_EQ(Reads(key, name), "");
  EXPECT_EQ(Share(key, name, {}).reason(), "PERMISSION_DENIED") << "they may see it only";
  ASSERT_EQ(Share(world.server.secret(), name, {}).reason(), "");
  EXPECT_EQ(Reads(key, name), kind().NotFound());
  EXPECT_EQ(Reads(key, name, absl::StrCat("token: '", before, "'")), "") << "as of then";
  EXPECT_EQ(Reads(key, by_team), "");
  users::v1::UpdateUserRequest leaving;
  leaving.mutable_user()->set_name(owners_.at("own"));
  leaving.mutable_update_mask()->add_paths("teams");
  ASSERT_EQ(world.server.Call(&users::v1::UsersService::Stub::UpdateUser, leaving).reason(), "");
  EXPECT_EQ(Reads(key, by_team), kind().NotFound());
}

TEST_P(Sharing, IsWithUsersAndTeamsThatAreThereAndNotTooMany) {
  const std::string name = RecordOf("other");
  EXPECT_EQ(Share(world.server.secret(), name, {"users/nobody"}).reason(),
            "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(Share(world.server.secret(), name, {"roles/admin"}).reason(), "INVALID_FIELD");
  EXPECT_EQ(Share(world.server.secret(), name, std::vector<std::string>(51, team_)).reason(),
            "INVALID_FIELD");
  EXPECT_EQ(Share(world.server.secret(), name, {team_, owners_.at("other")}).reason(), "");
}

// What a caller without a field group neither reads nor asks by nor changes, of every resource.
class FieldGroups : public Visibility {
 protected:
  // Who reads and changes all records, but for the group.
  std::string KeyWithout(roles::v1::FieldGroup hidden) {
    return KeyOf(roles::v1::ALL, roles::v1::ALL,
                 {hidden == roles::v1::PERSONAL ? roles::v1::MONEY : roles::v1::PERSONAL});
  }
  static bool IsOf(roles::v1::FieldGroup group, const FieldDescriptor& field) {
    return group == roles::v1::MONEY ? field.message_type() == google::type::Money::descriptor()
                                     : RulesOf(field).personal();
  }
  // Whether anything of the group is set in it, however deep; what the server sets counts for
  // nothing.
  static bool Holds(roles::v1::FieldGroup group, const Message& message) {
    std::vector<const FieldDescriptor*> set;
    message.GetReflection()->ListFields(message, &set);
    return std::any_of(set.begin(), set.end(), [&](const FieldDescriptor* field) {
      if (RulesOf(*field).output_only()) return false;
      if (IsOf(group, *field)) return true;
      if (field->message_type() == nullptr || field->is_repeated()) return false;
      return Holds(group, message.GetReflection()->GetMessage(message, field));
    });
  }
  // Whether the way to a field of lists leads through one of the group; what is computed may be of
  // anything personal that there is.
  bool IsOf(roles::v1::FieldGroup group, const projections::Field& field) const {
    if (field.path.empty()) return group == roles::v1::PERSONAL && kind().IsPersonal();
    const Descriptor* message = kind().resource;
    for (const absl::string_view step : absl::StrSplit(field.path, '.')) {
      const FieldDescriptor& at = FieldOf(*message, step);
      if (IsOf(group, at)) return true;
      message = at.message_type();
    }
    return false;
  }
  // Of a resource that has this field alone: with a mask and without, in a batch and alone.
  void ExpectUpdates(const std::string& key, const Message& one, const FieldDescriptor& field,
                     bool is_masked) {
    for (const std::vector<std::string>& mask : {std::vector<std::string>(), {field.name()}}) {
      const MessagePtr update = world.Updating(one, mask);
      const Answer told = world.CallWith(key, *kind().update, *update);
      EXPECT_EQ(told.reason() == "PERMISSION_DENIED", is_masked) << told.reason();
      if (is_masked) {
        EXPECT_EQ(told.metadata("field"), absl::StrCat(Called(), ".", field.name()));
      }
      if (kind().batch_update == nullptr) continue;
      const Answer batch = world.CallWith(key, *kind().batch_update,
                                          *world.Batching(*kind().batch_update, {update}));
      EXPECT_EQ(batch.reason() == "PERMISSION_DENIED", is_masked) << batch.reason();
    }
  }
  std::string Asking(const std::string& key, const std::string& ask, const std::string& what) {
    const MessagePtr request = NewMessage(*kind().list->input_type());
    if (ask == "sums") {
      AddText(MutableIn(*request, "summary"), "sums", what);
    } else {
      SetText(*request, ask, what);
    }
    return world.CallWith(key, *kind().list, *request).reason();
  }
};
INSTANTIATE_TEST_SUITE_P(All, FieldGroups,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::get, &Kind::list,
                                                        &Kind::update})),
                         NameOfKind);

TEST_P(FieldGroups, AreOfReplies) {
  const MessagePtr sample = world.Sample(0);
  const std::string name = TextOf(*world.Create(*sample).response, "name");
  for (const roles::v1::FieldGroup hidden : {roles::v1::PERSONAL, roles::v1::MONEY}) {
    const MessagePtr told =
        world.CallWith(KeyWithout(hidden), *kind().get, *world.Naming(*kind().get, name)).response;
    std::vector<const FieldDescriptor*> set;
    sample->GetReflection()->ListFields(*sample, &set);
    for (const FieldDescriptor* const field : set) {
      EXPECT_NE(IsSet(*told, field->name()), IsOf(hidden, *field)) << field->name();
    }
  }
}

// Method: of every field that lists know, also those within others and those that are computed.
TEST_P(FieldGroups, AreOfFiltersAndOrdersAndSums) {
  int masked = 0;
  for (const roles::v1::FieldGroup hidden : {roles::v1::PERSONAL, roles::v1::MONEY}) {
    const std::string key = KeyWithout(hidden);
    for (const projections::Field& field : kind().type->directory->table().declaration().fields) {
      SCOPED_TRACE(absl::StrCat(field.name, " without ", FieldGroup_Name(hidden)));
      const std::string refused = IsOf(hidden, field) ? "PERMISSION_DENIED" : "";
      if (!refused.empty()) ++masked;
      EXPECT_EQ(Asking(key, "filter", field.is_words ? "crane" : absl::StrCat(field.name, ":*")),
                refused);
      // Some are no order for anybody.
      if (!field.many && Asking(world.server.secret(), "order_by", field.name).empty()) {
        EXPECT_EQ(Asking(key, "order_by", field.name), refused);
      }
      if (Asking(world.server.secret(), "sums", field.name).empty()) {
        EXPECT_EQ(Asking(key, "sums", field.name), refused);
      }
    }
  }
  std::printf("%s: %d fields masked\n", Called().c_str(), masked);
}

// Goal: whoever guesses what a field has is not told that nothing changes. Method: the values that
// there are.
TEST_P(FieldGroups, AreOfUpdates) {
  const MessagePtr sample = world.Sample(0);
  const Answer made = world.Create(*sample);
  ASSERT_EQ(made.reason(), "");
  for (const roles::v1::FieldGroup hidden : {roles::v1::PERSONAL, roles::v1::MONEY}) {
    const std::string key = KeyWithout(hidden);
    for (const FieldDescriptor* const field : world.Changeable(*sample)) {
      SCOPED_TRACE(absl::StrCat(field->name(), " without ", FieldGroup_Name(hidden)));
      const bool is_masked = IsOf(hidden, *field);
      for (const std::string& name : {TextOf(*made.response, "name"), kind().Nobody()}) {
        const MessagePtr one = NewMessage(*kind().resource);
        CopyField(*sample, *one, *field);
        SetText(*one, "name", name);
        ExpectUpdates(key, *one, *field, is_masked);
      }
    }
    const MessagePtr all = CopyOf(*sample);
    SetText(*all, "name", TextOf(*made.response, "name"));
    EXPECT_EQ(world.CallWith(key, *kind().update, *world.Updating(*all, {"*"})).reason() ==
                  "PERMISSION_DENIED",
              Holds(hidden, *all));
  }
}

// Goal: an update that may create changes nothing masked of what is there, and finds nobody by it.
TEST_P(FieldGroups, AreOfUpdatesThatMayCreate) {
  if (!kind().HasUpsert()) GTEST_SKIP() << "its update creates none";
  const FieldDescriptor* const identity = kind().type->rules->identity;
  for (const roles::v1::FieldGroup hidden : {roles::v1::PERSONAL, roles::v1::MONEY}) {
    const std::string key = KeyWithout(hidden);
    const MessagePtr sample = world.Sample(hidden);
    if (identity == nullptr) SetText(*sample, "name", absl::StrCat(kind().Nobody(), hidden));
    const std::vector<const FieldDescriptor*> changeable = world.Changeable(*sample);
    const auto is_masked = [&](const FieldDescriptor* field) { return IsOf(hidden, *field); };
    const bool finds_masked = identity != nullptr && IsOf(hidden, *identity);
    const bool is_any = std::any_of(changeable.begin(), changeable.end(), is_masked);
    const auto upsert = [&] {
      const MessagePtr request = world.Updating(*sample);
      SetFlag(*request, "allow_missing");
      return world.CallWith(key, *kind().update, *request).reason() == "PERMISSION_DENIED";
    };
    EXPECT_EQ(upsert(), finds_masked) << "creates, by what may be read";
    EXPECT_EQ(upsert(), finds_masked || is_any) << "changes";
  }
}

}  // namespace
}  // namespace kith::testing
