#include "eventstore/base/smtp_reply.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace kith {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// RFC 3463: a class, a subject and a detail.
bool IsEnhanced(absl::string_view text) {
  constexpr size_t kDigitsMax = 3;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  return parts.size() == 3 && parts[0].size() == 1 &&
         std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
           return !part.empty() && part.size() <= kDigitsMax &&
                  std::all_of(part.begin(), part.end(), IsDigit);
         });
}

}  // namespace

std::string SmtpReplyNumbers(absl::string_view reply) {
  constexpr size_t kCode = 3;
  const absl::string_view code = reply.substr(0, kCode);
  if (code.size() < kCode || !std::all_of(code.begin(), code.end(), IsDigit)) return "";
  reply.remove_prefix(kCode);
  // What goes on is no code: "5501234" is some other number.
  if (!reply.empty() && reply.front() != ' ' && reply.front() != '-') return "";
  if (!reply.empty()) reply.remove_prefix(1);
  const absl::string_view enhanced = reply.substr(0, reply.find(' '));
  return IsEnhanced(enhanced) ? absl::StrCat(code, " ", enhanced) : std::string(code);
}

}  // namespace kith
