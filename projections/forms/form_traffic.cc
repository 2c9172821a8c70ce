#include "projections/forms/form_traffic.h"

#include "kith/forms/v1/form_events.pb.h"
#include "kith/forms/v1/form_submission_events.pb.h"

namespace kith::forms {
namespace {

using eventstore::RecordedEvent;

void Count(const v1::FormSubmission& submission, v1::FormReport& report) {
  report.set_submissions(report.submissions() + 1);
  switch (submission.outcome()) {
    case captures::v1::CAPTURE_CREATED:
      return report.set_contacts_created(report.contacts_created() + 1);
    case captures::v1::CAPTURE_MATCHED:
      return report.set_contacts_matched(report.contacts_matched() + 1);
    case captures::v1::CAPTURE_AMBIGUOUS:
      return report.set_ambiguous(report.ambiguous() + 1);
    default:
      return;
  }
}

}  // namespace

const projections::Table<v1::FormReport>& FormTraffic::Reports() {
  static const auto& table = *new projections::Table<v1::FormReport>(
      projections::TableBuilder<v1::FormReport>(1)
          .Key([](const v1::FormReport& report) { return report.form(); })
          .Build());
  return table;
}

absl::Status FormTraffic::Apply(const RecordedEvent& recorded,
                                projections::ViewBatch& batch) const {
  const WorkspaceId workspace = recorded.header().workspace;
  if (const auto* const traffic =
          google::protobuf::DynamicCastToGenerated<v1::FormTrafficEvent>(recorded.event.get())) {
    const v1::FormTrafficCounted& counted = traffic->form_traffic_counted();
    if (counted.form().empty()) return absl::OkStatus();
    return Reports().Change(batch, workspace, counted.form(), [&](v1::FormReport& report) {
      report.set_form(counted.form());
      report.set_views(report.views() + counted.views());
      report.set_spam(report.spam() + counted.spam());
      return true;
    });
  }
  const auto& event = static_cast<const v1::FormSubmissionEvent&>(*recorded.event);
  if (event.has_form_submission_created()) {
    const v1::FormSubmission& submission = event.form_submission_created().form_submission();
    return Reports().Change(batch, workspace, submission.form(), [&](v1::FormReport& report) {
      report.set_form(submission.form());
      Count(submission, report);
      return true;
    });
  }
  if (event.has_form_submission_confirmed()) {
    const std::string& form = event.form_submission_confirmed().form();
    return Reports().Change(batch, workspace, form, [&](v1::FormReport& report) {
      report.set_form(form);
      report.set_confirmed(report.confirmed() + 1);
      return true;
    });
  }
  return absl::OkStatus();
}

}  // namespace kith::forms
