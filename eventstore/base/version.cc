#include "eventstore/base/version.h"

namespace kith {

absl::string_view Version() { return KITH_VERSION; }

}  // namespace kith
