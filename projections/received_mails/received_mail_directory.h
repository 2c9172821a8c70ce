// The received mail directory: which mails came in, and what became of them, also of those that
// waited in a capture review; not what is personal.
#pragma once

#include <string>
#include <vector>

#include "kith/received_mails/v1/received_mail.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::received_mails {

class ReceivedMailDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "received_mail_directory";

  // By index: contact, kind, outcome and message_id, each with create_time; interaction;
  // create_time.
  static const projections::Table<v1::ReceivedMail>& Mails();

  ReceivedMailDirectory();
  std::vector<std::string> categories() const override {
    return {"receivedMails", "captureReviews"};
  }
  bool Takes(const eventstore::RecordedEvent& event) const override;
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::received_mails
