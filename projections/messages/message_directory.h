// The message directory: which messages there are, to whom, and what became of them; not what they
// say.
#pragma once

#include "kith/messages/v1/message.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::messages {

class MessageDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "message_directory";

  // By index: contact, state, mail_template and create_time, each of the former with the last.
  static const projections::Table<v1::Message>& Messages();

  MessageDirectory();
  bool reads_personal() const override { return false; }
};

}  // namespace kith::messages
