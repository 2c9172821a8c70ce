// URLs that people give. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace kith {

// An absolute http or https URL.
bool IsUrl(absl::string_view text);

// A site, as browsers name it: "https://www.example.com". It may stand in headers.
bool IsOrigin(absl::string_view text);

// A name or a value of what is urlencoded (application/x-www-form-urlencoded): "a+b%20c" → "a b c".
// Nullopt where a % is not followed by two hexadecimal digits. Not checked to be a text.
std::optional<std::string> FormDecoded(absl::string_view text);

}  // namespace kith
