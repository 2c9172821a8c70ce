// The export job: what somebody takes out of Kith: which records, and how many of them.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/export_jobs/v1/export_job.pb.h"
#include "kith/export_jobs/v1/export_job_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::export_jobs {

struct ExportJobAggregate : ResourceAggregate<v1::ExportJob, v1::ExportJobEvent> {
  static constexpr absl::string_view kCategory = "exportJobs";
};

const ResourceRules& Rules();

}  // namespace kith::export_jobs
