// The fold of a message's events: that of its row and of the state that commands are decided on.
// What the message says is in neither: whoever tells it reads the log, where it is gone when the
// person is erased.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/messages/v1/message.pb.h"

namespace kith::messages {

// Pure; any thread. As FoldStandardEvent; to be queued is to come into being.
StandardEvent FoldMessage(const Happening& happening, v1::Message& message);

}  // namespace kith::messages
