#include "services/forms/form_pages.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/error.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/event_log.h"
#include "eventstore/seal/token_sealer.h"
#include "google/rpc/error_details.pb.h"
#include "kith/forms/v1/forms_errors.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "nlohmann/json.hpp"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/core/touch.h"
#include "services/forms/form_commands.h"
#include "services/forms/form_fields.h"
#include "services/forms/form_page.h"
#include "services/runtime/calls/own_command.h"
#include "services/runtime/calls/public_name.h"
#include "services/runtime/calls/web_text.h"
#include "services/runtime/requests/method.h"

namespace kith::forms {
namespace {

using runtime::HtmlAnswer;
using runtime::HttpStatusOf;
using runtime::kNotKept;
using runtime::kSafeHeaders;
using runtime::WebAnswer;
using runtime::WebRequest;

constexpr char kActor[] = "policies/form_pages";
constexpr absl::string_view kConfirm = "confirm/";
constexpr absl::string_view kScript = ".js";
constexpr absl::string_view kChallenge = ".challenge";
constexpr int kPerAddressDefault = 20;
constexpr int kPerHourDefault = 1'000;
constexpr size_t kSubmissionBytesMax = 100;
constexpr size_t kUrlBytesMax = 2'048;

constexpr absl::string_view kPrefix = "/f/";
constexpr absl::string_view kProblem = "application/problem+json";
// To people, of a captcha that was not solved, or too long ago.
constexpr char kUnproven[] =
    "Your browser did not show in time that no program sends this. Please send it once more.";

WebAnswer Notice(int status, absl::string_view heading, absl::string_view sentence) {
  return HtmlAnswer(status, runtime::NoticePageOf(kPrefix, "en", heading, sentence),
                    runtime::kPlainPolicy);
}

WebAnswer NotThere() {
  return Notice(404, "No such form", "There is no form here, or it cannot be filled in any more.");
}

WebAnswer NotAllowed(absl::string_view allowed) {
  return runtime::NotAllowedAnswer(kPrefix, allowed);
}

absl::string_view TitleOf(int status) {
  switch (status) {
    case 400:
      return "Something is missing or not as it should be";
    case 404:
      return "No such form";
    case 415:
      return "Not in this form";
    case 429:
      return "Too often";
    case 503:
      return "Not just now";
    default:
      return "It could not be taken";
  }
}

absl::string_view SentenceOf(int status) {
  switch (status) {
    case 400:
      return "Mend what is said of each field, and send it again.";
    case 429:
      return "This form was sent too often. Please try again in an hour.";
    case 503:
      return "Please try again in a moment.";
    default:
      return "It could not be taken. Please try again later.";
  }
}

// By the fields of the request, "" for none; of nothing that is not the sender's to mend.
std::map<std::string, std::string> ViolationsIn(const absl::Status& status) {
  std::map<std::string, std::string> violations;
  const auto wire = WireError(status);
  if (!wire.has_value()) return violations;
  for (const google::protobuf::Any& detail : wire->details()) {
    google::rpc::BadRequest request;
    if (!detail.UnpackTo(&request)) continue;
    for (const auto& violation : request.field_violations()) {
      const bool is_theirs = absl::StartsWith(violation.field(), "values.") ||
                             absl::StartsWith(violation.field(), "consents.");
      violations.emplace(is_theirs ? violation.field() : "", violation.description());
    }
  }
  return violations;
}

bool WantsJson(const WebRequest& request) {
  return PostedAsOf(request.content_type) == PostedAs::kJson ||
         absl::StartsWith(request.accept, "application/json");
}

// Names in their order, so that the same is told in the same bytes.
std::string Text(const nlohmann::json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json JsonOf(const Challenge& challenge) {
  return {{"challenge", challenge.text},
          {"difficulty", challenge.difficulty},
          {"lifetime_seconds", absl::ToInt64Seconds(kChallengeLifetime)}};
}

nlohmann::json ProblemOf(int status, absl::string_view detail,
                         const std::map<std::string, std::string>& violations) {
  nlohmann::json problem = {
      {"title", std::string(TitleOf(status))}, {"detail", std::string(detail)}, {"status", status}};
  for (const auto& [field, message] : violations) {
    absl::string_view name = field;
    absl::ConsumePrefix(&name, "values.");
    const bool is_consent = absl::ConsumePrefix(&name, "consents.");
    problem["errors"].push_back(
        {{"field", is_consent ? absl::StrCat(kConsentPrefix, name) : std::string(name)},
         {"message", message}});
  }
  return problem;
}

// What lets a page of a site that the form names read the answer.
std::string SharedWith(const v1::Form& form, const std::string& origin) {
  const bool is_named = std::find(form.allowed_origins().begin(), form.allowed_origins().end(),
                                  origin) != form.allowed_origins().end();
  if (origin.empty() || !is_named) return "vary: origin\r\n";
  return absl::StrCat("access-control-allow-origin: ", origin, "\r\nvary: origin\r\n");
}

WebAnswer Preflight(const v1::Form& form, const WebRequest& request) {
  return {204, "text/plain", "",
          absl::StrCat(SharedWith(form, request.origin),
                       "access-control-allow-methods: POST\r\n"
                       "access-control-allow-headers: accept, content-type\r\n"
                       "access-control-max-age: 7200\r\n")};
}

std::string KeyOf(const std::string& form, WorkspaceId workspace) {
  return absl::StrCat(workspace.value(), "/", form);
}

std::string UrlOf(const PostedForm& posted, const WebRequest& request) {
  std::string url = ValueOf(posted, kPageKey);
  if (url.empty()) url = request.referrer;
  const bool is_plain = IsUtf8(url) && std::all_of(url.begin(), url.end(), [](char c) {
                          return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
                        });
  if (!is_plain) return "";
  // An address may say who somebody is, and is kept in clear.
  url = CutUrl(url);
  return url.size() <= kUrlBytesMax ? url : "";
}

std::unique_ptr<v1::SubmitFormRequest> SubmissionOf(const v1::Form& form, const PostedForm& posted,
                                                    const WebRequest& request) {
  auto submit = std::make_unique<v1::SubmitFormRequest>();
  submit->set_name(form.name());
  for (const auto& [name, value] : posted) {
    const bool is_field =
        std::any_of(form.fields().begin(), form.fields().end(),
                    [&key = name](const v1::FormField& field) { return field.key() == key; });
    if (!is_field) continue;
    v1::FormValue& filled = *submit->add_values();
    filled.set_key(name);
    // What is no text is refused by the field, which tells it.
    filled.set_value(IsUtf8(value) ? value : std::string("\x01"));
  }
  for (const v1::FormConsent& consent : form.consents()) {
    const std::string given = ValueOf(posted, absl::StrCat(kConsentPrefix, consent.key()));
    if (!given.empty() && given != "false") submit->add_consents(consent.key());
  }
  submit->set_page_url(UrlOf(posted, request));
  return submit;
}

// That of the page; empty where it says none that can be one.
std::string SubmissionIdIn(const PostedForm& posted) {
  std::string id = ValueOf(posted, kSubmissionKey);
  const bool is_id = id.size() <= kSubmissionBytesMax &&
                     std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  return is_id ? id : "";
}

// What the address says behind its "?".
PostedForm QueryOf(const WebRequest& request) {
  auto said = ParsePosted("application/x-www-form-urlencoded", request.query);
  return said.ok() ? *std::move(said) : PostedForm();
}

WebAnswer ScriptAnswer(absl::string_view script) {
  return {200, "text/javascript; charset=utf-8", std::string(script),
          absl::StrCat(kSafeHeaders, "cache-control: max-age=300\r\n")};
}

absl::Status TooMany() {
  return Reject(v1::FORMS_ERROR_TOO_MANY_SUBMISSIONS, "The form was sent too often. Try later.");
}

}  // namespace

PageTraffic& PageTraffic::operator+=(const PageTraffic& more) {
  views += more.views;
  spam += more.spam;
  return *this;
}

std::shared_ptr<const runtime::Caller> FormPages::CallerIn(WorkspaceId workspace) const {
  return runtime::ActiveCallerOf(*runtime_.authorizer, workspace, kActor);
}

absl::StatusOr<FormPages::Open> FormPages::Find(absl::string_view public_id) const {
  return runtime::FindOpenRecord<FormAggregate>(
      runtime_.transact, *runtime_.authorizer,
      FormOfPublicId(runtime_.log.token_sealer(), public_id), kActor,
      absl::StrCat(prefix(), public_id), CheckOpen);
}

void FormPages::Take(WebRequest request, Answer answer) {
  absl::string_view rest = absl::StripPrefix(request.path, prefix());
  const bool asks = request.method == "GET" || request.method == "HEAD";
  if (rest == "style.css") return answer(runtime::StyleAnswer(request, prefix()));
  if (rest == "captcha.js") {
    return answer(asks ? ScriptAnswer(CaptchaScript()) : NotAllowed("GET, HEAD"));
  }
  if (absl::ConsumePrefix(&rest, kConfirm)) {
    return TakeConfirmation(request, rest, std::move(answer));
  }
  const bool is_script = absl::ConsumeSuffix(&rest, kScript);
  const bool is_challenge = !is_script && absl::ConsumeSuffix(&rest, kChallenge);
  absl::StatusOr<Open> open = Find(rest);
  if (!open.ok()) {
    const int status = HttpStatusOf(open.status());
    const bool passes = absl::IsUnavailable(open.status()) || status == 503;
    return answer(passes ? Notice(503, TitleOf(503), SentenceOf(503)) : NotThere());
  }
  if (is_script) {
    return answer(asks ? ScriptAnswer(ScriptOf(open->record(), open->path))
                       : NotAllowed("GET, HEAD"));
  }
  if (is_challenge) {
    return answer(asks ? ChallengeAnswer(*open, request) : NotAllowed("GET, HEAD"));
  }
  if (request.method == "OPTIONS") return answer(Preflight(open->record(), request));
  if (request.method == "POST") return TakePost(*open, request, std::move(answer));
  if (!asks) return answer(NotAllowed("GET, HEAD, OPTIONS, POST"));
  if (request.method == "GET") {
    traffic_.Add(open->caller->workspace, open->record().name(), {.views = 1});
  }
  answer(PageAnswer(*open, request));
}

Challenge FormPages::ChallengeOf(const Open& open, absl::string_view submission) const {
  return ChallengeFor(runtime_.log.token_sealer(), open.caller->workspace, open.record(),
                      submission, runtime_.clock.Now());
}

WebAnswer FormPages::ChallengeAnswer(const Open& open, const WebRequest& request) const {
  const v1::Form& form = open.record();
  const std::string headers =
      absl::StrCat(SharedWith(form, request.origin), kSafeHeaders, kNotKept);
  if (!form.captcha()) {
    const nlohmann::json problem =
        ProblemOf(404, "The form asks for no captcha. Send it without.", {});
    return {404, std::string(kProblem), Text(problem), headers};
  }
  std::string submission = SubmissionIdIn(QueryOf(request));
  if (submission.empty()) submission = runtime_.ulids.Next();
  return {200, "application/json", Text(JsonOf(ChallengeOf(open, submission))), headers};
}

absl::StatusOr<std::string> FormPages::RequestIdOf(const Open& open,
                                                   const PostedForm& posted) const {
  std::string id = SubmissionIdIn(posted);
  if (open.record().captcha()) {
    KITH_ASSIGN_OR_RETURN(
        id, SubmissionSolvedBy(runtime_.log.token_sealer(), open.caller->workspace, open.record(),
                               ValueOf(posted, kCaptchaKey), runtime_.clock.Now()));
  }
  // Whoever numbers what they send begins anew with each form.
  return id.empty() ? "" : absl::StrCat("page/", IdOf(open.record().name()), "/", id);
}

bool FormPages::TakeOfAll(const Open& open, const std::string& request_id) {
  const WorkspaceId workspace = open.caller->workspace;
  if (!request_id.empty()) {
    const auto known =
        runtime_.log.FindRequest(workspace, runtime::MethodOf<v1::SubmitFormRequest>().name,
                                 request_id, eventstore::ReadTier::kDisk);
    if (known.ok() && known->has_value()) return true;
  }
  const int per_hour = open.record().hourly_submissions();
  return limits_.TakeOnce(KeyOf(open.record().name(), workspace),
                          per_hour == 0 ? kPerHourDefault : per_hour, runtime_.clock.Elapsed(),
                          request_id);
}

WebAnswer FormPages::FilledPage(int status, const Open& open, const std::string& submission,
                                PageState state) const {
  const Challenge challenge = ChallengeOf(open, submission);
  state.path = open.path;
  state.submission = submission;
  if (open.record().captcha()) state.challenge = &challenge;
  return HtmlAnswer(status, FormPageOf(open.record(), state), PagePolicyOf(open.record()));
}

WebAnswer FormPages::PageAnswer(const Open& open, const WebRequest& request) const {
  // The script says where the form stands, and who looks at it.
  const PostedForm told = QueryOf(request);
  const std::string page = UrlOf(told, request);
  const std::string visitor = ValueOf(told, kVisitorKey);
  PageState state;
  state.page = page;
  state.visitor = visitor;
  return FilledPage(200, open, runtime_.ulids.Next(), std::move(state));
}

void FormPages::TakePost(const Open& open, const WebRequest& request, Answer answer) {
  const v1::Form& form = open.record();
  const std::string key = KeyOf(form.name(), open.caller->workspace);
  const absl::Duration now = runtime_.clock.Elapsed();
  const int per_address = form.hourly_submissions_per_address();
  if (!limits_.Take(absl::StrCat(key, " ", request.address),
                    per_address == 0 ? kPerAddressDefault : per_address, now)) {
    return answer(Told(open, request, {}, TooMany()));
  }
  absl::StatusOr<PostedForm> posted = ParsePosted(request.content_type, request.body);
  if (!posted.ok()) return answer(Told(open, request, {}, posted.status()));
  if (!ValueOf(*posted, kTrapKey).empty()) {
    traffic_.Add(open.caller->workspace, form.name(), {.spam = 1});
    return answer(Told(open, request, *posted, absl::OkStatus()));
  }
  const absl::StatusOr<std::string> request_id = RequestIdOf(open, *posted);
  if (!request_id.ok()) return answer(Told(open, request, *posted, request_id.status()));
  // What all have is not used up by one address, by what proves nothing, nor by what is sent again.
  if (!TakeOfAll(open, *request_id)) return answer(Told(open, request, {}, TooMany()));
  auto submit = SubmissionOf(form, *posted, request);
  submit->set_visitor(VisitorOf(open, ValueOf(*posted, kVisitorKey)));
  runtime::StartOwnCommand(
      runtime_.transact, runtime_.keys, methods_, open.caller, std::move(submit), *request_id,
      [this, open, request, posted = *std::move(posted), answer = std::move(answer)](
          const absl::Status& status, const google::protobuf::Message&) mutable {
        // It was sent already, and then again after it was changed: the first counts.
        const bool is_repeat = IsError(status, type::v1::ERROR_REQUEST_ID_REUSED);
        answer(Told(open, request, posted, is_repeat ? absl::OkStatus() : status));
      });
}

WebAnswer FormPages::Told(const Open& open, const WebRequest& request, const PostedForm& posted,
                          const absl::Status& status) const {
  const v1::Form& form = open.record();
  const bool is_json = WantsJson(request);
  const std::string shared = absl::StrCat(SharedWith(form, request.origin), kSafeHeaders, kNotKept);
  if (status.ok() && is_json) {
    nlohmann::json told = {{"status", "sent"}};
    if (!form.thanks().empty()) told["thanks"] = form.thanks();
    if (!form.redirect_url().empty()) told["redirect_url"] = form.redirect_url();
    return {200, "application/json", Text(told), shared};
  }
  if (status.ok() && !form.redirect_url().empty()) {
    return {303, "text/html; charset=utf-8", "",
            absl::StrCat("location: ", form.redirect_url(), "\r\n", shared)};
  }
  if (status.ok()) return HtmlAnswer(200, ThanksPageOf(form), PagePolicyOf(form));

  std::map<std::string, std::string> violations = ViolationsIn(status);
  const bool is_known = PostedAsOf(request.content_type) != PostedAs::kUnknown;
  const int code = is_known ? HttpStatusOf(status) : 415;
  std::string detail(SentenceOf(code));
  if (const auto whole = violations.find(""); whole != violations.end()) {
    detail = absl::StrCat("What was sent ", whole->second, ".");
    whole->second = detail;
  }
  const bool is_unproven = IsError(status, v1::FORMS_ERROR_CAPTCHA_NOT_SOLVED);
  // Who mends it sends the same form once more.
  std::string submission = SubmissionIdIn(posted);
  if (submission.empty()) submission = runtime_.ulids.Next();
  if (is_json) {
    violations.erase("");
    nlohmann::json problem = ProblemOf(code, detail, violations);
    if (is_unproven) {
      problem["detail"] = std::string(status.message());
      problem["reason"] = "CAPTCHA_NOT_SOLVED";
      problem["captcha"] = JsonOf(ChallengeOf(open, submission));
    }
    return {code, std::string(kProblem), Text(problem), shared};
  }
  if (code != 400) return Notice(code, TitleOf(code), detail);
  if (is_unproven) violations[""] = kUnproven;
  const std::string page = ValueOf(posted, kPageKey);
  const std::string visitor = ValueOf(posted, kVisitorKey);
  PageState state;
  state.page = page;
  state.visitor = visitor;
  state.filled = &posted;
  state.errors = std::move(violations);
  return FilledPage(code, open, submission, std::move(state));
}

void FormPages::TakeConfirmation(const WebRequest& request, absl::string_view token,
                                 Answer answer) {
  const WebAnswer gone = Notice(404, "Nothing to confirm",
                                "There is nothing to confirm here, or the time for it has passed.");
  const auto found = SubmissionOfToken(runtime_.log.token_sealer(), token);
  auto caller = found.has_value() ? CallerIn(found->workspace) : nullptr;
  if (caller == nullptr) return answer(gone);
  const auto submission =
      runtime_.transact.Fold<SubmissionAggregate>(found->workspace, found->name);
  if (!submission.ok()) return answer(Notice(503, TitleOf(503), SentenceOf(503)));
  if (!IsConfirmable(**submission, runtime_.clock.Now())) return answer(gone);
  const auto form =
      runtime_.transact.Fold<FormAggregate>(found->workspace, (*submission)->resource.form());
  if (!form.ok()) return answer(Notice(503, TitleOf(503), SentenceOf(503)));
  // A look at it changes nothing: programs that read mail look at every link.
  if (request.method == "GET" || request.method == "HEAD") {
    return answer(
        HtmlAnswer(200, ConfirmPageOf((*form)->resource, request.path), runtime::kPlainPolicy));
  }
  if (request.method != "POST") return answer(NotAllowed("GET, HEAD, POST"));
  auto confirm = std::make_unique<v1::ConfirmFormSubmissionRequest>();
  confirm->set_token(std::string(token));
  runtime::StartOwnCommand(
      runtime_.transact, runtime_.keys, methods_, std::move(caller), std::move(confirm), "",
      [gone, answer = std::move(answer)](const absl::Status& status,
                                         const google::protobuf::Message&) mutable {
        if (status.ok()) return answer(Notice(200, "Thank you", "It is confirmed."));
        const int code = HttpStatusOf(status);
        answer(code == 503 ? Notice(503, TitleOf(503), SentenceOf(503)) : gone);
      });
}

std::string FormPages::VisitorOf(const Open& open, const std::string& text) const {
  const auto found =
      runtime::OpenName(runtime_.log.token_sealer(), runtime::kVisitorPurpose, "visitors", text);
  const bool is_ours = found.has_value() && found->workspace == open.caller->workspace;
  return is_ours ? found->name : "";
}

void FormPages::Tell(WorkspaceId workspace, const std::string& form, const PageTraffic& traffic,
                     absl::AnyInvocable<void()> done) const {
  auto caller = CallerIn(workspace);
  if (caller == nullptr) return done();
  auto count = std::make_unique<v1::CountFormTrafficRequest>();
  count->set_name(form);
  count->set_views(traffic.views);
  count->set_spam(traffic.spam);
  runtime::StartOwnCommand(
      runtime_.transact, runtime_.keys, methods_, std::move(caller), std::move(count), "",
      [done = std::move(done)](const absl::Status&, const google::protobuf::Message&) mutable {
        done();
      });
}

}  // namespace kith::forms
