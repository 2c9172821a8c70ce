// Where a deal stands among those of its stage: a text, by which they are ordered byte by byte.
//
// It is of 0-9 and a-z, read as the digits of a fraction to the base 36, and does not end with 0,
// so there is another one between any two. It ends with digits made of the deal's name: of two
// deals that are put in one place at the same moment, or that entered their stage at the same
// microsecond, each has its own, and which one is first does not depend on who was. Persisted in
// events where somebody chose the place, and computed by the fold where nobody did, so what these
// functions answer never changes. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kith::deals {

// The longest that PositionBetween answers.
inline constexpr size_t kPositionMaxBytes = 128;

// Of a deal that entered its stage then: behind all that entered it before, to the microsecond.
// Times before 1970 count as its beginning.
std::string PositionOnEntry(absl::Time time, absl::string_view deal);

// Of a deal that is put behind `after` and before `before`, each the position of another deal and
// one of them empty where there is none: right behind, or right before the other, as far as
// microseconds tell. `after` comes before `before`. Nullopt where so many were put in between that
// the text would be too long: after hundreds in one place.
std::optional<std::string> PositionBetween(absl::string_view after, absl::string_view before,
                                           absl::string_view deal);

}  // namespace kith::deals
