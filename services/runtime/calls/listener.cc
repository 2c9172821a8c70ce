#include "services/runtime/calls/listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "eventstore/base/log.h"
#include "eventstore/base/status_macros.h"
#include "services/runtime/calls/open_connections.h"

namespace kith::runtime {
namespace {

constexpr int kBacklog = 1'024;

absl::Status CannotListen(absl::string_view address, absl::string_view why) {
  return absl::UnavailableError(absl::StrCat("cannot listen on ", address, ": ", why));
}

// With what whoever starts the server does about it.
std::string WhyNot(int error) {
  std::string why = std::strerror(error);
  if (error == EADDRINUSE) {
    why += "; stop what has that port, perhaps another kithd, or say another port";
  } else if (error == EACCES) {
    why += "; say a port from 1024 on, or let this user have lower ones (CAP_NET_BIND_SERVICE)";
  } else if (error == EADDRNOTAVAIL) {
    why += "; say an address that this machine has";
  }
  return why;
}

int PortOf(int listening) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  KITH_CHECK(getsockname(listening, reinterpret_cast<sockaddr*>(&bound), &size) == 0);
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                           : reinterpret_cast<sockaddr_in&>(bound).sin_port);
}

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// All addresses of "host:port"; at least one.
absl::StatusOr<Addresses> Resolve(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return CannotListen(address, "say host:port, e.g. 127.0.0.1:7447");
  }
  absl::string_view text = absl::string_view(address).substr(0, colon);
  absl::ConsumePrefix(&text, "[");
  absl::ConsumeSuffix(&text, "]");
  const std::string host(text);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int resolved = getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                   address.substr(colon + 1).c_str(), &hints, &found);
  if (resolved != 0) {
    return CannotListen(address, absl::StrCat(gai_strerror(resolved),
                                              "; say an address of this machine, or its name"));
  }
  return Addresses(found);
}

bool IsLoopbackAddress(const addrinfo& address) {
  if (address.ai_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(*address.ai_addr).sin6_addr);
  }
  constexpr uint32_t kLoopbackNet = 127;
  const auto& inet = reinterpret_cast<const sockaddr_in&>(*address.ai_addr);
  return ntohl(inet.sin_addr.s_addr) >> 24 == kLoopbackNet;
}

// A socket that listens on the address, or -1 and errno.
int ListenOn(const addrinfo& address) {
  const int made =
      socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (made < 0) return -1;
  const int yes = 1;
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (address.ai_family == AF_INET6) {
    setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
  }
  if (bind(made, address.ai_addr, address.ai_addrlen) == 0 && listen(made, kBacklog) == 0) {
    return made;
  }
  const int error = errno;
  close(made);
  errno = error;
  return -1;
}

}  // namespace

Listener::Listener(int connections_max)
    : connections_max_(connections_max),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      spare_(open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Listener::~Listener() {
  Stop();
  if (wake_ >= 0) close(wake_);
  if (spare_ >= 0) close(spare_);
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Bind(const std::string& address,
                                                         int connections_max) {
  KITH_ASSIGN_OR_RETURN(const Addresses addresses, Resolve(address));
  auto listener = std::unique_ptr<Listener>(new Listener(connections_max));
  KITH_RETURN_IF_ERROR(listener->BindAll(address, addresses.get()));
  return listener;
}

absl::StatusOr<bool> Listener::IsLoopback(const std::string& address) {
  KITH_ASSIGN_OR_RETURN(const Addresses addresses, Resolve(address));
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    if (!IsLoopbackAddress(*each)) return false;
  }
  return true;
}

absl::Status Listener::BindAll(const std::string& address, const addrinfo* found) {
  absl::Status failed;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    // The port that the system chose for the first address is that of the others.
    if (port_ != 0) {
      auto& chosen = each->ai_family == AF_INET6
                         ? reinterpret_cast<sockaddr_in6*>(each->ai_addr)->sin6_port
                         : reinterpret_cast<sockaddr_in*>(each->ai_addr)->sin_port;
      chosen = htons(static_cast<uint16_t>(port_));
    }
    const int made = ListenOn(*each);
    if (made < 0) {
      failed = CannotListen(address, WhyNot(errno));
      continue;
    }
    listening_.push_back(made);
    port_ = PortOf(made);
  }
  // An address of a name may be missing on a machine, such as that of IPv6; one in use may not.
  return listening_.empty() ? failed : absl::OkStatus();
}

void Listener::Start(Take take) {
  take_ = std::move(take);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "kith-accept");
    Accept();
  });
}

void Listener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    KITH_CHECK(write(wake_, &one, sizeof(one)) == sizeof(one));
    thread_.join();
  }
  for (const int listening : std::exchange(listening_, {})) close(listening);
}

void Listener::Accept() {
  std::vector<pollfd> polled = {{wake_, POLLIN, 0}};
  for (const int listening : listening_) polled.push_back({listening, POLLIN, 0});
  while (true) {
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) return;
    for (size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents != 0) AcceptFrom(polled[i].fd);
    }
  }
}

void Listener::AcceptFrom(int listening) {
  const int connection = accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection < 0) {
    // Any other: it is gone already, or there is none.
    if (errno == EMFILE || errno == ENFILE) RefuseWithoutDescriptors(listening, errno);
    return;
  }
  OpenConnections& open = OpenConnections::OfProcess();
  if (!open.Add(connection, connections_max_)) return Refuse(connection);
  const int yes = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  if (!take_(listening, connection)) {
    open.Remove(connection);
    return Refuse(connection);
  }
  accepted_.fetch_add(1, std::memory_order_relaxed);
}

void Listener::Refuse(int connection) {
  close(connection);
  refused_.fetch_add(1, std::memory_order_relaxed);
  Log(LogLevel::kWarning,
      "a connection was closed: there are as many as may be (--max_connections, "
      "--max_http_connections, ulimit -n)",
      {{"port", port_}});
}

// It would stay first in the queue, and poll would call for it again and again.
void Listener::RefuseWithoutDescriptors(int listening, int error) {
  close(spare_);
  const int last = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
  if (last >= 0) {
    close(last);
    refused_.fetch_add(1, std::memory_order_relaxed);
  }
  spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  Log(LogLevel::kError,
      error == EMFILE ? "a connection was closed: the process has as many files and connections "
                        "open as it may: raise its limit (LimitNOFILE, ulimit -n)"
                      : "a connection was closed: the machine has as many files and connections "
                        "open as it may: raise its limit (fs.file-max)",
      {{"port", port_}});
}

}  // namespace kith::runtime
