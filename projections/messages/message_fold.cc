#include "projections/messages/message_fold.h"

#include <algorithm>
#include <string>

#include "eventstore/base/proto_time.h"
#include "kith/messages/v1/message_events.pb.h"

namespace kith::messages {
namespace {

using google::protobuf::Timestamp;

void Queue(const v1::MessageQueued& queued, absl::Time time, v1::Message& message) {
  message = queued.message();
  message.set_name(queued.name());
  message.set_contact(queued.contact());
  message.set_state(v1::QUEUED);
  *message.mutable_create_time() = ToTimestamp(time);
}

void Send(const v1::MessageSent& sent, absl::Time time, v1::Message& message) {
  message.set_state(v1::SENT);
  message.set_message_id(sent.message_id());
  message.set_tracked(sent.tracked());
  *message.mutable_send_time() = ToTimestamp(time);
}

bool IsEarlier(const Timestamp& one, const Timestamp& other) {
  return FromTimestamp(one) < FromTimestamp(other);
}

// What somebody did: how often, when first, and when last.
struct Done {
  int64_t count = 0;
  int64_t automatic = 0;
  const Timestamp* first = nullptr;
  const Timestamp* last = nullptr;

  void Add(const Timestamp& time, v1::AutomaticCause cause) {
    if (cause != v1::AUTOMATIC_CAUSE_UNSPECIFIED) {
      ++automatic;
      return;
    }
    ++count;
    if (first == nullptr || IsEarlier(time, *first)) first = &time;
    if (last == nullptr || IsEarlier(*last, time)) last = &time;
  }
};

// When somebody did it first, and last. What was only counted came after what is told; `counted` is
// when that was, where it is now.
void Note(const Done& done, bool has_further, const Timestamp* counted, Timestamp* first,
          Timestamp* last) {
  if (!has_further) {
    *first = *done.first;
    *last = *done.last;
    return;
  }
  if (done.first != nullptr) {
    *first = *done.first;
  } else if (counted != nullptr && first->seconds() == 0) {
    *first = *counted;
  }
  if (counted != nullptr) {
    *last = *counted;
  } else if (done.last != nullptr && IsEarlier(*last, *done.last)) {
    *last = *done.last;
  }
}

// What follows from the opens and clicks that are told, and from the further ones, of which some
// may be counted now; a click implies an open.
void Recount(const v1::MessageTraffic& now, absl::Time time, v1::Message& message) {
  Done opens;
  for (const v1::MessageOpen& open : message.opens()) opens.Add(open.open_time(), open.automatic());
  Done clicks;
  for (const v1::MessageClick& click : message.clicks()) {
    clicks.Add(click.click_time(), click.automatic());
  }
  const v1::MessageTraffic& further = message.further_traffic();
  opens.count += further.opens();
  opens.automatic += further.automatic_opens();
  clicks.count += further.clicks();
  clicks.automatic += further.automatic_clicks();

  const Timestamp counted = ToTimestamp(time);
  if (clicks.count > 0) {
    Note(clicks, further.clicks() > 0, now.clicks() > 0 ? &counted : nullptr,
         message.mutable_first_click_time(), message.mutable_last_click_time());
    const Timestamp& first = message.first_click_time();
    if (opens.count == 0) {
      opens.count = 1;
      opens.last = &first;
    }
    if (opens.first == nullptr || IsEarlier(first, *opens.first)) opens.first = &first;
  } else {
    message.clear_first_click_time();
    message.clear_last_click_time();
  }
  if (opens.count > 0) {
    Note(opens, further.opens() > 0, now.opens() > 0 ? &counted : nullptr,
         message.mutable_first_open_time(), message.mutable_last_open_time());
  } else {
    message.clear_first_open_time();
    message.clear_last_open_time();
  }
  message.set_open_count(opens.count);
  message.set_automatic_open_count(opens.automatic);
  message.set_click_count(clicks.count);
  message.set_automatic_click_count(clicks.automatic);
}
void Recount(v1::Message& message) { Recount({}, absl::UnixEpoch(), message); }

void Open(const v1::MessageOpened& opened, absl::Time time, v1::Message& message) {
  v1::MessageOpen& open = *message.add_opens();
  *open.mutable_open_time() = ToTimestamp(time);
  open.set_automatic(opened.automatic());
  Recount(message);
}

void Click(const v1::MessageClicked& clicked, absl::Time time, v1::Message& message) {
  if (clicked.has_automatic_since()) {
    for (v1::MessageClick& click : *message.mutable_clicks()) {
      const bool is_of_somebody = click.automatic() == v1::AUTOMATIC_CAUSE_UNSPECIFIED;
      if (is_of_somebody && !IsEarlier(click.click_time(), clicked.automatic_since())) {
        click.set_automatic(clicked.automatic());
      }
    }
  }
  v1::MessageClick& click = *message.add_clicks();
  *click.mutable_click_time() = ToTimestamp(time);
  click.set_link(clicked.link());
  click.set_automatic(clicked.automatic());
  Recount(message);
}

void Count(const v1::MessageTraffic& now, absl::Time time, v1::Message& message) {
  v1::MessageTraffic& further = *message.mutable_further_traffic();
  further.set_opens(further.opens() + now.opens());
  further.set_automatic_opens(further.automatic_opens() + now.automatic_opens());
  further.set_clicks(further.clicks() + now.clicks());
  further.set_automatic_clicks(further.automatic_clicks() + now.automatic_clicks());
  Recount(now, time, message);
}

}  // namespace

StandardEvent FoldMessage(const Happening& happening, v1::Message& message) {
  const auto& event = static_cast<const v1::MessageEvent&>(happening.event);
  StandardEvent kind = StandardEvent::kOther;
  const absl::Time time = happening.occur_time;
  switch (event.event_case()) {
    case v1::MessageEvent::kMessageQueued:
      Queue(event.message_queued(), time, message);
      kind = StandardEvent::kCreated;
      break;
    case v1::MessageEvent::kMessageSent:
      Send(event.message_sent(), time, message);
      break;
    case v1::MessageEvent::kMessageFailed:
      message.set_state(v1::FAILED);
      message.set_failure(event.message_failed().failure());
      message.set_failure_reply(event.message_failed().reply());
      break;
    case v1::MessageEvent::kMessageOpened:
      Open(event.message_opened(), time, message);
      break;
    case v1::MessageEvent::kMessageClicked:
      Click(event.message_clicked(), time, message);
      break;
    case v1::MessageEvent::kMessageTrafficCounted:
      Count(event.message_traffic_counted().traffic(), time, message);
      break;
    case v1::MessageEvent::kMessageUnsubscribed:
      *message.mutable_unsubscribe_time() = ToTimestamp(time);
      message.clear_resubscribe_time();
      break;
    case v1::MessageEvent::kMessageResubscribed:
      *message.mutable_resubscribe_time() = ToTimestamp(time);
      break;
    case v1::MessageEvent::kMessageBounced:
      message.set_bounce(event.message_bounced().kind());
      message.set_bounce_status(event.message_bounced().status());
      *message.mutable_bounce_time() = ToTimestamp(time);
      break;
    case v1::MessageEvent::EVENT_NOT_SET:
      break;
  }
  FoldStandardEvent(happening, message);  // moves the etag and the time
  return kind;
}

}  // namespace kith::messages
