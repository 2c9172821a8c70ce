// Mail text: a message as mail servers take it (RFC 5322, MIME). Nothing that is put into it can
// become a header or another part of it.
//
// Pure functions, any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kith::runtime {

// "Acme <crm@acme.example>", or the address alone.
struct Mailbox {
  std::string display_name;
  std::string address;  // its domain in ASCII

  std::string domain() const { return address.substr(address.rfind('@') + 1); }
};

// nullopt where it is none that SMTP takes: not one address, or with anything else than printable
// ASCII before the '@'.
std::optional<Mailbox> ParseMailbox(absl::string_view text);

struct Mail {
  Mailbox from;
  std::string to;  // an address, as ParseMailbox made it
  std::optional<Mailbox> reply_to;
  std::string message_id;  // "<1-412-0.4f…@acme.example>"
  absl::Time date;
  std::string subject;
  std::string text;
  std::string html;      // empty: none
  std::string calendar;  // an iCalendar object, and its method ("REQUEST"); empty: none
  std::string calendar_method;
  // Where a mail program's own button unsubscribes at one click (RFC 8058); empty: nowhere.
  std::string unsubscribe_url;
  bool is_automatic = false;  // no person sends it, and none is to answer by a program (RFC 3834)
};

// With CRLF at the end of each line, none of which is longer than 78 characters, but for addresses.
std::string ComposeMail(const Mail& mail);

// A text as a header's value (RFC 2047); what is no text in it, a line break among it, is a space.
std::string HeaderText(absl::string_view text);

}  // namespace kith::runtime
