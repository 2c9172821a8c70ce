// VisitReader: tells visits: when they were and whose as a view has it, and what was looked at as
// the log does, where it is gone when the person is erased.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "kith/visitors/v1/visitor_rows.pb.h"
#include "kith/visitors/v1/visitors_service.pb.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/runtime.h"

namespace kith::visitors {

// The refusal of a record, named in this field, that the caller does not see.
absl::Status NoSuchParent(absl::string_view field, const std::string& name);

// Any thread that may touch the disk. Borrows what it is made of.
class VisitReader {
 public:
  explicit VisitReader(const runtime::Runtime& runtime)
      : log_(runtime.log), registry_(runtime.registry), keys_(runtime.keys), runtime_(runtime) {}

  // VISITORS_ERROR_VISIT_NOT_FOUND, also where it is hidden from the caller.
  absl::Status Get(const runtime::ReadContext& context, const v1::GetVisitRequest& request,
                   v1::Visit* response) const;
  // VISITORS_ERROR_LINKED_RECORD_NOT_FOUND where the caller does not see the parent;
  // ERROR_INVALID_FIELD where they name none and do not see all; ERROR_INVALID_PAGE_TOKEN,
  // ERROR_INVALID_FILTER.
  absl::Status List(const runtime::ReadContext& context, const v1::ListVisitsRequest& request,
                    v1::ListVisitsResponse* response) const;

 private:
  // Who sees the contact whose visit it is; where nobody is known, who sees the visitor.
  absl::StatusOr<bool> Sees(const runtime::ReadContext& context, const v1::Visit& visit) const;
  absl::StatusOr<v1::Visit> Render(WorkspaceId workspace, const v1::VisitRow& row,
                                   bool is_full) const;
  // Adds the pages that the event of this revision tells.
  absl::Status AddPages(WorkspaceId workspace, int64_t revision, v1::Visit& visit) const;

  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
  const runtime::Runtime& runtime_;
};

}  // namespace kith::visitors
