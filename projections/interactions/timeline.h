// Timeline: what happened with a contact, about a deal, with a company or with a lead, newest
// first: its interactions, its own changes, of a contact what became of messages to it, and
// meetings with it, and visits of our pages by it.
//
// A row is a pointer into the log, one per record that an event concerns, so an interaction with
// one contact costs one small row and its text is stored once:
//
//   key    {1, workspace, record, occur time inverted, sequence inverted}
//   value  position ‖ kind (0: not an interaction; + 65,536: an event of a message; + 131,072: of a
//   meeting; + 1,048,576: that a visit began) ‖ CRC-32C of the
//          interaction's id, 4 bytes
//          [‖ position of the event that says what it became, where it was amended or redacted]
//
// An interaction's id tells the millisecond of its row. Of one whose id tells another time, as
// Kith gave them before it took the time once a command, there is a second row by its name:
//
//   key    {2, workspace, record, id}
//   value  as above
//
// When a visit began is remembered for who the visitor is found to be later, whose timeline it
// stands in from then on, where it has its place:
//
//   key    {3, workspace, visitor, number of the visit}
//   value  occur time in microseconds ‖ sequence ‖ position
//
// Keys are components of key_codec.h. A deleted record keeps its timeline. The rows of an
// interaction are deleted only in the timelines of records that an amendment takes from its links.
// Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "kith/interactions/v1/interaction.pb.h"
#include "projections/engine/projection.h"
#include "projections/engine/view_snapshot.h"

namespace kith::projections {

class Timeline final : public Projection {
 public:
  static constexpr absl::string_view kName = "timeline";

  absl::string_view name() const override { return kName; }
  int version() const override { return 4; }
  std::vector<std::string> categories() const override;
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const override;
};

// What to list. The views outlive the call.
struct TimelineQuery {
  WorkspaceId workspace;
  std::vector<std::string> records;  // "contacts/01J…", "deals/…": all names that mean one record
  std::vector<interactions::v1::InteractionKind> kinds;  // only these; empty means every entry
  bool changes = true;           // the record's own changes, too, where every entry is wanted
  bool messages = true;          // what became of messages, too; that one was sent is an e-mail
  bool meetings = true;          // and of meetings; that one was held is one
  bool visits = true;            // and visits; each is a page view
  int page_size = 0;             // 0 means 50, more than 1,000 means 1,000, less than 0 is refused
  absl::string_view page_token;  // of the page before, whose position the snapshot must have
};

// Where an entry stands in the log.
struct TimelineEvent {
  Position recorded;
  // What says what the interaction became; 0 where it was neither amended nor redacted.
  Position amended;
  friend bool operator==(const TimelineEvent&, const TimelineEvent&) = default;
};

// Takes one entry onto the page, newest first: by occur time, then by sequence. False ends the page
// before it.
using TimelineVisitor = absl::FunctionRef<absl::StatusOr<bool>(const TimelineEvent&)>;

// One page of the timelines of these records, in which an entry stands once; returns the token of
// the next one, empty on the last. Looks at a bounded number of rows of each, so a page of few
// among many kinds may be short, or even empty, and still have a next one. Errors:
// ERROR_INVALID_PAGE_TOKEN, ERROR_INVALID_FIELD, the visitor's, those of the snapshot. Touches the
// disk.
absl::StatusOr<std::string> ListTimeline(const ViewSnapshot& timeline, const TimelineQuery& query,
                                         TimelineVisitor take);

// The interactions of one kind: how many, and when the last of them happened.
struct KindCount {
  interactions::v1::InteractionKind kind;
  int64_t count;
  absl::Time last;
};
struct KindCounts {
  std::vector<KindCount> kinds;  // the one that happened last first
  bool at_least = false;         // there are entries that were not looked at
};

// Of the newest `entries_max` entries of each of these, which are one record, `messages` that were
// sent among them, and neither meetings nor visits. Touches the disk.
absl::StatusOr<KindCounts> CountKinds(const ViewSnapshot& timeline, WorkspaceId workspace,
                                      const std::vector<std::string>& records, size_t entries_max,
                                      bool messages = true);

// True when anything ever happened with the record, so that it exists or did. Touches the disk.
absl::StatusOr<bool> HasTimeline(const ViewSnapshot& timeline, WorkspaceId workspace,
                                 const std::vector<std::string>& records);

// The events that may be the interaction named "contacts/01J…/interactions/01J…": usually the one,
// none when there is no such interaction. The time in its id says where its row stands; others of
// the same millisecond are told apart by the checksum of the id. One that stands at another time
// has a row by its name. Touches the disk.
absl::StatusOr<std::vector<TimelineEvent>> FindInteraction(const ViewSnapshot& timeline,
                                                           WorkspaceId workspace,
                                                           absl::string_view name);

}  // namespace kith::projections
