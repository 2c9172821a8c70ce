#include "services/core/url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace kith {

bool IsUrl(absl::string_view text) {
  const size_t scheme = absl::StartsWith(text, "https://")  ? 8
                        : absl::StartsWith(text, "http://") ? 7
                                                            : 0;
  if (scheme == 0) return false;
  if (std::any_of(text.begin(), text.end(), [](char c) {
        return absl::ascii_isspace(c) || absl::StrContains("<>\"\\^`{|}", absl::string_view(&c, 1));
      })) {
    return false;
  }
  const absl::string_view authority =
      text.substr(scheme, text.find_first_of("/?#", scheme) - scheme);
  const absl::string_view host = authority.substr(authority.rfind('@') + 1);
  return !host.empty() && host[0] != ':' && host[0] != '.';
}

}  // namespace kith
