// How a server is told to send mail.
#pragma once

#include <memory>

#include "services/runtime/effects/mailer.h"
#include "services/runtime/server_builder.h"

namespace kith::messages {

// Queued messages are handed to this mailer. Without it they wait.
void SendBy(runtime::ServerBuilder& server, std::shared_ptr<runtime::Mailer> mailer);

}  // namespace kith::messages
