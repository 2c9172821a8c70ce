// EventSlots: the events of a message that is filled again and again. Each is put where an event of
// the message before stands, and uses its memory: to clear them all would free what each has, for
// it to be allocated again at once.
#pragma once

#include "google/protobuf/repeated_ptr_field.h"
#include "kith/events/v1/events_service.pb.h"

namespace kith::events {

// For one filling. One thread.
class EventSlots {
 public:
  using Events = google::protobuf::RepeatedPtrField<v1::Event>;

  explicit EventSlots(Events* events) : events_(*events) {}
  // Those that were not filled are none of the message.
  ~EventSlots() {
    if (count_ < events_.size()) events_.DeleteSubrange(count_, events_.size() - count_);
  }
  EventSlots(const EventSlots&) = delete;
  EventSlots& operator=(const EventSlots&) = delete;

  // What the next event is written into; it holds another, or none.
  v1::Event* Next() {
    if (count_ == events_.size()) events_.Add();
    v1::Event* const event = events_.Mutable(count_++);
    // A long one is rare, and what it had would stay with the stream for ever.
    if (event->payload().value().capacity() > kKeptBytes ||
        event->payload_json().capacity() > kKeptBytes) {
      *event = v1::Event();
    }
    return event;
  }
  int count() const { return count_; }

 private:
  static constexpr size_t kKeptBytes = 8 << 10;

  Events& events_;
  int count_ = 0;
};

}  // namespace kith::events
