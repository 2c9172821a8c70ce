#include "services/captures/capture_review.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/captures/v1/captures_errors.pb.h"
#include "projections/captures/capture_review_fold.h"
#include "services/core/person_identity.h"
#include "services/core/reject.h"

namespace kith::captures {
namespace {

using contacts::v1::Contact;

// What the person is called: their name, or else their first address or number.
std::string CalledIn(const Contact& person) {
  std::string name = JoinedName(person.first_name(), person.middle_name(), person.last_name());
  if (!name.empty()) return name;
  if (!person.emails().empty()) return person.emails(0).address();
  return person.phones().empty() ? "" : person.phones(0).raw();
}

void CompleteFields(const v1::CaptureReview&, const Settings&, v1::CaptureReview& after) {
  if (after.state() == v1::CAPTURE_REVIEW_STATE_UNSPECIFIED) after.set_state(v1::PENDING);
  if (after.state() == v1::PENDING) after.set_display_name(CalledIn(after.person()));
}

absl::Status CheckFields(const v1::CaptureReview& review) {
  google::rpc::BadRequest violations;
  if (absl::string_view(review.source()).find(':') != absl::string_view::npos) {
    AddViolation("capture_review.source", "must not have a colon", violations);
  }
  if (!review.interaction().external_id().empty()) {
    AddViolation("capture_review.interaction.external_id",
                 "must be empty: it is made of source and external_id", violations);
  }
  if (review.state() == v1::PENDING && !review.erased() && review.display_name().empty()) {
    AddViolation("capture_review.person", "needs a name, an e-mail address or a telephone number",
                 violations);
  }
  return RejectFields(violations);
}

std::vector<std::string> ExternalIds(const v1::CaptureReview& review) {
  std::string id = SourcedId(review.source(), review.external_id());
  if (id.empty()) return {};
  return {std::move(id)};
}

absl::Status CapturedBefore(const v1::CaptureReview& holder, size_t /*index*/) {
  return RejectTaken(v1::CAPTURES_ERROR_CAPTURED_BEFORE,
                     "What has this source and external id was captured before.", "capture_review",
                     holder.name(), "capture_review.external_id");
}

v1::CaptureReviewState StateOf(v1::CaptureResolution resolution) {
  switch (resolution) {
    case v1::EXISTING_CONTACT:
      return v1::MATCHED;
    case v1::NEW_CONTACT:
      return v1::CREATED;
    default:
      return v1::DISCARDED;
  }
}

absl::Status CheckContact(const v1::ResolveCaptureReviewRequest& command) {
  const bool is_existing = command.resolution() == v1::EXISTING_CONTACT;
  if (is_existing && command.contact().empty()) {
    return RejectField("contact", "is required where the person is an existing contact");
  }
  if (!is_existing && !command.contact().empty()) {
    return RejectField("contact", "must be empty where the person is no existing contact");
  }
  return absl::OkStatus();
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules = *new ResourceRules(
      ResourceRulesBuilder<CaptureReviewAggregate>()
          .NotFound(v1::CAPTURES_ERROR_CAPTURE_REVIEW_NOT_FOUND)
          .LinkNotFound(v1::CAPTURES_ERROR_LINKED_RECORD_NOT_FOUND)
          .OwnedByCreator()
          .Complete(CompleteFields)
          .Check(CheckFields)
          .FoldedBy<FoldCaptureReview>()
          .ToldToWhoSees("candidates", "contact")
          .UniqueClaim(kExternalIdClaim, ExternalIds, IsAlwaysUnique, CapturedBefore)
          .Build());
  return rules;
}

CaptureReviewState Evolve(CaptureReviewState state,
                          const Recorded<v1::CaptureReviewEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldCaptureReview);
  return state;
}

std::string SourcedId(absl::string_view source, absl::string_view external_id) {
  return external_id.empty() ? "" : absl::StrCat(source, ":", external_id);
}

absl::StatusOr<bool> MayResolve(const CaptureReviewState& state,
                                const v1::ResolveCaptureReviewRequest& command) {
  if (state.lifecycle != Lifecycle::kActive) return ResourceNotFound(Rules(), command.name());
  const v1::CaptureReview& review = state.resource;
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), review.etag()));
  KITH_RETURN_IF_ERROR(CheckContact(command));
  if (review.state() == v1::PENDING) {
    const bool has_nothing = !review.has_person() || !review.has_interaction();
    if (command.resolution() == v1::NOBODY || !has_nothing) return true;
    return RejectState(v1::CAPTURES_ERROR_CAPTURE_REVIEW_ERASED,
                       "The person's data was erased: nothing is left to record. Discard it.",
                       command.name());
  }
  const bool is_same =
      review.state() == StateOf(command.resolution()) &&
      (command.resolution() != v1::EXISTING_CONTACT || review.contact() == command.contact());
  if (is_same) return false;
  return RejectState(v1::CAPTURES_ERROR_CAPTURE_REVIEW_RESOLVED,
                     review.state() == v1::DISCARDED ? "It was said that it is nobody."
                                                     : "It was said already who the person is.",
                     command.name(), {{"contact", review.contact()}});
}

Change Resolved(const v1::CaptureReview& review, v1::CaptureResolution resolution,
                const std::string& contact, const std::string& interaction) {
  auto event = std::make_unique<v1::CaptureReviewEvent>();
  v1::CaptureReviewResolved& resolved = *event->mutable_capture_review_resolved();
  resolved.set_name(review.name());
  resolved.set_state(StateOf(resolution));
  resolved.set_contact(contact);
  resolved.set_interaction(interaction);
  return {.stream = review.name(), .event = std::move(event), .claims = {}};
}

}  // namespace kith::captures
