#include "services/received_mails/received_mail.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/sha256.h"
#include "kith/received_mails/v1/received_mails_errors.pb.h"
#include "projections/received_mails/received_mail_fold.h"
#include "services/core/normalise.h"
#include "services/core/personal.h"
#include "services/core/reject.h"

namespace kith::received_mails {
namespace {

constexpr size_t kNameBytesMax = 128;  // as the proto of contacts says
constexpr size_t kMediaTypeBytesMax = 128;
constexpr int kDefectsMax = 20;

v1::MailKind KindOf(MailKind kind) {
  switch (kind) {
    case MailKind::kPersonal:
      return v1::PERSONAL;
    case MailKind::kAutomatic:
      return v1::AUTOMATIC;
    case MailKind::kBulk:
      return v1::BULK;
    case MailKind::kBounce:
      return v1::BOUNCE;
  }
  KITH_UNREACHABLE();
}

void Tell(const MailPerson& person, v1::MailPerson& told) {
  told.set_display_name(person.name);
  told.set_address(person.address);
}

// Its length before it, so that no two lists of texts have the same bytes.
void AddText(absl::string_view text, Sha256& hash) {
  hash.Add(absl::StrCat(text.size(), ":")).Add(text);
}

// As much of it as may be, cut where a letter ends.
std::string Cut(absl::string_view text, size_t bytes_max) {
  size_t end = std::min(text.size(), bytes_max);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return std::string(text.substr(0, end));
}

std::string NameOf(absl::string_view text) {
  return Cut(absl::StripAsciiWhitespace(text), kNameBytesMax);
}

void AddDefect(const std::string& defect, v1::ReceivedMail& mail) {
  const auto& known = mail.defects();
  if (mail.defects_size() == kDefectsMax) return;
  if (std::find(known.begin(), known.end(), defect) == known.end()) mail.add_defects(defect);
}

void AddReference(const std::string& id, v1::ReceivedMail& mail) {
  if (id.empty() || id == mail.message_id()) return;
  const auto& known = mail.references();
  if (std::find(known.begin(), known.end(), id) == known.end()) mail.add_references(id);
}

}  // namespace

std::string ContentHash(const ReceivedMail& mail) {
  Sha256 hash;
  AddText(mail.message_id, hash);
  AddText(mail.from.address, hash);
  AddText(mail.time.has_value() ? absl::StrCat(absl::ToUnixSeconds(*mail.time)) : "", hash);
  AddText(mail.subject, hash);
  AddText(mail.text, hash);
  AddText(mail.failed_message_id, hash);
  for (const MailFailure& failure : mail.failures) {
    AddText(failure.address, hash);
    AddText(failure.status, hash);
  }
  // Without an id, what a scanner sends differs in nothing else.
  if (mail.message_id.empty()) {
    for (const MailAttachment& attachment : mail.attachments) {
      AddText(attachment.filename, hash);
      AddText(attachment.content, hash);
    }
  }
  const Sha256Hash bytes = hash.Finish();
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

v1::ReceivedMail ResourceOf(const ReceivedMail& mail, size_t size_bytes) {
  v1::ReceivedMail told;
  told.set_kind(KindOf(mail.kind));
  told.set_message_id(mail.message_id);
  for (const std::string& id : mail.references) AddReference(id, told);
  AddReference(mail.failed_message_id, told);
  if (!mail.from.address.empty()) Tell(mail.from, *told.mutable_sender());
  for (const MailPerson& person : mail.to) Tell(person, *told.add_to());
  for (const MailPerson& person : mail.cc) Tell(person, *told.add_cc());
  told.set_subject(mail.subject);
  told.set_text(mail.text);
  for (const MailAttachment& attachment : mail.attachments) {
    v1::MailAttachment& one = *told.add_attachments();
    one.set_filename(attachment.filename);
    if (IsUtf8(attachment.media_type)) {
      one.set_media_type(Cut(attachment.media_type, kMediaTypeBytesMax));
    }
    one.set_size_bytes(static_cast<int64_t>(attachment.content.size()));
  }
  for (const MailFailure& failure : mail.failures) {
    v1::MailDeliveryFailure& one = *told.add_failures();
    one.set_address(failure.address);
    one.set_status(failure.status);
    one.set_permanent(failure.is_permanent);
  }
  for (const std::string& defect : mail.defects) AddDefect(defect, told);
  if (mail.is_text_cut) AddDefect("Its text is longer than 256 KiB, and was cut.", told);
  told.set_size_bytes(static_cast<int64_t>(size_bytes));
  if (mail.time.has_value()) *told.mutable_mail_time() = ToTimestamp(*mail.time);
  return told;
}

absl::Time WrittenAt(const ReceivedMail& mail, absl::Time now) {
  static const absl::Time kEarliest =
      absl::FromCivil(absl::CivilSecond(1990, 1, 1), absl::UTCTimeZone());
  if (!mail.time.has_value() || *mail.time < kEarliest || *mail.time > now) return now;
  return *mail.time;
}

contacts::v1::Contact ContactOf(const MailPerson& person) {
  contacts::v1::Contact contact;
  contact.add_emails()->set_address(person.address);
  const absl::string_view name = absl::StripAsciiWhitespace(person.name);
  if (name.empty() || absl::StrContains(name, "@")) return contact;
  const std::vector<absl::string_view> parts = absl::StrSplit(name, ',');
  if (parts.size() == 2) {
    contact.set_first_name(NameOf(parts[1]));
    contact.set_last_name(NameOf(parts[0]));
    return contact;
  }
  const size_t last = name.rfind(' ');
  contact.set_first_name(NameOf(name.substr(0, last)));
  if (last != name.npos) contact.set_last_name(NameOf(name.substr(last)));
  return contact;
}

std::string PersonOf(const std::string& name, const v1::ReceivedMail& mail) {
  if (!mail.contact().empty()) return mail.contact();
  return mail.capture_review().empty() ? name : mail.capture_review();
}

v1::ReceivedMailEvent Received(const std::string& name, v1::ReceivedMail mail,
                               std::vector<std::string> blobs) {
  v1::ReceivedMailEvent event;
  v1::MailReceived& received = *event.mutable_mail_received();
  received.set_name(name);
  received.set_person(PersonOf(name, mail));
  received.mutable_blobs()->Assign(blobs.begin(), blobs.end());
  auto split = SplitPersonal(std::move(mail));
  *received.mutable_received_mail() = std::move(split.clear);
  *received.mutable_personal() = std::move(split.personal);
  return event;
}

ReceivedMailState Evolve(ReceivedMailState state, const Recorded<v1::ReceivedMailEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldReceivedMail);
  return state;
}

absl::Status ReceivedMailNotFound(absl::string_view name) {
  return RejectResource(v1::RECEIVED_MAILS_ERROR_RECEIVED_MAIL_NOT_FOUND,
                        absl::StrCat("There is no ", name, "."), name);
}

v1::ReceivedMail RenderReceived(const Recorded<v1::ReceivedMailEvent>& recorded) {
  v1::ReceivedMail mail;
  FoldReceivedMail({recorded.event, recorded.revision, recorded.occur_time, recorded.erased}, mail);
  mail.MergeFrom(recorded.event.mail_received().personal());
  mail.set_erased(recorded.erased);
  return mail;
}

}  // namespace kith::received_mails
