// FormPage: the page that a form has of its own, and the script that puts it into another. Plain
// HTML that needs no script, but for a captcha; all that people wrote is escaped. Pure; any thread.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "kith/forms/v1/form.pb.h"
#include "services/forms/captcha.h"
#include "services/forms/posted_form.h"

namespace kith::forms {

// What the page sends beside what people fill in.
inline constexpr absl::string_view kSubmissionKey = "kith_submission";  // an id of what is sent
inline constexpr absl::string_view kTrapKey =
    "kith_website";  // nobody sees it: who fills it in is nobody
inline constexpr absl::string_view kPageKey = "kith_page";        // the page that it stands on
inline constexpr absl::string_view kVisitorKey = "kith_visitor";  // what the browser is known by

struct PageState {
  absl::string_view path;                // where it is sent to: "/f/…"
  absl::string_view submission;          // its id
  absl::string_view page;                // that it stands on
  absl::string_view visitor;             // what who looks at it is known by; empty: by nothing
  const Challenge* challenge = nullptr;  // that is to be solved; null: none
  const PostedForm* filled = nullptr;  // what was filled in before, and was refused; null: nothing
  // What is wrong with it: by "values.email", "consents.news", and "" for all of it.
  std::map<std::string, std::string> errors;
};

std::string FormPageOf(const v1::Form& form, const PageState& state);
// What is said to who has sent it.
std::string ThanksPageOf(const v1::Form& form);
// A page with one button, that sends nothing but itself.
std::string ConfirmPageOf(const v1::Form& form, absl::string_view path);
// The script, which puts the page at `path` before it into the page that it stands in, and tells it
// that page's address, and what a visitor is known by there (services/visitors).
std::string ScriptOf(const v1::Form& form, absl::string_view path);

// What a page of the form may do: no script but that of a captcha, its own styles, to be sent to
// itself and to be framed by the sites that the form names. A header's value.
std::string PagePolicyOf(const v1::Form& form);

}  // namespace kith::forms
