// What conditions can ask of what is recorded under contacts and is no record that a run could be
// about: interactions and messages. Pure.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "projections/tables/table_core.h"

namespace kith::workflows {

// What triggers call them.
inline constexpr absl::string_view kInteractions = "interactions";
inline constexpr absl::string_view kMessages = "messages";

// Their fields; null of every other resource. No table of a view.
const projections::TableDeclaration* PartTable(absl::string_view resource);

// OK where a condition can ask this of them; else what is wrong, as a list would say it. What is
// personal stays sealed where triggers look, and cannot be asked for.
absl::Status CheckPartCondition(const projections::TableDeclaration& table,
                                absl::string_view condition);

}  // namespace kith::workflows
