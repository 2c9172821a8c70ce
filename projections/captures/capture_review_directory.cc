#include "projections/captures/capture_review_directory.h"

namespace kith::captures {

using projections::Table;
using projections::TableBuilder;

const Table<v1::CaptureReview>& CaptureReviewDirectory::CaptureReviews() {
  static const auto& table = *new Table<v1::CaptureReview>(
      TableBuilder<v1::CaptureReview>(1)
          .Key([](const v1::CaptureReview& review) { return review.name(); })
          .Field("state")
          .Field("owner")
          .Field("create_time")
          .Index(1, {"create_time"})
          .Index(2, {"state", "create_time"})
          .Index(3, {"owner", "state", "create_time"})
          .Build());
  return table;
}

}  // namespace kith::captures
