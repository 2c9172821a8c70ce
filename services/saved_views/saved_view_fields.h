// What the fields of a saved view mean together: what they must not be. Pure functions, any thread.
#pragma once

#include "absl/status/status.h"
#include "kith/saved_views/v1/saved_view.pb.h"
#include "services/core/collection.h"

namespace kith::saved_views {

// Every rule that no single field can state: no column stands there twice; the server lists that
// collection, its records have those fields, and its list takes that filter and that order. Of
// these each is asked where those before it hold, and tells all that breaks it.
absl::Status CheckFields(const v1::SavedView& saved_view, const ServerFacts& facts);

}  // namespace kith::saved_views
