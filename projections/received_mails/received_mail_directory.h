// The received mail directory: which mails came in, and what became of them; not what is personal.
#pragma once

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
  bool reads_personal() const override { return false; }
};

}  // namespace kith::received_mails
