#include "services/visitors/beacon.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"

namespace kith::visitors {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

std::optional<Beacon> Parse(absl::string_view body) {
  v1::Site site;
  site.add_allowed_origins("https://www.Example.com");
  return ParseBeacon(body, site, kNow);
}

TEST(ParseBeacon, ReadsWhatWasLookedAtAndWhen) {
  const auto beacon = Parse(R"({"visitor": "v", "click": "c", "views": [
      {"id": "a", "url": "https://www.example.com/x", "title": "X", "referrer": "https://s.example",
       "age": 1500}]})");
  ASSERT_TRUE(beacon.has_value());
  EXPECT_EQ(beacon->visitor, "v");
  EXPECT_EQ(beacon->click, "c");
  ASSERT_EQ(beacon->views.size(), 1u);
  EXPECT_EQ(beacon->views[0].title(), "X");
  EXPECT_EQ(beacon->views[0].referrer(), "https://s.example");
  EXPECT_EQ(FromTimestamp(beacon->views[0].view_time()), kNow - absl::Milliseconds(1'500));
}

TEST(ParseBeacon, LeavesOutWhatIsNotOfTheSite) {
  const auto beacon = Parse(R"({"views": [
      {"id": "a", "url": "https://other.example/"}, {"url": "https://www.example.com/"}, 7,
      {"id": "b", "url": "https://www.example.com/", "age": 86400001},
      {"id": "c", "url": "https://www.example.com.other.example/"},
      {"id": "d", "url": "https://www.example.com/", "age": -5, "title": "a\u0007b"},
      {"id": "e", "url": "https://www.example.com/", "age": 1e300}]})");
  ASSERT_TRUE(beacon.has_value());
  ASSERT_EQ(beacon->views.size(), 1u);
  EXPECT_EQ(beacon->views[0].id(), "d");
  EXPECT_EQ(beacon->views[0].title(), "");
  EXPECT_EQ(FromTimestamp(beacon->views[0].view_time()), kNow);
}

TEST(ParseBeacon, IsBounded) {
  std::string views;
  for (int i = 0; i < 60; ++i) {
    absl::StrAppend(&views, i == 0 ? "" : ",", R"({"url": "https://www.example.com/", "id": ")", i,
                    "\"}");
  }
  EXPECT_EQ(Parse(absl::StrCat("{\"views\": [", views, "]}"))->views.size(), 50u);
  EXPECT_FALSE(Parse("").has_value());
  EXPECT_FALSE(Parse("[]").has_value());
  EXPECT_FALSE(Parse("{\"views\": 7}").has_value());
  EXPECT_FALSE(Parse("{\"views\": [").has_value());
  Parse(std::string(200'000, '['));
}

TEST(IsBot, TellsProgramsFromBrowsers) {
  EXPECT_TRUE(IsBot(""));
  EXPECT_TRUE(IsBot("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"));
  EXPECT_TRUE(IsBot("curl/7.88.1"));
  EXPECT_TRUE(IsBot("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0 Safari/537.36"));
  EXPECT_FALSE(IsBot("Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0"));
  EXPECT_FALSE(
      IsBot("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 "
            "Mobile/15E148 Safari/604.1"));
}

}  // namespace
}  // namespace kith::visitors
