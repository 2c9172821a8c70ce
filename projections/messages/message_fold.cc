#include "projections/messages/message_fold.h"

#include <string>

#include "eventstore/base/proto_time.h"
#include "kith/messages/v1/message_events.pb.h"

namespace kith::messages {
namespace {

void Queue(const v1::MessageQueued& queued, absl::Time time, v1::Message& message) {
  message = queued.message();
  message.set_name(queued.name());
  message.set_contact(queued.contact());
  message.set_state(v1::QUEUED);
  *message.mutable_create_time() = ToTimestamp(time);
}

}  // namespace

StandardEvent FoldMessage(const Happening& happening, v1::Message& message) {
  const auto& event = static_cast<const v1::MessageEvent&>(happening.event);
  StandardEvent kind = StandardEvent::kOther;
  switch (event.event_case()) {
    case v1::MessageEvent::kMessageQueued:
      Queue(event.message_queued(), happening.occur_time, message);
      kind = StandardEvent::kCreated;
      break;
    case v1::MessageEvent::kMessageSent:
      message.set_state(v1::SENT);
      message.set_message_id(event.message_sent().message_id());
      *message.mutable_send_time() = ToTimestamp(happening.occur_time);
      break;
    case v1::MessageEvent::kMessageFailed:
      message.set_state(v1::FAILED);
      message.set_failure(event.message_failed().failure());
      message.set_failure_reply(event.message_failed().reply());
      break;
    case v1::MessageEvent::EVENT_NOT_SET:
      break;
  }
  FoldStandardEvent(happening, message);  // moves the etag and the time
  return kind;
}

}  // namespace kith::messages
