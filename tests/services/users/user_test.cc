#include "services/users/user.h"

#include "kith/type/v1/errors.pb.h"
#include "kith/users/v1/users_errors.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/resource_spec.h"

namespace kith::users {
namespace {

using ::kith::testing::Appends;
using ::kith::testing::ChangesNothing;
using ::kith::testing::DeciderSpec;
using ::kith::testing::DecideStandard;
using ::kith::testing::Given;
using ::kith::testing::IsRejectedWith;
using ::kith::testing::Proto;
using ::kith::testing::SpecId;
using ::kith::testing::ViolatedFields;
using ::testing::ElementsAre;

using UserState = UserAggregate::State;

const std::string kUser = "users/1";

Decision Decide(LinkedRecords linked, const v1::CreateUserRequest& command,
                const CommandContext& context) {
  return DecideStandard(Rules(), {}, command, context, linked);
}
Decision Decide(const UserState& state, LinkedRecords linked, const v1::UpdateUserRequest& command,
                const CommandContext& context) {
  return DecideStandard(Rules(), NowOf(state), command, context, linked);
}
Decision Decide(const UserState& state, const v1::DeleteUserRequest& command,
                const CommandContext& context) {
  return DecideStandard(Rules(), NowOf(state), command, context);
}

UserState Moses() {
  return Given<UserAggregate>({Proto<v1::UserEvent>(R"pb(
    user_created {
      name: "users/1"
      user { office: "Central" }
      personal { display_name: "Moses Frase" email: "moses@example.org" }
    })pb")});
}

UserState DeletedMoses() {
  const auto event = Proto<v1::UserEvent>(R"pb(user_deleted { name: "users/1" })pb");
  return Evolve(Moses(), Recorded<v1::UserEvent>{event, Revision(2), {}, {}, false});
}

v1::UpdateUserRequest Update(absl::string_view user) {
  v1::UpdateUserRequest command;
  *command.mutable_user() = Proto<v1::User>(user);
  command.mutable_user()->set_name(kUser);
  return command;
}

v1::DeleteUserRequest Delete() {
  v1::DeleteUserRequest command;
  command.set_name(kUser);
  return command;
}

TEST(CreateUser, KeepsPersonalFieldsApart) {
  DeciderSpec spec;
  const auto command = Proto<v1::CreateUserRequest>(R"pb(
    user { display_name: "Moses Frase" office: "Central" etag: "9" name: "users/mine" })pb");
  EXPECT_THAT(Decide({}, command, spec.context()),
              Appends("users/" + SpecId(1), Proto<v1::UserEvent>(R"pb(
                        user_created {
                          name: "users/01H00000000000000000000001"
                          user { office: "Central" }
                          personal { display_name: "Moses Frase" }
                        })pb")));
}

TEST(CreateUser, RejectsAManagerThatIsNotThere) {
  DeciderSpec spec;
  const auto command =
      Proto<v1::CreateUserRequest>(R"pb(user { display_name: "Moses" manager: "users/2" })pb");
  const LinkedRecord there{Lifecycle::kActive};
  EXPECT_TRUE(Decide({&there}, command, spec.context()).ok());
  for (const LinkedRecord& gone :
       {LinkedRecord{Lifecycle::kAbsent}, LinkedRecord{Lifecycle::kDeleted}}) {
    const Decision refused = Decide({&gone}, command, spec.context());
    EXPECT_THAT(refused, IsRejectedWith(v1::USERS_ERROR_LINKED_RECORD_NOT_FOUND));
    EXPECT_THAT(ViolatedFields(refused.status()), ElementsAre("user.manager"));
  }
}

TEST(UpdateUser, RejectsOnlyANewManagerThatIsNotThere) {
  DeciderSpec spec;
  UserState moses = Moses();
  moses.resource.set_manager("users/2");
  const LinkedRecord gone{Lifecycle::kDeleted};
  const auto other = Update(R"pb(manager: "users/3")pb");
  EXPECT_THAT(Decide(moses, {&gone}, other, spec.context()),
              IsRejectedWith(v1::USERS_ERROR_LINKED_RECORD_NOT_FOUND));
  auto masked = Update(R"pb(manager: "users/3" office: "West")pb");
  masked.mutable_update_mask()->add_paths("office");
  EXPECT_TRUE(Decide(moses, {}, masked, spec.context()).ok());
  EXPECT_TRUE(
      Decide(moses, {}, Update(R"pb(manager: "users/2" office: "West")pb"), spec.context()).ok());
}

TEST(UpdateUser, RecordsOnlyWhatChanged) {
  DeciderSpec spec;
  EXPECT_THAT(Decide(Moses(), {}, Update(R"pb(office: "West" display_name: "Moses Frase")pb"),
                     spec.context()),
              Appends(kUser, Proto<v1::UserEvent>(R"pb(
                        user_updated {
                          name: "users/1"
                          update_mask { paths: "office" }
                          user { office: "West" }
                        })pb")));
}

TEST(UpdateUser, IsNothingWhenNothingChanges) {
  DeciderSpec spec;
  EXPECT_THAT(Decide(Moses(), {}, Update(R"pb(office: "Central")pb"), spec.context()),
              ChangesNothing());
}

TEST(UpdateUser, RejectsAnEtagThatIsNotThePresentOne) {
  DeciderSpec spec;
  EXPECT_THAT(Decide(Moses(), {}, Update(R"pb(office: "West" etag: "2")pb"), spec.context()),
              IsRejectedWith(type::v1::ERROR_ETAG_MISMATCH));
}

TEST(UpdateUser, RejectsAUserThatIsNotThere) {
  DeciderSpec spec;
  for (const UserState& state : {UserState(), DeletedMoses()}) {
    EXPECT_THAT(Decide(state, {}, Update(R"pb(office: "West")pb"), spec.context()),
                IsRejectedWith(v1::USERS_ERROR_USER_NOT_FOUND));
  }
}

TEST(DeleteUser, DeletesOnce) {
  DeciderSpec spec;
  EXPECT_THAT(Decide(Moses(), Delete(), spec.context()),
              Appends(kUser, Proto<v1::UserEvent>(R"pb(user_deleted { name: "users/1" })pb")));
  EXPECT_THAT(Decide(DeletedMoses(), Delete(), spec.context()), ChangesNothing());
}

TEST(UndeleteUser, BringsBackOnlyWhatWasDeleted) {
  DeciderSpec spec;
  v1::UndeleteUserRequest command;
  command.set_name(kUser);
  const auto decide = [&](const UserState& state) {
    return DecideStandard(Rules(), NowOf(state), command, spec.context());
  };
  EXPECT_THAT(decide(DeletedMoses()),
              Appends(kUser, Proto<v1::UserEvent>(R"pb(user_undeleted { name: "users/1" })pb")));
  EXPECT_THAT(decide(Moses()), ChangesNothing());
  EXPECT_THAT(decide(UserState()), IsRejectedWith(v1::USERS_ERROR_USER_NOT_FOUND));
  command.set_etag("1");  // of before it was deleted
  EXPECT_THAT(decide(DeletedMoses()), IsRejectedWith(type::v1::ERROR_ETAG_MISMATCH));
}

TEST(DeleteUser, RejectsAUserThatNeverWas) {
  DeciderSpec spec;
  EXPECT_THAT(Decide(UserState(), Delete(), spec.context()),
              IsRejectedWith(v1::USERS_ERROR_USER_NOT_FOUND));
}

}  // namespace
}  // namespace kith::users
