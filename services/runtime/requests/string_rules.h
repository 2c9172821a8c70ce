// What a string field may hold: its size, its characters and its format.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "kith/options/v1/options.pb.h"

namespace kith::runtime {

inline constexpr size_t kRequestIdBytesMax = 128;

// What is wrong with `text`, as the end of a sentence that begins with the field ("must be an
// e-mail address"); empty when nothing is. An empty text is in order. `max_characters`
// 0: as many as there are bytes. Pure, any thread.
std::string TextDefect(absl::string_view text, options::v1::Format format, size_t max_bytes,
                       size_t max_characters = 0);

}  // namespace kith::runtime
