// RetryInfo: how long a client should wait before it tries again.
#pragma once

#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"

namespace kith::runtime {

inline google::rpc::RetryInfo RetryAfter(absl::Duration delay) {
  google::rpc::RetryInfo info;
  const int64_t ns = absl::ToInt64Nanoseconds(delay);
  info.mutable_retry_delay()->set_seconds(ns / 1'000'000'000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(ns % 1'000'000'000));
  return info;
}

}  // namespace kith::runtime
