// How a server is told to send mail.
#pragma once

#include <memory>

#include "services/runtime/effects/mailer.h"
#include "services/runtime/server_builder.h"

namespace kith::notifications {

// What users want to be told by mail is handed to this mailer. Without it that waits.
void SendBy(runtime::ServerBuilder& server, std::shared_ptr<runtime::Mailer> mailer);

}  // namespace kith::notifications
