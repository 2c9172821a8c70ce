// The normal form of telephone numbers; those of names and e-mail addresses are in
// eventstore/base/normalise.h, because views compare by them too.
//
// Over libphonenumber. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/base/normalise.h"

namespace kith {

// E.164 ("+4930901820") of a number written internationally or as in `default_region` (ISO 3166-1
// alpha-2; may be empty). An extension is left out. nullopt when no such number is possible.
std::optional<std::string> PhoneE164(absl::string_view raw, absl::string_view default_region);

}  // namespace kith
