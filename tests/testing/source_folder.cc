#include "tests/testing/source_folder.h"

namespace kith::testing {

std::string SourcePath(const std::string& path) { return KITH_SOURCE_DIR "/" + path; }

}  // namespace kith::testing
