// What conditions can ask of what is recorded under contacts and is no record that a run could be
// about: interactions and messages. Pure.
#pragma once

#include "absl/strings/string_view.h"
#include "projections/tables/table_core.h"

namespace kith::workflows {

// What triggers call them.
inline constexpr absl::string_view kInteractions = "interactions";
inline constexpr absl::string_view kMessages = "messages";

// Their fields; null of every other resource. No table of a view.
const projections::TableDeclaration* PartTable(absl::string_view resource);

// The collection of the record that a run is about which one of the resource sets off: "contacts"
// of what is recorded under them.
absl::string_view CollectionOfRun(absl::string_view resource);

}  // namespace kith::workflows
