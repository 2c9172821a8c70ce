#include "services/server/options.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "eventstore/base/version.h"
#include "services/core/url.h"
#include "services/runtime/effects/mail_text.h"

ABSL_FLAG(std::string, data, "data", "The data directory; created when it is missing.");
ABSL_FLAG(
    std::string, listen, "127.0.0.1:7447",
    "Address and port to listen on; port 0 lets the system choose one. Beyond loopback it asks "
    "for --tls_cert.");
ABSL_FLAG(
    std::string, http, "",
    "Address and port of the same methods over HTTP/1.1, as the Connect protocol has them, "
    "e.g. 127.0.0.1:7448; port 0 lets the system choose one, empty for none. With --tls_cert it "
    "is HTTPS.");
ABSL_FLAG(
    std::string, tls_cert, "",
    "PEM file with the certificate that gRPC and HTTP show clients, and behind it those up to "
    "its authority's. Read again when it changes, as the two below are; what cannot be used "
    "is logged, and the one before stays. TLS 1.2 and 1.3; empty for none.");
ABSL_FLAG(std::string, tls_key, "", "PEM file with the key of --tls_cert, without a password.");
ABSL_FLAG(std::string, tls_client_ca, "",
          "PEM file with the authorities of clients' certificates. Clients may show one then, and "
          "are not connected with one of another authority.");
ABSL_FLAG(bool, tls_require_client_cert, false,
          "Clients that show no certificate are not connected.");
ABSL_FLAG(std::string, tls_client_keys, "",
          "File that says which API key a client stands for that shows a certificate and no key: a "
          "line \"URI:spiffe://example.org/a workspaces/1/apiKeys/ID\" for each, or DNS:host. Read "
          "again when it changes, as --jwks is.");
ABSL_FLAG(
    std::string, jwks, "",
    "File with the keys of an identity provider (JWK set), whose tokens (JWT, of HS256, RS256, "
    "PS256 or ES256) are taken as API keys are; empty for none.");
ABSL_FLAG(std::string, jwt_issuer, "", "Who issues those tokens: what their claim iss is.");
ABSL_FLAG(std::string, jwt_audience, "", "Whom they are for: what their claim aud is, or holds.");
ABSL_FLAG(absl::Duration, jwt_clock_skew, absl::Minutes(1),
          "How far the provider's clock may be from this one.");
ABSL_FLAG(bool, allow_plaintext, false,
          "Lets addresses beyond loopback be listened on without TLS: where a proxy has it, or the "
          "network is trusted. Of --metrics, too, which never has TLS.");
ABSL_FLAG(
    std::string, public_url, "",
    "Where the HTTP port is reached from everywhere, e.g. https://crm.example.com: mail leads "
    "there, to tell that it was opened, by its links and to unsubscribe, and so does what puts "
    "forms and the scripts of sites into pages. Empty: they do not.");
ABSL_FLAG(std::vector<std::string>, http_origins, {},
          "Whose pages browsers may let call over HTTP, e.g. https://app.example.com; several with "
          "commas between them.");
ABSL_FLAG(int32_t, max_http_connections, 5'000,
          "Connections over HTTP at once, of those that --max_connections bounds.");
ABSL_FLAG(uint32_t, read_threads, 4, "Threads for lists, boards, reports and event reads.");
ABSL_FLAG(uint64_t, min_free_bytes, 128 << 20,
          "Changes are refused when less than this is free on the disk, beside what the log has in "
          "memory; reads go on.");
ABSL_FLAG(int32_t, max_connections, 10'000, "Connections at once; further ones are closed.");
ABSL_FLAG(int64_t, max_calls, 8'192, "Calls let in and in flight; further ones are refused.");
ABSL_FLAG(int64_t, max_calls_per_key, 2'048, "Calls in flight with one key.");
ABSL_FLAG(int64_t, max_streams_per_key, 512, "Streams open with one key.");
ABSL_FLAG(int64_t, max_loads_per_key, 32, "Bulk loads and sessions open with one key.");
ABSL_FLAG(int64_t, max_arriving_per_key, 64,
          "Requests with one key that are read at a time; further ones wait for their turn.");
ABSL_FLAG(
    int64_t, max_request_bytes, 64 << 20,
    "Bytes of all requests in flight; one key has half. Past it bulk loads are read no further "
    "ahead.");
ABSL_FLAG(int64_t, max_reply_bytes, 256 << 20,
          "Bytes of all replies that clients have not taken; one key has half. Past it reads are "
          "refused.");
ABSL_FLAG(double, events_per_second_per_key, 0,
          "Changes that one key may make in a second; 0 does not bound them.");
ABSL_FLAG(uint64_t, grpc_memory, 256 << 20,
          "Bytes that gRPC is asked to keep to for what it has read and not handed on: 64 KiB of "
          "each call, so twice those of one key. It goes beyond where many requests are begun and "
          "not finished.");
ABSL_FLAG(absl::Duration, idle_connection, absl::Minutes(10),
          "After how long a connection without calls is closed.");
ABSL_FLAG(absl::Duration, handshake, absl::Seconds(10),
          "How long a new connection may take to speak HTTP/2, and over HTTP/1.1 a request's "
          "headers may take.");
ABSL_FLAG(absl::Duration, slow_call, absl::Seconds(1),
          "Calls that take as long are logged, with the parts of their time; 0 for none.");
ABSL_FLAG(std::string, metrics, "127.0.0.1:7449",
          "Address and port of the metrics for Prometheus, at /metrics; empty for none. It asks "
          "nobody for a key: keep it on loopback, or where only Prometheus comes.");
ABSL_FLAG(bool, policies, true,
          "Do what follows by itself: reminders, workflows, what is to be sent. Without, it waits "
          "until a server is started with it. Where the data is a copy it waits in any case, until "
          "an operator resumes it.");
ABSL_FLAG(
    std::string, smtp_url, "",
    "The mail server that messages are handed to, e.g. smtp://mail.example.com:587, or smtps:// "
    "where it has TLS from the first byte; empty for none: then they stay queued.");
ABSL_FLAG(std::string, smtp_from, "",
          "Whom messages are from, \"Acme <crm@acme.example>\". Goes with --smtp_url.");
ABSL_FLAG(std::string, smtp_user, "",
          "Who kithd is to the mail server (AUTH PLAIN or LOGIN); empty for nobody.");
ABSL_FLAG(std::string, smtp_password_file, "", "File with the password of --smtp_user.");
ABSL_FLAG(std::string, smtp_tls, "required",
          "required (STARTTLS, with a certificate of an authority that is known), or never.");
ABSL_FLAG(
    std::string, smtp_ca_file, "",
    "PEM file with the authorities of the mail server's certificate; empty for the system's.");
ABSL_FLAG(absl::Duration, smtp_connect_timeout, absl::Seconds(10),
          "How long the mail server may take until mail can be handed to it.");
ABSL_FLAG(absl::Duration, smtp_timeout, absl::Minutes(2), "How long one message may take.");
ABSL_FLAG(int32_t, smtp_in_flight, 8, "Messages that are handed over at once.");
ABSL_FLAG(double, smtp_per_second_per_domain, 5,
          "Messages in a second to one domain; 0 does not bound them.");
ABSL_FLAG(
    absl::Duration, smtp_retry_first, absl::Minutes(1),
    "When a message that the mail server did not take yet is tried again; then after twice as "
    "long, and so on.");
ABSL_FLAG(absl::Duration, smtp_retry_most, absl::Hours(1), "The longest between two tries.");
ABSL_FLAG(absl::Duration, smtp_give_up, absl::Hours(24),
          "About how long a message is tried for, before it has failed.");
ABSL_FLAG(
    int64_t, max_blob_bytes_per_day, int64_t{1} << 30,
    "Bytes of files, as they are attached to mails, that are kept of one workspace on one day "
    "(UTC). Further ones are told of, and not kept.");
ABSL_FLAG(std::string, maildir, "",
          "A maildir, whose mails come in; empty for none. Goes with --maildir_key_file.");
ABSL_FLAG(std::string, maildir_key_file, "",
          "File with the key as whom they do: it needs received_mails.write, captures.write, "
          "interactions.write and contacts.write.");
ABSL_FLAG(std::vector<std::string>, webhook_allow, {},
          "Addresses beside those of the public network that webhooks may lead to, e.g. "
          "10.1.0.0/16 or fd00::/8; several with commas between them. Only these may do without "
          "TLS. Whoever may write webhooks posts to them.");
ABSL_FLAG(std::string, webhook_ca_file, "",
          "PEM file with the authorities of webhooks' certificates; empty for the system's.");
ABSL_FLAG(absl::Duration, webhook_timeout, absl::Seconds(10),
          "How long a webhook may take to answer, from looking up its name on.");
ABSL_FLAG(int32_t, webhook_in_flight, 64,
          "Deliveries that are posted at once; to one webhook an eighth of them.");
ABSL_FLAG(
    absl::Duration, webhook_retry_first, absl::Seconds(10),
    "When a delivery that was not taken is posted again; then after twice as long, and so on.");
ABSL_FLAG(absl::Duration, webhook_retry_most, absl::Hours(1), "The longest between two tries.");
ABSL_FLAG(absl::Duration, webhook_give_up, absl::Hours(24),
          "About how long a delivery is tried for, before it has failed.");
ABSL_FLAG(bool, new_operator_key, false,
          "Make a key that grants everything in workspace 1 and the operator's methods, print it, "
          "and go on.");
ABSL_FLAG(std::string, log_level, "info",
          "The least of the lines to log on stderr: debug (every call), info (refused calls, what "
          "the server does), warning, error, or off.");

namespace kith::server {
namespace {

[[noreturn]] void Refuse(absl::string_view what) {
  std::fprintf(stderr, "kithd: %s; see kithd --help\n", std::string(what).c_str());
  std::exit(2);
}

LogLevel ParseLogLevel(absl::string_view name) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError, LogLevel::kOff}) {
    if (LogLevelName(level) == name) return level;
  }
  Refuse(absl::StrCat("--log_level=", name, " is none of debug, info, warning, error, off"));
}

// What is none of these lets nobody in, or has lists wait for ever for a thread.
void CheckPositive() {
  const std::pair<absl::string_view, int64_t> counts[] = {
      {"read_threads", absl::GetFlag(FLAGS_read_threads)},
      {"max_connections", absl::GetFlag(FLAGS_max_connections)},
      {"max_http_connections", absl::GetFlag(FLAGS_max_http_connections)},
      {"max_calls", absl::GetFlag(FLAGS_max_calls)},
      {"max_calls_per_key", absl::GetFlag(FLAGS_max_calls_per_key)},
      {"max_streams_per_key", absl::GetFlag(FLAGS_max_streams_per_key)},
      {"max_loads_per_key", absl::GetFlag(FLAGS_max_loads_per_key)},
      {"max_arriving_per_key", absl::GetFlag(FLAGS_max_arriving_per_key)},
      {"max_request_bytes", absl::GetFlag(FLAGS_max_request_bytes)},
      {"max_reply_bytes", absl::GetFlag(FLAGS_max_reply_bytes)}};
  for (const auto& [flag, value] : counts) {
    if (value < 1) Refuse(absl::StrCat("--", flag, "=", value, " must be at least 1"));
  }
  const std::pair<absl::string_view, double> rates[] = {
      {"events_per_second_per_key", absl::GetFlag(FLAGS_events_per_second_per_key)},
      {"smtp_per_second_per_domain", absl::GetFlag(FLAGS_smtp_per_second_per_domain)},
      {"max_blob_bytes_per_day", static_cast<double>(absl::GetFlag(FLAGS_max_blob_bytes_per_day))}};
  for (const auto& [flag, value] : rates) {
    if (!(value >= 0)) Refuse(absl::StrCat("--", flag, "=", value, " must be at least 0"));
  }
}

// What is there to be read, but not before something is sent: the start is when somebody looks.
void CheckReadable(absl::string_view flag, const std::string& path) {
  if (path.empty()) return;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (file.peek() != std::ifstream::traits_type::eof()) return;
  Refuse(absl::StrCat("--", flag, "=", path,
                      " cannot be read: ", errno == 0 ? "it is empty" : std::strerror(errno),
                      "; name a file that this user may read"));
}

// Where sockets are made, a port keeps its last 16 bits and no more.
std::string Address(const absl::Flag<std::string>& flag, absl::string_view name) {
  std::string address = absl::GetFlag(flag);
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  constexpr uint32_t kPortMax = 65'535;
  if (colon != std::string::npos &&
      (!absl::SimpleAtoi(address.substr(colon + 1), &port) || port > kPortMax)) {
    Refuse(absl::StrCat("--", name, "=", address, " has no port from 0 to ", kPortMax));
  }
  return address;
}

std::optional<runtime::TlsOptions> ParseTls() {
  const runtime::TlsOptions tls = {
      .cert = absl::GetFlag(FLAGS_tls_cert),
      .key = absl::GetFlag(FLAGS_tls_key),
      .client_ca = absl::GetFlag(FLAGS_tls_client_ca),
      .require_client_cert = absl::GetFlag(FLAGS_tls_require_client_cert)};
  if (tls.cert.empty() != tls.key.empty()) Refuse("--tls_cert and --tls_key go together");
  if (tls.require_client_cert && tls.client_ca.empty()) {
    Refuse("--tls_require_client_cert needs --tls_client_ca, which says whose");
  }
  if (!tls.cert.empty()) return tls;
  if (!tls.client_ca.empty()) Refuse("--tls_client_ca needs --tls_cert and --tls_key");
  return std::nullopt;
}

runtime::AuthenticationOptions ParseAuthentication() {
  runtime::AuthenticationOptions options;
  options.tokens = {.jwks = absl::GetFlag(FLAGS_jwks),
                    .issuer = absl::GetFlag(FLAGS_jwt_issuer),
                    .audience = absl::GetFlag(FLAGS_jwt_audience),
                    .clock_skew = absl::GetFlag(FLAGS_jwt_clock_skew)};
  options.client_keys = absl::GetFlag(FLAGS_tls_client_keys);
  const runtime::TokenOptions& tokens = options.tokens;
  const int said = !tokens.jwks.empty() + !tokens.issuer.empty() + !tokens.audience.empty();
  if (said != 0 && said != 3) Refuse("--jwks, --jwt_issuer and --jwt_audience go together");
  if (tokens.clock_skew < absl::ZeroDuration() || tokens.clock_skew > absl::Hours(1)) {
    Refuse("--jwt_clock_skew is between 0 and 1h");
  }
  if (!options.client_keys.empty() && absl::GetFlag(FLAGS_tls_client_ca).empty()) {
    Refuse("--tls_client_keys needs --tls_client_ca, without which no certificate is asked for");
  }
  return options;
}

std::optional<received_mails::MaildirOptions> ParseMaildir() {
  received_mails::MaildirOptions maildir{.folder = absl::GetFlag(FLAGS_maildir),
                                         .key_file = absl::GetFlag(FLAGS_maildir_key_file)};
  if (maildir.folder.empty() != maildir.key_file.empty()) {
    Refuse("--maildir and --maildir_key_file go together");
  }
  if (maildir.folder.empty()) return std::nullopt;
  return maildir;
}

std::string ReadPassword() {
  const std::string path = absl::GetFlag(FLAGS_smtp_password_file);
  CheckReadable("smtp_password_file", path);
  std::ifstream file(path);
  std::string password;
  std::getline(file, password);
  if (password.empty())
    Refuse(absl::StrCat("--smtp_password_file=", path, " has no password in its first line"));
  return password;
}

// Whether a password goes over no network.
bool IsLoopback(absl::string_view url) {
  const absl::string_view host = url.substr(std::min(url.size(), url.find("://") + 3));
  return absl::StartsWith(host, "127.0.0.1") || absl::StartsWith(host, "localhost") ||
         absl::StartsWith(host, "[::1]");
}

void CheckDurations(std::initializer_list<std::pair<absl::string_view, absl::Duration>> durations) {
  for (const auto& [flag, duration] : durations) {
    if (duration >= absl::Milliseconds(1) && duration <= absl::Hours(24 * 30)) continue;
    Refuse(
        absl::StrCat("--", flag, "=", absl::FormatDuration(duration), " is between 1ms and 720h"));
  }
}

void CheckInFlight(absl::string_view flag, int in_flight) {
  constexpr int kInFlightMax = 256;
  if (in_flight < 1 || in_flight > kInFlightMax) {
    Refuse(absl::StrCat("--", flag, " is between 1 and ", kInFlightMax));
  }
}

void CheckSmtp(const runtime::SmtpOptions& smtp) {
  if (!absl::StartsWith(smtp.url, "smtp://") && !absl::StartsWith(smtp.url, "smtps://")) {
    Refuse(absl::StrCat("--smtp_url=", smtp.url, " begins with neither smtp:// nor smtps://"));
  }
  if (!runtime::ParseMailbox(smtp.from).has_value()) {
    Refuse(
        absl::StrCat("--smtp_from=", smtp.from, " is no mailbox: say \"Acme <crm@acme.example>\""));
  }
  const bool is_open = smtp.tls == runtime::SmtpTls::kNever && absl::StartsWith(smtp.url, "smtp:");
  if (!smtp.user.empty() && is_open && !IsLoopback(smtp.url)) {
    Refuse("--smtp_user needs TLS beyond loopback, or whoever is between reads the password");
  }
  CheckDurations({{"smtp_connect_timeout", smtp.connect_timeout},
                  {"smtp_timeout", smtp.timeout},
                  {"smtp_retry_first", smtp.retry_first},
                  {"smtp_retry_most", smtp.retry_most},
                  {"smtp_give_up", smtp.give_up}});
  CheckInFlight("smtp_in_flight", smtp.in_flight_max);
}

std::optional<runtime::SmtpOptions> ParseSmtp() {
  runtime::SmtpOptions smtp{
      .url = absl::GetFlag(FLAGS_smtp_url),
      .from = absl::GetFlag(FLAGS_smtp_from),
      .user = absl::GetFlag(FLAGS_smtp_user),
      .ca_file = absl::GetFlag(FLAGS_smtp_ca_file),
      .connect_timeout = absl::GetFlag(FLAGS_smtp_connect_timeout),
      .timeout = absl::GetFlag(FLAGS_smtp_timeout),
      .in_flight_max = absl::GetFlag(FLAGS_smtp_in_flight),
      .per_second_per_domain = absl::GetFlag(FLAGS_smtp_per_second_per_domain),
      .retry_first = absl::GetFlag(FLAGS_smtp_retry_first),
      .retry_most = absl::GetFlag(FLAGS_smtp_retry_most),
      .give_up = absl::GetFlag(FLAGS_smtp_give_up)};
  if (smtp.url.empty()) {
    if (!smtp.from.empty() || !smtp.user.empty())
      Refuse("--smtp_from and --smtp_user need --smtp_url");
    return std::nullopt;
  }
  const std::string tls = absl::GetFlag(FLAGS_smtp_tls);
  if (tls != "required" && tls != "never") {
    Refuse(absl::StrCat("--smtp_tls=", tls, " is neither required nor never"));
  }
  if (tls == "never") smtp.tls = runtime::SmtpTls::kNever;
  if (smtp.user.empty() != absl::GetFlag(FLAGS_smtp_password_file).empty()) {
    Refuse("--smtp_user and --smtp_password_file go together");
  }
  CheckSmtp(smtp);
  CheckReadable("smtp_ca_file", smtp.ca_file);
  if (!smtp.user.empty()) smtp.password = ReadPassword();
  return smtp;
}

// Without a "/" at its end. Nobody between sees or changes what people follow and confirm.
std::string ParsePublicUrl(bool has_http) {
  const std::string url(absl::StripSuffix(absl::GetFlag(FLAGS_public_url), "/"));
  if (url.empty()) return "";
  const bool is_local = absl::StartsWith(url, "http://") && IsLoopback(url);
  const bool is_secure = absl::StartsWith(url, "https://");
  if (!IsUrl(url) || url.find_first_of("?#&") != url.npos || !(is_secure || is_local)) {
    Refuse(absl::StrCat("--public_url=", url,
                        " is no https:// URL without ?, & and #; http:// on loopback only"));
  }
  if (!has_http) Refuse("--public_url needs --http, the port that is reached there");
  return url;
}

webhooks::WebhookOptions ParseWebhooks() {
  constexpr int kShare = 8;  // of one webhook
  webhooks::WebhookOptions options;
  options.back_off = {absl::GetFlag(FLAGS_webhook_retry_first),
                      absl::GetFlag(FLAGS_webhook_retry_most),
                      absl::GetFlag(FLAGS_webhook_give_up)};
  runtime::HttpOptions& http = options.http;
  http.ca_file = absl::GetFlag(FLAGS_webhook_ca_file);
  CheckReadable("webhook_ca_file", http.ca_file);
  http.timeout = absl::GetFlag(FLAGS_webhook_timeout);
  http.connect_timeout = std::min(http.connect_timeout, http.timeout);
  const int in_flight = absl::GetFlag(FLAGS_webhook_in_flight);
  CheckInFlight("webhook_in_flight", in_flight);
  http.in_flight_max = static_cast<size_t>(in_flight);
  options.at_once_max = static_cast<size_t>(std::max(1, in_flight / kShare));
  CheckDurations({{"webhook_timeout", http.timeout},
                  {"webhook_retry_first", options.back_off.first},
                  {"webhook_retry_most", options.back_off.most},
                  {"webhook_give_up", options.back_off.give_up}});
  for (const std::string& text : absl::GetFlag(FLAGS_webhook_allow)) {
    auto range = runtime::AddressRange::Parse(text);
    if (!range.ok()) Refuse(absl::StrCat("--webhook_allow: ", range.status().message()));
    http.allowed.push_back(*range);
  }
  return options;
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "kithd keeps one Kith data directory and answers over gRPC and HTTP.");
  absl::FlagsUsageConfig config;
  config.contains_help_flags = [](absl::string_view file) {
    return absl::StrContains(file, "services/server/");
  };
  config.version_string = [] { return absl::StrCat("kithd ", Version(), "\n"); };
  absl::SetFlagsUsageConfig(config);
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) Refuse(absl::StrCat(rest[1], " is no option"));
  CheckPositive();
  Options options;
  options.data = absl::GetFlag(FLAGS_data);
  options.log_level = ParseLogLevel(absl::GetFlag(FLAGS_log_level));
  options.metrics = Address(FLAGS_metrics, "metrics");
  if (const std::string address = Address(FLAGS_http, "http"); !address.empty()) {
    options.http = {.address = address,
                    .connections_max = absl::GetFlag(FLAGS_max_http_connections),
                    .origins = absl::GetFlag(FLAGS_http_origins)};
  }
  options.public_url = ParsePublicUrl(options.http.has_value());
  options.tls = ParseTls();
  options.smtp = ParseSmtp();
  options.maildir = ParseMaildir();
  options.webhooks = ParseWebhooks();
  options.server.authentication = ParseAuthentication();
  options.allow_plaintext = absl::GetFlag(FLAGS_allow_plaintext);
  options.new_operator_key = absl::GetFlag(FLAGS_new_operator_key);
  options.server.address = Address(FLAGS_listen, "listen");
  options.server.pools.reads.threads = absl::GetFlag(FLAGS_read_threads);
  const absl::Duration slow_call = absl::GetFlag(FLAGS_slow_call);
  if (slow_call > absl::ZeroDuration()) options.server.slow_call = slow_call;
  options.server.log.min_free_bytes = absl::GetFlag(FLAGS_min_free_bytes);
  options.server.blobs.min_free_bytes = 2 * absl::GetFlag(FLAGS_min_free_bytes);
  options.server.blobs.bytes_a_day_max = absl::GetFlag(FLAGS_max_blob_bytes_per_day);
  options.server.calls = {
      .calls_max = absl::GetFlag(FLAGS_max_calls),
      .calls_per_key_max = absl::GetFlag(FLAGS_max_calls_per_key),
      .streams_per_key_max = absl::GetFlag(FLAGS_max_streams_per_key),
      .loads_per_key_max = absl::GetFlag(FLAGS_max_loads_per_key),
      .arriving_per_key_max = absl::GetFlag(FLAGS_max_arriving_per_key),
      .request_bytes_max = absl::GetFlag(FLAGS_max_request_bytes),
      .reply_bytes_max = absl::GetFlag(FLAGS_max_reply_bytes),
      .events_per_second_per_key = absl::GetFlag(FLAGS_events_per_second_per_key)};
  options.server.policies.run = absl::GetFlag(FLAGS_policies);
  options.server.connections.connections_max = absl::GetFlag(FLAGS_max_connections);
  options.server.connections.memory_bytes = absl::GetFlag(FLAGS_grpc_memory);
  options.server.connections.idle = absl::GetFlag(FLAGS_idle_connection);
  options.server.connections.handshake = absl::GetFlag(FLAGS_handshake);
  CheckDurations({{"idle_connection", options.server.connections.idle},
                  {"handshake", options.server.connections.handshake}});
  return options;
}

}  // namespace kith::server
