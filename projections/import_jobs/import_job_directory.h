// The import job directory: which files were imported, by whom, and how far each is.
#pragma once

#include "kith/import_jobs/v1/import_job.pb.h"
#include "projections/import_jobs/import_job_fold.h"
#include "projections/tables/resource_directory.h"

namespace kith::import_jobs {

class ImportJobDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "import_job_directory";

  // Beside every field: the words of the name. By index: these, display_name, owner, state with
  // create_time, create_time. Names are compared by their normal forms.
  static const projections::Table<v1::ImportJob>& ImportJobs();

  ImportJobDirectory() : ResourceDirectory(kName, 1, "importJobs", ImportJobs().core(), Fold) {}

 private:
  static StandardEvent Fold(const Happening& happening, google::protobuf::Message& job) {
    return FoldImportJob(happening, static_cast<v1::ImportJob&>(job));
  }
};

}  // namespace kith::import_jobs
