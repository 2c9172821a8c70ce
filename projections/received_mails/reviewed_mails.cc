#include "projections/received_mails/reviewed_mails.h"

#include "eventstore/base/status_macros.h"
#include "kith/received_mails/v1/mail_thread_rows.pb.h"
#include "projections/tables/table.h"

namespace kith::received_mails {
namespace {

using google::protobuf::DynamicCastToGenerated;

// In each of the views that keep it. Persisted.
constexpr uint8_t kReviewedTable = 10;

const projections::Table<v1::ReviewedMailRow>& Reviewed() {
  static const auto& table = *new projections::Table<v1::ReviewedMailRow>(
      projections::TableBuilder<v1::ReviewedMailRow>(kReviewedTable)
          .Key([](const v1::ReviewedMailRow& row) { return row.capture_review(); })
          .Build());
  return table;
}

}  // namespace

const v1::MailReceived* ReceivedIn(const eventstore::RecordedEvent& event) {
  const auto* const mail = DynamicCastToGenerated<v1::ReceivedMailEvent>(event.event.get());
  return mail != nullptr && mail->has_mail_received() ? &mail->mail_received() : nullptr;
}

const captures::v1::CaptureReviewResolved* ResolvedIn(const eventstore::RecordedEvent& event) {
  const auto* const review =
      DynamicCastToGenerated<captures::v1::CaptureReviewEvent>(event.event.get());
  return review != nullptr && review->has_capture_review_resolved()
             ? &review->capture_review_resolved()
             : nullptr;
}

absl::Status NoteReview(const v1::MailReceived& received, WorkspaceId workspace,
                        projections::ViewBatch& batch) {
  if (received.received_mail().capture_review().empty()) return absl::OkStatus();
  v1::ReviewedMailRow row;
  row.set_capture_review(received.received_mail().capture_review());
  row.set_mail(received.name());
  return Reviewed().Put(batch, workspace, row);
}

absl::StatusOr<std::optional<std::string>> MailInReview(const std::string& review,
                                                        WorkspaceId workspace,
                                                        projections::ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(const std::optional<v1::ReviewedMailRow> row,
                        Reviewed().Get(batch, workspace, review));
  if (!row.has_value()) return std::nullopt;
  return row->mail();
}

}  // namespace kith::received_mails
