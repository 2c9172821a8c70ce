#include "services/core/touch.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"

namespace kith {
namespace {

using leads::v1::LeadTouch;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TEST(CutUrl, KeepsWhatSaysHowSomebodyCameAndNothingElse) {
  EXPECT_EQ(CutUrl("https://www.Example.com/a/b?utm_source=x&email=ada%40example.com&gclid=G1#top"),
            "https://www.example.com/a/b?utm_source=x&gclid=G1");
  EXPECT_EQ(CutUrl("https://ada:secret@example.com/"), "https://example.com/");
  EXPECT_EQ(CutUrl("https://example.com"), "https://example.com");
  EXPECT_EQ(CutUrl("https://example.com?token=1"), "https://example.com");
  EXPECT_EQ(CutUrl("https://example.com/?utm_source=a&utm_source=b&utm_medium="),
            "https://example.com/?utm_source=a");
  EXPECT_EQ(CutUrl("ftp://example.com/"), "");
  EXPECT_EQ(CutUrl("javascript:alert(1)"), "");
  EXPECT_EQ(CutUrl("https://example.com/\xff"), "");
}

TEST(CutUrl, BoundsPathsAndParameters) {
  const std::string path = CutUrl(absl::StrCat("https://e.example/", std::string(2'000, 'a')));
  EXPECT_EQ(path.size(), std::string("https://e.example").size() + 512);
  EXPECT_EQ(CutUrl(absl::StrCat("https://e.example/?utm_term=", std::string(257, 'a'))),
            "https://e.example/");
  // Neither a character nor what stands for one is cut in two.
  const std::string before = absl::StrCat("https://e.example/", std::string(510, 'a'));
  EXPECT_EQ(CutUrl(absl::StrCat(before, "%C3%A9")), before);
  EXPECT_EQ(CutUrl(absl::StrCat(before, "é")), before);
}

TEST(CutReferrer, SaysOfAnotherSiteNoMoreThanItsHost) {
  EXPECT_EQ(CutReferrer("https://search.example/?q=my+name", "https://www.example.com/"),
            "https://search.example");
  EXPECT_EQ(CutReferrer("https://www.example.com/pricing?id=7", "https://www.example.com/"),
            "https://www.example.com/pricing");
  EXPECT_EQ(CutReferrer("", "https://www.example.com/"), "");
}

TEST(TouchOf, ReadsTheCampaignAndWhatKindItIs) {
  const LeadTouch ad = TouchOf(
      "https://e.example/?utm_source=google&utm_medium=CPC&utm_campaign=spring%20sale+1", kNow);
  EXPECT_EQ(ad.source(), leads::v1::AD);
  EXPECT_EQ(ad.utm_source(), "google");
  EXPECT_EQ(ad.utm_campaign(), "spring sale 1");
  EXPECT_EQ(FromTimestamp(ad.time()), kNow);
  EXPECT_EQ(TouchOf("https://e.example/?gclid=1", kNow).source(), leads::v1::AD);
  EXPECT_EQ(TouchOf("https://e.example/?msclkid=1", kNow).source(), leads::v1::AD);
  EXPECT_EQ(TouchOf("https://e.example/?fbclid=1", kNow).source(), leads::v1::SOCIAL);
  EXPECT_EQ(TouchOf("https://e.example/?utm_medium=social", kNow).source(), leads::v1::SOCIAL);
  EXPECT_EQ(TouchOf("https://e.example/?utm_source=letter", kNow).source(), leads::v1::CAMPAIGN);
  EXPECT_EQ(TouchOf("https://e.example/?xgclid=1", kNow).source(), leads::v1::WEB_SITE);
  EXPECT_EQ(TouchOf("https://e.example/", kNow).source(), leads::v1::WEB_SITE);
  EXPECT_EQ(TouchOf("no URL", kNow).source(), leads::v1::WEB_SITE);
}

TEST(TouchOf, LeavesOutWhatIsNoTextOrTooLong) {
  EXPECT_EQ(TouchOf("https://e.example/?utm_source=%ff", kNow).utm_source(), "");
  EXPECT_EQ(TouchOf("https://e.example/?utm_source=%0a", kNow).utm_source(), "");
  EXPECT_EQ(TouchOf("https://e.example/?utm_source=%4", kNow).utm_source(), "");
  const std::string escaped = [] {
    std::string text;
    for (int i = 0; i < 256; ++i) text += "%61";
    return text;
  }();
  EXPECT_EQ(TouchOf(absl::StrCat("https://e.example/?utm_source=", escaped), kNow).utm_source(),
            std::string(256, 'a'));
  EXPECT_EQ(
      TouchOf(absl::StrCat("https://e.example/?utm_source=", escaped, "a"), kNow).utm_source(), "");
}

}  // namespace
}  // namespace kith
