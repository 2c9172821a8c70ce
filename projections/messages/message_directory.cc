#include "projections/messages/message_directory.h"

#include "projections/messages/message_fold.h"

namespace kith::messages {
namespace {

StandardEvent Fold(const Happening& happening, google::protobuf::Message& message) {
  return FoldMessage(happening, static_cast<v1::Message&>(message));
}

}  // namespace

MessageDirectory::MessageDirectory()
    : ResourceDirectory(kName, 1, "messages", Messages().core(), Fold) {}

const projections::Table<v1::Message>& MessageDirectory::Messages() {
  static const auto& table = *new projections::Table<v1::Message>(
      projections::TableBuilder<v1::Message>(1)
          .Key([](const v1::Message& message) { return message.name(); })
          .Field("contact")
          .Field("state")
          .Field("mail_template")
          .Field("create_time")
          .Index(1, {"contact", "create_time"})
          .Index(2, {"state", "create_time"})
          .Index(3, {"mail_template", "create_time"})
          .Index(4, {"create_time"})
          .Build());
  return table;
}

}  // namespace kith::messages
