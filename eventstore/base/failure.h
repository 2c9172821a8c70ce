// What programs are told of a failure that people are not: why, in one word, and whether trying
// again may help. Pure functions, any thread.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace kith {

// "EMAIL_TAKEN", or the code's name where the error names no reason: never what its message says,
// which may tell what the reader must not know.
std::string ReasonOf(const absl::Status& failure);

// Whether it says what the server lacks at the moment, and not what was wrong with what was asked,
// or with when: Unavailable, DeadlineExceeded.
bool IsOfTheMoment(const absl::Status& failure);

// Whether it may be otherwise soon, and nothing about the request is wrong.
bool MayPass(const absl::Status& failure);

}  // namespace kith
