// The commands on forms, and on what is sent with them: what each is decided on, and what it is
// answered with.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kith/forms/v1/forms_service.pb.h"
#include "kith/leads/v1/lead.pb.h"
#include "services/core/decision.h"
#include "services/forms/filled_form.h"
#include "services/forms/form.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/public_name.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/runtime.h"

namespace kith::forms {

// What stands for a form outside, and for a submission in the mail that asks to confirm it: sealed,
// so nobody makes one. Any thread.
std::string PublicIdOf(const eventstore::TokenSealer& sealer, WorkspaceId workspace,
                       absl::string_view form);
std::string ConfirmationTokenOf(const eventstore::TokenSealer& sealer, WorkspaceId workspace,
                                absl::string_view submission);

// The name of the record that a text stands for; nullopt for one that none of these gave.
std::optional<runtime::PublicName> FormOfPublicId(const eventstore::TokenSealer& sealer,
                                                  absl::string_view public_id);
std::optional<runtime::PublicName> SubmissionOfToken(const eventstore::TokenSealer& sealer,
                                                     absl::string_view token);

// Thread-safe. See MethodTable::Command. Borrows both.
class FormCommands {
 public:
  FormCommands(const runtime::Runtime& runtime, const runtime::MethodTable& methods)
      : runtime_(runtime), methods_(methods) {}

  // Of those that change a form by themselves.
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext&) const {
    auto state = load.Load<FormAggregate>(command.name());
    if (!state.ok()) return state.status();
    return Decide(**state, command);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command, v1::Form* response) const {
    auto state = after.Load<FormAggregate>(command.name());
    if (!state.ok()) return state.status();
    WriteReply(FormRules(), (*state)->resource, response);
    return absl::OkStatus();
  }

  Decision Run(runtime::Loader& load, const v1::SubmitFormRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::SubmitFormRequest& command,
                      v1::FormSubmission* response) const;

  Decision Run(runtime::Loader& load, const v1::CountFormTrafficRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering&, const v1::CountFormTrafficRequest&,
                      v1::CountFormTrafficResponse*) const {
    return absl::OkStatus();
  }

  Decision Run(runtime::Loader& load, const v1::ConfirmFormSubmissionRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::ConfirmFormSubmissionRequest& command,
                      v1::FormSubmission* response) const;

 private:
  // What the capture makes, of the time when the form was sent: with a contact that is there, the
  // interaction also tells what the contact does not take, and so does `filled` then.
  absl::StatusOr<v1::FormSubmission> AssumeCaptured(runtime::Loader& load, const v1::Form& form,
                                                    FilledForm& filled,
                                                    const CommandContext& context) const;
  // Everything that a submission makes, assumed one after another: the contact and the interaction,
  // or a capture review; who looks after a new contact; the lead; the form submission; the mail
  // that asks to confirm it.
  absl::Status AssumeAll(runtime::Loader& load, const v1::Form& form, FilledForm filled,
                         const v1::SubmitFormRequest& command, const CommandContext& context) const;
  // Who looks after a new record, as the form's rule says. Where nobody can, or the rule is of
  // others, nobody does.
  absl::Status AssumeAssigned(runtime::Loader& load, const v1::Form& form,
                              const std::string& record, const CommandContext& context) const;
  // The visitor who sent it, said of the submission, and identified as its contact where nobody is
  // asked to confirm. How it came to our pages first; empty where that is not known.
  absl::StatusOr<leads::v1::LeadTouch> AssumeVisitor(runtime::Loader& load, const v1::Form& form,
                                                     const v1::SubmitFormRequest& command,
                                                     v1::FormSubmission& submission,
                                                     const CommandContext& context) const;
  // What was agreed to stands among the contact's consents: where there is a contact, and as far as
  // it can be. What the contact refused stays refused, but where it was confirmed who agreed.
  absl::Status AssumeConsents(runtime::Loader& load, const v1::FormSubmission& submission,
                              bool is_confirmed, const CommandContext& context) const;
  // Where both are known, and as far as it can be.
  absl::Status AssumeIdentified(runtime::Loader& load, const std::string& visitor,
                                const std::string& contact, const CommandContext& context) const;
  // The lead that who sent it is: of the contact, or of a person who says so themselves where it is
  // empty. Its name; empty where none can be made.
  absl::StatusOr<std::string> AssumeLead(runtime::Loader& load, const v1::Form& form,
                                         const FilledForm& filled,
                                         const v1::SubmitFormRequest& command,
                                         const leads::v1::LeadTouch& first_touch,
                                         const std::string& contact,
                                         const CommandContext& context) const;
  // The mail with this link; where it cannot be sent, why not.
  Decision DecideMail(runtime::Loader& load, const v1::Form& form, const std::string& contact,
                      absl::string_view link, const CommandContext& context) const;

  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
};

}  // namespace kith::forms
