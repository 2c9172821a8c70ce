// What somebody may have meant who wrote a word that is none of those there are. Pure functions,
// any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kith {

// How many letters have to be added, left out or replaced to make one word of the other, whatever
// their case.
size_t EditDistance(absl::string_view a, absl::string_view b);

// At most `count` of the words, the likest first: those that one of the two begins with or holds,
// then those of the least distance. Of a long text the first 64 bytes count.
std::vector<std::string> NearestWords(absl::string_view text, const std::vector<std::string>& words,
                                      size_t count);

}  // namespace kith
