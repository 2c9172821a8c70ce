// OwnedRecords: the records of an owner, of every resource that has one, and how they are given to
// another.
//
// An owner is what the field `owner` of a resource names. Whose a record was until a while ago
// stands in its directory; what happened since stands at the end of the log, and what is found in
// either is loaded as any state. So what an owner was given before the question is not overlooked;
// and what they are given while it is decided upon is a conflict.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "projections/engine/view.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/merged_names.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/runtime/admission/record_access.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// Borrows everything. Immutable; any thread.
class OwnedRecords {
 public:
  // When every method is bound. Aborts where a resource has an owner and no index that begins with
  // it, or no Update method.
  OwnedRecords(const std::vector<ResourceType>& types, const Runtime& runtime,
               const MethodTable& methods);

  // Those that are there.
  struct Found {
    std::vector<std::string> names;  // of those that the caller sees, at most as many as asked for
    bool are_some_hidden = false;
  };

  // Of these collections, or of all where none is named. Each that is found becomes a condition of
  // the append. ERROR_VIEW_BEHIND where a directory is being built.
  absl::StatusOr<Found> Find(Loader& load, absl::string_view owner,
                             const google::protobuf::RepeatedPtrField<std::string>& collections,
                             size_t limit) const;
  // What gives the record to `owner`: what its Update method does, and asks for.
  Decision Give(Loader& load, absl::string_view record, const std::string& owner,
                const CommandContext& context) const;
  // ERROR_PERMISSION_DENIED where the caller is not granted what its Update method asks for, of any
  // record of its resource.
  absl::Status CheckMayGive(absl::string_view record, const CommandContext& context) const;

  // How many open records of a collection, of those that have owners, the owner has; who may see
  // them does not matter. Open is what has no `close_time`. Beyond 100,000 of them it is that many.
  absl::StatusOr<int64_t> CountOpen(const projections::ViewSnapshot& snapshot,
                                    WorkspaceId workspace, absl::string_view collection,
                                    absl::string_view owner) const;
  // The same of each, with all that was appended until now. ERROR_VIEW_BEHIND as above.
  absl::StatusOr<std::vector<int64_t>> CountOpen(Loader& load, absl::string_view collection,
                                                 absl::Span<const std::string> owners) const;
  // The users who have open records of the same kind about the contact that the record names in
  // `contact`, under any of its names, beside the record itself: who had theirs first, first. Who
  // may see them does not matter. None where it names no contact; of a contact with more than 100
  // open ones, the first of those that the directory has count.
  absl::StatusOr<std::vector<std::string>> OwnersOfContact(
      const projections::ViewSnapshot& records, const projections::ViewSnapshot& contacts,
      WorkspaceId workspace, const google::protobuf::Message& record) const;
  // The same with all that was appended until now. Each that is found becomes a condition of the
  // append. ERROR_VIEW_BEHIND as above.
  absl::StatusOr<std::vector<std::string>> OwnersOfContact(
      Loader& load, const google::protobuf::Message& record) const;

  // Whether the caller sees the record, and has the permission for it, beside the permission to
  // read it: a read as of a moment asks whose it was then, and whom it was shared with, and what
  // the caller may see now; so does a further page, as of the first one. True where the record has
  // no owner. What is not there is hidden as what the caller does not see, or one could be told
  // from the other. For what is told with a record and has no owner itself.
  // ERROR_VIEW_BEHIND where the record's directory is behind the moment. Reads from disk.
  absl::StatusOr<bool> Sees(const ReadContext& context, absl::string_view record,
                            absl::string_view permission) const;

  // Whose records can have an owner.
  std::vector<std::string> Collections() const;

 private:
  struct Source {
    const ResourceType* type;
    const google::protobuf::FieldDescriptor* owner;
    const projections::View* directory;
    const UnaryMethod* update;
    RecordAccess access;
    std::unique_ptr<const projections::MergedNames> merged;

    std::string OwnerIn(const google::protobuf::Message& resource) const;
  };

  // What Sees says of the present, of a record that has an owner.
  absl::StatusOr<bool> SeesNow(const ReadContext& context, absl::string_view record,
                               absl::string_view permission) const;
  // What happened in streams of the sources after `known`, each once.
  absl::StatusOr<std::vector<std::string>> StreamsSince(const Loader& load, Position known) const;
  // Adds those that the source's directory has as of `known`.
  absl::Status FindListed(const Source& source, Position known, Loader& load,
                          absl::string_view owner, size_t limit, Found& found) const;
  // Adds the record where it is there and has this owner; false where it is hidden.
  absl::StatusOr<bool> Add(const Source& source, Loader& load, const std::string& name,
                           absl::string_view owner, size_t limit, Found& found) const;
  // Of a record, or of a collection; null where its records have no owners.
  const Source* SourceOf(absl::string_view record) const;
  static std::string OpenFilter(const Source& source, absl::string_view owner);
  // All names of the contact that the record names; none where it names none.
  absl::StatusOr<std::vector<std::string>> NamesOfContact(
      const projections::ViewSnapshot& contacts, WorkspaceId workspace,
      const google::protobuf::Message& record) const;
  // Gives the open rows that name one of these contacts, those that were made first first.
  static absl::Status VisitOpen(const Source& source, const projections::ViewSnapshot& records,
                                WorkspaceId workspace, const std::vector<std::string>& contacts,
                                absl::FunctionRef<void(const google::protobuf::Message&)> visit);

  const eventstore::EventLog& log_;
  Transact& transact_;
  std::vector<Source> sources_;
};

}  // namespace kith::runtime
