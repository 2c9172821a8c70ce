// The fold of a capture review's events: that of its row and of the state that commands are decided
// on.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/captures/v1/capture_review.pb.h"

namespace kith::captures {

// Pure; any thread. As FoldStandardEvent. One that was resolved is without person and interaction.
StandardEvent FoldCaptureReview(const Happening& happening, v1::CaptureReview& review);

}  // namespace kith::captures
