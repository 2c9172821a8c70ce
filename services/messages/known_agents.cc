#include "services/messages/known_agents.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace kith::messages {
namespace {

// Mail Privacy Protection of Apple loads every image as the mail arrives, and says no more than
// this.
constexpr absl::string_view kPrivacyProxy = "mozilla/5.0";

// Parts of what programs say they are, in lower case. The image proxies of Gmail and Yahoo! are
// none of them: they load an image when somebody opens the mail.
constexpr absl::string_view kParts[] = {
    // Mail is looked through by these before it is delivered.
    "barracuda",
    "mimecast",
    "proofpoint",
    "symantec",
    "trendmicro",
    "microsoft office existence",
    "safelinks",
    "urldefense",
    // Previews, and whatever crawls.
    "bot/",
    "bot;",
    "bot)",
    "crawler",
    "spider",
    "preview",
    "facebookexternalhit",
    "whatsapp/",
    "headlesschrome",
    "scanner",
    // What people do not read mail with.
    "curl/",
    "wget/",
    "python",
    "java/",
    "go-http-client",
    "okhttp/",
    "libwww",
    "ruby",
    "apache-httpclient",
    "node-fetch",
    "axios/",
};

}  // namespace

bool IsKnownAgent(absl::string_view user_agent) {
  const std::string agent = absl::AsciiStrToLower(absl::StripAsciiWhitespace(user_agent));
  if (agent.empty() || agent == kPrivacyProxy) return true;
  return std::any_of(std::begin(kParts), std::end(kParts),
                     [&](absl::string_view part) { return absl::StrContains(agent, part); });
}

}  // namespace kith::messages
