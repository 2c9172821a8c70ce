// MetricsPort: answers GET /metrics in Prometheus' format with what every MetricSource of the
// process has to tell. On threads of its own; nobody is asked for a key.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace kith::server {

class MetricsPort {
 public:
  virtual ~MetricsPort() = default;
  virtual int port() const = 0;

  // "127.0.0.1:7449"; port 0: the system chooses one. Unavailable when the address is in use.
  static absl::StatusOr<std::unique_ptr<MetricsPort>> Open(const std::string& address);
};

}  // namespace kith::server
