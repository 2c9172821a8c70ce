#include "services/core/html_text.h"

#include <libxml/HTMLparser.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace kith {
namespace {

constexpr int kDepthMax = 256;  // of elements within elements

// Whether a tag begins there, and not only a "<" that somebody wrote.
bool IsTag(absl::string_view html) {
  return html.size() > 1 && (absl::ascii_isalpha(static_cast<unsigned char>(html[1])) ||
                             html[1] == '/' || html[1] == '!' || html[1] == '?');
}

// Attributes are compared with each other, so many of one tag would take for ever.
std::string WithoutLongTags(absl::string_view html) {
  std::string kept;
  while (!html.empty()) {
    const size_t text = std::min(html.find('<'), html.size());
    absl::StrAppend(&kept, html.substr(0, text));
    html.remove_prefix(text);
    const size_t tag = IsTag(html) ? std::min(html.find('>'), html.size() - 1) + 1
                                   : std::min<size_t>(1, html.size());
    if (tag <= kHtmlTagBytesMax) absl::StrAppend(&kept, html.substr(0, tag));
    html.remove_prefix(tag);
  }
  return kept;
}

class HtmlText {
 public:
  static std::string Of(const std::string& html) {
    struct FreeDocument {
      void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
    };
    const std::unique_ptr<xmlDoc, FreeDocument> document(htmlReadMemory(
        html.data(), static_cast<int>(html.size()), nullptr, "UTF-8",
        HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET));
    HtmlText text;
    if (document != nullptr) text.Add(xmlDocGetRootElement(document.get()), 0);
    absl::StripAsciiWhitespace(&text.text_);
    return std::move(text.text_);
  }

 private:
  static bool IsOne(const xmlNode& node, std::initializer_list<const char*> names) {
    const char* const name = reinterpret_cast<const char*>(node.name);
    return std::any_of(names.begin(), names.end(),
                       [&](const char* one) { return std::strcmp(name, one) == 0; });
  }

  void Add(const xmlNode* first, int depth) {
    if (depth > kDepthMax) return;
    for (const xmlNode* node = first; node != nullptr; node = node->next) {
      if (node->type == XML_TEXT_NODE) {
        AddText(reinterpret_cast<const char*>(node->content));
        continue;
      }
      if (node->type != XML_ELEMENT_NODE || IsOne(*node, {"script", "style", "head", "title"})) {
        continue;
      }
      if (IsOne(*node, {"br"})) text_ += '\n';
      const bool is_block =
          IsOne(*node, {"p",   "div", "tr",      "li",      "table",  "ul",    "ol",
                        "h1",  "h2",  "h3",      "h4",      "h5",     "h6",    "blockquote",
                        "pre", "hr",  "section", "article", "header", "footer"});
      if (is_block) EndLine();
      Add(node->children, depth + 1);
      if (is_block) EndLine();
    }
  }

  // White space of HTML is one space.
  void AddText(absl::string_view text) {
    for (const char letter : text) {
      if (!absl::ascii_isspace(static_cast<unsigned char>(letter))) {
        text_ += letter;
      } else if (!text_.empty() && text_.back() != ' ' && text_.back() != '\n') {
        text_ += ' ';
      }
    }
  }

  void EndLine() {
    if (!text_.empty() && text_.back() != '\n') text_ += '\n';
  }

  std::string text_;
};

}  // namespace

std::string TextOfHtml(absl::string_view html) {
  return HtmlText::Of(WithoutLongTags(html.substr(0, kHtmlBytesMax)));
}

}  // namespace kith
