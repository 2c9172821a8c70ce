// Message engagement: that a message was opened, that its links were followed, and that the person
// unsubscribed by it.
//
// Pure: see services/core/decider.h. What programs do is told apart from what people do as it is
// recorded, and marked; it is never left out. A message tells so many opens and clicks one by one,
// and counts the rest.
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/messages/message.h"

namespace kith::messages {

// How many of each are told one by one: by somebody, and by programs.
inline constexpr int kOpensMax = 20;
inline constexpr int kAutomaticOpensMax = 10;
inline constexpr int kClicksMax = 50;
inline constexpr int kAutomaticClicksMax = 50;

// What comes so soon after the message was sent is a program's.
inline constexpr absl::Duration kSoon = absl::Seconds(10);
// Whoever follows all links, or so many, within so long is a program.
inline constexpr absl::Duration kAtOnce = absl::Seconds(2);
inline constexpr int kAtOnceLinks = 3;

struct EngagementFacts {
  const MessageState& message;
  const ContactAggregate::State& contact;  // that it goes to
};

// Why what occurs to the message is a program's: what is said of it, or that it comes too soon.
v1::AutomaticCause CauseBy(const v1::Message& message, v1::AutomaticCause said,
                           absl::Time occurred);

// Whether it is told one by one, or counted, that somebody, or a program, opens the message or
// follows a link in it. Of one that is there.
enum class Telling {
  kNot,      // it is not to be noted
  kEach,     // there is room for one more
  kCounted,  // as many as may be were told
};
Telling TellingOpen(const EngagementFacts& facts, bool is_automatic, const Settings& settings);
Telling TellingClick(const EngagementFacts& facts, bool is_automatic, const Settings& settings);

// MESSAGES_ERROR_MESSAGE_NOT_FOUND, also where the contact is deleted or erased.
absl::Status CheckEngaging(const EngagementFacts& facts, const std::string& name);

// MESSAGES_ERROR_MESSAGE_NOT_FOUND.
Decision Decide(const EngagementFacts& facts, const v1::RecordMessageOpenedRequest& command,
                const CommandContext& context);
Decision Decide(const EngagementFacts& facts, const v1::RecordMessageClickedRequest& command,
                const CommandContext& context);
Decision Decide(const EngagementFacts& facts, const v1::CountMessageTrafficRequest& command,
                const CommandContext& context);

// The same, whatever became of the contact: it is the address that wants no more, and claims it.
// `queued` is the message with what it says: ERROR_INVALID_FIELD where it went to another address,
// MESSAGES_ERROR_PERSON_ERASED where nobody can tell any more.
Decision Decide(const EngagementFacts& facts, const v1::Message& queued,
                const v1::RecordMessageUnsubscribedRequest& command);
// Of one by which the address was unsubscribed: the person asks for messages again.
Change Resubscribed(const std::string& message, const std::string& email_key);

// What changes of the contact who unsubscribes from what is sent to this address; nullopt where
// nothing does.
std::optional<contacts::v1::UpdateContactRequest> OptOutOf(
    const contacts::v1::Contact& contact, const v1::RecordMessageUnsubscribedRequest& command);
// The same of another contact that has the address: it is the address that wants no more.
std::optional<contacts::v1::UpdateContactRequest> OptOutOfOther(
    const contacts::v1::Contact& contact, const v1::RecordMessageUnsubscribedRequest& command);
// What changes of a contact whose address, of this key, is written to again.
std::optional<contacts::v1::UpdateContactRequest> OptInOf(const contacts::v1::Contact& contact,
                                                          const std::string& email_key);

}  // namespace kith::messages
