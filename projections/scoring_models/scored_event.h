// ScoredEvent: what an event tells that rules over events may be about: an interaction that was
// recorded, or what a contact did with a mail of ours or on one of our sites. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"
#include "kith/interactions/v1/interaction.pb.h"
#include "kith/scoring_models/v1/score_rows.pb.h"
#include "kith/scoring_models/v1/scoring_model.pb.h"

namespace kith::scoring_models {

struct ScoredEvent {
  // Not set: an interaction.
  v1::EngagementKind engagement = v1::ENGAGEMENT_KIND_UNSPECIFIED;
  interactions::v1::Interaction interaction;  // where it is one; without what is personal
  v1::Engagement details;                     // where it is not
  v1::Match match;                            // what is remembered of it
  // What it is about, each once: of an engagement the contact, whatever is scored.
  std::vector<std::string> records;
  // Somebody did it: a rule may match it.
  bool is_counted = true;
  // Clicks of the same message that happened at this time or later were by a program, and count no
  // more.
  std::optional<absl::Time> retracts_since;
};

// The categories of the events that may tell one.
const std::vector<std::string>& ScoredCategories();
bool IsScoredCategory(absl::string_view category);

// Whether the event may tell an interaction with records under this prefix, "leads/", or an
// engagement. Of an event of those categories.
bool MayBeScored(const eventstore::RecordedEvent& event, absl::string_view prefix);

// An interaction with records under this prefix, or an engagement; nullopt where it tells neither.
// Of any event.
std::optional<ScoredEvent> ScoredEventOf(const eventstore::RecordedEvent& event,
                                         absl::string_view prefix);

}  // namespace kith::scoring_models
