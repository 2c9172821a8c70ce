// Days of abseil as those of protobuf.
#pragma once

#include <cstdint>

#include "absl/time/civil_time.h"
#include "google/type/date.pb.h"

namespace kith {

inline google::type::Date DateOf(absl::CivilDay day) {
  google::type::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

}  // namespace kith
