#include "services/interactions/timeline_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/interactions/v1/interactions_errors.pb.h"
#include "projections/interactions/timeline.h"
#include "projections/tables/page_limits.h"
#include "services/core/reject.h"
#include "services/interactions/interaction.h"
#include "services/runtime/calls/read_permission.h"
#include "services/runtime/requests/validate.h"

namespace kith::interactions {
namespace {

// The interaction recorded by an event of the category "interactions".
const v1::InteractionRecorded& RecordedIn(const eventstore::RecordedEvent& event) {
  return static_cast<const v1::InteractionEvent&>(*event.event).interaction_recorded();
}

v1::Interaction RenderInteraction(const eventstore::RecordedEvent& event) {
  return Render(RecordedIn(event), event.header().occur_time, event.header().record_time,
                event.erased);
}

// The member that is set in a category's event message.
const google::protobuf::Message& MemberOf(const google::protobuf::Message& event) {
  const google::protobuf::Reflection& reflection = *event.GetReflection();
  const auto* const oneof = event.GetDescriptor()->FindOneofByName("event");
  return reflection.GetMessage(event, reflection.GetOneofFieldDescriptor(event, oneof));
}

}  // namespace

absl::Status TimelineReader::Get(const runtime::ReadContext& context,
                                 const v1::GetInteractionRequest& request,
                                 v1::Interaction* response) const {
  KITH_ASSIGN_OR_RETURN(
      const std::vector<Position> candidates,
      projections::FindInteraction(context.view(), context.workspace(), request.name()));
  for (const Position position : candidates) {
    KITH_ASSIGN_OR_RETURN(const auto event, EventAt(position));
    if (RecordedIn(*event).name() != request.name()) continue;
    *response = RenderInteraction(*event);
    return absl::OkStatus();
  }
  return RejectResource(v1::INTERACTIONS_ERROR_INTERACTION_NOT_FOUND,
                        absl::StrCat("There is no ", request.name(), "."), request.name());
}

absl::Status TimelineReader::List(const runtime::ReadContext& context,
                                  const v1::ListTimelineRequest& request,
                                  v1::ListTimelineResponse* response) const {
  projections::TimelineQuery query = {.workspace = context.workspace(),
                                      .record = request.parent(),
                                      .page_size = request.page_size(),
                                      .page_token = context.page_token};
  query.changes = context.caller.grants.Contain(
      runtime::ReadPermissionOf(methods_, eventstore::CategoryOf(request.parent())));
  for (const int kind : request.kinds()) {
    if (kind == v1::INTERACTION_KIND_UNSPECIFIED) {
      return runtime::ViolationError("kinds", "must name kinds of interaction");
    }
    query.kinds.push_back(static_cast<v1::InteractionKind>(kind));
  }

  projections::PageRoom room(projections::kPageSizeMax);
  const auto take = [&](Position position) -> absl::StatusOr<bool> {
    KITH_ASSIGN_OR_RETURN(const auto event, EventAt(position));
    v1::TimelineEntry entry;
    RenderEntry(*event, &entry);
    if (!room.Take(entry.ByteSizeLong())) return false;
    *response->add_entries() = std::move(entry);
    return true;
  };
  KITH_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                        projections::ListTimeline(context.view(), query, take));
  if (response->entries().empty() && context.page_token.empty()) {
    KITH_ASSIGN_OR_RETURN(
        const bool known,
        projections::HasTimeline(context.view(), context.workspace(), request.parent()));
    if (!known) {
      return RejectResource(v1::INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND,
                            absl::StrCat("There is no ", request.parent(), "."), request.parent());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const eventstore::RecordedEvent>> TimelineReader::EventAt(
    Position position) const {
  KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record,
                        log_.ReadAt(position, eventstore::ReadTier::kDisk));
  if (record == nullptr) {
    return absl::DataLossError(
        absl::StrCat("The timeline points to position ", position.value(), ", which is empty."));
  }
  return registry_.Decode(std::move(record), keys_);
}

void TimelineReader::RenderEntry(const eventstore::RecordedEvent& event,
                                 v1::TimelineEntry* entry) const {
  const eventstore::EventHeader& header = event.header();
  const absl::string_view category = eventstore::CategoryOf(header.stream);
  *entry->mutable_occur_time() = ToTimestamp(header.occur_time);
  *entry->mutable_record_time() = ToTimestamp(header.record_time);
  entry->set_sequence(static_cast<int64_t>(header.sequence.value()));
  entry->set_type(std::string(registry_.TypeName(category, header.type)));
  entry->set_actor(header.actor);
  entry->set_erased(event.erased);
  if (category == kInteractions) {
    entry->set_record(std::string(absl::StripSuffix(header.stream, "/interactions")));
    *entry->mutable_interaction() = RenderInteraction(event);
  } else {
    entry->set_record(header.stream);
    entry->mutable_event()->PackFrom(MemberOf(*event.event));
  }
}

}  // namespace kith::interactions
