// Kithd: one server over one data directory: data/log, data/keys, data/views; with the port that
// tells its metrics.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/metrics.h"
#include "services/runtime/server_builder.h"
#include "services/server/metrics_port.h"
#include "services/server/options.h"

namespace kith::server {

// For the thread that made it.
class Kithd {
 public:
  // Opens or creates the data directory and answers. The first start makes a development workspace
  // and writes the key of its owner to data/development.key, readable by this user only. Every
  // error is one line that says what to do, and what was in the directory is as it was:
  //   InvalidArgument     an address beyond loopback without TLS, or files of TLS that cannot be
  //   used FailedPrecondition  another process holds the directory, or it is not one of Kith, or
  //   has no log and a key of it is asked for
  //   DataLoss            its files are damaged or missing
  //   ResourceExhausted   the disk is too full to open it
  //   Unavailable         the address is in use, or the disk cannot be used
  // That metrics cannot be told is no error; see below. Once in a process; nothing of `options` is
  // kept.
  static absl::StatusOr<std::unique_ptr<Kithd>> Start(const Options& options);

  int port() const { return server_->port(); }
  // 0: there is none.
  int http_port() const { return server_->ports().empty() ? 0 : server_->ports().front()->port(); }

  // Whether the data directory is one that this start has made.
  bool has_made_data() const { return has_made_data_; }

  // Why metrics are told nowhere although they should be; OK where they are, or should not.
  const absl::Status& metrics_status() const { return metrics_status_; }

  // Once, and logs why and how long that took.
  void Stop(absl::string_view why);

 private:
  void OpenMetrics(const Options& options, absl::Time began);
  void LogStart(const Options& options, int64_t recovery_ms, absl::Time began) const;

  bool has_made_data_ = false;
  std::unique_ptr<runtime::Server> server_;
  std::optional<MetricSource> metrics_;
  std::unique_ptr<MetricsPort> metrics_port_;  // null: metrics are told nowhere
  absl::Status metrics_status_;
};

}  // namespace kith::server
