#include "eventstore/base/domain.h"

#include <libpsl.h>

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/normalise.h"

namespace kith {
namespace {

constexpr size_t kDomainBytesMax = 253;

// Without its scheme, port and path.
absl::string_view HostIn(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (const size_t scheme = text.find("://"); scheme != text.npos) text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find_first_of("/?#"));
  const size_t port = text.rfind(':');
  const bool has_port = port != text.npos && text.find(':') == port &&
                        std::all_of(text.begin() + static_cast<ptrdiff_t>(port) + 1, text.end(),
                                    [](char c) { return absl::ascii_isdigit(c); });
  return has_port ? text.substr(0, port) : text;
}

// Of version 6 it has colons, of version 4 its last label has digits only, as no domain's.
bool IsIpAddress(absl::string_view host) {
  if (host.find(':') != host.npos) return true;
  const absl::string_view last = host.substr(host.rfind('.') + 1);
  return !last.empty() &&
         std::all_of(last.begin(), last.end(), [](char c) { return absl::ascii_isdigit(c); });
}

// "www.co.uk" is a site of the suffix, and "www.com" a domain.
std::string WithoutWww(absl::string_view domain) {
  absl::string_view rest = domain;
  const bool is_site = absl::ConsumePrefix(&rest, "www.") && rest.find('.') != rest.npos;
  return std::string(is_site ? rest : domain);
}

absl::Status Refused(absl::string_view wanted) {
  return absl::InvalidArgumentError(absl::StrCat("must be ", wanted));
}

}  // namespace

absl::StatusOr<std::string> RegistrableDomain(absl::string_view text) {
  if (!IsUtf8(text)) return Refused("valid UTF-8");
  const absl::string_view host = HostIn(text);
  if (IsIpAddress(host)) return Refused("a domain like example.com, and is an IP address");
  const std::optional<std::string> domain = DomainKey(host);
  if (!domain.has_value() || domain->size() > kDomainBytesMax) {
    return Refused(host.find('.') == host.npos
                       ? "a domain like example.com: a name without a dot is nobody's"
                       : "a domain like example.com, or the address of a site in it");
  }
  const std::string named = WithoutWww(*domain);
  const char* const registered = psl_registrable_domain(psl_builtin(), named.c_str());
  if (registered == nullptr) {
    return Refused(absl::StrCat("a domain of the company's own: ", named,
                                " is a public suffix, under which others have theirs"));
  }
  return std::string(registered);
}

std::string DomainForm(absl::string_view text) {
  return RegistrableDomain(text).value_or(absl::AsciiStrToLower(absl::StripAsciiWhitespace(text)));
}

std::string PublicSuffixesVersion() { return psl_builtin_sha1sum(); }

}  // namespace kith
