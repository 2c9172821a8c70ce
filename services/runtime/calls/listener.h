// Listener: accepts connections and hands them to who serves them. gRPC's own listener accepts for
// ever no more once the process has run out of descriptors, and bounds nothing; this one closes
// what is beyond its bound.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct addrinfo;

namespace kith::runtime {

// Owned by the server; a thread of its own accepts.
class Listener {
 public:
  // Binds "host:port", all addresses of the host; port 0 lets the system choose. A connection is
  // closed at once where `connections_max` are open, of all listeners of the process. Unavailable,
  // saying why, where the address cannot be had.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const std::string& address,
                                                        int connections_max);
  ~Listener();  // Stop

  // Whether only this machine reaches what listens on "host:port". Unavailable where Bind is.
  static absl::StatusOr<bool> IsLoopback(const std::string& address);

  int port() const { return port_; }
  // Begins to accept. `take` is given each connection, which is its own then; false: it takes no
  // more, and the connection is closed here. Called by the listener's thread, until Stop.
  using Take = absl::AnyInvocable<bool(int listening, int connection)>;
  void Start(Take take);
  // Accepts no more. May be called twice.
  void Stop();

  // Connections that were closed because they were too many.
  int64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  int64_t accepted() const { return accepted_.load(std::memory_order_relaxed); }

 private:
  explicit Listener(int connections_max);
  absl::Status BindAll(const std::string& address, const addrinfo* found);
  void Accept();
  void AcceptFrom(int listening);
  void Refuse(int connection);
  void RefuseWithoutDescriptors(int listening, int error);

  const int connections_max_;
  int port_ = 0;
  std::vector<int> listening_;
  int wake_ = -1;   // an eventfd: Stop was called
  int spare_ = -1;  // given up to accept, and close, one connection where there is no descriptor
  Take take_;
  std::atomic<int64_t> accepted_ = 0;
  std::atomic<int64_t> refused_ = 0;
  std::thread thread_;
};

}  // namespace kith::runtime
