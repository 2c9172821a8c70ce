#include "services/core/url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
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

bool IsOrigin(absl::string_view text) {
  if (!IsUrl(text)) return false;
  // It stands in headers, where other characters would say something.
  const absl::string_view host = text.substr(text.find("://") + 3);
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-.:[]", c);
  });
}

std::optional<std::string> FormDecoded(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      plain.push_back(' ');
    } else if (text[i] != '%') {
      plain.push_back(text[i]);
    } else {
      if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
          !absl::ascii_isxdigit(text[i + 2])) {
        return std::nullopt;
      }
      plain.append(absl::HexStringToBytes(text.substr(i + 1, 2)));
      i += 2;
    }
  }
  return plain;
}

}  // namespace kith
