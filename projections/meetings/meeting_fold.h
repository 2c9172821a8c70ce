// What the events of a meeting make of it. The aggregate's Evolve and every view fold with this
// function, so what a command is decided on and what a read shows cannot differ.
//
// Pure and total: history already happened, so nothing fails. Any thread.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/meetings/v1/meeting.pb.h"

namespace kith::meetings {

// Folds a MeetingEvent into the meeting it happened to.
StandardEvent FoldMeeting(const Happening& happening, v1::Meeting& meeting);

}  // namespace kith::meetings
