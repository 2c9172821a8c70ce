#include "services/runtime/call_log.h"

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"

namespace kith::runtime {
namespace {

bool IsOurFailure(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
      return true;
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
      return false;
    default:
      return !WireError(status).has_value();
  }
}

spdlog::level::level_enum LevelOf(const absl::Status& status) {
  if (status.ok()) return spdlog::level::debug;
  return IsOurFailure(status) ? spdlog::level::err : spdlog::level::info;
}

}  // namespace

std::string JsonString(absl::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string json = "\"";
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += static_cast<char>(c);
    } else if (c < 0x20) {
      absl::StrAppend(&json, "\\u00", std::string(1, kHex[c >> 4]), std::string(1, kHex[c & 15]));
    } else {
      json += c < 0x7f ? static_cast<char>(c) : '?';
    }
  }
  return json += '"';
}

void LogCall(const CallLine& line) {
  const spdlog::level::level_enum level = LevelOf(line.status);
  if (!spdlog::should_log(level)) return;
  std::string json =
      absl::StrCat("{\"method\":", JsonString(line.method), ",\"code\":\"",
                   line.status.ok() ? "OK" : absl::StatusCodeToString(line.status.code()),
                   "\",\"duration_us\":", absl::ToInt64Microseconds(line.duration));
  if (line.workspace != WorkspaceId()) {
    absl::StrAppend(&json, ",\"workspace\":", line.workspace.value());
  }
  if (!line.request_id.empty()) {
    absl::StrAppend(&json, ",\"request_id\":", JsonString(line.request_id));
  }
  if (IsOurFailure(line.status)) {
    absl::StrAppend(&json, ",\"error\":", JsonString(line.status.message()));
  }
  json += "}";
  spdlog::log(level, "{}", json);
}

}  // namespace kith::runtime
