// What follows from the fields of a meeting, and what they must not be. Pure functions, any thread.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "kith/meetings/v1/meeting.pb.h"
#include "services/core/decider.h"

namespace kith::meetings {

// See ResourceRules.
void CompleteFields(const v1::Meeting& before, const Settings& settings, v1::Meeting& after);
absl::Status CheckFields(const v1::Meeting& meeting);

// Of an all-day meeting the times are where its days begin and end; one without an end has the
// usual one.
void SetTimes(v1::Meeting& meeting);
// What is wrong with when it is, in fields that begin with `prefix`: "meeting.".
void CheckTimes(const v1::Meeting& meeting, absl::string_view prefix,
                google::rpc::BadRequest& violations);

}  // namespace kith::meetings
