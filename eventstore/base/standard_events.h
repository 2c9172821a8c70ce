// Standard events: what happens to every resource, said the same way by each. It was created, some
// of its fields changed, it was deleted, it was brought back.
//
// In the event message of a resource Contact these are the oneof members
//   contact_created { name, contact, personal }
//   contact_updated { name, update_mask, contact, personal }
//   contact_deleted { name }
//   contact_undeleted { name }
// and of one whose records can be merged
//   contact_merged { name, merged, merged_revision, update_mask, contact, personal, flags … }
//   contact_merged_into { name, survivor }
//   contact_unmerged { name, merged, update_mask, contact, personal, names }
//   contact_unmerged_from { name, survivor }
// `contact` holds the clear fields and `personal` the sealed ones; a resource without personal
// fields has no `personal`. The aggregate's Evolve and the views both fold with the one function
// below, so they cannot differ.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "google/protobuf/message.h"

namespace kith {

enum class StandardEvent {
  kCreated,
  kUpdated,
  kDeleted,
  kUndeleted,
  kMerged,        // another was merged into it
  kMergedInto,    // it was merged into another, which its name means from then on
  kUnmerged,      // one that was merged into it was taken out again
  kUnmergedFrom,  // it was taken out of the one that it was merged into
  kOther,         // an event of this resource's own, or one of another resource
};

// Which one an event (a category's event message with one member set) is to resources of
// `resource`'s type.
StandardEvent KindOf(const google::protobuf::Message& event,
                     const google::protobuf::Descriptor& resource);

// The field of a standard event's message that holds the clear fields of a resource of this type:
// `contact` above. Null where the message is about something else.
const google::protobuf::FieldDescriptor* ValuesField(const google::protobuf::Descriptor& payload,
                                                     const google::protobuf::Descriptor& resource);

// The record that a kMergedInto event names, which stays; empty for other events.
std::string SurvivorIn(const google::protobuf::Message& event);

// An event and what its record says of it. Borrows the event.
struct Happening {
  const google::protobuf::Message& event;
  Revision revision;
  absl::Time occur_time;
  bool erased = false;
};

// Folds a standard event into the resource it happened to:
// - created: the resource is what the event says.
// - updated: the fields in the mask, or the single keys of a map field ("custom.tier"), take the
//   event's values; unknown paths are passed over.
// - deleted: the fields stay as they were last, for those who still ask; `delete_time` is set.
// - undeleted: `delete_time` is gone again.
// - merged: fields with one value, and keys of maps, in the mask take the event's values, lists its
//   elements at their end; each of `flags`, "emails.0.opted_out", becomes true in what was there,
//   and elements of it take the texts of `joined`, or all of it where a flag names the element,
//   "consents.0"; `merged` has one name more.
// - merged into: the fields stay as they were last; `merged_into` names the one that stays.
// - unmerged: the fields in the mask take the event's values; `merged` has the name no more.
// - unmerged from: `merged_into` is gone again.
// - other: the fields are left to the caller.
// Each event of the stream, of whatever kind, moves `etag` (the stream's revision) and
// `update_time` (when it happened); creation also sets `name` and `create_time`; personal fields
// that cannot be read any more leave `erased` set. A resource that lacks one of these fields does
// without. Total: history already happened, so nothing fails.
StandardEvent FoldStandardEvent(const Happening& happening, google::protobuf::Message& resource);

}  // namespace kith
