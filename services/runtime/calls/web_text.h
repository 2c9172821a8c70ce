// Web text: the frame that all pages for whoever comes have in common: plain HTML that needs no
// script, one style sheet, and answers that keep browsers from guessing. Pure; any thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/runtime/calls/web_pages.h"

namespace kith::runtime {

// Headers of every page.
inline constexpr absl::string_view kSafeHeaders =
    "x-content-type-options: nosniff\r\nreferrer-policy: strict-origin-when-cross-origin\r\n";
inline constexpr absl::string_view kNotKept = "cache-control: no-store\r\n";

// Text as it stands in HTML, and in an attribute with quotes.
std::string EscapeHtml(absl::string_view text);
// ` lang="en"`.
std::string HtmlAttribute(absl::string_view name, absl::string_view value);
// A paragraph; of several lines where the text has them. Nothing of no text.
std::string HtmlText(absl::string_view text);

// A page: its parts are HTML already, but for the language and the title.
struct WebPage {
  absl::string_view prefix;  // of the pages that it is one of: "/f/"; its style sheet is there
  absl::string_view language = "en";
  absl::string_view title;
  absl::string_view body;
};
std::string PageOf(const WebPage& page);
// A page of one heading and one sentence, which are text.
std::string NoticePageOf(absl::string_view prefix, absl::string_view language,
                         absl::string_view heading, absl::string_view sentence);

// A question with one button, which posts nothing to the page's own path.
struct ButtonPage {
  absl::string_view prefix;
  absl::string_view language = "en";
  absl::string_view heading;
  absl::string_view sentence;
  absl::string_view path;  // of the page
  absl::string_view label;
};
std::string ButtonPageOf(const ButtonPage& page);

// `policy` is its content-security-policy.
WebAnswer HtmlAnswer(int status, std::string page, absl::string_view policy);
// A page that may do nothing but show itself, and be posted to itself.
inline constexpr absl::string_view kPlainPolicy =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
    "'none'";
// What is asked for in another way than `allowed`, "GET, HEAD".
WebAnswer NotAllowedAnswer(absl::string_view prefix, absl::string_view allowed);
// The style sheet, at the prefix and "style.css".
WebAnswer StyleAnswer(const WebRequest& request, absl::string_view prefix);

// Of an error's code, as AIP-193 has it.
int HttpStatusOf(const absl::Status& status);

}  // namespace kith::runtime
