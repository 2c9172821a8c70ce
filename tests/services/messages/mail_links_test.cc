#include "services/messages/mail_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace kith::messages {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Numbered(absl::string_view html) {
  return WithLinks(html, [](size_t link) { return absl::StrCat("K", link); });
}

TEST(LinksIn, AreTheUrlsOfAnchorsInTheirOrder) {
  EXPECT_THAT(
      LinksIn(R"(<p><a href="https://a.example/1">x</a> and <A class=big
      HREF='http://b.example/?x=1&amp;y=2' target="_blank">y</A><area href=https://c.example/>)"),
      ElementsAre("https://a.example/1", "http://b.example/?x=1&y=2", "https://c.example/"));
  EXPECT_THAT(LinksIn(R"(<a href="https://a.example/">1</a><a href="https://a.example/">2</a>)"),
              ElementsAre("https://a.example/", "https://a.example/"));
  EXPECT_THAT(LinksIn("<a href=\"https://a.example/\xC3\xA4\">x</a>"),
              ElementsAre("https://a.example/%C3%A4"));
}

// What is led to is told to a browser in a header: no scheme but these two, and no line break.
TEST(LinksIn, LeaveOutWhatIsNotFollowedThroughKith) {
  EXPECT_THAT(LinksIn(R"html(<a href="mailto:a@b.example">m</a><a href="#top">t</a>
      <a href="/x">r</a><a href="javascript:alert(1)">j</a><a href="tel:+49">p</a>
      <a name="x">n</a><a>e</a><a href="//a.example/">s</a><a href="ftp://a.example/">f</a>
      <a href="https://">h</a>)html"),
              IsEmpty());
  EXPECT_THAT(LinksIn("<a href=\"https://a.example/\r\nset-cookie: x\">x</a>"), IsEmpty());
  EXPECT_THAT(LinksIn("<a href=\"https://a.example/a b\">x</a>"), IsEmpty());
  EXPECT_THAT(LinksIn(R"(<!-- <a href="https://a.example/">x</a> --><style>a[href="<a
      href='https://b.example/'>"]{}</style><link href="https://c.example/x.css">)"),
              IsEmpty());
}

TEST(LinksIn, TakeWhatIsNotWellFormed) {
  EXPECT_THAT(LinksIn("<"), IsEmpty());
  EXPECT_THAT(LinksIn("<a href"), IsEmpty());
  EXPECT_THAT(LinksIn("<a href="), IsEmpty());
  EXPECT_THAT(LinksIn("<a href=\"https://a.example/"), IsEmpty());
  EXPECT_THAT(LinksIn("<!-- <a href='https://a.example/'>"), IsEmpty());
  EXPECT_THAT(LinksIn("a < b <a / = x href=https://a.example/ > c"),
              ElementsAre("https://a.example/"));
  EXPECT_THAT(LinksIn(R"(<a title="<a href='https://x.example/'>" href="https://a.example/">)"),
              ElementsAre("https://a.example/"));
}

TEST(LinksIn, AreBounded) {
  std::string html;
  for (size_t i = 0; i < kLinksMax + 5; ++i) {
    absl::StrAppend(&html, "<a href=\"https://a.example/", i, "\">x</a>");
  }
  EXPECT_EQ(LinksIn(html).size(), kLinksMax);
  EXPECT_THAT(Numbered(html), ::testing::EndsWith("<a href=\"https://a.example/204\">x</a>"));
}

TEST(WithLinks, ReplacesTheLinksAndNothingElse) {
  EXPECT_EQ(Numbered(R"(<p>https://a.example/ <a href="https://a.example/" title="t">x</a>
<a href='mailto:a@b.example'>m</a><a href=https://b.example/>y</a></p>)"),
            R"(<p>https://a.example/ <a href="K0" title="t">x</a>
<a href='mailto:a@b.example'>m</a><a href=K1>y</a></p>)");
  EXPECT_EQ(Numbered("no <b>links</b>"), "no <b>links</b>");
  EXPECT_EQ(Numbered(""), "");
}

TEST(WithAtEnd, IsBeforeTheEndOfTheBody) {
  EXPECT_EQ(WithAtEnd("<html><body><p>x</p></BODY></html>", "+"),
            "<html><body><p>x</p>+</BODY></html>");
  EXPECT_EQ(WithAtEnd("<p>x</p>", "+"), "<p>x</p>+");
  EXPECT_EQ(WithAtEnd("", "+"), "+");
}

TEST(WithParameter, StandsBeforeTheFragment) {
  EXPECT_EQ(WithParameter("https://a.example/", "k", "v"), "https://a.example/?k=v");
  EXPECT_EQ(WithParameter("https://a.example/?x=1#b?", "k", "v"), "https://a.example/?x=1&k=v#b?");
  EXPECT_EQ(WithParameter("https://a.example/#b?c", "k", "v"), "https://a.example/?k=v#b?c");
}

}  // namespace
}  // namespace kith::messages
