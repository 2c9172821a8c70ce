// The export job directory: which export jobs there are, and which of them have this name or this
// owner.
#pragma once

#include "kith/export_jobs/v1/export_job.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::export_jobs {

class ExportJobDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "export_job_directory";

  // Beside every field: the words of the name. By index: these, display_name, owner, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::ExportJob>& ExportJobs();

  ExportJobDirectory() : ResourceDirectory(kName, 1, "exportJobs", ExportJobs().core()) {}
};

}  // namespace kith::export_jobs
