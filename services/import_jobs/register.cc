// Everything that import jobs bring to a server.
#include <memory>

#include "eventstore/base/status_macros.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "projections/import_jobs/import_job_changes.h"
#include "projections/import_jobs/import_job_directory.h"
#include "projections/import_jobs/import_job_reverts.h"
#include "services/import_jobs/import_job.h"
#include "services/import_jobs/import_record.h"
#include "services/import_jobs/import_revert.h"
#include "services/runtime/server_builder.h"

namespace kith::import_jobs {
namespace {

struct ImportJobCommands {
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const ImportJobState* job, load.Load<ImportJobAggregate>(command.name()));
    return Decide(*job, command, context);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::ImportJob* response) const {
    KITH_ASSIGN_OR_RETURN(const ImportJobState* job,
                          after.Load<ImportJobAggregate>(command.name()));
    WriteReply(Rules(), job->resource, response);
    return absl::OkStatus();
  }
};

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddResource<ImportJobAggregate, v1::GetImportJobRequest>(
      Rules(), std::make_unique<ImportJobDirectory>());
  const eventstore::EventRegistry& registry = server.registry();
  server.AddProjection(
      std::make_unique<ImportJobChanges>([&registry] { return registry.Categories(); }));
  server.AddPolicy(std::make_unique<ImportJobReverts>());
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    methods.Command<v1::AdvanceImportJobRequest, v1::ImportJob>(ImportJobCommands());
    methods.Command<v1::CompleteImportJobRequest, v1::ImportJob>(ImportJobCommands());
    methods.Command<v1::ResumeImportJobRequest, v1::ImportJob>(ImportJobCommands());
    methods.Command<v1::CancelImportJobRequest, v1::ImportJob>(ImportJobCommands());
    methods.Command<v1::ImportRecordRequest, v1::ImportRecordResponse>(
        ImportRecord(server.resources(), runtime, methods));
    const ImportRevert revert(server.resources(), runtime, methods);
    methods.Command<v1::RevertImportJobRequest, v1::RevertImportJobResponse>(revert);
    methods.Read({ImportJobChanges::kName, ImportJobDirectory::kName}, runtime::ReadKind::kScan,
                 [revert](const runtime::ReadContext& context,
                          const v1::ListImportJobChangesRequest& request,
                          v1::ListImportJobChangesResponse* response) {
                   return revert.List(context, request, response);
                 });
    methods.Read({ImportJobChanges::kName, ImportJobDirectory::kName}, runtime::ReadKind::kScan,
                 [revert](const runtime::ReadContext& context,
                          const v1::PreviewImportJobRevertRequest& request,
                          v1::PreviewImportJobRevertResponse* response) {
                   return revert.Preview(context, request, response);
                 });
  });
}

}  // namespace kith::import_jobs
