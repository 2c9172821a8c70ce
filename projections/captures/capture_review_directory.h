// The capture review directory: what waits for somebody to say who it is, for whom, and what was
// said.
#pragma once

#include "kith/captures/v1/capture_review.pb.h"
#include "projections/captures/capture_review_fold.h"
#include "projections/tables/resource_directory.h"

namespace kith::captures {

class CaptureReviewDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "capture_review_directory";

  // Beside every field. By index: state with create_time, owner with state, create_time.
  static const projections::Table<v1::CaptureReview>& CaptureReviews();

  CaptureReviewDirectory()
      : ResourceDirectory(kName, 1, "captureReviews", CaptureReviews().core(), Fold) {}

 private:
  static StandardEvent Fold(const Happening& happening, google::protobuf::Message& review) {
    return FoldCaptureReview(happening, static_cast<v1::CaptureReview&>(review));
  }
};

}  // namespace kith::captures
