// Reverting an import: what each record was before, and whether that may come back.
//
// What reverts a record is what the Delete and Update methods of its resource make, for the same
// caller.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "kith/import_jobs/v1/import_job_change.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "services/core/decision.h"
#include "services/import_jobs/record_uses.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::import_jobs {

// Thread-safe. See MethodTable::Command and Read. Borrows the runtime and the methods.
class ImportRevert {
 public:
  // `types` are all that the server has.
  ImportRevert(std::vector<runtime::ResourceType> types, const runtime::Runtime& runtime,
               const runtime::MethodTable& methods);

  Decision Run(runtime::Loader& load, const v1::RevertImportJobRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::RevertImportJobRequest& command,
                      v1::RevertImportJobResponse* response) const;

  // Of the views ImportJobChanges and ImportJobDirectory. Touches the disk.
  absl::Status List(const runtime::ReadContext& context,
                    const v1::ListImportJobChangesRequest& request,
                    v1::ListImportJobChangesResponse* response) const;
  absl::Status Preview(const runtime::ReadContext& context,
                       const v1::PreviewImportJobRevertRequest& request,
                       v1::PreviewImportJobRevertResponse* response) const;

 private:
  // From now on it goes on by itself, where the caller may have that, or with further calls.
  static Decision Begin(const std::string& import_job, const CommandContext& context);
  // Whether the next records are about to be taken back by itself: not where that was refused, as
  // for a user who is gone, or parked. Touches the disk.
  absl::StatusOr<bool> IsAboutToGoOn(WorkspaceId workspace, const v1::ImportJob& job) const;
  // The number of the latest event of the job that has records taken back; nullopt where it is not
  // among its latest 1,000.
  absl::StatusOr<std::optional<Sequence>> LastAsked(WorkspaceId workspace,
                                                    const std::string& import_job) const;
  // What takes back the next records.
  Decision GoOn(runtime::Loader& load, const v1::ImportJob& job,
                const CommandContext& context) const;
  // Whether it was kept because whoever took back the others does not see it. Of what an import
  // made, nothing else is not there.
  bool IsOfAHidden(const v1::KeptRecord& kept) const;
  // What takes back the change; nothing to do where the import, or a revert, deleted the record.
  Decision Revert(runtime::Loader& load, const v1::ImportJobChange& change,
                  const CommandContext& context) const;
  // Whether the record, which is at `revision`, is as the import left it, and can be taken back:
  // IMPORT_JOBS_ERROR_CHANGED_SINCE or IMPORT_JOBS_ERROR_NOT_REVERTIBLE.
  absl::Status Check(WorkspaceId workspace, const v1::ImportJobChange& change,
                     Revision revision) const;
  // Whether what became of the record since came to nothing: it was only updated, and all that a
  // caller may set is as the import left it, as where later imports of it were taken back.
  absl::StatusOr<bool> IsAsLeft(WorkspaceId workspace, const v1::ImportJobChange& change) const;
  // Whether what became of the record since is nothing but that reverts emptied what it named.
  absl::StatusOr<bool> AreOnlyRevertsSince(WorkspaceId workspace,
                                           const v1::ImportJobChange& change) const;
  // The record as it was before the change.
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Before(
      WorkspaceId workspace, const v1::ImportJobChange& change) const;
  // What is known by now of whether records would be kept: why, or OK.
  using Plans = std::map<std::string, absl::Status>;
  // Whether the change would be taken back, where all that come before it are: OK, or why it would
  // be kept. Of what names it, what names that, and so on, `further` steps are looked at; what is
  // beyond counts as taken back.
  absl::Status Plan(WorkspaceId workspace, const v1::ImportJobChange& change, int further,
                    Plans& plans) const;
  // Null where no resource has such names.
  const runtime::ResourceType* FindType(absl::string_view record) const;

  const std::vector<runtime::ResourceType> types_;
  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
  const RecordUses uses_;
};

}  // namespace kith::import_jobs
