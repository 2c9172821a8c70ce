// The standard events of a resource, written: the counterpart of eventstore/base/standard_events.h,
// which reads them.
//
//   Changes().Append(name, CreatedEvent<v1::ContactEvent>(name, contact), claims)
//
// Personal fields go to the event's `personal`, the others beside it. By reflection: aborts when
// the event message has no such event of this resource. Pure functions, any thread.
#pragma once

#include "absl/strings/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace kith {

// As below, for messages known only by their descriptors; `event` is empty. `resource` is moved
// from.
void WriteCreated(absl::string_view name, google::protobuf::Message& resource,
                  google::protobuf::Message& event);
void WriteUpdated(absl::string_view name, const google::protobuf::FieldMask& changed,
                  const google::protobuf::Message& values, google::protobuf::Message& event);
void WriteDeleted(absl::string_view name, const google::protobuf::Descriptor& resource,
                  google::protobuf::Message& event);
void WriteUndeleted(absl::string_view name, const google::protobuf::Descriptor& resource,
                    google::protobuf::Message& event);

template <class EventMessage, class Resource>
EventMessage CreatedEvent(absl::string_view name, Resource resource) {
  EventMessage event;
  WriteCreated(name, resource, event);
  return event;
}

// The fields in `changed` took the values they have in `after`.
template <class EventMessage, class Resource>
EventMessage UpdatedEvent(const Resource& after, const google::protobuf::FieldMask& changed) {
  EventMessage event;
  WriteUpdated(after.name(), changed, after, event);
  return event;
}

template <class EventMessage, class Resource>
EventMessage DeletedEvent(const Resource& resource) {
  EventMessage event;
  WriteDeleted(resource.name(), *Resource::descriptor(), event);
  return event;
}

}  // namespace kith
