// Early return on a failed absl::Status or absl::StatusOr, the one error currency of Kith.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define KITH_STATUS_CONCAT_INNER(a, b) a##b
#define KITH_STATUS_CONCAT(a, b) KITH_STATUS_CONCAT_INNER(a, b)

// Returns the status from the enclosing function unless it is OK.
#define KITH_RETURN_IF_ERROR(expression)                                                \
  do {                                                                                  \
    if (absl::Status kith_status = (expression); !kith_status.ok()) return kith_status; \
  } while (false)

// KITH_ASSIGN_OR_RETURN(auto head, log.Head()): declares or assigns `target`, or returns the error.
#define KITH_ASSIGN_OR_RETURN(target, expression) \
  KITH_ASSIGN_OR_RETURN_IMPL(KITH_STATUS_CONCAT(kith_status_or_, __LINE__), target, expression)
#define KITH_ASSIGN_OR_RETURN_IMPL(holder, target, expression) \
  auto holder = (expression);                                  \
  if (!holder.ok()) return std::move(holder).status();         \
  target = *std::move(holder)
