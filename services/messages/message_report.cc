#include "services/messages/message_report.h"

#include <optional>

#include "eventstore/base/status_macros.h"
#include "projections/messages/message_reports.h"
#include "services/messages/message_reader.h"
#include "services/runtime/admission/reach.h"

namespace kith::messages {
namespace {

// In percent; nullopt of nothing.
std::optional<double> Rate(int64_t part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

v1::MessageReport ReportOf(const v1::MessageTotals& totals, bool include_automatic) {
  v1::MessageReport report;
  report.set_mail_template(totals.mail_template());
  report.set_queued(totals.queued());
  report.set_attempted(totals.delivered() + totals.rejected() + totals.given_up());
  report.set_delivered(totals.delivered());
  report.set_rejected(totals.rejected());
  report.set_given_up(totals.given_up());
  report.set_not_attempted(totals.not_attempted());
  report.set_tracked(totals.tracked());
  report.set_opened(totals.opened() + (include_automatic ? totals.opened_by_programs() : 0));
  report.set_clicked(totals.clicked() + (include_automatic ? totals.clicked_by_programs() : 0));
  report.set_unsubscribed(totals.unsubscribed());

  const auto delivery = Rate(report.delivered(), report.attempted());
  if (delivery.has_value()) report.set_delivery_percent(*delivery);
  const auto bounce = Rate(report.rejected() + report.given_up(), report.attempted());
  if (bounce.has_value()) report.set_bounce_percent(*bounce);
  const auto open = Rate(report.opened(), report.tracked());
  if (open.has_value()) report.set_open_percent(*open);
  const auto click = Rate(report.clicked(), report.tracked());
  if (click.has_value()) report.set_click_percent(*click);
  const auto click_to_open = Rate(report.clicked(), report.opened());
  if (click_to_open.has_value()) report.set_click_to_open_percent(*click_to_open);
  const auto unsubscribe = Rate(report.unsubscribed(), report.delivered());
  if (unsubscribe.has_value()) report.set_unsubscribe_percent(*unsubscribe);
  return report;
}

absl::Status GetMessageReport(const runtime::ReadContext& context,
                              const v1::GetMessageReportRequest& request,
                              v1::MessageReport* response) {
  KITH_RETURN_IF_ERROR(runtime::CheckReachesAll(context.caller, ReadPermission()));
  v1::MessageTotals totals;
  KITH_RETURN_IF_ERROR(MessageReports::Totals()
                           .Get(context.view(), context.workspace(),
                                MessageReports::KeyOf(request.mail_template()), context.tier,
                                &totals)
                           .status());
  *response = ReportOf(totals, request.include_automatic());
  response->set_mail_template(request.mail_template());
  return absl::OkStatus();
}

}  // namespace kith::messages
