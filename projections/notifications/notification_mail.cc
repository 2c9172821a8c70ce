#include "projections/notifications/notification_mail.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/notifications/v1/notification_delivery.pb.h"
#include "kith/notifications/v1/notification_events.pb.h"
#include "kith/notifications/v1/notification_rows.pb.h"
#include "kith/notifications/v1/notifications_service.pb.h"
#include "projections/tables/table.h"

namespace kith::notifications {
namespace {

using projections::Table;
using projections::TableBuilder;

// By user the mail that is held for them, and their digest.
const Table<v1::HeldMail>& HeldMails() {
  static const auto& table = *new Table<v1::HeldMail>(
      TableBuilder<v1::HeldMail>(1)
          .Key([](const v1::HeldMail& row) -> const std::string& { return row.key(); })
          .Build());
  return table;
}

const v1::NotificationEvent& EventIn(const eventstore::RecordedEvent& recorded) {
  return static_cast<const v1::NotificationEvent&>(*recorded.event);
}

bool IsWanted(const v1::NotificationCreated& created) {
  const v1::NotificationMailState state = created.notification().mail_state();
  return state == v1::WANTED || state == v1::WANTED_IN_DIGEST;
}

// Put to what is told at the same time, where that is not full.
absl::Status Hold(const eventstore::EventHeader& header, const v1::NotificationMailHeld& held,
                  projections::ViewBatch& batch, projections::Reactions& reactions) {
  const std::string key = absl::StrCat(held.owner(), held.in_digest() ? "/digest" : "/mail");
  KITH_ASSIGN_OR_RETURN(auto known, HeldMails().Get(batch, header.workspace, key));
  v1::HeldMail mail = known.has_value() ? *std::move(known) : v1::HeldMail();
  const bool is_same = FromTimestamp(mail.mail_time()) == FromTimestamp(held.mail_time());
  if (!is_same || mail.sequence() == 0 || mail.notifications_size() >= kMailedMax) {
    mail.Clear();
    mail.set_key(key);
    *mail.mutable_mail_time() = held.mail_time();
    mail.set_sequence(static_cast<int64_t>(header.sequence.value()));
  }
  mail.add_notifications(held.name());
  KITH_RETURN_IF_ERROR(HeldMails().Put(batch, header.workspace, mail));
  v1::MailNotificationsRequest request;
  request.set_owner(held.owner());
  *request.mutable_notifications() = mail.notifications();
  *request.mutable_mail_time() = held.mail_time();
  return reactions.Set(absl::StrCat(key, "/", mail.sequence()), FromTimestamp(held.mail_time()),
                       request);
}

}  // namespace

bool NotificationMail::Concerns(const eventstore::RecordedEvent& event) const {
  const v1::NotificationEvent& happened = EventIn(event);
  return happened.has_notification_mail_held() ||
         (happened.has_notification_created() && IsWanted(happened.notification_created()));
}

absl::Status NotificationMail::React(const eventstore::RecordedEvent& event,
                                     projections::ViewBatch& batch,
                                     projections::Reactions& reactions) const {
  const v1::NotificationEvent& happened = EventIn(event);
  if (happened.has_notification_mail_held()) {
    return Hold(event.header(), happened.notification_mail_held(), batch, reactions);
  }
  v1::HoldNotificationMailRequest request;
  request.set_name(event.header().stream);
  return reactions.Add(request);
}

}  // namespace kith::notifications
