// The meeting: when people meet. Its rules, its fold, and the commands of its own.
//
// Pure: see services/core/decider.h.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "kith/meetings/v1/meeting.pb.h"
#include "kith/meetings/v1/meeting_events.pb.h"
#include "kith/meetings/v1/meetings_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::meetings {

struct MeetingState : ResourceState<v1::Meeting> {};

struct MeetingAggregate {
  using Resource = v1::Meeting;
  using State = MeetingState;
  using Event = v1::MeetingEvent;
  static constexpr absl::string_view kCategory = "meetings";
};

MeetingState Evolve(MeetingState state, const Recorded<v1::MeetingEvent>& recorded);

// Those of the standard methods: a meeting comes into being scheduled.
const ResourceRules& Rules();

Decision Decide(const MeetingState& state, const v1::RescheduleMeetingRequest& command,
                const CommandContext& context);
Decision Decide(const MeetingState& state, const v1::CancelMeetingRequest& command,
                const CommandContext& context);
Decision Decide(const MeetingState& state, const v1::HoldMeetingRequest& command,
                const CommandContext& context);
Decision Decide(const MeetingState& state, const v1::MissMeetingRequest& command,
                const CommandContext& context);
Decision Decide(const MeetingState& state, const v1::ReopenMeetingRequest& command,
                const CommandContext& context);
Decision Decide(const MeetingState& state, const v1::RespondToMeetingRequest& command,
                const CommandContext& context);

}  // namespace kith::meetings
