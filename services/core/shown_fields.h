// Who is told every field. What somebody has a condition ask of records for them, tells what the
// fields hold that it asks for.
#pragma once

#include "services/core/access.h"

namespace kith {

// Whether no group of fields is hidden from whoever has these; null: from nobody, as the process
// itself.
bool ShowAllFields(const Grants* grants);

}  // namespace kith
