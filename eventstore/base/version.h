// The version of Kith that this program was built from.
#pragma once

#include "absl/strings/string_view.h"

namespace kith {

// "0.1.0", as the root CMakeLists.txt says.
absl::string_view Version();

}  // namespace kith
