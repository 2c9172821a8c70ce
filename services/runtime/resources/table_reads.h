// Reads that are the same for every table: one row by its resource name, and a page of rows.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "projections/tables/table.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/not_there.h"

namespace kith::runtime {

// The row of that name, or what `not_found` makes of the name.
template <class Row>
absl::Status GetRow(const ReadContext& context, const projections::Table<Row>& table,
                    absl::string_view name,
                    absl::FunctionRef<absl::Status(absl::string_view)> not_found, Row* response) {
  KITH_ASSIGN_OR_RETURN(const bool found, table.Get(context.view(), context.workspace(), name,
                                                    context.tier, response));
  return found ? absl::OkStatus() : NotThere(context, name, not_found(name));
}

// The page that a query asks for, its token and its moment aside, into rows that `add` makes;
// returns the next page's token.
absl::StatusOr<std::string> ListRows(const ReadContext& context,
                                     const projections::TableCore& table,
                                     projections::ListQuery query,
                                     absl::FunctionRef<google::protobuf::Message*()> add);

// The page that a request in the shape of AIP-158, 160 and 132 asks for.
template <class Row, class Request>
absl::Status ListRows(const ReadContext& context, const projections::Table<Row>& table,
                      const Request& request, google::protobuf::RepeatedPtrField<Row>* rows,
                      std::string* next_page_token) {
  KITH_ASSIGN_OR_RETURN(*next_page_token, ListRows(context, table.core(),
                                                   {.filter = request.filter(),
                                                    .order_by = request.order_by(),
                                                    .page_size = request.page_size(),
                                                    .may_be_short = true},
                                                   [&] { return rows->Add(); }));
  return absl::OkStatus();
}

}  // namespace kith::runtime
