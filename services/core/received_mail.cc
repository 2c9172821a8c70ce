#include "services/core/received_mail.h"

#include <gmime/gmime.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/status_macros.h"
#include "services/core/html_text.h"
#include "services/core/mail_headers.h"

namespace kith {
namespace {

constexpr size_t kLineMax = 1024;            // of what is kept as one line: a subject, a name
constexpr size_t kIdMax = 250;               // of a Message-ID that is kept
constexpr size_t kReportBytesMax = 1 << 18;  // of a report so much is read

template <class Object>
struct Unref {
  void operator()(Object* object) const {
    if (object != nullptr) g_object_unref(object);
  }
};
template <class Object>
using Owned = std::unique_ptr<Object, Unref<Object>>;

struct FreeText {
  void operator()(char* text) const { g_free(text); }
};
using OwnedText = std::unique_ptr<char, FreeText>;

absl::string_view ViewOf(const char* text) { return text == nullptr ? "" : text; }

// What is said in UTF-8, cut where a letter ends.
std::string Utf8(absl::string_view text, size_t bytes_max) {
  std::string made(text);
  if (!g_utf8_validate(made.data(), static_cast<gssize>(made.size()), nullptr)) {
    const OwnedText valid(g_utf8_make_valid(made.data(), static_cast<gssize>(made.size())));
    made = valid.get();
  }
  if (made.size() > bytes_max) {
    size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(made[end]) & 0xC0) == 0x80) --end;
    made.resize(end);
  }
  return made;
}

// One line of it: what ends lines and other control characters are spaces.
std::string Line(absl::string_view text, size_t bytes_max = kLineMax) {
  std::string line(text);
  for (char& letter : line) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(letter))) letter = ' ';
  }
  line = Utf8(line, bytes_max);
  absl::StripAsciiWhitespace(&line);
  return line;
}

// Before it is parsed.
absl::Status CheckSizes(absl::string_view raw) {
  if (raw.size() > static_cast<size_t>(kMailBytesMax)) return MailTooLarge("bytes", kMailBytesMax);
  return CheckMailHeaders(raw);
}

void AddPeople(InternetAddressList* list, std::vector<MailPerson>& people, int depth = 0) {
  if (list == nullptr || depth > 2) return;
  const int count = internet_address_list_length(list);
  for (int i = 0; i < count && people.size() < kMailPeopleMax; ++i) {
    InternetAddress* const address = internet_address_list_get_address(list, i);
    if (INTERNET_ADDRESS_IS_GROUP(address)) {
      AddPeople(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)), people,
                depth + 1);
      continue;
    }
    if (!INTERNET_ADDRESS_IS_MAILBOX(address)) continue;
    std::string typed =
        Line(ViewOf(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address))));
    if (typed.empty()) continue;
    people.push_back({Line(ViewOf(internet_address_get_name(address))), std::move(typed)});
  }
}

// "Header: value" lines of a part that is a report, in groups with an empty line between them.
using Fields = std::vector<std::pair<std::string, std::string>>;

std::vector<Fields> ReportGroups(absl::string_view text) {
  std::vector<Fields> groups(1);
  for (absl::string_view line : absl::StrSplit(text.substr(0, kReportBytesMax), '\n')) {
    absl::ConsumeSuffix(&line, "\r");
    if (line.empty()) {
      if (!groups.back().empty()) groups.emplace_back();
      continue;
    }
    if (absl::ascii_isspace(static_cast<unsigned char>(line[0])) && !groups.back().empty()) {
      absl::StrAppend(&groups.back().back().second, " ", absl::StripAsciiWhitespace(line));
      continue;
    }
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    groups.back().emplace_back(absl::AsciiStrToLower(parts.first),
                               absl::StripAsciiWhitespace(parts.second));
    if (groups.size() > kMailPeopleMax) break;
  }
  return groups;
}

absl::string_view FieldOf(const Fields& fields, absl::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

// Of "rfc822; ada@example.com", what stands behind the type.
absl::string_view AddressOf(absl::string_view typed) {
  const size_t end = typed.find(';');
  absl::string_view address =
      absl::StripAsciiWhitespace(end == typed.npos ? typed : typed.substr(end + 1));
  absl::ConsumePrefix(&address, "<");
  absl::ConsumeSuffix(&address, ">");
  return address;
}

void ReadReport(absl::string_view text, ReceivedMail& mail) {
  for (const Fields& fields : ReportGroups(text)) {
    const absl::string_view address =
        AddressOf(FieldOf(fields, "final-recipient").empty() ? FieldOf(fields, "original-recipient")
                                                             : FieldOf(fields, "final-recipient"));
    const std::string action = absl::AsciiStrToLower(FieldOf(fields, "action"));
    if (address.empty() || (action != "failed" && action != "delayed")) continue;
    if (mail.failures.size() == kMailPeopleMax) return;
    // "5.1.1 (unknown user)".
    const absl::string_view status =
        *absl::StrSplit(FieldOf(fields, "status"), absl::ByAnyChar(" \t(")).begin();
    const bool is_final = action == "failed";
    mail.failures.push_back(
        {Line(address), Line(status, 16), is_final && !absl::StartsWith(status, "4."), is_final});
  }
}

class MailParser {
 public:
  absl::StatusOr<ReceivedMail> Parse(absl::string_view raw) {
    KITH_RETURN_IF_ERROR(CheckSizes(raw));
    const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(raw.data(), raw.size()));
    const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
    const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
    if (message == nullptr || g_mime_header_list_get_count(g_mime_object_get_header_list(
                                  GMIME_OBJECT(message.get()))) == 0) {
      Complain("It begins with no header.");
      plain_ = std::string(raw);
      FinishText();
      return std::move(mail_);
    }
    ReadHeaders(message.get());
    KITH_RETURN_IF_ERROR(Walk(g_mime_message_get_mime_part(message.get()), 0));
    FinishText();
    if (is_report_) mail_.kind = MailKind::kBounce;
    return std::move(mail_);
  }

 private:
  void Complain(absl::string_view what) { mail_.defects.emplace_back(what); }

  void ReadHeaders(GMimeMessage* message) {
    const auto header = [&](const char* name) {
      return ViewOf(g_mime_object_get_header(GMIME_OBJECT(message), name));
    };
    std::vector<MailPerson> people;
    AddPeople(g_mime_message_get_from(message), people);
    if (people.empty()) AddPeople(g_mime_message_get_sender(message), people);
    if (people.empty()) {
      Complain("It does not say who it is from.");
    } else {
      if (people.size() > 1) Complain("It is from several people, of whom the first is taken.");
      mail_.from = std::move(people.front());
    }
    people.clear();
    AddPeople(g_mime_message_get_reply_to(message), people);
    if (!people.empty()) mail_.reply_to = std::move(people.front());
    AddPeople(g_mime_message_get_to(message), mail_.to);
    AddPeople(g_mime_message_get_cc(message), mail_.cc);
    mail_.subject = Line(ViewOf(g_mime_message_get_subject(message)));
    mail_.message_id = MessageIdOf(ViewOf(g_mime_message_get_message_id(message)));
    if (mail_.message_id.empty()) Complain("It has no Message-ID.");
    ReadDate(message, header("Date"));
    AddReferences(header("References"));
    AddReferences(header("In-Reply-To"));
    ReadKind(header);
  }

  void ReadDate(GMimeMessage* message, absl::string_view typed) {
    GDateTime* const date = g_mime_message_get_date(message);
    if (date != nullptr) {
      const absl::Time time = absl::FromUnixSeconds(g_date_time_to_unix(date));
      if (time > absl::UnixEpoch()) mail_.time = time;
    }
    if (mail_.time.has_value()) return;
    Complain(typed.empty() ? "It has no date." : "Its date cannot be read.");
  }

  void AddReferences(absl::string_view typed) {
    if (typed.empty()) return;
    GMimeReferences* const read = g_mime_references_parse(nullptr, std::string(typed).c_str());
    if (read == nullptr) return;
    // The last ones are the nearest: of more than may be kept the first are left out, unread.
    const int count = g_mime_references_length(read);
    for (int i = std::max(0, count - 2 * kMailReferencesMax); i < count; ++i) {
      std::string id = MessageIdOf(ViewOf(g_mime_references_get_message_id(read, i)));
      if (id.empty() || id == mail_.message_id) continue;
      const auto known = std::find(mail_.references.begin(), mail_.references.end(), id);
      if (known == mail_.references.end()) mail_.references.push_back(std::move(id));
    }
    g_mime_references_free(read);
    if (mail_.references.size() > kMailReferencesMax) {
      mail_.references.erase(mail_.references.begin(), mail_.references.end() - kMailReferencesMax);
    }
  }

  template <class Header>
  void ReadKind(const Header& header) {
    const std::string precedence = absl::AsciiStrToLower(header("Precedence"));
    const std::string automatic = absl::AsciiStrToLower(header("Auto-Submitted"));
    // What nobody is to answer comes from nobody.
    const bool is_from_nobody = absl::StripAsciiWhitespace(header("Return-Path")) == "<>" ||
                                absl::StartsWithIgnoreCase(mail_.from.address, "mailer-daemon@");
    if ((!automatic.empty() && automatic != "no") || !header("X-Autoreply").empty() ||
        !header("X-Autorespond").empty() || precedence == "auto_reply" || is_from_nobody) {
      mail_.kind = MailKind::kAutomatic;
    } else if (!header("List-Id").empty() || !header("List-Unsubscribe").empty() ||
               precedence == "bulk" || precedence == "list" || precedence == "junk") {
      mail_.kind = MailKind::kBulk;
    }
  }

  absl::Status Walk(GMimeObject* part, int depth) {
    if (part == nullptr) return absl::OkStatus();
    if (depth > kMailDepthMax) return MailTooLarge("parts within each other", kMailDepthMax);
    if (++parts_ > kMailPartsMax) return MailTooLarge("parts", kMailPartsMax);
    GMimeContentType* const type = g_mime_object_get_content_type(part);
    if (GMIME_IS_MULTIPART(part)) {
      if (depth == 0 && g_mime_content_type_is_type(type, "multipart", "report")) {
        is_report_ = absl::EqualsIgnoreCase(
            ViewOf(g_mime_content_type_get_parameter(type, "report-type")), "delivery-status");
        mail_.kind = MailKind::kAutomatic;  // as one that it was read
      }
      GMimeMultipart* const parts = GMIME_MULTIPART(part);
      const int count = g_mime_multipart_get_count(parts);
      if (count == 0) Complain("A part of it that has parts has none.");
      for (int i = 0; i < count; ++i) {
        KITH_RETURN_IF_ERROR(Walk(g_mime_multipart_get_part(parts, i), depth + 1));
      }
      return absl::OkStatus();
    }
    if (GMIME_IS_MESSAGE_PART(part)) return ReadForwarded(GMIME_MESSAGE_PART(part));
    if (GMIME_IS_PART(part)) ReadPart(GMIME_PART(part), type);
    return absl::OkStatus();
  }

  // A mail within it is an attachment, as it is; of a report, it is the mail that did not arrive.
  absl::Status ReadForwarded(GMimeMessagePart* part) {
    GMimeMessage* const forwarded = g_mime_message_part_get_message(part);
    if (forwarded == nullptr) return absl::OkStatus();
    if (is_report_) {
      mail_.failed_message_id = MessageIdOf(ViewOf(g_mime_message_get_message_id(forwarded)));
      return absl::OkStatus();
    }
    const OwnedText raw(g_mime_object_to_string(GMIME_OBJECT(forwarded), nullptr));
    mail_.attachments.push_back({Line(ViewOf(g_mime_message_get_subject(forwarded)), 250),
                                 "message/rfc822", "", std::string(ViewOf(raw.get()))});
    return absl::OkStatus();
  }

  void ReadPart(GMimePart* part, GMimeContentType* type) {
    const bool is_attached = g_mime_part_is_attachment(part) || g_mime_part_get_filename(part);
    const OwnedText named(g_mime_content_type_get_mime_type(type));
    const std::string media_type = absl::AsciiStrToLower(ViewOf(named.get()));
    if (is_report_ && media_type == "message/delivery-status") {
      ReadReport(ContentOf(part), mail_);
      return;
    }
    if (is_report_ && media_type == "text/rfc822-headers") {
      const std::vector<Fields> groups = ReportGroups(ContentOf(part));
      mail_.failed_message_id = MessageIdOf(FieldOf(groups.front(), "message-id"));
      return;
    }
    if (!is_attached && GMIME_IS_TEXT_PART(part)) {
      if (media_type == "text/html") {
        if (html_.empty()) html_ = TextOf(GMIME_TEXT_PART(part));
        return;
      }
      if (media_type == "text/plain") {
        const std::string text = TextOf(GMIME_TEXT_PART(part));
        absl::StrAppend(&plain_, plain_.empty() || text.empty() ? "" : "\n", text);
        return;
      }
    }
    mail_.attachments.push_back({FilenameOf(part), media_type,
                                 MessageIdOf(ViewOf(g_mime_part_get_content_id(part))),
                                 ContentOf(part)});
  }

  // Without the folders that somebody may have put before it.
  static std::string FilenameOf(GMimePart* part) {
    std::string name = Line(ViewOf(g_mime_part_get_filename(part)), 250);
    const size_t folder = name.find_last_of("/\\");
    if (folder != name.npos) name.erase(0, folder + 1);
    return name == "." || name == ".." ? "" : name;
  }

  static std::string ContentOf(GMimePart* part) {
    GMimeDataWrapper* const wrapper = g_mime_part_get_content(part);
    if (wrapper == nullptr) return "";
    const Owned<GMimeStream> memory(g_mime_stream_mem_new());
    g_mime_data_wrapper_write_to_stream(wrapper, memory.get());
    const GByteArray* const bytes =
        g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory.get()));
    return std::string(reinterpret_cast<const char*>(bytes->data), bytes->len);
  }

  // In UTF-8. Of a character set that nobody knows, what can be read as UTF-8.
  std::string TextOf(GMimeTextPart* part) {
    const OwnedText text(g_mime_text_part_get_text(part));
    if (text != nullptr) return std::string(text.get());
    const std::string raw = ContentOf(GMIME_PART(part));
    if (!raw.empty()) Complain("A text of it is in a character set that cannot be read.");
    return Utf8(raw, raw.size());
  }

  void FinishText() {
    std::string text = plain_;
    if (absl::StripAsciiWhitespace(text).empty() && !html_.empty()) text = TextOfHtml(html_);
    const auto is_control = [](char letter) {
      return absl::ascii_iscntrl(static_cast<unsigned char>(letter)) && letter != '\n' &&
             letter != '\t';
    };
    const bool is_long = text.size() > 4 * kMailTextMax;
    if (is_long) text.resize(4 * kMailTextMax);
    text.erase(std::remove_if(text.begin(), text.end(), is_control), text.end());
    mail_.is_text_cut = is_long || text.size() > static_cast<size_t>(kMailTextMax);
    mail_.text = Utf8(text, kMailTextMax);
    absl::StripTrailingAsciiWhitespace(&mail_.text);
  }

  ReceivedMail mail_;
  int parts_ = 0;
  bool is_report_ = false;
  std::string plain_;
  std::string html_;
};

}  // namespace

absl::StatusOr<ReceivedMail> ParseMail(absl::string_view raw) { return MailParser().Parse(raw); }

bool IsMailStatus(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  const bool is_number = std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
    return !part.empty() && part.size() <= 3 &&
           std::all_of(part.begin(), part.end(),
                       [](unsigned char c) { return absl::ascii_isdigit(c); });
  });
  return is_number && parts.size() == 3 && (parts[0] == "2" || parts[0] == "4" || parts[0] == "5");
}

std::string MessageIdOf(absl::string_view typed) {
  typed = absl::StripAsciiWhitespace(typed);
  absl::ConsumePrefix(&typed, "<");
  absl::ConsumeSuffix(&typed, ">");
  return typed.size() > kIdMax ? "" : Line(typed, kIdMax);
}

std::string BaseSubject(absl::string_view subject) {
  static constexpr absl::string_view kPrefixes[] = {"re", "aw",   "fwd", "fw",
                                                    "wg", "antw", "sv",  "rv"};
  for (bool is_shorter = true; is_shorter;) {
    is_shorter = false;
    subject = absl::StripAsciiWhitespace(subject);
    for (const absl::string_view prefix : kPrefixes) {
      if (!absl::StartsWithIgnoreCase(subject, prefix)) continue;
      absl::string_view rest = subject.substr(prefix.size());
      if (absl::ConsumePrefix(&rest, "[")) {
        const size_t end = rest.find(']');
        int64_t number = 0;
        if (end == rest.npos || !absl::SimpleAtoi(rest.substr(0, end), &number)) continue;
        rest.remove_prefix(end + 1);
      }
      if (!absl::ConsumePrefix(&rest, ":")) continue;
      subject = rest;
      is_shorter = true;
      break;
    }
  }
  return std::string(subject);
}

}  // namespace kith
