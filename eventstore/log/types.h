// The vocabulary of the log: what is appended, under which conditions, and what is read back.
//
// Plain values. Strings that name people never occur here except inside payloads: actor, stream
// names, request ids and tags are opaque. FORMAT.md describes how each of these is stored.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"

namespace kith::eventstore {

// How far a call may go: kMemory answers Unavailable rather than wait for the disk (for use on a
// gRPC thread).
enum class ReadTier { kMemory, kDisk };

// A keyed hash of something an event claims, releases or is found by (an e-mail address, an
// external id): HMAC-SHA256 under the workspace's key, cut to 16 bytes.
using Tag = std::array<uint8_t, 16>;
using Hash = std::array<uint8_t, 32>;

// The request that caused an append. `method` is the full RPC name
// ("kith.contacts.v1.ContactsService/CreateContact"), `id` the caller's request id; an empty id
// means the caller asked for no protection against repetition. `digest` is an HMAC of the request
// without its id, so that reuse of an id for something else is noticed.
struct RequestKey {
  std::string method;
  std::string id;
  Tag digest{};
  friend bool operator==(const RequestKey&, const RequestKey&) = default;
};

// Personal fields of one event that concern one person, serialised; sealed under that subject's key
// when appended.
struct PersonalPart {
  std::string subject;  // resource name of the person ("contacts/01J…"): the key's owner
  std::string payload;  // the event message holding only these fields
};

struct NewEvent {
  EventType type;
  std::string
      payload;  // the event message without its personal fields, serialised deterministically
  std::vector<PersonalPart> personal;
  absl::Time occur_time;
  std::vector<Tag> tags;  // values this event claims or releases
};

// What must be true of a stream for the append to happen.
struct StreamCondition {
  enum class Kind { kAny, kAbsent, kExists, kAtRevision };
  std::string stream;
  Kind kind = Kind::kAny;
  Revision revision;  // with kAtRevision; Revision(0) is the same as kAbsent
};

// No event of the workspace carrying `tag` stands after `after`.
struct TagCondition {
  Tag tag{};
  Position after;
};

struct StreamAppend {
  std::string stream;
  std::vector<NewEvent> events;  // not empty
};

// Events for one or more streams of one workspace, appended together or not at all.
struct Append {
  WorkspaceId workspace;
  std::vector<StreamAppend> streams;               // each stream once
  std::vector<StreamCondition> stream_conditions;  // for streams written or only read
  std::vector<TagCondition> tag_conditions;
  std::string actor;           // opaque id of who did it
  std::string on_behalf_of;    // opaque id of the user for whom they did; empty: for nobody
  std::string correlation_id;  // the trace id
  Position causation;          // the event that caused this one; 0 for none
  RequestKey request;
};

struct Appended {
  Position first;  // the events stand at first, first + 1, … first + count - 1
  uint32_t count = 0;
  Sequence first_sequence;
  absl::Time record_time;
  bool repeated = false;  // the request had been appended before; these are the numbers of then
};

// The last event of a stream.
struct StreamHead {
  Revision revision;
  Position position;
};

// Everything an event's record says outside its payload; written once, never changed.
struct EventHeader {
  Position position;
  WorkspaceId workspace;
  Sequence sequence;
  std::string stream;
  Revision revision;
  Position append_first;  // the events of one append stand together
  uint32_t append_count = 0;
  EventType type;
  absl::Time
      record_time;  // when the committer numbered it; never falls from one position to the next
  absl::Time occur_time;  // when it happened, as the caller says
  std::string actor;
  std::string on_behalf_of;
  RequestKey request;
  std::string correlation_id;
  Position causation;
  uint32_t flags = 0;  // that this version of Kith knows nothing of
  std::vector<Tag> tags;
};

// Personal fields as stored: ciphertext under a key of the subject.
struct SealedPart {
  std::string subject;
  uint64_t key_number = 0;  // the slot in data/keys
  std::array<uint8_t, 12> nonce{};
  std::string ciphertext;  // with the GCM tag at its end
};

// One event as it stands in the log.
struct Record {
  EventHeader header;
  std::string payload;
  std::vector<SealedPart> sealed;
};

// The collection a stream's events belong to, which decides their message type: the last collection
// identifier of the name, "contacts" for contacts/01J…, "interactions" for
// contacts/01J…/interactions.
absl::string_view CategoryOf(absl::string_view stream);

inline constexpr size_t kEventBytesMax = 1 << 20;
inline constexpr size_t kAppendEventsMax = 500;
inline constexpr size_t kAppendBytesMax = 4 << 20;

}  // namespace kith::eventstore
