#include "services/cli/text/csv_guard.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace kith::cli {
namespace {

bool IsGuarded(absl::string_view text) {
  while (absl::StartsWith(text, "'")) text.remove_prefix(1);
  if (text.empty() || absl::string_view("=+-@\t\r").find(text[0]) == text.npos) return false;
  const bool is_signed = text[0] == '+' || text[0] == '-';
  return !is_signed || text.find_first_not_of("0123456789 .,", 1) != text.npos;
}

}  // namespace

std::string WithGuard(absl::string_view text) {
  return IsGuarded(text) ? absl::StrCat("'", text) : std::string(text);
}

std::string WithoutGuard(absl::string_view cell) {
  const bool has_guard = absl::StartsWith(cell, "'") && IsGuarded(cell.substr(1));
  return std::string(has_guard ? cell.substr(1) : cell);
}

}  // namespace kith::cli
