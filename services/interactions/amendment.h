// Amendment: what is changed of an interaction after it was recorded, each as an event of a stream
// of its own, "contacts/01J…/interactions/01J…", which is empty where nothing ever was.
//
// Pure: see services/core/decider.h. An amendment is decided in two steps, because which records it
// links follows from what it makes of the interaction.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/field_mask.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/links.h"
#include "services/interactions/interaction.h"

namespace kith::interactions {

// The stream of one interaction. Its text is nobody's to cache, so the state has none of it: what
// was said last is read from the log.
struct AmendedAggregate {
  struct State {
    Revision revision;  // 0: it is as it was recorded
  };
  using Event = v1::InteractionEvent;
  static constexpr absl::string_view kCategory = kInteractions;
};
AmendedAggregate::State Evolve(AmendedAggregate::State state,
                               const Recorded<v1::InteractionEvent>& recorded);

// What is known of an interaction when a command on it is decided.
struct InteractionNow {
  v1::Interaction interaction;  // as Get answers it
  std::string subject;          // whose key seals what is personal
  int64_t recorded_sequence = 0;
};

// What an amendment would make of it.
struct AmendmentPlan {
  v1::Interaction after;
  google::protobuf::FieldMask changed;  // empty: nothing
  Links links;                          // to records that it begins to name; point into `after`
};

// Rejects with
//   INTERACTIONS_ERROR_INTERACTION_REDACTED  there is no text any more that could be corrected, or
//                                            the person was erased
//   ERROR_ETAG_MISMATCH, ERROR_INVALID_UPDATE_MASK
absl::Status PlanAmendment(const InteractionNow& now, const v1::AmendInteractionRequest& command,
                           AmendmentPlan* plan);
// `linked` are the states of the plan's links. Rejects with
//   INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND  one of them is not there, or was deleted
Decision DecideAmendment(const InteractionNow& now, const AmendmentPlan& plan,
                         LinkedRecords linked);
// Changes nothing where it is redacted already. Rejects with ERROR_ETAG_MISMATCH.
Decision Decide(const InteractionNow& now, const v1::RedactInteractionRequest& command);

// The interaction as an event of its own stream tells it.
v1::Interaction RenderAmended(const Recorded<v1::InteractionEvent>& recorded);

// Takes the text away.
void HideText(v1::Interaction& interaction);

}  // namespace kith::interactions
