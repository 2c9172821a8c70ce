#include "eventstore/log/types.h"

namespace kith::eventstore {

absl::string_view CategoryOf(absl::string_view stream) {
  // Segments alternate: collection, id, collection, id … The last collection is the last segment
  // where their count is odd, the one before it where it is even.
  absl::string_view last = stream;
  absl::string_view before_last;
  bool odd = true;
  for (size_t slash = last.find('/'); slash != absl::string_view::npos; slash = last.find('/')) {
    before_last = last.substr(0, slash);
    last = last.substr(slash + 1);
    odd = !odd;
  }
  return odd ? last : before_last;
}

}  // namespace kith::eventstore
