// Everything that export jobs bring to a server.
#include <memory>

#include "kith/export_jobs/v1/export_jobs_errors.pb.h"
#include "kith/export_jobs/v1/export_jobs_service.pb.h"
#include "projections/export_jobs/export_job_directory.h"
#include "services/export_jobs/export_job.h"
#include "services/runtime/server_builder.h"

namespace kith::export_jobs {
namespace {

void CompleteFields(const v1::ExportJob&, const Settings&, v1::ExportJob& after) {
  if (after.state() == v1::EXPORT_STATE_UNSPECIFIED) after.set_state(v1::BEGUN);
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<ExportJobAggregate>()
                             .NotFound(v1::EXPORT_JOBS_ERROR_EXPORT_JOB_NOT_FOUND)
                             .LinkNotFound(v1::EXPORT_JOBS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Complete(CompleteFields)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<ExportJobAggregate, v1::GetExportJobRequest>(
      Rules(), std::make_unique<ExportJobDirectory>());
}

}  // namespace kith::export_jobs
