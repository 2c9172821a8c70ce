#include "services/core/merge_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"

namespace kith {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Merged(absl::string_view text, MergeForm form,
                   const std::map<std::string, std::string, std::less<>>& values) {
  const auto merged = MergeText(
      text, form,
      [&](absl::string_view name) {
        const auto found = values.find(name);
        return found == values.end() ? std::string() : found->second;
      },
      1'000);
  return merged.ok() ? *merged : merged.status().ToString();
}

std::string DefectOf(absl::string_view text, MergeForm form = MergeForm::kText) {
  const auto names = MergeNames(text, form);
  return names.ok() ? "" : std::string(names.status().message());
}

TEST(MergeText, FillsGapsWithValues) {
  EXPECT_EQ(
      Merged("Dear {{ a.b }}, {{c}}{{none}}!", MergeForm::kText, {{"a.b", "Ada"}, {"c", "x"}}),
      "Dear Ada, x!");
}

TEST(MergeText, HasSectionsForWhoHasAValueAndForWhoHasNone) {
  constexpr absl::string_view kText =
      "{{#a}}of {{b}} and {{a}}{{/a}}{{^a}}alone{{/a}}{{! nobody }}";
  EXPECT_EQ(Merged(kText, MergeForm::kText, {{"a", "Acme"}, {"b", "Ada"}}), "of Ada and Acme");
  EXPECT_EQ(Merged(kText, MergeForm::kText, {{"b", "Ada"}}), "alone");
}

TEST(MergeText, EscapesValuesInHtmlAndNowhereElse) {
  const std::map<std::string, std::string, std::less<>> values = {{"a", R"(<b>&"x"')"}};
  const std::string html = Merged("<i>{{a}}</i>", MergeForm::kHtml, values);
  EXPECT_THAT(html, HasSubstr("<i>&lt;b&gt;&amp;&quot;x&quot;"));
  EXPECT_EQ(Merged("{{a}} {{{a}}} {{&a}}", MergeForm::kText, values),
            R"(<b>&"x"' <b>&"x"' <b>&"x"')");
}

// Goal: a value is a value, whatever it looks like.
TEST(MergeText, DoesNotReadGapsInValues) {
  EXPECT_EQ(Merged("{{a}}", MergeForm::kText, {{"a", "{{b}}"}, {"b", "no"}}), "{{b}}");
}

TEST(MergeText, KeepsALineALine) {
  EXPECT_EQ(Merged("Hi {{a}}", MergeForm::kLine, {{"a", "x\r\nBcc: y@z"}}), "Hi x  Bcc: y@z");
  EXPECT_EQ(Merged("Hi {{a}}", MergeForm::kText, {{"a", "x\ny"}}), "Hi x\ny");
}

TEST(MergeText, IsBoundedWhateverValuesAre) {
  EXPECT_THAT(Merged("{{a}}{{a}}", MergeForm::kText, {{"a", std::string(600, 'x')}}),
              HasSubstr("is longer than 1000 bytes"));
}

TEST(MergeNames, AreEachOnceInTheirOrder) {
  EXPECT_THAT(*MergeNames("{{b}} {{#a}}{{b}}{{c.d}}{{/a}}{{! x }}{{^e}}{{/e}}", MergeForm::kText),
              ElementsAre("b", "a", "c.d", "e"));
}

TEST(MergeNames, RefuseWhatCouldSurprise) {
  EXPECT_EQ(DefectOf("a {{> header}}"), "has a partial, {{> header}}");
  EXPECT_EQ(DefectOf("{{=<% %>=}}"), "sets other delimiters, {{=<% %>=}}");
  EXPECT_EQ(DefectOf("{{{a}}}", MergeForm::kHtml), "has a gap whose value is not escaped, {{{a}}}");
  EXPECT_EQ(DefectOf("{{&a}}", MergeForm::kHtml), "has a gap whose value is not escaped, {{&a}}");
  EXPECT_EQ(DefectOf("{{ }}"), "has a gap that names nothing, {{ }}");
  EXPECT_EQ(DefectOf("{{a b}}"), "has a gap that names nothing, {{a b}}");
  EXPECT_EQ(DefectOf("{{{{a}}}}"), "has a gap that names nothing, {{{{a}}}");
}

TEST(MergeNames, RefuseWhatIsMalformed) {
  EXPECT_EQ(DefectOf("a {{b"), "has a gap without an end, {{b");
  EXPECT_THAT(DefectOf("{{#a}}b"), HasSubstr("is malformed"));
  EXPECT_THAT(DefectOf("b{{/a}}"), HasSubstr("is malformed"));
  EXPECT_THAT(DefectOf("{{#a}}{{#b}}{{/a}}{{/b}}"), HasSubstr("is malformed"));
  EXPECT_EQ(DefectOf("} }} a } {"), "");
}

TEST(MergeNames, AreSoManyAndNoMore) {
  std::string text;
  for (size_t i = 0; i < kGapsMax; ++i) text += "{{a}}";
  EXPECT_EQ(DefectOf(text), "");
  EXPECT_EQ(DefectOf(text + "{{a}}"), absl::StrCat("has more than ", kGapsMax, " gaps"));
}

}  // namespace
}  // namespace kith
