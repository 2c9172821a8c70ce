// URLs that people give. Pure; any thread.
#pragma once

#include "absl/strings/string_view.h"

namespace kith {

// An absolute http or https URL.
bool IsUrl(absl::string_view text);

}  // namespace kith
