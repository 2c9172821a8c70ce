// How a server is told to send mail.
#pragma once

#include "services/runtime/effects/smtp_client.h"
#include "services/runtime/server_builder.h"

namespace kith::messages {

// Queued messages are handed to this mail server. Without it they wait.
void SendBySmtp(runtime::ServerBuilder& server, const runtime::SmtpOptions& options);

}  // namespace kith::messages
