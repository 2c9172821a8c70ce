#include "projections/messages/message_reports.h"

#include "eventstore/base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/messages/v1/message.pb.h"
#include "projections/messages/message_directory.h"

namespace kith::messages {
namespace {

void CountFailed(v1::MessageFailure failure, v1::MessageTotals& totals) {
  switch (failure) {
    case v1::REJECTED:
      return totals.set_rejected(1);
    case v1::GAVE_UP:
      return totals.set_given_up(1);
    default:
      return totals.set_not_attempted(1);
  }
}

// What one message adds.
v1::MessageTotals TotalsOf(const v1::Message& message) {
  v1::MessageTotals totals;
  const bool has_bounced = message.bounce() != v1::BOUNCE_KIND_UNSPECIFIED;
  if (message.has_unsubscribe_time() && !has_bounced) totals.set_unsubscribed(1);
  if (message.state() == v1::QUEUED) totals.set_queued(1);
  if (message.state() == v1::FAILED) CountFailed(message.failure(), totals);
  if (message.state() != v1::SENT) return totals;
  if (has_bounced) {
    totals.set_hard_bounced(message.bounce() == v1::HARD ? 1 : 0);
    totals.set_soft_bounced(message.bounce() == v1::HARD ? 0 : 1);
    return totals;
  }
  totals.set_delivered(1);
  if (!message.tracked()) return totals;
  totals.set_tracked(1);
  const bool is_clicked = message.click_count() > 0;
  const bool is_opened = is_clicked || message.open_count() > 0;
  const bool has_automatic_clicks = message.automatic_click_count() > 0;
  const bool has_automatic_opens = message.automatic_open_count() > 0 || has_automatic_clicks;
  if (is_opened) totals.set_opened(1);
  if (!is_opened && has_automatic_opens) totals.set_opened_by_programs(1);
  if (is_clicked) totals.set_clicked(1);
  if (!is_clicked && has_automatic_clicks) totals.set_clicked_by_programs(1);
  return totals;
}

// Adds the numbers, `times` 1 or -1.
void Add(const v1::MessageTotals& more, int times, v1::MessageTotals& totals) {
  const google::protobuf::Reflection& reflection = *totals.GetReflection();
  const google::protobuf::Descriptor& descriptor = *totals.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* const field = descriptor.field(i);
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_INT64) continue;
    reflection.SetInt64(
        &totals, field,
        reflection.GetInt64(totals, field) + times * reflection.GetInt64(more, field));
  }
}

}  // namespace

const projections::Table<v1::MessageTotals>& MessageReports::Totals() {
  static const auto& table = *new projections::Table<v1::MessageTotals>(
      projections::TableBuilder<v1::MessageTotals>(1)
          .Key([](const v1::MessageTotals& totals) { return KeyOf(totals.mail_template()); })
          .Build());
  return table;
}

std::string MessageReports::KeyOf(const std::string& mail_template) {
  return mail_template.empty() ? "all" : mail_template;
}

std::string MessageReports::base() const { return std::string(MessageDirectory::kName); }

absl::Status MessageReports::Apply(const eventstore::RecordedEvent&,
                                   projections::ViewBatch& batch) const {
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const before = change.before<v1::Message>();
    const auto* const after = change.after<v1::Message>();
    v1::MessageTotals difference;
    if (after != nullptr) Add(TotalsOf(*after), 1, difference);
    if (before != nullptr) Add(TotalsOf(*before), -1, difference);
    if (google::protobuf::util::MessageDifferencer::Equals(difference, v1::MessageTotals())) {
      continue;
    }
    const std::string& made_of = (after != nullptr ? after : before)->mail_template();
    const auto add = [&](const std::string& mail_template) {
      return Totals().Change(batch, change.workspace(), KeyOf(mail_template),
                             [&](v1::MessageTotals& totals) {
                               totals.set_mail_template(mail_template);
                               Add(difference, 1, totals);
                               return true;
                             });
    };
    KITH_RETURN_IF_ERROR(add(""));
    if (!made_of.empty()) KITH_RETURN_IF_ERROR(add(made_of));
  }
  return absl::OkStatus();
}

}  // namespace kith::messages
