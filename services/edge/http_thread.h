// HttpThread: one thread that moves the bytes of its connections. What may take long is done
// elsewhere.
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "boost/asio/executor_work_guard.hpp"
#include "boost/asio/io_context.hpp"
#include "boost/asio/steady_timer.hpp"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "services/runtime/admission/pools.h"

namespace kith::edge {

class Connection;
class Reception;

// A number that somebody waits for to be none. Thread-safe.
class Tally {
 public:
  void Add() { count_.fetch_add(1); }
  void Remove() KITH_EXCLUDES(mutex_);
  int64_t count() const { return count_.load(); }
  // False when `timeout` passed first.
  bool AwaitNone(absl::Duration timeout) KITH_EXCLUDES(mutex_);

 private:
  std::atomic<int64_t> count_ = 0;
  Mutex mutex_;
  CondVar none_;
};

// What the connections of a port share. Thread-safe.
struct PortState {
  const Clock& clock;
  runtime::Pools& pools;
  const Reception& reception;
  const absl::Duration header_time;  // for a request's headers, and for the first byte
  const absl::Duration idle_time;    // between requests, and for a piece of a stream
  Tally connections;
  Tally exchanges;
  std::atomic<int64_t> handshakes_failed = 0;
  std::atomic<bool> stopping = false;  // an answer is the last of its connection
  std::atomic<bool> closing = false;   // and who has none on its way is not waited for
};

class HttpThread {
 public:
  // Borrows `port`.
  explicit HttpThread(PortState& port);
  // Stop. No connection and no exchange is left.
  ~HttpThread();

  // Serves a connection, whose descriptor it takes; `tls` is null where there is none. Any thread.
  void Take(int descriptor, bool is_ipv6, std::shared_ptr<SSL_CTX> tls);
  // Closes the connections: those that are idle, others after their answer; or all. Any thread.
  void CloseIdle();
  void CloseAll();
  void Stop();

  // For connections, on the thread.
  void Forget(Connection& connection);
  const std::string& date_header() const { return date_header_; }
  PortState& port() { return port_; }
  const PortState& port() const { return port_; }
  boost::asio::io_context& io() { return io_; }

 private:
  // Ends what takes too long, every tenth of a second.
  void Sweep();
  void NoteDate();

  PortState& port_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer sweep_;
  bool sweeping_ = false;
  absl::flat_hash_set<std::shared_ptr<Connection>> connections_;
  std::string date_header_;
  std::thread thread_;
};

}  // namespace kith::edge
