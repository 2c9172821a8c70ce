// The received mail: what a mail that came in says, as the log tells it, and which two are the
// same.
//
// Pure: see services/core/decider.h. What becomes of one is decided in received_mail_commands.h.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/received_mails/v1/received_mail.pb.h"
#include "kith/received_mails/v1/received_mail_events.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/received_mail.h"
#include "services/core/resource_rules.h"

namespace kith::received_mails {

// The claim of what a mail says: ContentHash. Persisted inside the hashes of the log's tags.
inline constexpr absl::string_view kContentClaim = "receivedMails.content";
// Of a mail so many attachments are kept, each of at most so many bytes.
inline constexpr int kStoredAttachmentsMax = 50;
inline constexpr size_t kStoredBytesMax = 20 << 20;
// Where mails are captured, in the words of kith.captures.v1. Persisted in external ids.
inline constexpr absl::string_view kMailSource = "mail";

// Without what is personal.
struct ReceivedMailState : ResourceState<v1::ReceivedMail> {};

struct ReceivedMailAggregate {
  using Resource = v1::ReceivedMail;
  using State = ReceivedMailState;
  using Event = v1::ReceivedMailEvent;
  static constexpr absl::string_view kCategory = "receivedMails";
};
ReceivedMailState Evolve(ReceivedMailState state, const Recorded<v1::ReceivedMailEvent>& recorded);

// 64 hexadecimal digits of a hash over what its writer says: Message-ID, sender, date, subject and
// text, and of a bounce whom which mail did not reach. Not over what mail servers add on its way,
// so a mail that is delivered twice, or to two of its recipients, has the same. Persisted.
std::string ContentHash(const ReceivedMail& mail);

// The resource, as far as the mail says what it is; with its text. `size_bytes` is that of the
// whole mail.
v1::ReceivedMail ResourceOf(const ReceivedMail& mail, size_t size_bytes);

// When it happened that somebody wrote it: as it says, or `now` where it says no time, one before
// 1990, or one that lies ahead.
absl::Time WrittenAt(const ReceivedMail& mail, absl::Time now);

// What is known of a new contact by a mail: the address, and the names where it tells any: "Ada
// King Lovelace" and "Lovelace, Ada".
contacts::v1::Contact ContactOf(const MailPerson& person);

// Whose key seals what is personal of the mail of this name, which says whom it is with.
std::string PersonOf(const std::string& name, const v1::ReceivedMail& mail);

// The event by which it comes into being under this name, with the blobs of its attachments.
v1::ReceivedMailEvent Received(const std::string& name, v1::ReceivedMail mail,
                               std::vector<std::string> blobs = {});

absl::Status ReceivedMailNotFound(absl::string_view name);
// A received mail with what is personal, as the event tells it.
v1::ReceivedMail RenderReceived(const Recorded<v1::ReceivedMailEvent>& recorded);

}  // namespace kith::received_mails
