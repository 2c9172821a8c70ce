// The command that imports a row: the record it matches, and what becomes of that.
//
// What it makes is what the Create and Update methods of contacts and companies make, for the same
// caller.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "kith/import_jobs/v1/import_job.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "services/core/decision.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/known_people.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::import_jobs {

// What a row makes of the record that it matches: `update_mask` names the fields that it sets and
// that differ then. Lists have what was there, and what the row adds, as far as that fits; other
// fields what the row says. Pure.
google::protobuf::FieldMask MergeRow(const google::protobuf::Message& row,
                                     google::protobuf::Message& record);

// Thread-safe. See MethodTable::Command. Borrows the runtime and the methods.
class ImportRecord {
 public:
  // `types` are all that the server has.
  ImportRecord(std::vector<runtime::ResourceType> types, const runtime::Runtime& runtime,
               const runtime::MethodTable& methods);

  Decision Run(runtime::Loader& load, const v1::ImportRecordRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::ImportRecordRequest& command,
                      v1::ImportRecordResponse* response) const;

 private:
  // A record that the row may be, and what it has in common with it: "EMAIL_ADDRESS".
  struct Match {
    std::string record;
    std::string key;
  };

  absl::StatusOr<std::vector<Match>> FindMatches(runtime::Loader& load, const v1::ImportJob& job,
                                                 const v1::ImportRecordRequest& command,
                                                 const CommandContext& context) const;
  absl::StatusOr<std::vector<Match>> FindCompanies(runtime::Loader& load, const v1::ImportJob& job,
                                                   const companies::v1::Company& company) const;
  Decision Create(runtime::Loader& load, const v1::ImportRecordRequest& command,
                  const CommandContext& context) const;
  Decision Update(runtime::Loader& load, const std::string& record,
                  const v1::ImportRecordRequest& command, const CommandContext& context) const;
  const runtime::ResourceType& TypeOf(absl::string_view category) const;

  const std::vector<runtime::ResourceType> types_;
  const runtime::KnownPeople people_;
  const runtime::MethodTable& methods_;
};

}  // namespace kith::import_jobs
