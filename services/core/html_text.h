// The text of HTML, as somebody reads it: without scripts, styles and what only browsers are told.
// Blocks end lines. libxml2 reads it. Pure, any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace kith {

inline constexpr size_t kHtmlBytesMax = 1 << 20;  // so much is read
inline constexpr size_t kHtmlTagBytesMax = 4096;  // a longer tag is left out: it says no text

std::string TextOfHtml(absl::string_view html);

}  // namespace kith
