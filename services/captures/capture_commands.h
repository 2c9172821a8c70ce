// The commands that record what was captured with whom: what each is decided on, and what it is
// answered with.
//
// What they make of contacts and interactions is what the methods of these make of it, for the same
// caller, one after another and in one append.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/field_mask.pb.h"
#include "kith/captures/v1/capture_reviews_service.pb.h"
#include "kith/captures/v1/captures_service.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/interactions/v1/interaction.pb.h"
#include "services/captures/capture_review.h"
#include "services/core/decision.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/resources/known_people.h"
#include "services/runtime/runtime.h"

namespace kith::captures {

// What is to be recorded, whoever it was captured of. Borrows it.
struct CapturedFacts {
  const contacts::v1::Contact& person;
  const interactions::v1::Interaction& interaction;
  const std::string& source;
  const std::string& external_id;  // that of the interaction; empty for none
  v1::MatchPolicy match_policy;
};

// Thread-safe. See MethodTable::Command. Borrows the runtime and the methods.
class CaptureCommands {
 public:
  CaptureCommands(const std::vector<runtime::ResourceType>& types, const runtime::Runtime& runtime,
                  const runtime::MethodTable& methods);

  Decision Run(runtime::Loader& load, const v1::CaptureInteractionRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::CaptureInteractionRequest& command,
                      v1::Capture* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::CaptureInteractionRequest& item,
                      v1::IngestCapturesResponse::Result* result) const {
    return Render(after, item, result->mutable_capture());
  }

  Decision Run(runtime::Loader& load, const v1::ResolveCaptureReviewRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::ResolveCaptureReviewRequest& command,
                      v1::CaptureReview* response) const;

 private:
  // Whom of the contacts the person may be. ERROR_PERMISSION_DENIED where the caller may not find
  // them by what is said. A service that may not read contacts is refused the same whoever is
  // known.
  absl::StatusOr<Identity> Identify(runtime::Loader& load,
                                    const v1::CaptureInteractionRequest& command,
                                    const CommandContext& context) const;
  // Whether the person could be a new contact, but for what another has.
  absl::Status CheckPerson(runtime::Loader& load, const v1::CaptureInteractionRequest& command,
                           const CommandContext& context) const;
  // Whether what has this external id was captured before. CAPTURES_ERROR_CAPTURED_BEFORE where
  // the caller may not see as what.
  absl::StatusOr<bool> IsRepeated(runtime::Loader& load, const std::string& external_id) const;
  // The interaction that has it now; without a name where there is none. From disk.
  absl::StatusOr<interactions::v1::Interaction> FindInteraction(
      WorkspaceId workspace, const std::string& external_id) const;
  // The person becomes a new contact; answers its name.
  absl::StatusOr<std::string> AssumeContact(runtime::Loader& load, const CapturedFacts& facts,
                                            const CommandContext& context) const;
  // The contact, which is there, is filled where that is wanted; answers with what.
  absl::StatusOr<google::protobuf::FieldMask> AssumeFilled(runtime::Loader& load,
                                                           const std::string& contact,
                                                           const CapturedFacts& facts,
                                                           const CommandContext& context) const;
  // The interaction tells what the contact, which was filled with that, does not have of the
  // person.
  absl::Status TellRest(runtime::Loader& load, const std::string& contact,
                        const google::protobuf::FieldMask& filled, const CommandContext& context,
                        contacts::v1::Contact person,
                        interactions::v1::Interaction& interaction) const;
  // The interaction is recorded with the contact; answers its name.
  absl::StatusOr<std::string> AssumeInteraction(runtime::Loader& load, const std::string& contact,
                                                const CapturedFacts& facts,
                                                const CommandContext& context) const;
  // It waits for a review.
  Decision Queue(runtime::Loader& load, const v1::CaptureInteractionRequest& command,
                 const Identity& identity, const CommandContext& context) const;
  // That of a new contact, with the region and rules of the workspace.
  Decision DecideContact(runtime::Loader& load, const CapturedFacts& facts,
                         const CommandContext& context) const;

  const runtime::ResourceType contacts_;
  const runtime::KnownPeople people_;
  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
};

}  // namespace kith::captures
