// How a server is told to take mails from a maildir: a folder with `new` and `cur`, into which a
// mail server on the same machine delivers.
//
// What stands in `new` comes in as by ReceiveMail, with the key of a file, and is moved to `cur`
// when that is on disk. Where the process ends in between it comes in again, and is the same mail.
// What is refused for good is moved, too, and flagged (its name ends in ":2,F"): sending it again
// is of no use, and somebody may look at it. What may pass is tried again with every look, which
// come less often while something fails. Only what a maildir has is looked at: plain files whose
// names begin with no dot.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "services/runtime/server_builder.h"

namespace kith::received_mails {

struct MaildirOptions {
  std::string folder;
  // With the key as whom mails come in, in its first line; read again at each look.
  std::string key_file;
  absl::Duration look_first = absl::Seconds(1);  // until the next look
  absl::Duration look_most = absl::Minutes(1);   // while something fails
};

// Looks as long as the server runs. It does not start where the folder is no maildir.
void WatchMaildir(runtime::ServerBuilder& server, const MaildirOptions& options);

}  // namespace kith::received_mails
