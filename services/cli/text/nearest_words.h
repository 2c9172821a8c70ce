// What is told to somebody who wrote a field that there is not. Pure function.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kith::cli {

// "EmailAddress has address, label": what of `known` there is where they are few, and of many those
// that are most like the word, "of the 36 fields of Deal these are most like it: stage, status".
std::string NearestTold(absl::string_view what, absl::string_view word,
                        const std::vector<std::string>& known);

}  // namespace kith::cli
