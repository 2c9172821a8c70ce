#include "tests/sdk/cutting_relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"

namespace kith::testing {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

}  // namespace

CuttingRelay::CuttingRelay(int server_port, std::deque<Cut> cuts)
    : server_port_(server_port), cuts_(std::move(cuts)) {
  listening_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  KITH_CHECK(bind(listening_, generic, size) == 0 && listen(listening_, 16) == 0);
  KITH_CHECK(getsockname(listening_, generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  KITH_CHECK(pipe2(wake_, O_CLOEXEC) == 0);
  thread_ = std::thread([this] { Run(); });
}

CuttingRelay::~CuttingRelay() {
  KITH_CHECK(write(wake_[1], "!", 1) == 1);
  thread_.join();
  for (const Connection& connection : connections_) Close(connection, false);
  for (const int file : {listening_, wake_[0], wake_[1]}) close(file);
}

std::string CuttingRelay::address() const { return absl::StrCat("127.0.0.1:", port_); }

int CuttingRelay::broken() const {
  MutexLock lock(mutex_);
  return broken_;
}

size_t CuttingRelay::to_server() const {
  MutexLock lock(mutex_);
  return to_server_;
}

size_t CuttingRelay::to_client() const {
  MutexLock lock(mutex_);
  return to_client_;
}

void CuttingRelay::Run() {
  while (true) {
    std::vector<pollfd> polled = {{wake_[0], POLLIN, 0}, {listening_, POLLIN, 0}};
    for (const Connection& connection : connections_) {
      for (const Flow& flow : connection.flows) {
        const bool has = !flow.unsent.empty();
        if (has) polled.push_back({flow.to, POLLOUT, 0});
        if (!has) polled.push_back({flow.from, POLLIN, 0});
      }
    }
    if (poll(polled.data(), polled.size(), -1) < 0) continue;  // a signal
    if (polled[0].revents != 0) return;
    if (polled[1].revents != 0) Accept();
    for (auto connection = connections_.begin(); connection != connections_.end();) {
      connection = Pump(*connection) ? std::next(connection) : connections_.erase(connection);
    }
  }
}

void CuttingRelay::Accept() {
  Connection connection;
  connection.client = accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection.client < 0) return;
  connection.server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(server_port_);
  KITH_CHECK(connect(connection.server, reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address)) == 0);
  KITH_CHECK(fcntl(connection.server, F_SETFL, O_NONBLOCK) == 0);
  const int yes = 1;
  for (const int file : {connection.client, connection.server}) {
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  }
  if (!cuts_.empty()) {
    connection.cut = cuts_.front();
    cuts_.pop_front();
  }
  connection.flows[0] = {connection.client, connection.server, connection.cut.to_server, "", true};
  connection.flows[1] = {connection.server, connection.client, connection.cut.to_client, "", false};
  connections_.push_back(std::move(connection));
}

bool CuttingRelay::Pump(Connection& connection) {
  bool goes_on = true;
  for (Flow& flow : connection.flows) goes_on = PumpFlow(flow) && goes_on;
  const auto is_cut = [](const Flow& flow) { return flow.left == 0 && flow.unsent.empty(); };
  if (is_cut(connection.flows[0]) || is_cut(connection.flows[1])) {
    Close(connection, connection.cut.reset);
    MutexLock lock(mutex_);
    ++broken_;
    return false;
  }
  if (goes_on) return true;
  Close(connection, false);
  return false;
}

// One of its sides is gone where it returns false.
bool CuttingRelay::PumpFlow(Flow& flow) {
  if (flow.unsent.empty() && flow.left > 0) {
    char bytes[4096];
    const ssize_t got = recv(flow.from, bytes, std::min(sizeof(bytes), flow.left), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    flow.unsent.assign(bytes, static_cast<size_t>(got));
    if (flow.left != kNever) flow.left -= static_cast<size_t>(got);
  }
  if (flow.unsent.empty()) return true;
  const ssize_t sent = send(flow.to, flow.unsent.data(), flow.unsent.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  flow.unsent.erase(0, static_cast<size_t>(sent));
  MutexLock lock(mutex_);
  (flow.to_server ? to_server_ : to_client_) += static_cast<size_t>(sent);
  return true;
}

void CuttingRelay::Close(const Connection& connection, bool reset) const {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  for (const int file : {connection.client, connection.server}) {
    if (reset) setsockopt(file, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(file);
  }
}

}  // namespace kith::testing
