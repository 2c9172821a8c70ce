#include "projections/received_mails/received_mail_directory.h"

#include <optional>

#include "eventstore/base/status_macros.h"
#include "projections/received_mails/received_mail_fold.h"
#include "projections/received_mails/reviewed_mails.h"

namespace kith::received_mails {
namespace {

StandardEvent Fold(const Happening& happening, google::protobuf::Message& message) {
  return FoldReceivedMail(happening, static_cast<v1::ReceivedMail&>(message));
}

// Somebody said who the person is.
absl::Status Resolve(const captures::v1::CaptureReviewResolved& resolved, WorkspaceId workspace,
                     projections::ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> name,
                        MailInReview(resolved.name(), workspace, batch));
  if (!name.has_value()) return absl::OkStatus();
  const auto& mails = ReceivedMailDirectory::Mails();
  KITH_ASSIGN_OR_RETURN(std::optional<v1::ReceivedMail> mail, mails.Get(batch, workspace, *name));
  if (!mail.has_value()) return absl::OkStatus();
  mail->set_contact(resolved.contact());
  mail->set_interaction(resolved.interaction());
  if (resolved.interaction().empty()) {
    mail->set_outcome(v1::KEPT);
    mail->set_keep_reason(v1::DISCARDED);
  } else {
    mail->set_outcome(v1::RECORDED);
  }
  return mails.Put(batch, workspace, *mail);
}

}  // namespace

ReceivedMailDirectory::ReceivedMailDirectory()
    : ResourceDirectory(kName, 1, "receivedMails", Mails().core(), Fold) {}

bool ReceivedMailDirectory::Takes(const eventstore::RecordedEvent& event) const {
  return ReceivedIn(event) != nullptr || ResolvedIn(event) != nullptr;
}

absl::Status ReceivedMailDirectory::Apply(const eventstore::RecordedEvent& event,
                                          projections::ViewBatch& batch) const {
  const WorkspaceId workspace = event.header().workspace;
  if (const auto* const resolved = ResolvedIn(event)) return Resolve(*resolved, workspace, batch);
  KITH_RETURN_IF_ERROR(ResourceDirectory::Apply(event, batch));
  const auto* const received = ReceivedIn(event);
  return received == nullptr ? absl::OkStatus() : NoteReview(*received, workspace, batch);
}

const projections::Table<v1::ReceivedMail>& ReceivedMailDirectory::Mails() {
  static const auto& table = *new projections::Table<v1::ReceivedMail>(
      projections::TableBuilder<v1::ReceivedMail>(1)
          .Key([](const v1::ReceivedMail& mail) { return mail.name(); })
          .Field("contact")
          .Field("kind")
          .Field("outcome")
          .Field("interaction")
          .Field("message_id")
          .Field("create_time")
          .Index(1, {"contact", "create_time"})
          .Index(2, {"kind", "create_time"})
          .Index(3, {"outcome", "create_time"})
          .Index(4, {"interaction"})
          .Index(5, {"message_id", "create_time"})
          .Index(6, {"create_time"})
          .Build());
  return table;
}

}  // namespace kith::received_mails
