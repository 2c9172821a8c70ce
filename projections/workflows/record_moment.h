// Moments that records say: a time or a day of theirs, and a while after or before it. Pure.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "kith/workflows/v1/workflow.pb.h"
#include "services/core/business_time.h"

namespace kith::workflows {

// Whether records of this type have a time or a day that is called so.
bool HasTime(const google::protobuf::Descriptor& record, const std::string& field);

// That time, or as that day begins in the zone; nullopt where the record has none.
std::optional<absl::Time> TimeIn(const google::protobuf::Message& record, const std::string& field,
                                 absl::TimeZone zone);

// By this calendar, in its zone. Nullopt where the record has no such time.
std::optional<absl::Time> MomentOf(const v1::RecordTime& moment,
                                   const google::protobuf::Message& record,
                                   const WorkCalendar& calendar);

// When the schedule says that it is time, the first one after `after`; nullopt: not within fifty
// years of its start.
std::optional<absl::Time> NextTime(const v1::WorkflowSchedule& schedule, absl::Time after,
                                   absl::TimeZone zone);

// What a policy of a workflow's calls the timer of a record; without a record, that of its
// schedule.
std::string TimerOf(absl::string_view workflow, absl::string_view record);

}  // namespace kith::workflows
