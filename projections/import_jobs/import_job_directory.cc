#include "projections/import_jobs/import_job_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::import_jobs {

using projections::Table;
using projections::TableBuilder;

const Table<v1::ImportJob>& ImportJobDirectory::ImportJobs() {
  static const auto& table = *new Table<v1::ImportJob>(
      TableBuilder<v1::ImportJob>(1)
          .Key([](const v1::ImportJob& import_job) { return import_job.name(); })
          .Words([](const v1::ImportJob& import_job, projections::WordSink& out) {
            out.Add(import_job.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("owner")
          .Field("state")
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"owner", "display_name"})
          .Index(3, {"create_time"})
          .Index(4, {"words"})
          .Index(5, {"state", "create_time"})
          .Build());
  return table;
}

}  // namespace kith::import_jobs
