// The standard events of a resource, written: the counterpart of eventstore/base/standard_events.h,
// which reads them.
//
//   Changes().Append(name, CreatedEvent<v1::ContactEvent>(name, contact), claims)
//
// Personal fields go to the event's `personal`, the others beside it. By reflection: aborts when
// the event message has no such event of this resource. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

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
// The update was asked for under another name, of a record that is merged.
void WriteOrigin(absl::string_view origin, google::protobuf::Message& event);

// What a record that is merged gives, of `values` the fields in `changed`, of which lists have the
// further elements only.
struct MergedValues {
  std::string merged;
  std::string subject;  // whose the personal ones are
  int64_t revision = 0;
  google::protobuf::FieldMask changed;
  const google::protobuf::Message* values = nullptr;
  std::vector<std::string> flags;
  google::protobuf::FieldMask picked;
  google::protobuf::FieldMask kept;
  // What elements of lists that are there take, element by element; null: nothing.
  const google::protobuf::Message* joined = nullptr;
};
void WriteMerged(absl::string_view name, const MergedValues& merged,
                 google::protobuf::Message& event);
void WriteMergedInto(absl::string_view name, const google::protobuf::Descriptor& resource,
                     absl::string_view survivor, google::protobuf::Message& event);
// `names` are those that go, the one that was merged first.
void WriteUnmerged(absl::string_view name, const std::vector<std::string>& names,
                   const google::protobuf::FieldMask& changed,
                   const google::protobuf::Message& values, google::protobuf::Message& event);
void WriteUnmergedFrom(absl::string_view name, const google::protobuf::Descriptor& resource,
                       absl::string_view survivor, google::protobuf::Message& event);

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
