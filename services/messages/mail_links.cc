#include "services/messages/mail_links.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/core/url.h"

namespace kith::messages {
namespace {

constexpr size_t kUrlBytesMax = 2'048;

// A link: where the attribute's value stands in the HTML, without its quotes.
struct Link {
  size_t begin;
  size_t size;
  std::string url;
};

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsNamePart(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// Other characters than those of ASCII by their bytes, as browsers ask for them.
std::string Encoded(absl::string_view url) {
  constexpr absl::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      absl::StrAppend(&out, "%", kDigits.substr(byte >> 4, 1), kDigits.substr(byte & 15, 1));
    }
  }
  return out;
}

// The URL that an attribute's value stands for; nullopt where it is none that is followed through
// Kith.
std::optional<std::string> UrlOf(absl::string_view value) {
  std::string url = absl::StrReplaceAll(absl::StripAsciiWhitespace(value), {{"&amp;", "&"},
                                                                            {"&#38;", "&"},
                                                                            {"&#x26;", "&"},
                                                                            {"&quot;", "\""},
                                                                            {"&#39;", "'"},
                                                                            {"&apos;", "'"},
                                                                            {"&lt;", "<"},
                                                                            {"&gt;", ">"}});
  const size_t scheme = url.find("://");
  if (scheme == url.npos) return std::nullopt;
  for (size_t i = 0; i < scheme; ++i) {
    url[i] = absl::ascii_tolower(static_cast<unsigned char>(url[i]));
  }
  const bool has_controls = std::any_of(url.begin(), url.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (has_controls || !IsUrl(url)) return std::nullopt;
  url = Encoded(url);
  if (url.size() > kUrlBytesMax) return std::nullopt;
  return url;
}

// Reads the tag whose name ends at `at`, up to and with its '>'; the value of its href.
struct Tag {
  size_t end;  // behind it
  size_t begin = 0;
  size_t size = 0;  // of the value; 0: it has none
};
Tag ReadTag(absl::string_view html, size_t at) {
  Tag tag{html.size()};
  bool has_href = false;
  while (at < html.size() && html[at] != '>') {
    if (IsSpace(html[at]) || html[at] == '/') {
      ++at;
      continue;
    }
    const size_t name = at;
    while (at < html.size() && !IsSpace(html[at]) &&
           !absl::StrContains("=>/", html.substr(at, 1))) {
      ++at;
    }
    const absl::string_view attribute = html.substr(name, at - name);
    while (at < html.size() && IsSpace(html[at])) ++at;
    if (at >= html.size() || html[at] != '=') {
      if (attribute.empty() && at < html.size() && html[at] != '>') ++at;
      continue;
    }
    ++at;
    while (at < html.size() && IsSpace(html[at])) ++at;
    size_t begin = at;
    size_t end = at;
    if (at < html.size() && (html[at] == '"' || html[at] == '\'')) {
      begin = at + 1;
      end = html.find(html[at], begin);
      if (end == html.npos) return tag;  // the quote is never closed
      at = end + 1;
    } else {
      while (at < html.size() && !IsSpace(html[at]) && html[at] != '>') ++at;
      end = at;
    }
    // Of two, the first counts.
    if (!has_href && absl::EqualsIgnoreCase(attribute, "href")) {
      has_href = true;
      tag.begin = begin;
      tag.size = end - begin;
    }
  }
  tag.end = std::min(html.size(), at + 1);
  return tag;
}

// Behind the end tag of what holds no tags itself.
size_t EndOfRaw(absl::string_view html, size_t at, absl::string_view name) {
  while ((at = html.find("</", at)) != html.npos) {
    at += 2;
    if (absl::EqualsIgnoreCase(html.substr(at, name.size()), name)) return at;
  }
  return html.size();
}

std::vector<Link> FindLinks(absl::string_view html) {
  std::vector<Link> links;
  size_t at = 0;
  while (links.size() < kLinksMax && (at = html.find('<', at)) != html.npos) {
    if (absl::StartsWith(html.substr(at), "<!--")) {
      at = html.find("-->", at + 4);
      if (at == html.npos) break;
      continue;
    }
    size_t end = ++at;
    while (end < html.size() && IsNamePart(html[end])) ++end;
    if (end == at) continue;  // an end tag, or a '<' that begins none
    const std::string name = absl::AsciiStrToLower(html.substr(at, end - at));
    const Tag tag = ReadTag(html, end);
    at = tag.end;
    if (name == "style" || name == "script" || name == "title" || name == "textarea") {
      at = EndOfRaw(html, at, name);
    } else if ((name == "a" || name == "area") && tag.size > 0) {
      auto url = UrlOf(html.substr(tag.begin, tag.size));
      if (url.has_value()) links.push_back({tag.begin, tag.size, *std::move(url)});
    }
  }
  return links;
}

// Where the last "</body" stands; npos: nowhere.
size_t EndOfBody(absl::string_view html) {
  constexpr absl::string_view kEnd = "</body";
  for (size_t at = html.size(); (at = html.rfind("</", at)) != html.npos && at > 0; --at) {
    if (absl::EqualsIgnoreCase(html.substr(at, kEnd.size()), kEnd)) return at;
  }
  return html.npos;
}

}  // namespace

std::vector<std::string> LinksIn(absl::string_view html) {
  std::vector<std::string> urls;
  for (Link& link : FindLinks(html)) urls.push_back(std::move(link.url));
  return urls;
}

std::string WithLinks(absl::string_view html, absl::FunctionRef<std::string(size_t link)> address) {
  std::string out;
  size_t copied = 0;
  size_t index = 0;
  for (const Link& link : FindLinks(html)) {
    absl::StrAppend(&out, html.substr(copied, link.begin - copied), address(index++));
    copied = link.begin + link.size;
  }
  absl::StrAppend(&out, html.substr(copied));
  return out;
}

std::string WithParameter(absl::string_view url, absl::string_view name, absl::string_view value) {
  const size_t fragment = std::min(url.size(), url.find('#'));
  const absl::string_view address = url.substr(0, fragment);
  const absl::string_view separator = absl::StrContains(address, '?') ? "&" : "?";
  return absl::StrCat(address, separator, name, "=", value, url.substr(fragment));
}

std::string WithAtEnd(absl::string_view html, absl::string_view more) {
  const size_t end = std::min(html.size(), EndOfBody(html));
  return absl::StrCat(html.substr(0, end), more, html.substr(end));
}

}  // namespace kith::messages
