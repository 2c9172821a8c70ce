// What tests of notices share: a server whose policies run at once, users, and what they are told.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/notifications/v1/notifications_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/await.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::notifications {

class NoticesFixture : public ::testing::Test {
 protected:
  using Stub = v1::NotificationsService::Stub;
  using TaskStub = tasks::v1::TasksService::Stub;

  explicit NoticesFixture(std::function<void(runtime::ServerBuilder&)> more = nullptr)
      : server_(std::move(more), [this](runtime::ServerOptions& options) {
          options.policies.run = runs_;
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
          options.policies.retry_first = retry_first_;
        }) {}

  std::string CreateUser(absl::string_view display_name, const std::string& more = "") {
    users::v1::CreateUserRequest request;
    *request.mutable_user() = testing::Proto<users::v1::User>(more);
    request.mutable_user()->set_display_name(std::string(display_name));
    const auto made = server_.Call(&users::v1::UsersService::Stub::CreateUser, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  std::string CreateTeam(absl::string_view display_name, const std::string& parent = "") {
    teams::v1::CreateTeamRequest request;
    request.mutable_team()->set_display_name(std::string(display_name));
    request.mutable_team()->set_parent(parent);
    const auto made = server_.Call(&teams::v1::TeamsService::Stub::CreateTeam, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  std::string KeyOf(const std::string& user) {
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Theirs");
    key.mutable_api_key()->set_user(user);
    key.mutable_api_key()->add_permissions("*");
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  }
  // Owned by the user, or in the queue of the team.
  std::string CreateTask(const std::string& title, const std::string& owner,
                         const std::string& more = "", const std::string& key = "") {
    tasks::v1::CreateTaskRequest request;
    *request.mutable_task() = testing::Proto<tasks::v1::Task>(more);
    request.mutable_task()->set_display_name(title);
    request.mutable_task()->set_owner(owner);
    const auto made =
        server_.CallWith(key.empty() ? server_.secret() : key, &TaskStub::CreateTask, request);
    EXPECT_EQ(made.reason(), "") << more;
    return made->name();
  }
  // "due_time { … }": so long after now.
  std::string Due(absl::Duration after) {
    return absl::StrCat("due_time { seconds: ", absl::ToUnixSeconds(server_.clock().Now() + after),
                        " } ");
  }
  static std::string Reminder(absl::Duration before) {
    return absl::StrCat("reminders { seconds: ", absl::ToInt64Seconds(before), " } ");
  }
  template <class Request>
  void Do(grpc::Status (TaskStub::*method)(grpc::ClientContext*, const Request&, tasks::v1::Task*),
          const std::string& task) {
    Request request;
    request.set_name(task);
    EXPECT_EQ(server_.Call(method, request).reason(), "");
  }
  void Reschedule(const std::string& task, absl::Duration after) {
    tasks::v1::RescheduleTaskRequest request;
    request.set_name(task);
    request.mutable_due_time()->set_seconds(absl::ToUnixSeconds(server_.clock().Now() + after));
    EXPECT_EQ(server_.Call(&TaskStub::RescheduleTask, request).reason(), "");
  }

  // What was told of the kind to the user, oldest first.
  std::vector<v1::Notification> Told(const std::string& owner, v1::NotificationKind kind) {
    v1::ListNotificationsRequest request;
    request.set_filter(
        absl::StrCat("owner = \"", owner, "\" AND kind = ", v1::NotificationKind_Name(kind)));
    request.set_order_by("create_time");
    const auto listed = server_.Call(&Stub::ListNotifications, request);
    EXPECT_EQ(listed.reason(), "");
    return {listed->notifications().begin(), listed->notifications().end()};
  }
  std::vector<std::string> Texts(const std::string& owner, v1::NotificationKind kind) {
    std::vector<std::string> texts;
    for (const v1::Notification& one : Told(owner, kind)) texts.push_back(one.display_name());
    return texts;
  }
  // Until it holds, which an event makes it.
  void AwaitThat(absl::FunctionRef<bool()> holds) { testing::AwaitThat(server_, holds); }
  void Await(const std::string& owner, v1::NotificationKind kind, size_t count) {
    AwaitThat([&] { return Told(owner, kind).size() >= count; });
  }
  // Everything that is due by now was done: a later reminder, somebody else's, was told.
  void AwaitRest() {
    const std::string nobody = CreateUser("Nobody");
    CreateTask("Rest", nobody, absl::StrCat(Due(absl::Minutes(1)), Reminder(absl::ZeroDuration())));
    server_.clock().Advance(absl::Minutes(1));
    Await(nobody, v1::REMINDER, 1);
    Await(nobody, v1::OVERDUE, 1);
  }
  // The server is down for so long.
  void BeDown(absl::Duration time) {
    runs_ = false;
    server_.Restart();
    server_.clock().Advance(time);
    runs_ = true;
    server_.Restart();
  }

  // Before the server, which asks for them.
  bool runs_ = true;
  absl::Duration retry_first_ = absl::ZeroDuration();
  testing::TestServer server_;
};

}  // namespace kith::notifications
