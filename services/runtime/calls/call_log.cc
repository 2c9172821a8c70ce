#include "services/runtime/calls/call_log.h"

#include <optional>
#include <string>

#include "eventstore/base/error.h"
#include "eventstore/base/log.h"
#include "google/rpc/error_details.pb.h"

namespace kith::runtime {
namespace {

using WireStatus = std::optional<google::rpc::Status>;

bool IsOurFailure(const absl::Status& status, const WireStatus& error) {
  switch (status.code()) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
      return true;
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
      return false;
    default:
      return !error.has_value();
  }
}

// "EMAIL_TAKEN"; empty where the error names none.
std::string ReasonOf(const WireStatus& error) {
  if (!error.has_value()) return "";
  google::rpc::ErrorInfo info;
  for (const auto& detail : error->details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

LogLevel LevelOf(const CallLine& line, bool is_ours) {
  if (is_ours) return LogLevel::kError;
  if (line.slow != nullptr) return LogLevel::kWarning;
  return line.status.ok() ? LogLevel::kDebug : LogLevel::kInfo;
}

absl::string_view SentenceOf(const CallLine& line, bool is_ours) {
  if (is_ours) return "call failed";
  if (line.slow != nullptr) return "slow call";
  return line.status.ok() ? "call" : "call refused";
}

// A part of a slow call's time; of any other it is left out.
LogFact Spent(const CallLine& line, absl::string_view name, CallPart part) {
  if (line.slow == nullptr) return {name, ""};
  return {name, absl::ToInt64Microseconds(line.slow->spent(part))};
}

}  // namespace

void LogCall(const CallLine& line) {
  const WireStatus error = line.status.ok() ? std::nullopt : WireError(line.status);
  const bool is_ours = IsOurFailure(line.status, error);
  const LogLevel level = LevelOf(line, is_ours);
  if (!IsLogged(level)) return;
  Log(level, SentenceOf(line, is_ours),
      {{"method", line.method},
       {"code", line.status.ok() ? "OK" : absl::StatusCodeToString(line.status.code())},
       {"reason", ReasonOf(error)},
       {"workspace", line.workspace.value()}},
      {{"duration_us", absl::ToInt64Microseconds(line.duration)},
       {"request_id", line.request_id},
       {"error", is_ours ? line.status.message() : absl::string_view()},
       Spent(line, "queue_us", CallPart::kQueue),
       Spent(line, "wait_us", CallPart::kWait),
       Spent(line, "load_us", CallPart::kLoad),
       Spent(line, "decide_us", CallPart::kDecide),
       Spent(line, "commit_us", CallPart::kCommit),
       Spent(line, "render_us", CallPart::kRender)});
}

}  // namespace kith::runtime
