// Reads that are the same for every table: one row by its resource name, and a page of rows.
#pragma once

#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "projections/tables/table.h"
#include "services/runtime/hide_erased.h"
#include "services/runtime/read_call.h"

namespace kith::runtime {

// The row of that name, or what `not_found` makes of the name.
template <class Row>
absl::Status GetRow(const ReadContext& context, const projections::Table<Row>& table,
                    absl::string_view name,
                    absl::FunctionRef<absl::Status(absl::string_view)> not_found, Row* response) {
  KITH_ASSIGN_OR_RETURN(std::optional<Row> row,
                        table.Get(context.view(), context.workspace(), name, context.tier));
  if (!row.has_value()) return not_found(name);
  *response = *std::move(row);
  return absl::OkStatus();
}

// The page that a request in the shape of AIP-158, 160 and 132 asks for.
template <class Row, class Request>
absl::Status ListRows(const ReadContext& context, const projections::Table<Row>& table,
                      const Request& request, google::protobuf::RepeatedPtrField<Row>* rows,
                      std::string* next_page_token) {
  KITH_ASSIGN_OR_RETURN(projections::Page<Row> page,
                        table.List(context.view(), context.workspace(),
                                   {.filter = request.filter(),
                                    .order_by = request.order_by(),
                                    .page_token = request.page_token(),
                                    .page_size = request.page_size()}));
  rows->Reserve(static_cast<int>(page.rows.size()));
  // Its index entries outlive what was erased; finding it by them would tell what they are.
  const bool hide =
      context.keys.AnyDestroyed() && AsksForPersonal(*Row::descriptor(), request.filter());
  for (Row& row : page.rows) {
    if (hide && context.keys.IsDestroyed(context.workspace(), row.name())) continue;
    *rows->Add() = std::move(row);
  }
  *next_page_token = std::move(page.next_page_token);
  return absl::OkStatus();
}

}  // namespace kith::runtime
