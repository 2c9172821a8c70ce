// Revisions: what happened to one resource, told from the log.
#pragma once

#include "absl/status/status.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/descriptor.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// The method List<Resource>Revisions of a resource. Folds its stream from the first event, because
// what a field was before stands in no event; what it reads of the log counts for the guard of the
// read's view. Borrows everything; any thread.
class RevisionLister {
 public:
  // Aborts where the messages have not the fields of such a method.
  RevisionLister(const ResourceType& type, const eventstore::EventLog& log,
                 const eventstore::EventRegistry& registry,
                 const google::protobuf::MethodDescriptor& method);

  absl::Status Run(const ReadContext& context, const google::protobuf::Message& request,
                   google::protobuf::Message* response) const;

 private:
  // One revision, as the reply has it.
  absl::Status Tell(const eventstore::RecordedEvent& event, const google::protobuf::Message& before,
                    const google::protobuf::Message& after,
                    const google::protobuf::FieldMask& changed,
                    google::protobuf::Message& revision) const;

  const ResourceType& type_;
  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  // Of the request.
  const google::protobuf::FieldDescriptor* name_;
  const google::protobuf::FieldDescriptor* field_;
  const google::protobuf::FieldDescriptor* page_size_;
  // Of the reply.
  const google::protobuf::FieldDescriptor* revisions_;
  const google::protobuf::FieldDescriptor* next_page_token_;
  // Of one revision.
  const google::protobuf::FieldDescriptor* revision_;
  const google::protobuf::FieldDescriptor* before_;
  const google::protobuf::FieldDescriptor* after_;
};

}  // namespace kith::runtime
