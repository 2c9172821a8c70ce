#include "services/edge/http_thread.h"

#include <pthread.h>

#include <chrono>
#include <vector>

#include "absl/strings/str_cat.h"
#include "boost/asio/post.hpp"
#include "services/edge/connection.h"

namespace kith::edge {
namespace {

constexpr auto kSweepTime = std::chrono::milliseconds(100);

}  // namespace

void Tally::Remove() {
  MutexLock lock(mutex_);
  if (count_.fetch_sub(1) == 1) none_.NotifyAll();
}

bool Tally::AwaitNone(absl::Duration timeout) {
  const auto began = std::chrono::steady_clock::now();
  MutexLock lock(mutex_);
  while (count_.load() > 0) {
    if (timeout == absl::InfiniteDuration()) {
      none_.Wait(mutex_);
      continue;
    }
    const absl::Duration left =
        timeout - absl::FromChrono(std::chrono::steady_clock::now() - began);
    if (left <= absl::ZeroDuration()) return false;
    none_.WaitFor(mutex_, absl::ToChronoNanoseconds(left));
  }
  return true;
}

HttpThread::HttpThread(PortState& port) : port_(port), work_(io_.get_executor()), sweep_(io_) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "kith-http");
    io_.run();
  });
}

HttpThread::~HttpThread() { Stop(); }

void HttpThread::Take(int descriptor, bool is_ipv6, std::shared_ptr<SSL_CTX> tls) {
  port_.connections.Add();
  boost::asio::post(io_, [this, descriptor, is_ipv6, tls = std::move(tls)]() mutable {
    auto connection = std::make_shared<Connection>(*this, descriptor, is_ipv6, std::move(tls));
    connections_.insert(connection);
    if (!std::exchange(sweeping_, true)) Sweep();
    connection->Start();
  });
}

void HttpThread::CloseIdle() {
  boost::asio::post(io_, [this] {
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) connection->CloseWhenIdle();
  });
}

void HttpThread::CloseAll() {
  boost::asio::post(io_, [this] {
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) connection->Close();
  });
}

void HttpThread::Stop() {
  if (!thread_.joinable()) return;
  boost::asio::post(io_, [this] { sweep_.cancel(); });
  work_.reset();
  thread_.join();
}

void HttpThread::Forget(Connection& connection) {
  connections_.erase(connection.shared_from_this());
  port_.connections.Remove();
}

void HttpThread::Sweep() {
  NoteDate();
  const absl::Duration now = port_.clock.Elapsed();
  std::vector<std::shared_ptr<Connection>> late;
  for (const auto& connection : connections_) {
    if (connection->IsLate(now)) late.push_back(connection);
  }
  for (const auto& connection : late) connection->EndIfLate(now);
  sweeping_ = !connections_.empty();
  if (!sweeping_) return;  // the next connection begins anew
  sweep_.expires_after(kSweepTime);
  sweep_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Sweep();
  });
}

void HttpThread::NoteDate() {
  date_header_ = absl::StrCat(
      "date: ",
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", port_.clock.Now(), absl::UTCTimeZone()),
      "\r\n");
}

}  // namespace kith::edge
