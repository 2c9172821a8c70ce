#include "services/messages/known_agents.h"

#include <gtest/gtest.h>

namespace kith::messages {
namespace {

TEST(KnownAgents, AreProgramsThatLookThroughMail) {
  for (const char* const agent :
       {"", " ", "Mozilla/5.0", "curl/8.5.0", "python-requests/2.31.0",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "Microsoft Office Existence Discovery", "Barracuda Sentinel (EE)"}) {
    EXPECT_TRUE(IsKnownAgent(agent)) << agent;
  }
}

TEST(KnownAgents, AreNotWhatPeopleReadMailWith) {
  for (const char* const agent :
       {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
        "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.6.0",
        // Asks when somebody opens the mail.
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"}) {
    EXPECT_FALSE(IsKnownAgent(agent)) << agent;
  }
}

}  // namespace
}  // namespace kith::messages
