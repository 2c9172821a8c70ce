// Gzip: bodies and messages that are sent compressed. Pure; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::edge {

// What was compressed, or InvalidArgument where that is no whole gzip, and OutOfRange where it is
// more than `bytes_max`: little more than that is made of it.
absl::StatusOr<std::string> Gunzip(absl::string_view compressed, size_t bytes_max);

std::string Gzip(absl::string_view bytes);

}  // namespace kith::edge
