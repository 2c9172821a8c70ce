// TimelineTable: what happened with a record, as people read it.
#pragma once

#include "google/protobuf/repeated_ptr_field.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "services/cli/calls/session.h"
#include "services/cli/text/render.h"

namespace kith::cli {

// Whose timeline it is: of several, each entry says whom it is about.
enum class TimelineOf { kOneRecord, kPeople };

// A row for each entry, or that there is none.
void PrintTimeline(
    Session& session,
    const google::protobuf::RepeatedPtrField<interactions::v1::TimelineEntry>& entries, Style style,
    TimelineOf whose);

}  // namespace kith::cli
