#include "services/visitors/beacon.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "nlohmann/json.hpp"
#include "services/core/touch.h"

namespace kith::visitors {
namespace {

constexpr size_t kViewsMax = 50;
constexpr size_t kIdBytesMax = 64;
constexpr size_t kTextBytesMax = 4'096;
constexpr double kAgeMillisecondsMax = 24.0 * 3'600 * 1'000;
constexpr absl::string_view kBots[] = {
    "bot",        "crawl",   "spider",  "slurp",       "headless", "lighthouse", "preview",
    "monitor",    "pingdom", "curl/",   "wget/",       "python",   "java/",      "go-http",
    "facebookex", "okhttp",  "phantom", "libwww-perl", "axios/",   "node-fetch", "scrapy"};

// A text of it; empty where there is none.
std::string TextOf(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return "";
  return found->get<std::string>();
}

bool IsPlain(absl::string_view text) {
  return IsUtf8(text) && std::none_of(text.begin(), text.end(),
                                      [](unsigned char c) { return absl::ascii_iscntrl(c); });
}

std::optional<v1::PageView> ViewOf(const nlohmann::json& said, const v1::Site& site,
                                   absl::Time now) {
  if (!said.is_object()) return std::nullopt;
  v1::PageView view;
  view.set_id(TextOf(said, "id"));
  view.set_url(TextOf(said, "url"));
  const bool has_id = !view.id().empty() && view.id().size() <= kIdBytesMax && IsPlain(view.id());
  const bool is_ours = view.url().size() <= kTextBytesMax && IsPlain(view.url()) &&
                       IsAllowed(site, OriginOf(view.url()));
  if (!has_id || !is_ours) return std::nullopt;
  const auto age = said.find("age");
  const double milliseconds = age != said.end() && age->is_number() ? age->get<double>() : 0;
  if (!(milliseconds <= kAgeMillisecondsMax)) return std::nullopt;
  *view.mutable_view_time() = ToTimestamp(now - absl::Milliseconds(std::max(0.0, milliseconds)));
  const std::string referrer = TextOf(said, "referrer");
  if (referrer.size() <= kTextBytesMax && IsPlain(referrer)) view.set_referrer(referrer);
  const std::string title = TextOf(said, "title");
  if (title.size() <= kTextBytesMax && IsPlain(title)) view.set_title(title);
  return view;
}

}  // namespace

bool IsAllowed(const v1::Site& site, absl::string_view origin) {
  return std::any_of(site.allowed_origins().begin(), site.allowed_origins().end(),
                     [&](const std::string& one) { return absl::AsciiStrToLower(one) == origin; });
}

std::optional<Beacon> ParseBeacon(absl::string_view body, const v1::Site& site, absl::Time now) {
  const nlohmann::json said = nlohmann::json::parse(body.begin(), body.end(), /*cb=*/nullptr,
                                                    /*allow_exceptions=*/false);
  if (!said.is_object()) return std::nullopt;
  const auto views = said.find("views");
  if (views == said.end() || !views->is_array()) return std::nullopt;
  Beacon beacon;
  beacon.visitor = TextOf(said, "visitor");
  beacon.click = TextOf(said, "click");
  for (const nlohmann::json& one : *views) {
    if (beacon.views.size() == kViewsMax) break;
    std::optional<v1::PageView> view = ViewOf(one, site, now);
    if (view.has_value()) beacon.views.push_back(*std::move(view));
  }
  return beacon;
}

bool IsBot(absl::string_view user_agent) {
  const std::string lower = absl::AsciiStrToLower(user_agent);
  return lower.empty() ||
         std::any_of(std::begin(kBots), std::end(kBots),
                     [&](absl::string_view bot) { return absl::StrContains(lower, bot); });
}

}  // namespace kith::visitors
