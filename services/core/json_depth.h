// How deep a JSON text nests. Parsers take time that grows with the third power of it, so who gives
// one a text from a caller asks first. Pure; any thread.
#pragma once

#include "absl/strings/string_view.h"

namespace kith {

// Whether more than `most` objects and arrays are open at one place of the text, which need not be
// JSON.
inline bool IsDeeperThan(absl::string_view json, int most) {
  int depth = 0;
  bool is_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    if (is_text) {
      if (json[i] == '\\')
        ++i;
      else if (json[i] == '"')
        is_text = false;
      continue;
    }
    switch (json[i]) {
      case '"':
        is_text = true;
        break;
      case '[':
      case '{':
        if (++depth > most) return true;
        break;
      case ']':
      case '}':
        --depth;
        break;
      default:
        break;
    }
  }
  return false;
}

}  // namespace kith
