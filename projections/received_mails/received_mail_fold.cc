#include "projections/received_mails/received_mail_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/received_mails/v1/received_mail_events.pb.h"

namespace kith::received_mails {

StandardEvent FoldReceivedMail(const Happening& happening, v1::ReceivedMail& mail) {
  const auto& event = static_cast<const v1::ReceivedMailEvent&>(happening.event);
  StandardEvent kind = StandardEvent::kOther;
  switch (event.event_case()) {
    case v1::ReceivedMailEvent::kMailReceived:
      mail = event.mail_received().received_mail();
      mail.set_name(event.mail_received().name());
      *mail.mutable_create_time() = ToTimestamp(happening.occur_time);
      kind = StandardEvent::kCreated;
      break;
    case v1::ReceivedMailEvent::EVENT_NOT_SET:
      break;
  }
  FoldStandardEvent(happening, mail);  // moves the etag
  return kind;
}

}  // namespace kith::received_mails
