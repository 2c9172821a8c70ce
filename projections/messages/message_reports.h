// MessageReports: what became of messages, of all and of each mail template, as of any moment: a
// row of a few numbers for each, counted from the rows of the message directory.
#pragma once

#include <string>
#include <vector>

#include "kith/messages/v1/message_totals.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::messages {

class MessageReports final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "message_reports";

  // By KeyOf.
  static const projections::Table<v1::MessageTotals>& Totals();
  // Of a mail template; "" for all messages, whatever they were made of.
  static std::string KeyOf(const std::string& mail_template);

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::string base() const override;
  std::vector<std::string> categories() const override { return {}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::messages
