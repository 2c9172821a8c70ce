// Where the sources are that the tests were built from: what they read of the tree.
#pragma once

#include <string>

namespace kith::testing {

// Of this path below it: "tests/golden".
std::string SourcePath(const std::string& path);

}  // namespace kith::testing
