// TimelineTable: what happened with a record, as people read it.
#pragma once

#include "google/protobuf/repeated_ptr_field.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "services/cli/calls/session.h"
#include "services/cli/text/render.h"

namespace kith::cli {

// A row for each entry, or that there is none.
void PrintTimeline(
    Session& session,
    const google::protobuf::RepeatedPtrField<interactions::v1::TimelineEntry>& entries,
    Style style);

}  // namespace kith::cli
