#include "services/runtime/admission/authorizer.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace kith::runtime {
namespace {

constexpr absl::string_view kOperator = "operator.";

bool Matches(absl::string_view pattern, absl::string_view permission) {
  if (pattern == permission) return true;
  if (absl::StartsWith(permission, kOperator) != absl::StartsWith(pattern, kOperator)) return false;
  if (pattern == "*") return true;
  if (absl::EndsWith(pattern, ".*")) {
    return absl::StartsWith(permission, pattern.substr(0, pattern.size() - 1));
  }
  return absl::StartsWith(pattern, "*.") && absl::EndsWith(permission, pattern.substr(1));
}

}  // namespace

bool Grants::Contain(absl::string_view permission) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const std::string& pattern) { return Matches(pattern, permission); });
}

}  // namespace kith::runtime
