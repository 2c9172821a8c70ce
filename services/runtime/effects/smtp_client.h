// SmtpClient: hands mail to one mail server, over connections that are kept (curl_loop.h).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"

namespace kith::runtime {

enum class SmtpTls {
  kRequired,  // by STARTTLS; of smtps:// from the first byte
  kNever,
};

struct SmtpOptions {
  std::string url;  // "smtp://mail.example.com:587", or smtps://
  std::string from;
  std::string user;      // empty: no authentication
  std::string password;  // by PLAIN or LOGIN, as the server has it
  SmtpTls tls = SmtpTls::kRequired;
  std::string ca_file;                                 // empty: the system's authorities
  absl::Duration connect_timeout = absl::Seconds(10);  // TLS and EHLO among it
  absl::Duration timeout = absl::Minutes(2);           // of one mail, beside waiting for its turn
  int in_flight_max = 8;                               // mails at once, each over its connection
  double per_second_per_domain = 5;                    // of recipients; 0 does not bound it
  absl::Duration retry_first = absl::Minutes(1);       // after the first try, then twice as long
  absl::Duration retry_most = absl::Hours(1);          // between two tries
  absl::Duration give_up = absl::Hours(24);            // about so long after the first try
};

// Whom one mail is from and to, and the whole of it.
struct SmtpMail {
  std::string sender;
  std::string recipient;
  std::string text;  // lines with CRLF
};

struct SmtpResult {
  enum class End {
    kTaken,     // the server said so
    kRejected,  // it never will take it
    kMayPass,   // anything else; that it was taken is possible
    kStopped,   // the client stops; the same
  };
  End end = End::kMayPass;
  std::string reply;  // "550 5.1.1"; empty where the server gave none
  std::string why;    // for the log: of the connection, never what the server said
};

// Thread-safe; a thread of its own.
class SmtpClient {
 public:
  using Done = absl::AnyInvocable<void(SmtpResult)>;

  // Borrows the clock.
  SmtpClient(const SmtpOptions& options, const Clock& clock);
  ~SmtpClient();  // Stop

  // `done` is called once, on the client's thread, or on the caller's once it has stopped.
  void Send(SmtpMail mail, Done done);
  // Ends what is on its way, as kStopped, and takes nothing further. May be called twice.
  void Stop();

 private:
  class Queue;
  const std::unique_ptr<Queue> queue_;
};

}  // namespace kith::runtime
