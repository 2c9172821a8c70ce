#include "deploy/sdk/cpp/retries.h"

#include <google/rpc/error_details.pb.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <random>

namespace kith::sdk {
namespace {

using std::chrono::milliseconds;

// Nobody waits for longer.
constexpr std::chrono::seconds kAskedMax = std::chrono::hours(24 * 365);

// What the server asks to be waited for, where it asks to be called again.
std::optional<milliseconds> AskedFor(const google::rpc::Status& status) {
  for (const auto& detail : status.details()) {
    google::rpc::RetryInfo info;
    if (!detail.UnpackTo(&info)) continue;
    const std::chrono::seconds seconds(info.retry_delay().seconds());
    return std::clamp(seconds, std::chrono::seconds(0), kAskedMax) +
           std::chrono::duration_cast<milliseconds>(
               std::chrono::nanoseconds(info.retry_delay().nanos()));
  }
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> Retries::WaitAfter(const Outcome& failure, Clock::time_point now) {
  const std::optional<milliseconds> asked_for = AskedFor(failure.status);
  if (!asked_for.has_value() && failure.status.code() != grpc::StatusCode::UNAVAILABLE) {
    return std::nullopt;
  }
  if (!give_up_at_.has_value()) give_up_at_ = std::min(now + patience_, deadline_);
  // Never sooner than was asked for, and not all at the same moment.
  static thread_local std::mt19937_64 random{std::random_device{}()};
  std::uniform_int_distribution<milliseconds::rep> more(next_.count() / 2, next_.count());
  const milliseconds wait = asked_for.value_or(milliseconds::zero()) + milliseconds(more(random));
  next_ = std::min(next_ * 2, kMax);
  if (now + wait >= *give_up_at_) return std::nullopt;
  return wait;
}

}  // namespace kith::sdk
