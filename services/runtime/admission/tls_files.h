// TlsFiles: what new connections over TLS begin with, from files that are read again when they
// change: the server's certificate and key, and whose certificates clients may show.
//
// What does not fit together is not taken: the last reading stays, and the log and the metrics say
// so. Connections that are open keep what they began with. Owned by the server. Thread-safe.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "services/runtime/admission/watched_files.h"

namespace kith::runtime {

// Paths of PEM files.
struct TlsOptions {
  std::string cert;       // the server's certificate, and behind it those up to its authority's
  std::string key;        // of that certificate, without a password
  std::string client_ca;  // of the authorities of clients' certificates; empty: none is asked for
  bool require_client_cert = false;  // who shows none is not connected
};

// One reading of the files, whose parts fit together.
struct TlsReading {
  std::string cert, key, client_ca;  // PEM
  absl::Time expire_time;            // of the server's certificate
  std::shared_ptr<SSL_CTX> context;  // for connections of our own
};

class TlsFiles {
 public:
  // InvalidArgument, in one line that names the file, where they cannot be used.
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Open(const TlsOptions& options);

  // What a new connection begins with; never null. Looks whether the files changed.
  std::shared_ptr<const TlsReading> Current() KITH_EXCLUDES(mutex_);
  const TlsOptions& options() const { return options_; }

 private:
  explicit TlsFiles(const TlsOptions& options);
  absl::StatusOr<std::shared_ptr<const TlsReading>> Read() const KITH_REQUIRES(mutex_);
  void AddMetrics(MetricPage& page) KITH_EXCLUDES(mutex_);

  const TlsOptions options_;
  Mutex mutex_;
  WatchedFiles files_ KITH_GUARDED_BY(mutex_);
  std::shared_ptr<const TlsReading> reading_ KITH_GUARDED_BY(mutex_);
  bool is_current_ KITH_GUARDED_BY(mutex_) = true;  // what stands in the files was taken
  int64_t taken_ KITH_GUARDED_BY(mutex_) = 0;       // readings
  int64_t refused_ KITH_GUARDED_BY(mutex_) = 0;
  const MetricSource metrics_{[this](MetricPage& page) { AddMetrics(page); }};
};

}  // namespace kith::runtime
