// Text encodings: the bytes of a file as UTF-8. Pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::cli {

// `encoding` is a name that ICU knows, "windows-1252", "UTF-16"; empty: UTF-8. What a byte order
// mark says wins, so a file that was made of one in another encoding can be read in its turn. Bytes
// of UTF-8 stay as they are, whether they are valid or not: whoever reads a cell says where. Fails
// on an encoding that there is not, on bytes that are none of it, and on more than 512 MiB.
absl::StatusOr<std::string> DecodeText(std::string bytes, const std::string& encoding);

}  // namespace kith::cli
