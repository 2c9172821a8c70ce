// CuttingRelay: a connection between a client and a server that breaks where a test says: after so
// many bytes to the server, or to the client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/base/mutex.h"

namespace kith::testing {

// On a port of the system's choice. The object is used by one thread; it has one of its own.
class CuttingRelay {
 public:
  static constexpr size_t kNever = std::numeric_limits<size_t>::max();
  // Where one connection breaks, whichever comes first.
  struct Cut {
    size_t to_server = kNever;
    size_t to_client = kNever;
    bool reset = false;  // with a reset, else with what looks like a proper end
  };

  // Before the server on this port of the loopback. The first connection breaks at the first cut,
  // the next at the second; those after the last never do.
  CuttingRelay(int server_port, std::deque<Cut> cuts);
  ~CuttingRelay();
  CuttingRelay(const CuttingRelay&) = delete;
  CuttingRelay& operator=(const CuttingRelay&) = delete;

  std::string address() const;
  // Connections that were broken.
  int broken() const KITH_EXCLUDES(mutex_);
  // Bytes that passed in all.
  size_t to_server() const KITH_EXCLUDES(mutex_);
  size_t to_client() const KITH_EXCLUDES(mutex_);

 private:
  // One direction of a connection.
  struct Flow {
    int from = -1;
    int to = -1;
    size_t left = kNever;  // bytes that may still pass
    std::string unsent;
    bool to_server = false;
  };
  struct Connection {
    int client = -1;
    int server = -1;
    Cut cut;
    Flow flows[2];
  };

  void Run();
  void Accept();
  // False: it is over.
  bool Pump(Connection& connection);
  bool PumpFlow(Flow& flow);
  void Close(const Connection& connection, bool reset) const;

  const int server_port_;
  int listening_ = -1;
  int port_ = 0;
  int wake_[2] = {-1, -1};
  std::deque<Cut> cuts_;               // of the thread
  std::list<Connection> connections_;  // of the thread
  mutable Mutex mutex_;
  int broken_ KITH_GUARDED_BY(mutex_) = 0;
  size_t to_server_ KITH_GUARDED_BY(mutex_) = 0;
  size_t to_client_ KITH_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace kith::testing
