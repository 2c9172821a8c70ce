// How a server is told to send mail.
#pragma once

#include <memory>
#include <string>

#include "services/runtime/effects/mailer.h"
#include "services/runtime/server_builder.h"

namespace kith::messages {

// Queued messages are handed to this mailer. Without it they wait. `public_url` is where the HTTP
// port is reached from everywhere, "https://crm.example.com", without a "/" at its end: opens and
// clicks are told there, and people unsubscribe there. Empty: nowhere, and mail has none of it.
void SendBy(runtime::ServerBuilder& server, std::shared_ptr<runtime::Mailer> mailer,
            const std::string& public_url);

}  // namespace kith::messages
