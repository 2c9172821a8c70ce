// The texts of mail templates, and what goes into the headers of a mail.
#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "services/core/merge_text.h"
#include "services/core/received_mail.h"
#include "services/runtime/effects/mail_text.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {

// A text with gaps, each of which is filled with the text itself.
void FuzzMergeText(absl::string_view bytes) {
  constexpr size_t kBytesMax = 1 << 20;
  for (const MergeForm form : {MergeForm::kLine, MergeForm::kText, MergeForm::kHtml}) {
    const auto names = MergeNames(bytes, form);
    const auto merged = MergeText(
        bytes, form, [&](absl::string_view) { return std::string(bytes.substr(0, 100)); },
        kBytesMax);
    KITH_CHECK(names.ok() == (merged.ok() || absl::IsResourceExhausted(merged.status())));
    if (!merged.ok()) continue;
    KITH_CHECK(merged->size() <= kBytesMax);
    if (names->empty() && !absl::StrContains(bytes, "{{")) KITH_CHECK(*merged == bytes);
  }
}

// Whatever stands in a subject, a display name or a text, the mail has the headers that it has, and
// no line of a form of its own.
void FuzzMailText(absl::string_view bytes) {
  const runtime::Mail mail = {.from = {std::string(bytes), "crm@acme.example"},
                              .to = "ada@example.com",
                              .message_id = "<1@acme.example>",
                              .subject = std::string(bytes),
                              .text = std::string(bytes),
                              .html = std::string(bytes)};
  const std::string composed = runtime::ComposeMail(mail);
  const std::string headers = composed.substr(0, composed.find("\r\n\r\n"));
  size_t count = 0;
  for (const absl::string_view line : absl::StrSplit(headers, "\r\n")) {
    KITH_CHECK(line.find_first_of("\r\n") == line.npos);
    if (!absl::StartsWith(line, " ")) ++count;
  }
  KITH_CHECK(count == (bytes.empty() ? 8 : 7));  // without HTML it is no multipart
  const auto mailbox = runtime::ParseMailbox(bytes);
  if (!mailbox.has_value()) return;
  KITH_CHECK(mailbox->address.find_first_of("\r\n <>\"") == std::string::npos);
  KITH_CHECK(runtime::ParseMailbox(mailbox->address)->address == mailbox->address);
}

// Whatever comes in, what is kept of it is bounded and what is one line is one.
void FuzzReceivedMail(absl::string_view bytes) {
  const auto mail = ParseMail(bytes);
  if (!mail.ok()) {
    KITH_CHECK(absl::IsInvalidArgument(mail.status()));
    return;
  }
  const auto is_line = [](absl::string_view text) {
    return text.size() <= 1024 && text.find_first_of("\r\n") == text.npos;
  };
  KITH_CHECK(is_line(mail->subject) && is_line(mail->message_id) && is_line(mail->from.address));
  KITH_CHECK(mail->text.size() <= static_cast<size_t>(kMailTextMax));
  KITH_CHECK(mail->to.size() <= kMailPeopleMax && mail->cc.size() <= kMailPeopleMax);
  KITH_CHECK(mail->references.size() <= kMailReferencesMax);
  KITH_CHECK(mail->attachments.size() <= kMailPartsMax);
  for (const std::string& id : mail->references) KITH_CHECK(!id.empty() && is_line(id));
  for (const MailAttachment& attachment : mail->attachments) {
    KITH_CHECK(attachment.filename.find_first_of("/\\\r\n") == std::string::npos);
  }
  KITH_CHECK(BaseSubject(BaseSubject(mail->subject)) == BaseSubject(mail->subject));
}

}  // namespace kith::fuzz
