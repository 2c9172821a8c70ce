// What is kept of a mail server's answer. Pure; any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace kith {

// "550 5.1.1" of "550 5.1.1 <ada@example.com>: unknown": the reply code, and the enhanced status
// code where one follows it. Numbers only, as the rest may name the person. Empty where it is no
// reply.
std::string SmtpReplyNumbers(absl::string_view reply);

}  // namespace kith
