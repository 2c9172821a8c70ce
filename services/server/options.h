// Options: what kithd is told on its command line.
#pragma once

#include <optional>
#include <string>

#include "eventstore/base/log.h"
#include "services/edge/http_port.h"
#include "services/received_mails/maildir.h"
#include "services/runtime/effects/smtp_client.h"
#include "services/runtime/server_builder.h"
#include "services/webhooks/post_webhooks.h"

namespace kith::server {

struct Options {
  std::string data;               // the data directory, created when missing
  bool new_operator_key = false;  // make and print a key, for an operator who has lost his
  LogLevel log_level = LogLevel::kInfo;
  std::string metrics = "127.0.0.1:7449";                 // where /metrics answers; empty: nowhere
  std::optional<edge::HttpOptions> http;                  // none: no HTTP port
  std::optional<runtime::TlsOptions> tls;                 // of both; none: no TLS
  bool allow_plaintext = false;                           // beyond loopback
  std::optional<runtime::SmtpOptions> smtp;               // none: messages wait
  std::optional<received_mails::MaildirOptions> maildir;  // none: mails come in by calls only
  // Where the HTTP port is reached from everywhere, "https://crm.example.com"; empty: nowhere.
  std::string public_url;
  webhooks::WebhookOptions webhooks;
  runtime::ServerOptions server;
};

// Parses the command line; prints usage or version and exits when asked to, and on a
// flag it does not know or take.
Options ParseOptions(int argc, char** argv);

}  // namespace kith::server
