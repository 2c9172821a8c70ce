// The pipeline that every workspace begins with.
//
// It stands here because two capabilities need it: workspaces appends the event together with the
// workspace's own, and deals folds it.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/deals/v1/pipeline_events.pb.h"

namespace kith {

// The stream and resource name; where a deal goes that names no pipeline.
inline constexpr absl::string_view kDefaultPipeline = "pipelines/default";

// PipelineCreated for pipelines/default: New Lead, Contacted, Qualified, Proposal Sent,
// Negotiation, Closed Won, Closed Lost, with a lost reason for each LostReason. The same bytes at
// every call: the event is appended once per workspace and never changes afterwards.
deals::v1::PipelineEvent DefaultPipelineCreated();

}  // namespace kith
