// The fold of a received mail's events: that of its row and of the state that commands are decided
// on. What is personal is in neither: whoever tells it reads the log, where it is gone when the
// person is erased.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/received_mails/v1/received_mail.pb.h"

namespace kith::received_mails {

// Pure; any thread. As FoldStandardEvent; to be received is to come into being.
StandardEvent FoldReceivedMail(const Happening& happening, v1::ReceivedMail& mail);

}  // namespace kith::received_mails
