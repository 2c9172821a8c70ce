// `kith received-mails get-attachment`: what is attached to a mail, as it was sent.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/message.h"
#include "kith/received_mails/v1/received_mails_service.pb.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/destination.h"
#include "services/cli/text/render.h"

namespace kith::cli {

absl::Status RunGetAttachment(Session& session, const std::vector<std::string>& words) {
  const Method& method = session.Require("received-mails", "read-mail-attachment");
  KITH_ASSIGN_OR_RETURN(Arguments arguments, ParseFor(method, words));
  Destination destination(arguments.Take("output").value_or(""));
  KITH_RETURN_IF_ERROR(ExpectNothingLeft(arguments, 2));
  received_mails::v1::ReadMailAttachmentRequest request;
  int32_t number = 0;
  if (arguments.positional().size() < 2 || !absl::SimpleAtoi(arguments.positional()[1], &number)) {
    return absl::InvalidArgumentError(
        "name the mail and which of its attachments: kith received-mails get-attachment "
        "receivedMails/x 1");
  }
  request.set_name(arguments.positional()[0]);
  request.set_number(number);
  bool is_first = true;
  do {
    KITH_ASSIGN_OR_RETURN(const std::unique_ptr<google::protobuf::Message> reply,
                          session.Call(method, request));
    const auto& piece =
        *google::protobuf::DynamicCastToGenerated<received_mails::v1::ReadMailAttachmentResponse>(
            reply.get());
    if (std::exchange(is_first, false)) KITH_RETURN_IF_ERROR(destination.Open());
    destination.Stream(session.out()) << piece.content();
    request.set_offset(piece.next_offset());
  } while (request.offset() > 0);
  return destination.Close(session.out());
}

}  // namespace kith::cli
