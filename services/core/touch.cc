#include "services/core/touch.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "services/core/url.h"

namespace kith {
namespace {

constexpr size_t kHostBytesMax = 255;
constexpr size_t kPathBytesMax = 512;
constexpr size_t kParameterBytesMax = 256;  // also of the fields of a touch, as they read
constexpr size_t kEscapedBytesMax = 3 * kParameterBytesMax;
constexpr absl::string_view kParameters[] = {"utm_source", "utm_medium",  "utm_campaign",
                                             "utm_term",   "utm_content", "gclid",
                                             "fbclid",     "msclkid"};
constexpr absl::string_view kPaidMedia[] = {
    "ad",          "ads",        "banner",      "cpa",  "cpc",
    "cpm",         "cpv",        "display",     "paid", "paidsearch",
    "paid_search", "paidsocial", "paid_social", "ppc",  "retargeting"};

// A URL in its parts, which point into it; nullopt where it is none.
struct UrlParts {
  absl::string_view scheme;  // "https://"
  absl::string_view host;    // with the port
  absl::string_view path;    // "/a/b", or empty
  absl::string_view query;
};
std::optional<UrlParts> PartsOf(absl::string_view url) {
  if (!IsUrl(url)) return std::nullopt;
  UrlParts parts;
  const size_t host = url.find("://") + 3;
  const size_t end = std::min(url.find_first_of("/?#", host), url.size());
  parts.scheme = url.substr(0, host);
  parts.host = url.substr(host, end - host);
  parts.host = parts.host.substr(parts.host.rfind('@') + 1);
  if (parts.host.empty() || parts.host.size() > kHostBytesMax) return std::nullopt;
  absl::string_view rest = url.substr(end);
  rest = rest.substr(0, rest.find('#'));
  const size_t query = rest.find('?');
  parts.path = rest.substr(0, query);
  if (query != rest.npos) parts.query = rest.substr(query + 1);
  return parts;
}

// At the end of a character, and of what stands for one.
absl::string_view CutPath(absl::string_view path) {
  if (path.size() <= kPathBytesMax) return path;
  size_t end = kPathBytesMax;
  while (end > 0 && (static_cast<unsigned char>(path[end]) & 0xC0) == 0x80) --end;
  const size_t percent = path.rfind('%', end);
  if (percent != path.npos && percent + 3 > end && percent < end) end = percent;
  return path.substr(0, end);
}

// The parameters that are kept, as they came, in their order, of at most so many bytes.
std::vector<std::pair<absl::string_view, absl::string_view>> ParametersIn(absl::string_view query,
                                                                          size_t bytes_max) {
  std::vector<std::pair<absl::string_view, absl::string_view>> kept;
  for (const absl::string_view pair : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> one =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    const bool is_known = std::find(std::begin(kParameters), std::end(kParameters), one.first) !=
                          std::end(kParameters);
    const bool is_repeat = std::any_of(kept.begin(), kept.end(),
                                       [&](const auto& other) { return other.first == one.first; });
    if (!is_known || is_repeat || one.second.empty()) continue;
    if (one.second.size() <= bytes_max) kept.push_back(one);
  }
  return kept;
}

bool IsPlain(absl::string_view text) {
  return IsUtf8(text) && std::none_of(text.begin(), text.end(),
                                      [](unsigned char c) { return absl::ascii_iscntrl(c); });
}

bool HasParameter(const UrlParts& parts, absl::string_view name) {
  const auto kept = ParametersIn(parts.query, kEscapedBytesMax);
  return std::any_of(kept.begin(), kept.end(), [&](const auto& one) { return one.first == name; });
}

}  // namespace

std::string OriginOf(absl::string_view url) {
  const std::optional<UrlParts> parts = PartsOf(url);
  if (!parts.has_value()) return "";
  return absl::StrCat(parts->scheme, absl::AsciiStrToLower(parts->host));
}

std::string CutUrl(absl::string_view url) {
  const std::optional<UrlParts> parts = PartsOf(url);
  if (!parts.has_value() || !IsUtf8(url)) return "";
  const std::string query =
      absl::StrJoin(ParametersIn(parts->query, kParameterBytesMax), "&", absl::PairFormatter("="));
  return absl::StrCat(parts->scheme, absl::AsciiStrToLower(parts->host), CutPath(parts->path),
                      query.empty() ? "" : "?", query);
}

std::string CutReferrer(absl::string_view referrer, absl::string_view page) {
  const std::string origin = OriginOf(referrer);
  return origin == OriginOf(page) ? CutUrl(referrer) : origin;
}

void SetCampaign(absl::string_view url, leads::v1::LeadTouch& touch) {
  const std::optional<UrlParts> parts = PartsOf(url);
  if (!parts.has_value()) return;
  const google::protobuf::Descriptor& type = *leads::v1::LeadTouch::descriptor();
  for (const auto& [name, text] : ParametersIn(parts->query, kEscapedBytesMax)) {
    const auto* const field = type.FindFieldByName(std::string(name));
    const std::optional<std::string> value = FormDecoded(text);
    if (field == nullptr || !value.has_value() || !IsPlain(*value)) continue;
    if (value->size() > kParameterBytesMax) continue;
    touch.GetReflection()->SetString(&touch, field, *value);
  }
}

leads::v1::LeadTouch TouchOf(absl::string_view url, absl::Time time) {
  leads::v1::LeadTouch touch;
  *touch.mutable_time() = ToTimestamp(time);
  touch.set_source(leads::v1::WEB_SITE);
  const std::optional<UrlParts> parts = PartsOf(url);
  if (!parts.has_value()) return touch;
  SetCampaign(url, touch);
  const std::string medium = absl::AsciiStrToLower(touch.utm_medium());
  const bool is_paid =
      std::find(std::begin(kPaidMedia), std::end(kPaidMedia), medium) != std::end(kPaidMedia);
  const bool has_campaign = !touch.utm_source().empty() || !touch.utm_medium().empty() ||
                            !touch.utm_campaign().empty() || !touch.utm_term().empty() ||
                            !touch.utm_content().empty();
  if (is_paid || HasParameter(*parts, "gclid") || HasParameter(*parts, "msclkid")) {
    touch.set_source(leads::v1::AD);
  } else if (medium == "social" || HasParameter(*parts, "fbclid")) {
    touch.set_source(leads::v1::SOCIAL);
  } else if (has_campaign) {
    touch.set_source(leads::v1::CAMPAIGN);
  }
  return touch;
}

}  // namespace kith
