// RecordUses: whether others name a record that the revert of an import would delete.
//
// They are found by the indexes that begin with a field that names such records, so as far as there
// is one, and at the end of the log. What begins to name the record while the revert is decided may
// be overlooked.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/log/event_log.h"
#include "kith/import_jobs/v1/import_job_change.pb.h"
#include "projections/engine/view.h"
#include "projections/tables/field.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::import_jobs {

// Borrows the runtime. Immutable; any thread.
class RecordUses {
 public:
  // `types` are all that the server has.
  RecordUses(const std::vector<runtime::ResourceType>& types, const runtime::Runtime& runtime);

  // OK where no record that is there names the one that the job created, but those that it created
  // earlier, which are looked at later. ERROR_STILL_LINKED otherwise, which tells no name, as
  // whoever reads it may see less than the caller; ERROR_VIEW_BEHIND where a directory lacks what
  // was taken back just now. Touches the disk.
  absl::Status CheckUnused(runtime::Loader& load, const v1::ImportJobChange& change) const;

  // The same for a plan, of the records that directories have by now: of those that the job made
  // too, `goes` says whether they are taken back before it. Looks at 1,000 of a kind at most.
  using Goes = absl::FunctionRef<absl::StatusOr<bool>(const std::string& record)>;
  absl::Status CheckUnusedThen(WorkspaceId workspace, const v1::ImportJobChange& change,
                               Goes goes) const;

 private:
  struct Source {
    runtime::ResourceType type;
    const projections::Field* field;
    const projections::View* directory;
  };

  // The same of the records of one source.
  absl::Status CheckSource(const Source& source, runtime::Loader& load,
                           const v1::ImportJobChange& change) const;
  // Those of the source that name the record, as far as its directory is, until `visit` answers
  // false or fails.
  absl::Status ForEachNaming(const Source& source, WorkspaceId workspace, const std::string& record,
                             Goes visit) const;
  // Whether the record of this name is there, names the one of the change, and counts.
  absl::StatusOr<bool> IsUse(const Source& source, runtime::Loader& load, const std::string& name,
                             const v1::ImportJobChange& change) const;

  const eventstore::EventLog& log_;
  const projections::View& changes_;
  std::vector<Source> sources_;
};

}  // namespace kith::import_jobs
