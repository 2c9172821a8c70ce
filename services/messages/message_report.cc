#include "services/messages/message_report.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/mail_templates/v1/mail_template.pb.h"
#include "kith/messages/v1/messages_errors.pb.h"
#include "projections/messages/message_reports.h"
#include "projections/tables/resource_directory.h"
#include "services/core/reject.h"
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
  const int64_t bounced =
      totals.rejected() + totals.given_up() + totals.hard_bounced() + totals.soft_bounced();
  report.set_attempted(totals.delivered() + bounced);
  report.set_delivered(totals.delivered());
  report.set_rejected(totals.rejected());
  report.set_given_up(totals.given_up());
  report.set_not_attempted(totals.not_attempted());
  report.set_tracked(totals.tracked());
  report.set_opened(totals.opened() + (include_automatic ? totals.opened_by_programs() : 0));
  report.set_clicked(totals.clicked() + (include_automatic ? totals.clicked_by_programs() : 0));
  report.set_unsubscribed(totals.unsubscribed());
  report.set_hard_bounced(totals.hard_bounced());
  report.set_soft_bounced(totals.soft_bounced());

  const auto delivery = Rate(report.delivered(), report.attempted());
  if (delivery.has_value()) report.set_delivery_percent(*delivery);
  const auto bounce = Rate(bounced, report.attempted());
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
  const std::string& mail_template = request.mail_template();
  v1::MessageTotals totals;
  KITH_ASSIGN_OR_RETURN(
      const bool has_any,
      MessageReports::Totals().Get(context.view(), context.workspace(),
                                   MessageReports::KeyOf(mail_template), context.tier, &totals));
  if (!has_any && !mail_template.empty()) {
    KITH_ASSIGN_OR_RETURN(const auto made_of,
                          projections::DirectoryRows<mail_templates::v1::MailTemplate>().Get(
                              context.view(1), context.workspace(), mail_template, context.tier));
    if (!made_of.has_value()) {
      return RejectResource(v1::MESSAGES_ERROR_LINKED_RECORD_NOT_FOUND,
                            absl::StrCat("There is no ", mail_template, "."), mail_template);
    }
  }
  *response = ReportOf(totals, request.include_automatic());
  response->set_mail_template(request.mail_template());
  return absl::OkStatus();
}

}  // namespace kith::messages
