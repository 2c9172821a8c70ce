// What a crash leaves of a view with indexes: its rows as of one position, its index entries as of
// another.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace kith::testing {

// Gives the view `family` ("deal_list.3") in the closed store of views in the folder `to` the index
// entries, and their checkpoint, that it has in the closed store in the folder `from`.
void TakeIndexEntries(const std::string& from, const std::string& to, absl::string_view family);

}  // namespace kith::testing
