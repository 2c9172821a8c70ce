// Personal fields: what an event keeps under a person's own key. Declared by
// (kith.options.v1.field).personal.
#pragma once

#include "google/protobuf/message.h"

namespace kith {

// Moves the personal top-level fields of `resource` to `personal`, an empty message of the same
// type.
void MovePersonal(google::protobuf::Message* resource, google::protobuf::Message* personal);

template <class Message>
struct PersonalSplit {
  Message clear;
  Message personal;
};

// SplitPersonal(contact): its fields without the personal ones, and only those. Merging both gives
// the contact back.
template <class Message>
PersonalSplit<Message> SplitPersonal(Message resource) {
  PersonalSplit<Message> split{std::move(resource), {}};
  MovePersonal(&split.clear, &split.personal);
  return split;
}

}  // namespace kith
