// ReceivedMailCommands: takes mails that come in: whom each is with, and what follows from it.
//
// What it makes of contacts and interactions is what the methods of these, and of captures, make of
// it, for the same caller and in one append.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/received_mails/v1/received_mail.pb.h"
#include "kith/received_mails/v1/received_mails_service.pb.h"
#include "services/core/decision.h"
#include "services/core/received_mail.h"
#include "services/received_mails/received_mail_reader.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::received_mails {

// Whether the same will be refused whenever it is asked for. Everything else may pass, or is for
// who runs the server to mend.
bool IsForGood(const absl::Status& refusal);

// Thread-safe. See MethodTable::Command. Borrows the runtime and the methods.
class ReceivedMailCommands {
 public:
  // While the server starts. Aborts where no resource is "contacts", or "users".
  ReceivedMailCommands(const std::vector<runtime::ResourceType>& types,
                       const runtime::Runtime& runtime, const runtime::MethodTable& methods);

  // RECEIVED_MAILS_ERROR_MAIL_TOO_LARGE; ERROR_PERMISSION_DENIED where the caller may not do what
  // follows; what may pass of the errors of that. All else is kept.
  Decision Run(runtime::Loader& load, const v1::ReceiveMailRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::ReceiveMailRequest& command,
                      v1::ReceivedMail* response) const;

 private:
  // Somebody whom a mail is to.
  struct Recipient {
    const MailPerson* person;
    std::string key;  // of the address
    bool is_ours;
  };

  // Each of these answers what is to be appended besides, and says in `told` what became of it.
  Decision Capture(runtime::Loader& load, const ReceivedMail& mail, const std::string& hash,
                   const CommandContext& context, v1::ReceivedMail& told) const;
  Decision Bounce(runtime::Loader& load, const ReceivedMail& mail, const CommandContext& context,
                  v1::ReceivedMail& told) const;
  // Says of the message that it came back, where nobody tries to deliver it any more.
  Decision CountBounce(runtime::Loader& load, const std::string& message, const ReceivedMail& mail,
                       const CommandContext& context) const;
  // Marks those of the contact's addresses that mail does not reach for good.
  Decision MarkUndeliverable(runtime::Loader& load, const std::string& contact,
                             const ReceivedMail& mail, const CommandContext& context) const;

  // Keeps what is attached, as far as there is room, and says in `told` what became of it; the
  // names of the blobs, which are empty for what was not kept. Once it is known whose the mail is.
  absl::StatusOr<std::vector<std::string>> Store(WorkspaceId workspace, const std::string& person,
                                                 const ReceivedMail& mail,
                                                 v1::ReceivedMail& told) const;

  // The message that was sent with this Message-ID; empty where none was.
  absl::StatusOr<std::string> FindSent(runtime::Loader& load, const std::string& message_id) const;
  // Whether it was given here, to a message or to any other mail.
  bool IsGivenHere(const std::string& message_id) const;
  // Whether the address is that of a user, or the one to which the workspace wants answers.
  absl::StatusOr<bool> IsOurs(runtime::Loader& load, const std::string& key,
                              const CommandContext& context) const;
  // Whom it is to, as far as they are looked at: each address once, without the sender's.
  absl::StatusOr<std::vector<Recipient>> RecipientsOf(runtime::Loader& load,
                                                      const ReceivedMail& mail,
                                                      const std::string& sender,
                                                      const CommandContext& context) const;
  // The contact that has the address; empty where none has it, or several, or the caller does not
  // see it.
  absl::StatusOr<std::string> OnlyContact(runtime::Loader& load, const std::string& key) const;

  const runtime::ResourceType contacts_;
  const runtime::ResourceType users_;
  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
  const ReceivedMailReader reader_;
};

}  // namespace kith::received_mails
