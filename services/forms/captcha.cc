#include "services/forms/captcha.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/sha256.h"
#include "kith/forms/v1/forms_errors.pb.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/runtime/calls/public_name.h"
#include "services/runtime/calls/web_text.h"

namespace kith::forms {
namespace {

constexpr absl::string_view kPurpose = "forms.captcha";
constexpr int kDifficultyDefault = 16;
constexpr size_t kSolutionBytesMax = 512;
constexpr size_t kParts = 4;

absl::Status NotSolved(absl::string_view why) {
  return Reject(v1::FORMS_ERROR_CAPTCHA_NOT_SOLVED,
                absl::StrCat(why, " Solve the challenge of this answer, and send it as ",
                             kCaptchaKey, ": the challenge, a dot and a number, such that their ",
                             "SHA-256 begins with as many zero bits as its difficulty says."));
}

bool BeginsWithZeros(const Sha256Hash& hash, int bits) {
  const uint64_t first = uint64_t{hash[0]} << 24 | uint64_t{hash[1]} << 16 |
                         uint64_t{hash[2]} << 8 | uint64_t{hash[3]};
  return first >> (32 - bits) == 0;
}

// Where a script is allowed, it solves the challenge from when somebody begins to fill the form in,
// some hundred hashes at a time, so that the page goes on answering.
constexpr absl::string_view kScript = R"js((function () {
  "use strict";
  var field = document.querySelector("input[name=kith_captcha]");
  var notice = document.getElementById("kith-captcha");
  var form = field.form, button = form.querySelector("button[type=submit]");
  var submission = form.querySelector("input[name=kith_submission]").value;
  var bytes = new TextEncoder(), working = null, until = 0;
  var given = {challenge: field.dataset.challenge, difficulty: Number(field.dataset.difficulty),
    lifetime_seconds: Number(field.dataset.lifetimeSeconds)};
  function keep(challenge) {
    given = challenge;
    // A minute before the server, whose answer takes its time.
    until = performance.now() + 1000 * (given.lifetime_seconds - 60);
  }
  function hash(text) { return crypto.subtle.digest("SHA-256", bytes.encode(text)); }
  function isSolved(digest) {
    return new DataView(digest).getUint32(0) >>> (32 - given.difficulty) === 0;
  }
  async function solve() {
    if (performance.now() > until) {
      var path = form.getAttribute("action") + ".challenge?kith_submission=";
      var answer = await fetch(path + encodeURIComponent(submission));
      if (!answer.ok) return Promise.reject(new Error(answer.status));
      keep(await answer.json());
    }
    for (var number = 0; ; number += 500) {
      var texts = [];
      for (var i = 0; i < 500; i++) texts.push(given.challenge + "." + (number + i));
      var found = (await Promise.all(texts.map(hash))).findIndex(isSolved);
      if (found >= 0) {
        field.value = texts[found];
        return;
      }
      await new Promise(function (goOn) { setTimeout(goOn); });
    }
  }
  function work() {
    if (!working) {
      working = solve();
      working.then(null, function () { working = null; });
    }
    return working;
  }
  keep(given);
  if (!window.crypto || !crypto.subtle) {
    notice.textContent = "This form can only be sent from a page that is reached over https://.";
    button.disabled = true;
    return;
  }
  form.addEventListener("focusin", function () { work().catch(function () {}); });
  form.addEventListener("submit", function (event) {
    if (field.value && performance.now() <= until) return;
    event.preventDefault();
    if (button.disabled) return;
    if (field.value) {
      field.value = "";
      working = null;
    }
    button.disabled = true;
    notice.textContent = "One moment: your browser shows that no program sends this.";
    work().then(function () {
      button.disabled = false;
      notice.textContent = "";
      HTMLFormElement.prototype.submit.call(form);
    }, function () {
      button.disabled = false;
      notice.textContent = "It could not be sent. Please try again in a moment.";
    });
  });
})();
)js";

}  // namespace

Challenge ChallengeFor(const eventstore::TokenSealer& sealer, WorkspaceId workspace,
                       const v1::Form& form, absl::string_view submission, absl::Time now) {
  const int asked = form.captcha_difficulty();
  const int difficulty = asked == 0 ? kDifficultyDefault : asked;
  const int64_t until = absl::ToUnixSeconds(now + kChallengeLifetime);
  const std::string said =
      absl::StrCat(IdOf(form.name()), "/", until, "/", difficulty, "/", submission);
  return {runtime::SealPublicName(sealer, kPurpose, {workspace, said}), difficulty};
}

absl::StatusOr<std::string> SubmissionSolvedBy(const eventstore::TokenSealer& sealer,
                                               WorkspaceId workspace, const v1::Form& form,
                                               absl::string_view solution, absl::Time now) {
  if (solution.empty()) {
    return NotSolved("The form asks for a captcha, and what was sent has no solution of it.");
  }
  const size_t dot = solution.rfind('.');
  if (dot == solution.npos || solution.size() > kSolutionBytesMax) {
    return NotSolved("The solution of the captcha is no challenge, a dot and a number.");
  }
  const auto given = runtime::OpenPublicName(sealer, kPurpose, solution.substr(0, dot));
  std::vector<std::string> parts;
  if (given.has_value()) parts = absl::StrSplit(given->name, absl::MaxSplits('/', kParts - 1));
  const bool is_ours =
      parts.size() == kParts && given->workspace == workspace && parts[0] == IdOf(form.name());
  int64_t until = 0;
  int difficulty = 0;
  if (!is_ours || !absl::SimpleAtoi(parts[1], &until) || !absl::SimpleAtoi(parts[2], &difficulty)) {
    return NotSolved("The captcha that was solved is none of this form's.");
  }
  if (absl::FromUnixSeconds(until) <= now) {
    return NotSolved("The captcha that was solved is too old.");
  }
  if (!BeginsWithZeros(Sha256::Of(solution), difficulty)) {
    return NotSolved("The solution of the captcha is wrong.");
  }
  return std::move(parts[3]);
}

std::string CaptchaFieldsOf(const Challenge& challenge) {
  return absl::StrCat(
      "<input type=\"hidden\"", runtime::HtmlAttribute("name", kCaptchaKey),
      " value=\"\" autocomplete=\"off\"", runtime::HtmlAttribute("data-challenge", challenge.text),
      runtime::HtmlAttribute("data-difficulty", absl::StrCat(challenge.difficulty)),
      runtime::HtmlAttribute("data-lifetime-seconds",
                             absl::StrCat(absl::ToInt64Seconds(kChallengeLifetime))),
      ">\n<p class=\"help\" id=\"kith-captcha\" role=\"status\"></p>\n"
      "<noscript><p class=\"error\">Your browser has to show that no program sends this, which "
      "takes JavaScript. Please allow it for this page, and load the page again.</p></noscript>\n"
      "<script src=\"/f/captcha.js\" defer></script>\n");
}

absl::string_view CaptchaScript() { return kScript; }

}  // namespace kith::forms
