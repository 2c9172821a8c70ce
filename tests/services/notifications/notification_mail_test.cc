// How users are told: their preferences, what is mailed and when, and what is snoozed. The mail
// itself is sent in tests/integration/mail_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "kith/notifications/v1/notification_delivery.pb.h"
#include "services/runtime/effects/effect.h"
#include "tests/services/notifications/notices_fixture.h"

namespace kith::notifications {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Takes what is to be mailed, and says that it was.
class MailBox final : public runtime::Effect {
 public:
  struct Mails {
    Mutex mutex;
    std::vector<v1::MailNotificationsRequest> all KITH_GUARDED_BY(mutex);
    std::function<void()> mailed KITH_GUARDED_BY(mutex);  // called once, by the next; or none
  };
  explicit MailBox(Mails& mails) : mails_(mails) {}

  const google::protobuf::Descriptor& takes() const override {
    return *v1::MailNotificationsRequest::descriptor();
  }
  void Perform(const google::protobuf::Message& request, const runtime::EffectContext& context,
               Done done) override {
    const auto& mail = static_cast<const v1::MailNotificationsRequest&>(request);
    std::function<void()> mailed;
    {
      MutexLock lock(mails_.mutex);
      mails_.all.push_back(mail);
      mailed = std::exchange(mails_.mailed, nullptr);
    }
    if (mailed != nullptr) mailed();
    auto record = std::make_unique<v1::RecordNotificationMailRequest>();
    *record->mutable_names() = mail.notifications();
    record->set_message_id(context.id);
    done(std::move(record));
  }
  absl::Duration RetryDelay(int) const override { return absl::ZeroDuration(); }
  int attempts_max() const override { return 1; }
  void Stop() override {}

 private:
  Mails& mails_;
};

struct Boxed {
  MailBox::Mails mails;
};

class NotificationMailTest : private Boxed, public NoticesFixture {
 protected:
  NotificationMailTest()
      : NoticesFixture([this](runtime::ServerBuilder& builder) {
          builder.AddEffect(std::make_unique<MailBox>(mails));
        }) {}

  std::string Prefer(const std::string& user, const std::string& preferences,
                     const std::string& key = "") {
    users::v1::SetNotificationPreferencesRequest request;
    request.set_name(user);
    *request.mutable_notification_preferences() =
        testing::Proto<v1::NotificationPreferences>(preferences);
    return server_
        .CallWith(key.empty() ? server_.secret() : key,
                  &users::v1::UsersService::Stub::SetNotificationPreferences, request)
        .reason();
  }
  testing::Reply<v1::Notification> Create(const std::string& owner, const std::string& text,
                                          v1::NotificationKind kind = v1::OVERDUE) {
    v1::CreateNotificationRequest request;
    request.mutable_notification()->set_owner(owner);
    request.mutable_notification()->set_display_name(text);
    request.mutable_notification()->set_kind(kind);
    return server_.Call(&Stub::CreateNotification, request);
  }
  v1::Notification Get(const std::string& name) {
    v1::GetNotificationRequest request;
    request.set_name(name);
    return server_.Call(&Stub::GetNotification, request).response;
  }
  void AwaitState(const std::string& name, v1::NotificationMailState state) {
    AwaitThat([&] { return Get(name).mail_state() == state; });
  }
  testing::Reply<v1::Notification> Update(const std::string& name, const std::string& text,
                                          const std::string& path) {
    v1::UpdateNotificationRequest request;
    *request.mutable_notification() = testing::Proto<v1::Notification>(text);
    request.mutable_notification()->set_name(name);
    request.mutable_update_mask()->add_paths(path);
    return server_.Call(&Stub::UpdateNotification, request);
  }
  // Of each mail, the notifications that it tells of.
  std::vector<std::vector<std::string>> Mailed() {
    MutexLock lock(mails.mutex);
    std::vector<std::vector<std::string>> mailed;
    for (const auto& mail : mails.all) {
      mailed.emplace_back(mail.notifications().begin(), mail.notifications().end());
    }
    return mailed;
  }
  // When a mail is sent next, the log takes nothing any more, what says so among it.
  void BreakLogAtNextMail() {
    MutexLock lock(mails.mutex);
    mails.mailed = [this] {
      server_.disk().FailReopen(true);
      server_.disk().FailNextCommit(/*applied=*/false);
    };
  }
  // How often something of the policy failed for a reason that passes.
  static double Retried() {
    const MetricPage page = CollectMetrics();
    for (const auto& sample : page.families().at("kith_policy_reactions_total").samples) {
      if (sample.labels == MetricLabels{{"policy", "notification_mail"}, {"result", "retried"}}) {
        return sample.value;
      }
    }
    return 0;
  }
  // The clock shows so many hours after midnight, UTC, of a later day.
  void MoveTo(int hours) {
    const absl::TimeZone utc = absl::UTCTimeZone();
    absl::CivilDay day = absl::ToCivilDay(server_.clock().Now(), utc);
    absl::Time at = absl::FromCivil(day, utc) + absl::Hours(hours);
    if (at <= server_.clock().Now()) at += absl::Hours(24);
    server_.clock().Advance(at - server_.clock().Now());
  }

  static constexpr char kAda[] = "email: 'ada@example.com' ";
};

TEST_F(NotificationMailTest, IsMailedToNobodyWhoSaysNothing) {
  const std::string ada = CreateUser("Ada", kAda);
  const auto told = Create(ada, "Something.");
  AwaitRest();
  EXPECT_EQ(Get(told->name()).mail_state(), v1::NOTIFICATION_MAIL_STATE_UNSPECIFIED);
  EXPECT_THAT(Mailed(), IsEmpty());
}

TEST_F(NotificationMailTest, IsMailedAsTheUserWantsIt) {
  const std::string ada = CreateUser("Ada", kAda);
  EXPECT_EQ(Prefer(ada,
                   "kinds { mail: AT_ONCE } kinds { kind: ASSIGNMENT }"
                   "kinds { kind: STAGE_CHANGE muted: true mail: AT_ONCE }"
                   "kinds { kind: REMINDER muted: true }"),
            "");
  const auto overdue = Create(ada, "Overdue.");
  AwaitState(overdue->name(), v1::MAILED);
  server_.clock().Advance(absl::Seconds(1));  // what is mailed at one time is one mail
  const auto assigned = Create(ada, "Yours.", v1::ASSIGNMENT);
  const auto moved = Create(ada, "Moved.", v1::STAGE_CHANGE);
  EXPECT_EQ(Create(ada, "Soon.", v1::REMINDER).reason(), "NOT_WANTED");
  AwaitState(moved->name(), v1::MAILED);
  EXPECT_THAT(Mailed(),
              UnorderedElementsAre(ElementsAre(overdue->name()), ElementsAre(moved->name())));
  EXPECT_FALSE(Get(overdue->name()).read());
  EXPECT_TRUE(Get(moved->name()).read()) << "it is muted";
  EXPECT_EQ(Get(assigned->name()).mail_state(), v1::NOTIFICATION_MAIL_STATE_UNSPECIFIED);
  EXPECT_NE(Get(overdue->name()).mail_message_id(), "");
}

TEST_F(NotificationMailTest, WaitsUntilQuietHoursEndInTheUsersZone) {
  const std::string ada = CreateUser("Ada", absl::StrCat(kAda, "time_zone: 'Etc/GMT-2'"));
  EXPECT_EQ(
      Prefer(ada, "kinds { mail: AT_ONCE } quiet_start_time: '22:00' quiet_end_time: '07:00'"), "");
  MoveTo(21);  // 23:00 where Ada is
  const auto one = Create(ada, "One.");
  AwaitState(one->name(), v1::HELD);
  server_.clock().Advance(absl::Hours(1));
  const auto other = Create(ada, "Other.");
  AwaitState(other->name(), v1::HELD);
  // What is wanted later changes nothing of what is held.
  EXPECT_EQ(Prefer(ada, ""), "");
  server_.Restart(/*new_views=*/true);
  MoveTo(4);
  EXPECT_THAT(Mailed(), IsEmpty());
  MoveTo(5);
  AwaitState(one->name(), v1::MAILED);
  AwaitState(other->name(), v1::MAILED);
  EXPECT_THAT(Mailed(), ElementsAre(ElementsAre(one->name(), other->name())));
  EXPECT_EQ(Get(one->name()).mail_message_id(), Get(other->name()).mail_message_id());
  server_.Restart();
  AwaitRest();
  EXPECT_EQ(Mailed().size(), 1u);
}

TEST_F(NotificationMailTest, IsToldInTheDaysDigest) {
  const std::string ada = CreateUser("Ada", kAda);
  EXPECT_EQ(Prefer(ada, "kinds { mail: DIGEST } kinds { kind: ASSIGNMENT mail: AT_ONCE }"), "");
  MoveTo(9);
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) {
    names.push_back(Create(ada, absl::StrCat("The ", i, "th."))->name());
    // One that is mailed at once comes between, and breaks nothing.
    AwaitState(Create(ada, "Yours.", v1::ASSIGNMENT)->name(), v1::MAILED);
    AwaitState(names.back(), v1::HELD);
    server_.clock().Advance(absl::Hours(1));
  }
  EXPECT_EQ(Mailed().size(), 3u);
  MoveTo(8);
  for (const std::string& name : names) AwaitState(name, v1::MAILED);
  ASSERT_EQ(Mailed().size(), 4u);
  EXPECT_EQ(Mailed().back(), names);
  // The next day has its own.
  const auto next = Create(ada, "Next.");
  AwaitState(next->name(), v1::HELD);
  MoveTo(8);
  AwaitState(next->name(), v1::MAILED);
  EXPECT_EQ(Mailed().back(), std::vector<std::string>{next->name()});
}

TEST_F(NotificationMailTest, SaysWhyNoneIsSent) {
  const std::string nobody = CreateUser("Nobody");
  EXPECT_EQ(Prefer(nobody, "kinds { mail: AT_ONCE }"), "");
  const auto told = Create(nobody, "Something.");
  AwaitState(told->name(), v1::NOT_MAILED);
  EXPECT_EQ(Get(told->name()).mail_failure(), v1::NO_ADDRESS);
  const std::string ada = CreateUser("Ada", kAda);
  EXPECT_EQ(Prefer(ada, "kinds { mail: AT_ONCE }"), "");
  workspaces::v1::UpdateWorkspaceRequest stop;
  stop.mutable_workspace()->set_name("workspaces/1");
  stop.mutable_workspace()->set_sending_stopped(true);
  EXPECT_EQ(server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, stop).reason(),
            "");
  const auto stopped = Create(ada, "Something.");
  AwaitState(stopped->name(), v1::NOT_MAILED);
  EXPECT_EQ(Get(stopped->name()).mail_failure(), v1::SENDING_STOPPED);
  EXPECT_THAT(Mailed(), IsEmpty());
}

TEST_F(NotificationMailTest, PreferencesAreTheUsersOwn) {
  const std::string ada = CreateUser("Ada", absl::StrCat(kAda, "roles: 'roles/sales-rep'"));
  const std::string ben = CreateUser("Ben");
  const std::string key = KeyOf(ada);
  EXPECT_EQ(Prefer(ada, "kinds { mail: DIGEST }", key), "");
  EXPECT_EQ(Prefer(ben, "kinds { mail: DIGEST }", key), "PERMISSION_DENIED");
  EXPECT_EQ(Prefer(ada, "kinds { mail: DIGEST } kinds { muted: true }"), "INVALID_FIELD");
  EXPECT_EQ(Prefer(ada, "quiet_start_time: '22:00'"), "INVALID_FIELD");
  EXPECT_EQ(Prefer(ada, "quiet_start_time: '22:00' quiet_end_time: '22:00'"), "INVALID_FIELD");
  EXPECT_EQ(Prefer(ada, "quiet_start_time: '25:00' quiet_end_time: '22:00'"), "INVALID_FIELD");
}

TEST_F(NotificationMailTest, NobodyElseSaysWhatBecameOfAMail) {
  const auto told = Create(CreateUser("Ada", kAda), "Something.");
  v1::HoldNotificationMailRequest hold;
  hold.set_name(told->name());
  EXPECT_EQ(server_.Call(&Stub::HoldNotificationMail, hold).reason(), "MAILS_BY_ITSELF");
  v1::RecordNotificationMailRequest record;
  record.add_names(told->name());
  EXPECT_EQ(server_.Call(&Stub::RecordNotificationMail, record).reason(), "MAILS_BY_ITSELF");
}

TEST_F(NotificationMailTest, WhatIsSnoozedComesBackAsUnread) {
  const std::string ada = CreateUser("Ada");
  const std::string name = Create(ada, "Something.")->name();
  const auto snooze = [&](absl::Duration by) {
    const auto snoozed = Update(name,
                                absl::StrCat("snooze_time { seconds: ",
                                             absl::ToUnixSeconds(server_.clock().Now() + by), " }"),
                                "snooze_time");
    EXPECT_EQ(snoozed.reason(), "");
    EXPECT_TRUE(snoozed->read());
  };
  snooze(absl::Hours(1));
  snooze(absl::Hours(3));
  server_.clock().Advance(absl::Hours(2));
  AwaitRest();
  EXPECT_TRUE(Get(name).read()) << "it was snoozed for longer";
  BeDown(absl::Hours(2));
  AwaitThat([&] { return !Get(name).read(); });
  EXPECT_FALSE(Get(name).has_snooze_time());
  // What is marked as unread before is so.
  snooze(absl::Hours(1));
  EXPECT_FALSE(Update(name, "read: false", "read")->has_snooze_time());
  EXPECT_EQ(Update(name, "read: true", "read").reason(), "");
  server_.clock().Advance(absl::Hours(2));
  AwaitRest();
  EXPECT_TRUE(Get(name).read());
}

TEST_F(NotificationMailTest, AllAreMarkedAsRead) {
  const std::string ada = CreateUser("Ada", "roles: 'roles/sales-rep'");
  const std::string ben = CreateUser("Ben");
  const std::string key = KeyOf(ada);
  for (int i = 0; i < 120; ++i) Create(ada, "Something.");
  const auto others = Create(ben, "Something.");
  v1::ReadAllNotificationsRequest request;
  EXPECT_EQ(Get(others->name()).name(), others->name());  // and all before it, in the list
  const auto read = [&](const std::string& secret) {
    return server_.CallWith(secret, &Stub::ReadAllNotifications, request);
  };
  EXPECT_EQ(read(server_.secret()).reason(), "NO_USER");
  request.set_request_id("once");
  EXPECT_EQ(read(key)->read_count(), 100);
  EXPECT_EQ(read(key)->read_count(), 100) << "the same request";
  request.set_request_id("");
  EXPECT_EQ(read(key)->read_count(), 20);
  EXPECT_EQ(read(key)->read_count(), 0);
  request.set_owner(ben);
  EXPECT_EQ(read(key).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(read(server_.secret())->read_count(), 1);
}

// Goal: where the log takes nothing for a while, nobody is mailed twice and no notification stays
// held, though the mailer is tried but once.
TEST_F(NotificationMailTest, IsMailedOnceWhereThatCannotBeRecordedAtOnce) {
  retry_first_ = absl::Seconds(1);  // tried again only when the clock is moved
  server_.Restart();
  const std::string ada = CreateUser("Ada", kAda);
  EXPECT_EQ(Prefer(ada, "kinds { mail: DIGEST }"), "");
  const auto told = Create(ada, "Something.");
  AwaitState(told->name(), v1::HELD);
  BreakLogAtNextMail();
  const double before = Retried();
  MoveTo(8);
  while (Retried() == before) std::this_thread::yield();
  server_.disk().FailReopen(false);
  // Until the log takes something again.
  while (Create(ada, "Something else.").status.error_code() == grpc::StatusCode::UNAVAILABLE) {
  }
  EXPECT_EQ(Get(told->name()).mail_state(), v1::HELD);
  server_.clock().Advance(absl::Seconds(1));
  AwaitState(told->name(), v1::MAILED);
  EXPECT_THAT(Mailed(), ElementsAre(ElementsAre(told->name())));
}

TEST_F(NotificationMailTest, WatchersAreToldAsItComes) {
  const std::string ada = CreateUser("Ada", "roles: 'roles/sales-rep'");
  const std::string ben = CreateUser("Ben");
  const std::string key = KeyOf(ada);
  const std::string first = Create(ada, "First.")->name();
  Stub stub(server_.channel());
  const auto open = [&](grpc::ClientContext& context, const std::string& owner) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", key));
    v1::WatchNotificationsRequest request;
    request.set_owner(owner);
    return stub.WatchNotifications(&context, request);
  };
  grpc::ClientContext context;
  const auto watch = open(context, "");
  v1::WatchNotificationsResponse told;
  ASSERT_TRUE(watch->Read(&told));
  EXPECT_FALSE(told.has_notification());
  EXPECT_EQ(told.unread_count(), 1);
  Create(ben, "Not Ada's.");
  const std::string second = Create(ada, "Second.")->name();
  ASSERT_TRUE(watch->Read(&told));
  EXPECT_EQ(told.notification().name(), second);
  EXPECT_EQ(told.unread_count(), 2);
  EXPECT_EQ(Update(first, "read: true", "read").reason(), "");
  ASSERT_TRUE(watch->Read(&told));
  EXPECT_EQ(told.notification().name(), first);
  EXPECT_TRUE(told.notification().read());
  EXPECT_EQ(told.unread_count(), 1);
  v1::DeleteNotificationRequest remove;
  remove.set_name(second);
  EXPECT_EQ(server_.Call(&Stub::DeleteNotification, remove).reason(), "");
  ASSERT_TRUE(watch->Read(&told));
  EXPECT_EQ(told.deleted(), second);
  EXPECT_EQ(told.unread_count(), 0);
  context.TryCancel();
  EXPECT_FALSE(watch->Read(&told));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
  grpc::ClientContext of_other;
  const auto refused = open(of_other, ben);
  EXPECT_FALSE(refused->Read(&told));
  EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace kith::notifications
