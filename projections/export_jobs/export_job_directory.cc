#include "projections/export_jobs/export_job_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::export_jobs {

using projections::Table;
using projections::TableBuilder;

const Table<v1::ExportJob>& ExportJobDirectory::ExportJobs() {
  static const auto& table = *new Table<v1::ExportJob>(
      TableBuilder<v1::ExportJob>(1)
          .Key([](const v1::ExportJob& export_job) { return export_job.name(); })
          .Words([](const v1::ExportJob& export_job, projections::WordSink& out) {
            out.Add(export_job.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("owner")
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"owner", "display_name"})
          .Index(3, {"create_time"})
          .Index(4, {"words"})
          .Build());
  return table;
}

}  // namespace kith::export_jobs
