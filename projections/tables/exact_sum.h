// Exact sums in rows: 128 bits in two fields, `high` with the sign and `low`, as
// kith.deals.v1.ExactSum has them. Pure functions, any thread.
#pragma once

#include <cstdint>

namespace kith::projections {

template <class Sum>
__int128 ValueOf(const Sum& sum) {
  return static_cast<__int128>((static_cast<unsigned __int128>(sum.high()) << 64) | sum.low());
}

template <class Sum>
void AddTo(Sum& sum, __int128 value) {
  const __int128 total = ValueOf(sum) + value;
  sum.set_high(static_cast<int64_t>(total >> 64));
  sum.set_low(static_cast<uint64_t>(total));
}

}  // namespace kith::projections
