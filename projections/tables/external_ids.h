// External ids as filters have them: "billing:4711". Of rows with elements in the shape of
// kith.contacts.v1.ExternalId. Pure; any thread.
#pragma once

#include "absl/strings/str_cat.h"
#include "projections/tables/field.h"

namespace kith::projections {

template <class Row>
void AddExternalIds(const Row& row, ValueSink& out) {
  for (const auto& id : row.external_ids()) out.Add(absl::StrCat(id.system(), ":", id.id()));
}

}  // namespace kith::projections
