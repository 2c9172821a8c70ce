// Times between abseil and protobuf: to the microsecond, the precision of the log.
#pragma once

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace kith {

inline google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  int64_t seconds = micros / 1'000'000;
  int64_t fraction = micros % 1'000'000;
  if (fraction < 0) {  // before 1970 the fraction still counts forwards
    seconds -= 1;
    fraction += 1'000'000;
  }
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(fraction * 1000));
  return timestamp;
}

// What is finer than a microsecond is cut off. Takes any numbers, also those that are no valid
// timestamp: what does not fit is the infinite past or future.
inline absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Microseconds(timestamp.nanos() / 1000);
}

inline google::protobuf::Duration ToDuration(absl::Duration length) {
  const int64_t micros = absl::ToInt64Microseconds(length);
  google::protobuf::Duration duration;
  duration.set_seconds(micros / 1'000'000);
  duration.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
  return duration;
}

inline absl::Duration FromDuration(const google::protobuf::Duration& length) {
  return absl::Seconds(length.seconds()) + absl::Nanoseconds(length.nanos());
}

}  // namespace kith
