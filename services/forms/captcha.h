// Captcha: a proof of work that a form asks of whoever sends it over HTTP, without a third party.
//
// A challenge is a sealed text: the server keeps nothing of those that it gives. A solution is the
// challenge, "." and something, so that the SHA-256 of that text begins with as many zero bits as
// the challenge says. It is good for the submission that the challenge was given for, whose id it
// has in it: whoever sends a solution twice sends that submission twice, which is taken once. Pure;
// any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/seal/token_sealer.h"
#include "kith/forms/v1/form.pb.h"

namespace kith::forms {

// What a solution is sent as, beside what people fill in.
inline constexpr absl::string_view kCaptchaKey = "kith_captcha";
// For so long a challenge can be solved.
inline constexpr absl::Duration kChallengeLifetime = absl::Minutes(30);

struct Challenge {
  std::string text;    // has no "."
  int difficulty = 0;  // with so many zero bits the hash begins
};

// `submission` is the id of what is to be sent with the solution: printable ASCII, of 100 bytes at
// most.
Challenge ChallengeFor(const eventstore::TokenSealer& sealer, WorkspaceId workspace,
                       const v1::Form& form, absl::string_view submission, absl::Time now);

// The id of the submission that it is the solution for, of that form. Else
// FORMS_ERROR_CAPTCHA_NOT_SOLVED, which says what it lacks.
absl::StatusOr<std::string> SubmissionSolvedBy(const eventstore::TokenSealer& sealer,
                                               WorkspaceId workspace, const v1::Form& form,
                                               absl::string_view solution, absl::Time now);

// What the page of such a form has beside its fields, and the script at "/f/captcha.js", which
// solves the challenge while people write. It asks for another at the page's path and ".challenge"
// where the first is too old.
std::string CaptchaFieldsOf(const Challenge& challenge);
absl::string_view CaptchaScript();

}  // namespace kith::forms
