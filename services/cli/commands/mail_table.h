// MailTable: the mails of a thread, as people read them.
#pragma once

#include "google/protobuf/repeated_ptr_field.h"
#include "kith/received_mails/v1/mail_thread.pb.h"
#include "services/cli/calls/session.h"
#include "services/cli/text/render.h"

namespace kith::cli {

// A row for each mail, with how its text begins, or that there is none.
void PrintMails(Session& session,
                const google::protobuf::RepeatedPtrField<received_mails::v1::MailThreadItem>& mails,
                const Style& style);

}  // namespace kith::cli
