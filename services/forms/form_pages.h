// FormPages: published forms on the HTTP port, for whoever has their address.
//
//   GET  /f/{public id}           the form's page, which needs no script but for a captcha
//   POST /f/{public id}           what was filled in: as that page sends it, or as JSON
//   GET  /f/{public id}.js        a script that puts the page into another
//   GET  /f/{public id}.challenge what a program solves to send a form that asks for a captcha
//   GET  /f/confirm/{token}       a page that asks to confirm what was sent; POST confirms
//   GET  /f/style.css             how they look
//   GET  /f/captcha.js            what solves a captcha on a page
//
// A browser is answered with pages, and who sends JSON, or accepts it, with JSON: errors as
// problems (RFC 9457). Whoever fills in what people do not see is answered as anybody, counted, and
// nothing else is done. How often a form may be sent is counted in memory, from the start of the
// server: of one address each time, and of all together each submission once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/forms/v1/forms_service.pb.h"
#include "services/forms/captcha.h"
#include "services/forms/form.h"
#include "services/forms/form_page.h"
#include "services/forms/posted_form.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/public_record.h"
#include "services/runtime/calls/told_counts.h"
#include "services/runtime/calls/web_limits.h"
#include "services/runtime/calls/web_pages.h"
#include "services/runtime/runtime.h"

namespace kith::forms {

// How often a form is looked at.
struct PageTraffic {
  int64_t views = 0;
  int64_t spam = 0;

  PageTraffic& operator+=(const PageTraffic& more);
};

// Thread-safe.
class FormPages final : public runtime::WebPages {
 public:
  // Borrows both.
  FormPages(const runtime::Runtime& runtime, const runtime::MethodTable& methods)
      : runtime_(runtime),
        methods_(methods),
        traffic_(runtime.clock, absl::Seconds(10),
                 [this](WorkspaceId workspace, const std::string& form, const PageTraffic& traffic,
                        absl::AnyInvocable<void()> done) {
                   Tell(workspace, form, traffic, std::move(done));
                 }) {}

  absl::string_view prefix() const override { return "/f/"; }
  size_t body_bytes_max() const override { return 64 << 10; }
  void Take(runtime::WebRequest request,
            absl::AnyInvocable<void(runtime::WebAnswer)> answer) override;

 private:
  using Answer = absl::AnyInvocable<void(runtime::WebAnswer)>;
  // A form that is there and published, and who sends it.
  using Open = runtime::OpenRecord<FormAggregate>;

  // Null where there is none such.
  std::shared_ptr<const runtime::Caller> CallerIn(WorkspaceId workspace) const;
  absl::StatusOr<Open> Find(absl::string_view public_id) const;
  void TakeConfirmation(const runtime::WebRequest& request, absl::string_view token, Answer answer);
  void TakePost(const Open& open, const runtime::WebRequest& request, Answer answer);
  // What has to be solved to send it as this submission.
  Challenge ChallengeOf(const Open& open, absl::string_view submission) const;
  runtime::WebAnswer ChallengeAnswer(const Open& open, const runtime::WebRequest& request) const;
  // The request id of what is sent; empty where it says none. FORMS_ERROR_CAPTCHA_NOT_SOLVED.
  absl::StatusOr<std::string> RequestIdOf(const Open& open, const PostedForm& posted) const;
  // Whether all together may send it once more. What was sent before is not counted again: by the
  // log for ever, and within the hour also what is on its way, or was refused and is mended.
  bool TakeOfAll(const Open& open, const std::string& request_id);
  // The page, to be filled in or mended.
  runtime::WebAnswer FilledPage(int status, const Open& open, const std::string& submission,
                                PageState state) const;
  runtime::WebAnswer PageAnswer(const Open& open, const runtime::WebRequest& request) const;
  // What it comes to: OK, or a refusal, told as the sender wants it.
  runtime::WebAnswer Told(const Open& open, const runtime::WebRequest& request,
                          const PostedForm& posted, const absl::Status& status) const;
  // The visitor that the text stands for; empty where there is none.
  std::string VisitorOf(const Open& open, const std::string& text) const;
  // See ToldCounts::Tell.
  void Tell(WorkspaceId workspace, const std::string& form, const PageTraffic& traffic,
            absl::AnyInvocable<void()> done) const;

  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
  runtime::WindowLimits limits_{absl::Hours(1)};
  runtime::ToldCounts<PageTraffic> traffic_;
};

}  // namespace kith::forms
