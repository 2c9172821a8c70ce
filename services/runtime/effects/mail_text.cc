#include "services/runtime/effects/mail_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/normalise.h"

namespace kith::runtime {
namespace {

constexpr absl::string_view kLineEnd = "\r\n";
// What stands in no line of base64.
constexpr absl::string_view kBoundary = "=_kith_alternative_=";
constexpr size_t kBase64Line = 76;
// Bytes of an encoded word, which has at most 75 characters, 12 of them around the base64; and of a
// text that goes into a header as it is.
constexpr size_t kWordBytes = 45;
constexpr size_t kPlainBytes = 64;

bool IsPlain(absl::string_view text) {
  return text.size() <= kPlainBytes && !absl::StrContains(text, "=?") &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); });
}

// How many bytes of the text its first encoded word has: whole characters.
size_t WordOf(absl::string_view text) {
  if (text.size() <= kWordBytes) return text.size();
  size_t end = kWordBytes;
  const auto is_inside = [&] { return (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80; };
  while (end > 0 && is_inside()) --end;
  return end == 0 ? kWordBytes : end;
}

std::string Header(absl::string_view name, absl::string_view value) {
  return absl::StrCat(name, ": ", value, kLineEnd);
}

std::string HeaderMailbox(const Mailbox& mailbox) {
  if (mailbox.display_name.empty()) return mailbox.address;
  const std::string encoded = HeaderText(mailbox.display_name);
  // Of a plain one, what is not a word of letters is quoted.
  const bool is_atom = std::all_of(encoded.begin(), encoded.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == ' ';
  });
  if (is_atom || absl::StrContains(encoded, "=?")) {
    return absl::StrCat(encoded, " <", mailbox.address, ">");
  }
  std::string quoted;
  for (const char c : encoded) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return absl::StrCat("\"", quoted, "\" <", mailbox.address, ">");
}

// A part with its headers: a text in base64, in which nothing is a line of its own.
std::string Part(absl::string_view type, absl::string_view text) {
  std::string part = Header("Content-Type", absl::StrCat("text/", type, "; charset=utf-8"));
  absl::StrAppend(&part, Header("Content-Transfer-Encoding", "base64"), kLineEnd);
  const std::string encoded = absl::Base64Escape(text);
  for (size_t at = 0; at < encoded.size(); at += kBase64Line) {
    absl::StrAppend(&part, absl::string_view(encoded).substr(at, kBase64Line), kLineEnd);
  }
  return part;
}

}  // namespace

std::optional<Mailbox> ParseMailbox(absl::string_view text) {
  // A name that has several lines hides what stands before the last.
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); })) {
    return std::nullopt;
  }
  Mailbox mailbox;
  absl::string_view address = absl::StripAsciiWhitespace(text);
  if (const size_t open = address.rfind('<'); open != address.npos) {
    absl::string_view called = absl::StripAsciiWhitespace(address.substr(0, open));
    if (called.size() > 1 && called.front() == '"' && called.back() == '"') {
      called = called.substr(1, called.size() - 2);
    }
    mailbox.display_name = std::string(called);
    address.remove_prefix(open + 1);
    if (!absl::EndsWith(address, ">")) return std::nullopt;
    address.remove_suffix(1);
  }
  const size_t at = address.rfind('@');
  if (!EmailKey(address).has_value()) return std::nullopt;
  const absl::string_view local = address.substr(0, at);
  const auto domain = DomainKey(address.substr(at + 1));
  const bool is_sendable = std::all_of(local.begin(), local.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) &&
           !absl::StrContains("<>()[],;:\\\"", c);
  });
  if (!domain.has_value() || !is_sendable) return std::nullopt;
  mailbox.address = absl::StrCat(local, "@", *domain);
  return mailbox;
}

std::string HeaderText(absl::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }, ' ');
  if (IsPlain(line)) return line;
  std::vector<std::string> words;
  for (absl::string_view rest = line; !rest.empty();) {
    const size_t size = WordOf(rest);
    words.push_back(absl::StrCat("=?utf-8?B?", absl::Base64Escape(rest.substr(0, size)), "?="));
    rest.remove_prefix(size);
  }
  return absl::StrJoin(words, "\r\n ");
}

std::string ComposeMail(const Mail& mail) {
  std::string composed = absl::StrCat(
      Header("Date", absl::FormatTime(absl::RFC1123_full, mail.date, absl::UTCTimeZone())),
      Header("From", HeaderMailbox(mail.from)), Header("To", mail.to));
  if (mail.reply_to.has_value()) {
    absl::StrAppend(&composed, Header("Reply-To", HeaderMailbox(*mail.reply_to)));
  }
  absl::StrAppend(&composed, Header("Subject", HeaderText(mail.subject)),
                  Header("Message-ID", mail.message_id), Header("MIME-Version", "1.0"));
  if (mail.is_automatic) absl::StrAppend(&composed, Header("Auto-Submitted", "auto-generated"));
  if (!mail.unsubscribe_url.empty()) {
    absl::StrAppend(&composed,
                    Header("List-Unsubscribe", absl::StrCat("<", mail.unsubscribe_url, ">")),
                    Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
  }
  if (mail.html.empty() && mail.calendar.empty()) {
    return absl::StrCat(composed, Part("plain", mail.text));
  }
  const std::string next = absl::StrCat("--", kBoundary, kLineEnd);
  absl::StrAppend(&composed,
                  Header("Content-Type", absl::StrCat("multipart/alternative;", kLineEnd,
                                                      " boundary=\"", kBoundary, "\"")),
                  kLineEnd, next, Part("plain", mail.text));
  if (!mail.html.empty()) absl::StrAppend(&composed, next, Part("html", mail.html));
  // The last one is the one that a program shows which knows it (RFC 6047).
  if (!mail.calendar.empty()) {
    const std::string type = absl::StrCat("calendar; method=", HeaderText(mail.calendar_method));
    absl::StrAppend(&composed, next, Part(type, mail.calendar));
  }
  return absl::StrCat(composed, "--", kBoundary, "--", kLineEnd);
}

}  // namespace kith::runtime
