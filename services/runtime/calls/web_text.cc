#include "services/runtime/calls/web_text.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/error.h"

namespace kith::runtime {
namespace {

constexpr absl::string_view kStyleSheet =
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1d1d1f;background:#fff}\n"
    "main{max-width:36em;margin:0 auto;padding:1.5em}\n"
    ".field{margin:0 0 1em;border:0;padding:0}\n"
    "label,legend{display:block;font-weight:600}\n"
    "input[type=checkbox]{width:auto;margin-right:.5em}\n"
    "input,textarea,select{font:inherit;width:100%;box-sizing:border-box;padding:.5em;"
    "border:1px solid #8a8a8e;border-radius:4px}\n"
    "button{font:inherit;padding:.6em 1.4em;border:0;border-radius:4px;background:#0a5cc2;"
    "color:#fff}\n"
    ".help{margin:.25em 0;color:#555}\n"
    ".error{margin:.25em 0;color:#b00020}\n"
    ".trap{position:absolute;left:-10000px;width:1px;height:1px;overflow:hidden}\n";

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string HtmlAttribute(absl::string_view name, absl::string_view value) {
  return absl::StrCat(" ", name, "=\"", EscapeHtml(value), "\"");
}

std::string HtmlText(absl::string_view text) {
  if (text.empty()) return "";
  return absl::StrCat("<p>", absl::StrReplaceAll(EscapeHtml(text), {{"\n", "<br>"}}), "</p>\n");
}

std::string PageOf(const WebPage& page) {
  return absl::StrCat("<!doctype html>\n<html", HtmlAttribute("lang", page.language),
                      ">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta name=\"robots\" content=\"noindex\">\n<title>",
                      EscapeHtml(page.title), "</title>\n<link rel=\"stylesheet\" href=\"",
                      page.prefix, "style.css\">\n</head>\n<body>\n<main>\n", page.body,
                      "</main>\n</body>\n</html>\n");
}

std::string NoticePageOf(absl::string_view prefix, absl::string_view language,
                         absl::string_view heading, absl::string_view sentence) {
  const std::string body = absl::StrCat("<h1>", EscapeHtml(heading), "</h1>\n", HtmlText(sentence));
  return PageOf({.prefix = prefix, .language = language, .title = heading, .body = body});
}

std::string ButtonPageOf(const ButtonPage& page) {
  const std::string body =
      absl::StrCat("<h1>", EscapeHtml(page.heading), "</h1>\n", HtmlText(page.sentence),
                   "<form method=\"post\"", HtmlAttribute("action", page.path),
                   "><button type=\"submit\">", EscapeHtml(page.label), "</button></form>\n");
  return PageOf(
      {.prefix = page.prefix, .language = page.language, .title = page.heading, .body = body});
}

WebAnswer HtmlAnswer(int status, std::string page, absl::string_view policy) {
  return {status, "text/html; charset=utf-8", std::move(page),
          absl::StrCat("content-security-policy: ", policy, "\r\n", kSafeHeaders, kNotKept)};
}

WebAnswer NotAllowedAnswer(absl::string_view prefix, absl::string_view allowed) {
  WebAnswer answer = HtmlAnswer(
      405, NoticePageOf(prefix, "en", "Not here", "This address is not asked for in this way."),
      kPlainPolicy);
  absl::StrAppend(&answer.headers, "allow: ", allowed, "\r\n");
  return answer;
}

WebAnswer StyleAnswer(const WebRequest& request, absl::string_view prefix) {
  if (request.method != "GET" && request.method != "HEAD") {
    return NotAllowedAnswer(prefix, "GET, HEAD");
  }
  return {200, "text/css; charset=utf-8", std::string(kStyleSheet),
          absl::StrCat(kSafeHeaders, "cache-control: max-age=3600\r\n")};
}

int HttpStatusOf(const absl::Status& status) {
  const auto wire = WireError(status);
  switch (wire.has_value() ? wire->code() : 13) {
    case 0:
      return 200;
    case 3:
    case 11:
      return 400;
    case 5:
      return 404;
    case 6:
    case 9:
    case 10:
      return 409;
    case 7:
      return 403;
    case 8:
      return 429;
    case 14:
      return 503;
    default:
      return 500;
  }
}

}  // namespace kith::runtime
