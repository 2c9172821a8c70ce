// The command that imports a row: the record it matches, and what becomes of that.
//
// What it makes is what the Create and Update methods of contacts, companies, leads and deals make,
// and MoveDeal, for the same caller.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "kith/import_jobs/v1/import_job.pb.h"
#include "kith/import_jobs/v1/import_jobs_service.pb.h"
#include "services/core/decision.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/known_people.h"
#include "services/runtime/resources/listed_holders.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::import_jobs {

// What a row makes of the record that it matches: the mask names the fields that it sets. Lists
// have what was there, and what the row adds, as far as that fits; other fields what the row says;
// those that never change after creation stay. Pure.
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

  using Matches = std::vector<Match>;

  // The job that a row which is only checked would have.
  absl::StatusOr<v1::ImportJob> JobOfCheck(runtime::Loader& load,
                                           const v1::ImportRecordRequest& command,
                                           const CommandContext& context) const;
  // What becomes of the row, and which record it matches, as the changes' secret.
  Decision DecideRow(runtime::Loader& load, const v1::ImportJob& job,
                     const v1::ImportRecordRequest& command, const CommandContext& context) const;
  // Whether the row is of the job's collection.
  absl::Status CheckRow(const v1::ImportJob& job, const v1::ImportRecordRequest& command) const;
  absl::StatusOr<Matches> FindMatches(runtime::Loader& load, const v1::ImportJob& job,
                                      const v1::ImportRecordRequest& command,
                                      const CommandContext& context) const;
  absl::StatusOr<Matches> FindContacts(runtime::Loader& load, const v1::ImportJob& job,
                                       const contacts::v1::Contact& contact,
                                       const CommandContext& context) const;
  // Those whose field holds one of the values of its claim.
  absl::Status AddHolders(runtime::Loader& load, const google::protobuf::FieldDescriptor& field,
                          absl::string_view claim, const std::vector<std::string>& values,
                          absl::string_view key, Matches& matches) const;
  // Leads with that address: the open ones, and where none is open those that were disqualified.
  absl::Status AddLeads(runtime::Loader& load, const std::string& email, Matches& matches) const;
  absl::Status AddNamed(runtime::Loader& load, const std::string& deal, Matches& matches) const;
  Decision Create(runtime::Loader& load, const v1::ImportRecordRequest& command,
                  const CommandContext& context) const;
  Decision Update(runtime::Loader& load, const std::string& record,
                  const v1::ImportRecordRequest& command, const CommandContext& context) const;
  // Of the records that a message is. Aborts where it is none.
  const runtime::ResourceType& TypeOf(const google::protobuf::Descriptor& row) const;

  const std::vector<runtime::ResourceType> types_;
  const runtime::KnownPeople people_;
  const runtime::ListedHolders leads_;
  const runtime::MethodTable& methods_;
};

}  // namespace kith::import_jobs
