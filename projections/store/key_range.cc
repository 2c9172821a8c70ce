#include "projections/store/key_range.h"

namespace kith::projections {

std::string PrefixEnd(absl::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

KeyRange KeyRange::Prefix(absl::string_view prefix, eventstore::Direction direction) {
  return {std::string(prefix), PrefixEnd(prefix), direction};
}

}  // namespace kith::projections
