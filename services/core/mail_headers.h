// The headers of a mail and of all its parts, looked at before anything parses the mail.
//
// GMime keeps every header and part that there is, and walks into parts, and into groups of
// addresses, by recursion; so what somebody makes up could take all memory, or the stack. This
// finds at least those lines that GMime takes for headers, and bounds them. Pure functions, any
// thread.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kith {

inline constexpr int64_t kMailHeaderBytesMax = 1 << 18;      // of its own headers together
inline constexpr int64_t kMailPartHeaderBytesMax = 1 << 18;  // of those of its parts together
inline constexpr int kMailPartsMax = 200;
inline constexpr int kMailMultipartsMax = 100;      // parts that have parts
inline constexpr int kMailAddressGroupsMax = 1000;  // colons in one header of addresses

// InvalidArgument where a bound is passed: "the mail has more than 200 parts".
absl::Status CheckMailHeaders(absl::string_view raw);

// "the mail has more than 200 parts".
absl::Status MailTooLarge(absl::string_view what, int64_t bound);

}  // namespace kith
