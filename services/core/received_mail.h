// A mail as it came in (RFC 5322, MIME): who wrote it to whom, what it says, what it answers, and
// what kind of mail it is. GMime reads it. Malformed mail is read as far as it can be, with what
// is wrong with it. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/core/mail_headers.h"  // further bounds

namespace kith {

inline constexpr int64_t kMailBytesMax = 25 << 20;  // of a whole mail
inline constexpr int kMailDepthMax = 20;            // of parts within parts, forwarded mails too
inline constexpr int kMailPeopleMax = 100;          // in To, and as many in Cc
inline constexpr int kMailReferencesMax = 100;      // the last ones, which are the nearest
inline constexpr int64_t kMailTextMax = 1 << 18;    // bytes of text that are kept

// The claim of the Message-ID that a message was sent with, as MessageIdOf has it. Persisted inside
// the hashes of the log's tags.
inline constexpr absl::string_view kMessageIdClaim = "messages.message_id";

struct MailPerson {
  std::string name;     // as it is told, decoded; may be empty
  std::string address;  // as it was typed
};

struct MailAttachment {
  std::string filename;  // without folders; may be empty
  std::string media_type;
  std::string content_id;  // without angle brackets; may be empty
  std::string content;     // decoded
};

// What made it.
enum class MailKind {
  kPersonal,
  // An out-of-office answer or another that no person wrote (RFC 3834), as one that is to be
  // answered by nobody, or that reports something.
  kAutomatic,
  kBulk,    // to a list (RFC 2919, RFC 2369), or to many
  kBounce,  // a report that a mail was not, or not yet, delivered (RFC 3464)
};

// Whether it is a status as mail servers tell it by number: "5.1.1" (RFC 3463, section 2).
bool IsMailStatus(absl::string_view text);

// Of a report: one recipient that a mail did not reach.
struct MailFailure {
  std::string address;
  std::string status;         // "5.1.1" (RFC 3463); empty where none was told
  bool is_permanent = false;  // the address is not to be tried again
  bool is_final = false;      // nobody tries to deliver that mail any more
};

struct ReceivedMail {
  MailKind kind = MailKind::kPersonal;
  std::string message_id;  // without angle brackets; empty where it has none
  // The mails that it answers, the nearest last: References, then In-Reply-To; each once, none
  // of them itself.
  std::vector<std::string> references;
  MailPerson from;  // the first of several
  std::optional<MailPerson> reply_to;
  std::vector<MailPerson> to;
  std::vector<MailPerson> cc;
  std::string subject;  // one line of UTF-8
  std::optional<absl::Time> time;
  // UTF-8 without control characters but tabs and LF, which ends lines; from HTML where it has no
  // plain text.
  std::string text;
  bool is_text_cut = false;
  std::vector<MailAttachment> attachments;
  std::vector<MailFailure> failures;  // of a bounce
  std::string failed_message_id;      // of a bounce: the mail that it is about
  std::vector<std::string> defects;   // what is wrong with it, each a sentence
};

// InvalidArgument where it is larger than mail may be (bytes, headers, parts, depth): the message
// says which bound was passed. What has no header at all is text.
absl::StatusOr<ReceivedMail> ParseMail(absl::string_view raw);

// A Message-ID as it is compared: without angle brackets and the spaces around it, in its own case.
// Empty where it is longer than 250 bytes.
std::string MessageIdOf(absl::string_view typed);

// A subject without "Re:", "AW:", "Fwd:", "WG:", "Re[4]:" before it, by which people know again
// what it is about. No mail is attached to another by it.
std::string BaseSubject(absl::string_view subject);

}  // namespace kith
