#include "services/server/kithd.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/log.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/version.h"
#include "eventstore/rocksdb/rocks_engine.h"
#include "services/forms/embedding.h"
#include "services/messages/mail.h"
#include "services/notifications/mail.h"
#include "services/runtime/calls/descriptors.h"
#include "services/runtime/calls/listener.h"
#include "services/server/capabilities.inc"
#include "services/server/data_directory.h"
#include "services/server/first_key.h"
#include "services/server/process_metrics.h"
#include "services/server/restored_copy.h"
#include "services/visitors/embedding.h"
#include "services/workspaces/operator_keys.h"

namespace kith::server {
namespace {

absl::Status CheckSpace(const Options& options) {
  std::error_code error;
  const auto space = std::filesystem::space(options.data, error);
  const bool is_first = !HasLog(options.data);
  const uint64_t to_open = eventstore::RoomToOpen(options.data);
  const uint64_t needed = is_first ? std::max(to_open, options.server.log.min_free_bytes) : to_open;
  if (error || space.available >= needed) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the disk of ", options.data, " has ",
                                                   space.available, " bytes free, and ", needed,
                                                   " are needed to start: make room"));
}

// Whoever is between two machines reads what goes between them without TLS, keys among it.
absl::Status CheckPlaintext(const Options& options) {
  if (options.allow_plaintext) return absl::OkStatus();
  const auto refuse = [](absl::string_view flag, absl::string_view address,
                         absl::string_view remedy) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag, "=", address, " is beyond loopback, and without TLS: ", remedy,
                     ", or --allow_plaintext where the network is trusted or a proxy has TLS"));
  };
  // A port that is none has kithd go without metrics; a port alone means every address.
  const std::string metrics = options.metrics.substr(0, options.metrics.rfind(':')) + ":0";
  if (!options.metrics.empty() && !runtime::Listener::IsLoopback(metrics).value_or(false)) {
    return refuse("metrics", options.metrics, "say 127.0.0.1 and its port");
  }
  if (options.tls.has_value()) return absl::OkStatus();
  constexpr absl::string_view kRemedy = "say --tls_cert and --tls_key";
  KITH_ASSIGN_OR_RETURN(bool is_loopback, runtime::Listener::IsLoopback(options.server.address));
  if (!is_loopback) return refuse("listen", options.server.address, kRemedy);
  if (!options.http.has_value()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(is_loopback, runtime::Listener::IsLoopback(options.http->address));
  return is_loopback ? absl::OkStatus() : refuse("http", options.http->address, kRemedy);
}

// The keys an operator needs, made before the first call is taken.
absl::Status MakeKeys(const Options& options, runtime::Runtime& runtime) {
  const FirstKeyFile file(options.data);
  if (runtime.log.head() == Position()) KITH_RETURN_IF_ERROR(file.Begin());
  KITH_ASSIGN_OR_RETURN(std::string first, workspaces::CreateFirstWorkspace(runtime));
  if (first.empty() && file.IsUnfinished()) {
    KITH_ASSIGN_OR_RETURN(first, workspaces::CreateOperatorKey(runtime));
  }
  if (!first.empty()) KITH_RETURN_IF_ERROR(file.Finish(first));
  if (options.new_operator_key) {
    KITH_ASSIGN_OR_RETURN(const std::string key, workspaces::CreateOperatorKey(runtime));
    std::printf("new operator key: %s\n", key.c_str());
  }
  return absl::OkStatus();
}

// Where the directory was mistyped the key would be one of a store that nobody uses.
absl::Status NoLogForKey(const std::string& data) {
  return absl::FailedPreconditionError(
      absl::StrCat("--new_operator_key needs a data directory with a log, and ", data,
                   " has none: name the right one with --data; nothing was made"));
}

// With what is to be done about it; nothing else can be done without the keys.
absl::Status KeysUnusable(const absl::Status& status) {
  const absl::string_view remedy = absl::IsUnavailable(status)
                                       ? "Give the directory and the files in it to this user."
                                       : "Restore it from its backup; without it nobody can read "
                                         "the personal fields of the log.";
  return absl::Status(status.code(), absl::StrCat(status.message(), " ", remedy));
}

int64_t MillisecondsSince(absl::Time began) {
  return absl::ToInt64Milliseconds(SystemClock().Now() - began);
}

void LogOfView(const projections::ViewNotice& notice) {
  Log(notice.is_error ? LogLevel::kError : LogLevel::kInfo, notice.text,
      {{"view", notice.view}, {"state", NameOf(notice.state)}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Kithd>> Kithd::Start(const Options& options) {
  const absl::Time began = SystemClock().Now();
  KITH_RETURN_IF_ERROR(CheckPlaintext(options));
  runtime::RaiseDescriptorLimit();  // the databases open all their files
  runtime::ServerOptions server = options.server;
  if (options.tls.has_value()) {
    KITH_ASSIGN_OR_RETURN(server.tls, runtime::TlsFiles::Open(*options.tls));
  }
  const bool is_first = !HasLog(options.data);
  if (is_first && options.new_operator_key) return NoLogForKey(options.data);
  KITH_RETURN_IF_ERROR(PrepareDataDirectory(options.data));
  KITH_RETURN_IF_ERROR(CheckSpace(options));
  runtime::Storage storage;
  // The log first: its lock keeps other processes out of the whole directory.
  eventstore::RocksEngineOptions engine;
  engine.data_dir = options.data;
  KITH_ASSIGN_OR_RETURN(storage.engine, eventstore::OpenRocksEngine(engine));
  const int64_t recovery_ms = MillisecondsSince(began);
  KITH_RETURN_IF_ERROR(CheckKeyFile(options.data, *storage.engine));
  auto keys = eventstore::OpenKeyStore(options.data + "/keys", SystemRandom());
  if (!keys.ok()) return KeysUnusable(keys.status());
  storage.keys = *std::move(keys);
  KITH_ASSIGN_OR_RETURN(server.policies.hold,
                        HoldOfCopy(options.data, *storage.engine, SystemClock().Now()));
  server.views.path = options.data + "/views";
  server.views.notice = LogOfView;
  server.key_uses = options.data + "/key_uses";
  server.blobs.folder = options.data + "/blobs";
  runtime::ServerBuilder builder;
  forms::EmbedFrom(builder, options.public_url);
  visitors::EmbedFrom(builder, options.public_url);
  RegisterCapabilities(builder);
  if (options.smtp.has_value()) {
    const auto mailer = std::make_shared<runtime::Mailer>(*options.smtp);
    messages::SendBy(builder, mailer, options.public_url);
    notifications::SendBy(builder, mailer);
  }
  webhooks::PostWebhooks(builder, options.webhooks);
  builder.AtStart([&options](runtime::Runtime& runtime) { return MakeKeys(options, runtime); });
  if (options.http.has_value()) {
    builder.AddPort([&options](const runtime::PortParts& parts) {
      return edge::OpenHttpPort(*options.http, parts);
    });
  }
  // Behind the HTTP port, which is the first.
  if (options.maildir.has_value()) received_mails::WatchMaildir(builder, *options.maildir);
  auto kithd = std::make_unique<Kithd>();
  kithd->has_made_data_ = is_first;
  KITH_ASSIGN_OR_RETURN(kithd->server_, builder.Start(server, std::move(storage)));
  kithd->OpenMetrics(options, began);
  kithd->LogStart(options, recovery_ms, began);
  return kithd;
}

void Kithd::OpenMetrics(const Options& options, absl::Time began) {
  metrics_.emplace([this, began](MetricPage& page) {
    AddProcessMetrics(began, page);
    AddViewMetrics(server_->runtime().views, page);
    server_->methods().AddMetrics(page);
  });
  if (options.metrics.empty()) return;
  auto port = MetricsPort::Open(options.metrics);
  if (port.ok()) {
    metrics_port_ = *std::move(port);
  } else {
    metrics_status_ = port.status();
    Log(LogLevel::kError, metrics_status_.message(), {{"flag", "--metrics"}});
  }
}

void Kithd::LogStart(const Options& options, int64_t recovery_ms, absl::Time began) const {
  runtime::Runtime& runtime = server_->runtime();
  uint64_t folded = runtime.log.head().value();
  for (const projections::ViewHealth& view : runtime.views.Health()) {
    folded = std::min(folded, view.position.value());
  }
  Log(LogLevel::kInfo, "started",
      {{"version", Version()}, {"data", options.data}, {"address", options.server.address}},
      {{"port", port()},
       {"http_port", http_port()},
       {"metrics_port", metrics_port_ == nullptr ? 0 : metrics_port_->port()},
       {"store", absl::BytesToHexString(runtime.log.store_id())},
       {"made_data", has_made_data_ ? 1 : 0},
       {"position", runtime.log.head().value()},
       {"views_at", folded},
       {"recovery_ms", recovery_ms},
       {"start_ms", MillisecondsSince(began)}});
  if (runtime.policy_hold != nullptr) {
    Log(LogLevel::kWarning,
        "the data is a copy, and policies are held: nothing follows by itself until an operator "
        "says `kith policies resume-restored-copy`",
        {{"store", runtime.policy_hold->copy().store()}},
        {{"events", runtime.policy_hold->copy().event_count()}});
  }
  if (!options.smtp.has_value()) {
    Log(LogLevel::kInfo, "messages stay queued: no mail server was named",
        {{"flag", "--smtp_url"}});
  }
}

void Kithd::Stop(absl::string_view why) {
  const absl::Time began = SystemClock().Now();
  Log(LogLevel::kInfo, "stopping", {{"why", why}});
  metrics_port_.reset();
  metrics_.reset();
  server_->Stop();
  Log(LogLevel::kInfo, "stopped", {}, {{"stop_ms", MillisecondsSince(began)}});
}

}  // namespace kith::server
