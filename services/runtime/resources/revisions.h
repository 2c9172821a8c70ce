// Revisions: what happened to one resource, told from the log.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/descriptor.h"
#include "services/core/resource_rules.h"
#include "services/runtime/calls/read_call.h"

namespace kith::runtime {

// The method List<Resource>Revisions of a resource. Folds its stream from the first event, because
// what a field was before stands in no event; what it reads of the log counts for the guard of the
// read's view. Borrows everything; any thread.
class RevisionLister {
 public:
  // What comes before the first event of a resource's stream, where that is not what it came into
  // being by; null where there is nothing of that name.
  using Beginning = std::function<absl::StatusOr<std::shared_ptr<const eventstore::RecordedEvent>>(
      const ReadContext& context, absl::string_view name)>;

  // What an event of the stream that is not about the resource itself says in its revision.
  using Aside = std::function<void(const eventstore::RecordedEvent& event,
                                   google::protobuf::Message& revision)>;

  // Aborts where the messages have not the fields of such a method.
  RevisionLister(const ResourceRules& rules, const eventstore::EventLog& log,
                 const eventstore::EventRegistry& registry,
                 const google::protobuf::MethodDescriptor& method, Beginning beginning = nullptr,
                 Aside aside = nullptr);

  absl::Status Run(const ReadContext& context, const google::protobuf::Message& request,
                   google::protobuf::Message* response) const;
  // Whose history the request asks for.
  std::string NameIn(const google::protobuf::Message& request) const;

 private:
  class Fold;

  // The events of the resource, in order, until `fold` wants no more of them.
  absl::Status FoldAll(const ReadContext& context, absl::string_view name, Fold& fold) const;
  // One revision, as the reply has it.
  absl::Status Tell(const eventstore::RecordedEvent& event, uint64_t number,
                    const google::protobuf::Message& before, const google::protobuf::Message& after,
                    const google::protobuf::FieldMask& changed,
                    google::protobuf::Message& revision) const;

  const ResourceRules& rules_;
  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  const Beginning beginning_;
  const Aside aside_;
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
