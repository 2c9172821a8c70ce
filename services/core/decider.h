// What every decider is given besides states and the command: the context; and what every fold is
// given: an event.
//
// An aggregate is a struct of types and names,
//
//   struct DealAggregate {
//     using State = DealState;  // copyable; default-constructed where nothing happened yet
//     using Event = v1::DealEvent;
//     static constexpr absl::string_view kCategory = "deals";
//   };
//
// and free functions beside its state, found by argument-dependent lookup: Decide overloads, which
// are pure and total, and DealState Evolve(DealState state, const Recorded<v1::DealEvent>&
// recorded), which never fails. A plain resource has both from services/core/resource_rules.h and
// standard_command.h. No clock, no randomness, no input or output: time, ids and facts come in as
// values.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "services/core/access.h"
#include "services/core/id_pool.h"

namespace kith {

class CustomFieldSet;

// What a workspace's administrators chose.
struct Settings {
  bool unique_contact_emails = false;
  std::string default_region;  // ISO 3166-1 alpha-2; empty: numbers need their country's prefix
  std::string time_zone;       // name of the tz database; empty: UTC
  int fiscal_year_start_month = 1;  // 1 to 12
  std::string display_name;         // of the workspace
  bool sending_stopped = false;     // nobody is written to
  int daily_messages_max = 0;       // 0: as many as where nobody chose
  std::string reply_to;             // an e-mail address; empty: the sender's
  bool tracking_stopped = false;    // it is not noted whether mail is opened and its links followed
};

// Borrows what it refers to; lives for one decision.
struct CommandContext {
  absl::Time now;  // when the command is decided
  // When it happened, as the caller says; now if it does not. At most 5 minutes after now.
  absl::Time occurred;
  std::string actor;  // opaque id of the credentials
  WorkspaceId workspace;
  const Settings& settings;
  IdPool& ids;
  bool occurred_is_said = false;  // by the caller
  // What the caller may do; null: everything, as the process itself.
  const Grants* grants = nullptr;
  // Who calls, "users/01J…"; empty where that is a service.
  absl::string_view user = {};
  absl::string_view on_behalf_of = {};  // the user for whom a service does it; empty: for nobody
  // Of the resource that the command is about; null where it has none.
  const CustomFieldSet* custom_fields = nullptr;
};

// An event that happened, as a fold sees it. Borrows the event.
template <class EventMessage>
struct Recorded {
  const EventMessage& event;
  Revision revision;  // the stream's, after this event: the resource's etag
  absl::Time occur_time;
  absl::Time record_time;
  bool erased = false;  // some personal field is gone: its key was destroyed
};

// A revision as an etag, and whether the etag a caller sent (empty: none) is that of the present
// revision.
std::string EtagOf(Revision revision);
// OK, or ERROR_ETAG_MISMATCH with expected and actual.
absl::Status CheckEtag(absl::string_view sent, absl::string_view actual);

}  // namespace kith
