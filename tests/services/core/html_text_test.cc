#include "services/core/html_text.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kith {
namespace {

using ::testing::HasSubstr;

TEST(HtmlText, IsWhatSomebodyReads) {
  EXPECT_EQ(TextOfHtml("<style>p {}</style><p>Hello   <b>Ada</b> &amp; all</p><script>x</script>"
                       "<ul><li>one<li>two</ul>"),
            "Hello Ada & all\none\ntwo");
  EXPECT_EQ(TextOfHtml("a < b, 1 <2"), "a < b, 1 <2");
  EXPECT_EQ(TextOfHtml(""), "");
}

// A picture that stands in its tag says no text, and a tag of a thousand attributes neither.
TEST(HtmlText, LeavesOutLongTags) {
  EXPECT_EQ(TextOfHtml(absl::StrCat("<p>before<img src='data:image/png;base64,",
                                    std::string(100'000, 'A'), "'>after")),
            "beforeafter");
  std::string attributes;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&attributes, " a", i, "=b");
  EXPECT_EQ(TextOfHtml(absl::StrCat("<p", attributes, ">Hello")), "Hello");
  EXPECT_EQ(TextOfHtml(absl::StrCat("Hello<a", std::string(100'000, '<'))), "Hello");
}

TEST(HtmlText, IsReadAsFarAsItIsNotTooLong) {
  const std::string text = TextOfHtml(absl::StrCat("<p>first</p>", std::string(3 << 20, 'x')));
  EXPECT_THAT(text, HasSubstr("first"));
  EXPECT_LT(text.size(), kHtmlBytesMax);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<div>";
  EXPECT_EQ(TextOfHtml("Hello" + deep), "Hello");
}

}  // namespace
}  // namespace kith
