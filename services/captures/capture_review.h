// The capture review: what was captured of a person who may be one of several contacts, or none.
// Its rules, its fold, and how it is resolved.
//
// Pure: see services/core/decider.h.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "kith/captures/v1/capture_review.pb.h"
#include "kith/captures/v1/capture_review_events.pb.h"
#include "kith/captures/v1/capture_reviews_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::captures {

// The claim of what a source calls what happened: SourcedId. Persisted inside the hashes of the
// log's tags.
inline constexpr absl::string_view kExternalIdClaim = "captureReviews.external_id";

struct CaptureReviewState : ResourceState<v1::CaptureReview> {};

struct CaptureReviewAggregate {
  using Resource = v1::CaptureReview;
  using State = CaptureReviewState;
  using Event = v1::CaptureReviewEvent;
  static constexpr absl::string_view kCategory = "captureReviews";
};

CaptureReviewState Evolve(CaptureReviewState state,
                          const Recorded<v1::CaptureReviewEvent>& recorded);

const ResourceRules& Rules();

// "website chat:4711", the external id of the interaction; empty where the source says none.
std::string SourcedId(absl::string_view source, absl::string_view external_id);

// Whether it is still to be said who the person is. False where the same was said before, and there
// is nothing to do. Rejects with
//   CAPTURES_ERROR_CAPTURE_REVIEW_NOT_FOUND  it is not there
//   ERROR_ETAG_MISMATCH                      it changed meanwhile
//   ERROR_INVALID_FIELD                      the command says a contact, and should not, or none
//   CAPTURES_ERROR_CAPTURE_REVIEW_RESOLVED   something else was said
//   CAPTURES_ERROR_CAPTURE_REVIEW_ERASED     nothing is left to record
absl::StatusOr<bool> MayResolve(const CaptureReviewState& state,
                                const v1::ResolveCaptureReviewRequest& command);
// That it was said; `contact` and `interaction` are empty where it is nobody.
Change Resolved(const v1::CaptureReview& review, v1::CaptureResolution resolution,
                const std::string& contact, const std::string& interaction);

}  // namespace kith::captures
