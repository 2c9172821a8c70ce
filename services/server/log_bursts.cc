#include "services/server/log_bursts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kith::server {
namespace {

std::string Repeated(absl::string_view json, uint64_t count) {
  return absl::StrCat(json.substr(0, json.size() - 1), ",\"repeated\":", count, "}");
}

}  // namespace

std::optional<std::string> LogBursts::Take(LogLine line, absl::Duration now) {
  if (line.level == LogLevel::kDebug) return std::move(line.json);
  const auto found = bursts_.find(line.kind);
  if (found != bursts_.end()) {
    ++found->second.counted;
    found->second.last = std::move(line.json);
    return std::nullopt;
  }
  if (bursts_.size() < kKindsMax) bursts_[std::move(line.kind)].ends = now + kSpan;
  return std::move(line.json);
}

std::vector<std::string> LogBursts::Ended(absl::Duration now) {
  std::vector<std::string> lines;
  for (auto at = bursts_.begin(); at != bursts_.end();) {
    Burst& burst = at->second;
    const auto current = at++;
    if (burst.ends > now) continue;
    if (burst.counted == 0) {
      bursts_.erase(current);
      continue;
    }
    lines.push_back(Repeated(burst.last, burst.counted));
    burst = {now + kSpan};
  }
  std::sort(lines.begin(), lines.end());  // they begin with their time
  return lines;
}

absl::Duration LogBursts::next_end() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& [kind, burst] : bursts_) next = std::min(next, burst.ends);
  return next;
}

}  // namespace kith::server
