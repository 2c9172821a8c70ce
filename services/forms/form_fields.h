// What follows from the fields of a form, and what they must not be. Pure functions, any thread.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "kith/forms/v1/form.pb.h"
#include "kith/leads/v1/lead.pb.h"
#include "services/core/decider.h"

namespace kith::forms {

// So long a text may be where the form says nothing, in characters.
inline constexpr int kLineCharactersMax = 500;
inline constexpr int kParagraphCharactersMax = 16'384;
// {{link}} in a confirmation mail.
inline constexpr absl::string_view kLinkGap = "{{link}}";

// Keys that a page sends beside the form's own.
inline constexpr absl::string_view kConsentPrefix = "consent.";
inline constexpr absl::string_view kOwnPrefix = "kith_";

// Each consent has the version it had, or one more where its text changed; a new form is
// unpublished.
void CompleteFields(const v1::Form& before, const Settings& settings, v1::Form& after);
// All violations at once.
absl::Status CheckFields(const v1::Form& form);
// Adds what is missing to a form that is to be published, in fields that begin with "form.".
void CheckPublishable(const v1::Form& form, google::rpc::BadRequest& violations);

bool IsText(v1::FormFieldKind kind);
// REFERRAL of "Referral", WEB_FORM of "Web form"; nullopt where it is no source.
std::optional<leads::v1::LeadSource> LeadSourceOf(absl::string_view text);

}  // namespace kith::forms
