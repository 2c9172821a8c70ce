#include "projections/notifications/message_notices.h"

#include "eventstore/base/status_macros.h"
#include "kith/messages/v1/message.pb.h"
#include "projections/notifications/notice.h"

namespace kith::notifications {
namespace {

using messages::v1::Message;

// Tells nothing that the message says: that is sealed, and a notification is not.
std::string TextOf(const Message& message) {
  return message.click_count() > 0 ? "A link in a message that you sent was followed."
                                   : "A message that you sent was opened.";
}

}  // namespace

absl::Status MessageNotices::React(const eventstore::RecordedEvent& event,
                                   projections::ViewBatch& batch,
                                   projections::Reactions& reactions) const {
  const eventstore::EventHeader& header = event.header();
  if (!IsNews(header)) return absl::OkStatus();
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const before = change.before<Message>();
    const auto* const after = change.after<Message>();
    if (before == nullptr || after == nullptr || after->sender().empty()) continue;
    if (before->open_count() > 0 || after->open_count() == 0) continue;
    KITH_RETURN_IF_ERROR(Tell(
        header, {after->sender(), v1::MAIL_OPENED, after->contact(), TextOf(*after)}, reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::notifications
