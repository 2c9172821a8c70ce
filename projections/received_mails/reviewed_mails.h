// Mails that wait in capture reviews: which review has which, so that a view hears what became of a
// mail when somebody says who its person is. Each view that wants to know keeps the table itself.
//
// Pure functions, any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log/event_registry.h"
#include "kith/captures/v1/capture_review_events.pb.h"
#include "kith/received_mails/v1/received_mail_events.pb.h"
#include "projections/engine/view_batch.h"

namespace kith::received_mails {

// Null where the event is another.
const v1::MailReceived* ReceivedIn(const eventstore::RecordedEvent& event);
const captures::v1::CaptureReviewResolved* ResolvedIn(const eventstore::RecordedEvent& event);

// A mail came in; of one that waits for a review it is kept in which.
absl::Status NoteReview(const v1::MailReceived& received, WorkspaceId workspace,
                        projections::ViewBatch& batch);
// The name of the mail that waits in the review; nullopt where none does.
absl::StatusOr<std::optional<std::string>> MailInReview(const std::string& review,
                                                        WorkspaceId workspace,
                                                        projections::ViewBatch& batch);

}  // namespace kith::received_mails
