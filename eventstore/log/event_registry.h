// EventRegistry: which message an event is, per category and type, and which of its fields are
// personal.
//
// A category's event message has one oneof named `event`; the field number in it is the event's
// type and never changes. Fields of an event that carry (kith.options.v1.field).personal_subject
// are sealed under the key of the person that the named sibling field identifies. Filled while the
// process starts, then read by any thread.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/types.h"
#include "google/protobuf/message.h"

namespace kith::eventstore {

class KeyStore;

// An event decoded: its header, and the category's event message (a ContactEvent with one member
// set), clear and personal fields merged. Shared by every projection; never changed.
struct RecordedEvent {
  std::shared_ptr<const Record> record;
  std::unique_ptr<const google::protobuf::Message> event;
  bool erased = false;  // some personal field could not be unsealed: its key is gone

  const EventHeader& header() const { return record->header; }
};

class EventRegistry {
 public:
  // Registers the event message of a category, e.g.
  // Register<contacts::v1::ContactEvent>("contacts"). Aborts when the message has no oneof `event`,
  // a personal field has no subject, or the category is taken.
  template <class EventMessage>
  void Register(absl::string_view category) {
    Register(category, EventMessage::default_instance());
  }
  void Register(absl::string_view category, const google::protobuf::Message& prototype);

  // Splits an event into what is stored clear and what is sealed. `event` is the category's event
  // message with exactly one member set. A personal field whose subject is empty is nobody's, and
  // stays clear. Serialisation is deterministic. occur_time and tags are left for the caller.
  NewEvent Encode(absl::string_view category, const google::protobuf::Message& event) const;

  // Decodes a record, unsealing personal parts with `keys`. DataLoss when the category is unknown
  // or the bytes do not parse; a missing key is no error.
  absl::StatusOr<std::shared_ptr<const RecordedEvent>> Decode(std::shared_ptr<const Record> record,
                                                              const KeyStore& keys) const {
    return DecodeWith(std::move(record), &keys);
  }
  // The same without the personal fields: nothing is unsealed, and `erased` says nothing.
  absl::StatusOr<std::shared_ptr<const RecordedEvent>> DecodeClear(
      std::shared_ptr<const Record> record) const {
    return DecodeWith(std::move(record), nullptr);
  }

  // The name of an event type ("contact_created", the oneof member), for audit; empty when unknown.
  absl::string_view TypeName(absl::string_view category, EventType type) const;
  // The type of the member `name` in a category; 0 when there is none.
  EventType TypeOf(absl::string_view category, absl::string_view name) const;
  std::vector<std::string> Categories() const;                       // sorted
  std::vector<EventType> TypesOf(absl::string_view category) const;  // rising; empty when unknown
  // The message of an event (ContactCreated), whose bytes a record's payload is; null when unknown.
  const google::protobuf::Descriptor* MessageOf(absl::string_view category, EventType type) const;

 private:
  struct PersonalField;
  struct Member;
  struct Category;
  // Null when there is none.
  const Category* Find(absl::string_view category) const;
  absl::StatusOr<std::shared_ptr<const RecordedEvent>> DecodeWith(
      std::shared_ptr<const Record> record, const KeyStore* keys) const;

  // Shared pointers only because what they point to is complete in the source file alone.
  absl::flat_hash_map<std::string, std::shared_ptr<const Category>> categories_;
};

}  // namespace kith::eventstore
