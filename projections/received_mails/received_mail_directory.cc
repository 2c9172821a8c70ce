#include "projections/received_mails/received_mail_directory.h"

#include "projections/received_mails/received_mail_fold.h"

namespace kith::received_mails {
namespace {

StandardEvent Fold(const Happening& happening, google::protobuf::Message& message) {
  return FoldReceivedMail(happening, static_cast<v1::ReceivedMail&>(message));
}

}  // namespace

ReceivedMailDirectory::ReceivedMailDirectory()
    : ResourceDirectory(kName, 1, "receivedMails", Mails().core(), Fold) {}

const projections::Table<v1::ReceivedMail>& ReceivedMailDirectory::Mails() {
  static const auto& table = *new projections::Table<v1::ReceivedMail>(
      projections::TableBuilder<v1::ReceivedMail>(1)
          .Key([](const v1::ReceivedMail& mail) { return mail.name(); })
          .Field("contact")
          .Field("kind")
          .Field("outcome")
          .Field("interaction")
          .Field("message_id")
          .Field("create_time")
          .Index(1, {"contact", "create_time"})
          .Index(2, {"kind", "create_time"})
          .Index(3, {"outcome", "create_time"})
          .Index(4, {"interaction"})
          .Index(5, {"message_id", "create_time"})
          .Index(6, {"create_time"})
          .Build());
  return table;
}

}  // namespace kith::received_mails
