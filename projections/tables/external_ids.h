// External ids as filters have them: "billing:4711". Of rows with elements in the shape of
// kith.contacts.v1.ExternalId. Pure; any thread.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "projections/tables/field.h"

namespace kith::projections {

template <class Row>
void AddExternalIds(const Row& row, ValueSink& out) {
  for (const auto& id : row.external_ids()) out.Add(absl::StrCat(id.system(), ":", id.id()));
}

// For filters. The system may begin with anything.
inline absl::Status CheckExternalId(absl::string_view text) {
  const size_t colon = text.find(':', 1);
  if (colon != text.npos && colon + 1 < text.size()) return absl::OkStatus();
  return absl::InvalidArgumentError("must be of the form \"system:id\"");
}

}  // namespace kith::projections
