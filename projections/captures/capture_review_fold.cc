#include "projections/captures/capture_review_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/captures/v1/capture_review_events.pb.h"

namespace kith::captures {

StandardEvent FoldCaptureReview(const Happening& happening, v1::CaptureReview& review) {
  const StandardEvent kind = FoldStandardEvent(happening, review);
  const auto& event = static_cast<const v1::CaptureReviewEvent&>(happening.event);
  switch (event.event_case()) {
    case v1::CaptureReviewEvent::kCaptureReviewResolved: {
      const v1::CaptureReviewResolved& resolved = event.capture_review_resolved();
      review.set_state(resolved.state());
      review.set_contact(resolved.contact());
      review.set_recorded_interaction(resolved.interaction());
      *review.mutable_resolve_time() = ToTimestamp(happening.occur_time);
      review.clear_person();
      review.clear_interaction();
      review.clear_display_name();
      break;
    }
    case v1::CaptureReviewEvent::kCaptureReviewCreated:
    case v1::CaptureReviewEvent::kCaptureReviewUpdated:
    case v1::CaptureReviewEvent::kCaptureReviewDeleted:
    case v1::CaptureReviewEvent::kCaptureReviewUndeleted:
    case v1::CaptureReviewEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

}  // namespace kith::captures
