#include "services/edge/http_port.h"

#include <sys/socket.h>

#include <array>
#include <utility>

#include "eventstore/base/metrics.h"
#include "eventstore/base/status_macros.h"
#include "services/edge/http_thread.h"
#include "services/edge/reception.h"
#include "services/runtime/calls/listener.h"

namespace kith::edge {
namespace {

constexpr size_t kThreads = 2;

bool IsIpv6(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family == AF_INET6;
}

class HttpPort final : public runtime::Port {
 public:
  HttpPort(const HttpOptions& options, const runtime::PortParts& parts,
           std::unique_ptr<runtime::Listener> listener)
      : connections_max_(options.connections_max),
        tls_(parts.tls),
        reception_(parts.runtime, parts.methods, parts.pages, options.origins),
        state_{parts.runtime.clock, parts.runtime.pools, reception_, parts.limits.handshake,
               parts.limits.idle},
        listener_(std::move(listener)) {
    for (auto& thread : threads_) thread = std::make_unique<HttpThread>(state_);
    listener_->Start([this](int, int connection) { return Take(connection); });
  }
  ~HttpPort() override {
    Refuse();
    Close(absl::ZeroDuration());
  }

  int port() const override { return listener_->port(); }

  void Refuse() override {
    state_.stopping.store(true);
    listener_->Stop();
  }

  void Close(absl::Duration grace) override {
    state_.closing.store(true);
    for (auto& thread : threads_) thread->CloseIdle();
    state_.connections.AwaitNone(grace);
    for (auto& thread : threads_) thread->CloseAll();
    state_.exchanges.AwaitNone(absl::InfiniteDuration());
    state_.connections.AwaitNone(absl::InfiniteDuration());
    for (auto& thread : threads_) thread->Stop();
  }

 private:
  // On the listener's thread.
  bool Take(int connection) {
    if (state_.connections.count() >= connections_max_) return false;
    threads_[next_++ % threads_.size()]->Take(connection, IsIpv6(connection),
                                              tls_ == nullptr ? nullptr : tls_->Current()->context);
    return true;
  }

  const int connections_max_;
  runtime::TlsFiles* const tls_;  // null: no TLS
  const Reception reception_;
  PortState state_;
  std::array<std::unique_ptr<HttpThread>, kThreads> threads_;
  size_t next_ = 0;
  const std::unique_ptr<runtime::Listener> listener_;
  const MetricSource metrics_{[this](MetricPage& page) {
    page.Gauge("kith_http_connections", "Connections over HTTP.",
               static_cast<double>(state_.connections.count()));
    page.Counter("kith_http_connections_refused_total",
                 "Connections over HTTP that were closed at once, being too many.",
                 static_cast<double>(listener_->refused()));
    page.Counter("kith_http_handshakes_failed_total",
                 "Connections over HTTP with which no TLS was agreed on.",
                 static_cast<double>(state_.handshakes_failed.load()));
    page.Counter("kith_http_requests_refused_total",
                 "Requests over HTTP that were no call: malformed, too slow, of no method.",
                 static_cast<double>(reception_.refused()));
  }};
};

}  // namespace

absl::StatusOr<std::unique_ptr<runtime::Port>> OpenHttpPort(const HttpOptions& options,
                                                            const runtime::PortParts& parts) {
  KITH_ASSIGN_OR_RETURN(auto listener,
                        runtime::Listener::Bind(options.address, parts.descriptors_max));
  return std::make_unique<HttpPort>(options, parts, std::move(listener));
}

}  // namespace kith::edge
