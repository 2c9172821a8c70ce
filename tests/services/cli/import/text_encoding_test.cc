// Files in other encodings than UTF-8.
#include "services/cli/import/text_encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace kith::cli {
namespace {

using testing::HasSubstr;

TEST(DecodeText, ReadsWhatTheMappingSays) {
  EXPECT_EQ(DecodeText("Z\xFCrich \x80", "windows-1252").value(), "Zürich €");
  EXPECT_EQ(DecodeText("21 \xB0", "ISO-8859-1").value(), "21 °");
  EXPECT_EQ(DecodeText("\xEF\xBB\xBFZürich", "windows-1252").value(), "Zürich")
      << "a mark says that it is UTF-8";
  EXPECT_EQ(DecodeText(std::string("\xFF\xFE"
                                   "A\0\xFC\0",
                                   6),
                       "")
                .value(),
            "Aü");
  EXPECT_EQ(DecodeText(std::string("\xFE\xFF\0A\xD8\x3D\xDE\x00", 8), "").value(), "A😀");
  EXPECT_EQ(DecodeText("21 \xB0", "").value(), "21 \xB0") << "whoever reads the cell says where";
}

// Longer than what is decoded at once, with a letter of two units wherever a piece may end.
TEST(DecodeText, CutsNoLetter) {
  std::string letters, expected = "x";
  for (int i = 0; i < 100'000; ++i)
    absl::StrAppend(&letters, absl::string_view("\x3D\xD8\x00\xDE", 4));
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&expected, "😀");
  EXPECT_EQ(DecodeText(absl::StrCat(absl::string_view("\xFF\xFEx\0", 4), letters), "").value(),
            expected);
}

TEST(DecodeText, RefusesWhatIsNone) {
  EXPECT_THAT(std::string(DecodeText("a", "klingon").status().message()),
              HasSubstr("there is no encoding \"klingon\""));
  EXPECT_THAT(std::string(DecodeText("abc\x81", "Shift_JIS").status().message()),
              HasSubstr("what is not Shift_JIS"));
}

}  // namespace
}  // namespace kith::cli
