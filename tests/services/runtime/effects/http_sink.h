// HttpSink: an HTTP server on loopback that does what a test says. A thread for each connection,
// which has one request.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"

namespace kith::testing {

struct HttpRequest {
  std::string line;  // "POST / HTTP/1.1"
  std::vector<std::string> headers;
  std::string body;

  // Empty where there is none.
  std::string Header(absl::string_view name) const {
    const std::string begin = absl::StrCat(name, ": ");
    for (const std::string& header : headers) {
      if (absl::StartsWithIgnoreCase(header, begin)) return header.substr(begin.size());
    }
    return "";
  }
};

inline std::string HttpAnswer(int status, absl::string_view body = "",
                              absl::string_view headers = "") {
  return absl::StrCat("HTTP/1.1 ", status, " Told\r\nContent-Length: ", body.size(),
                      "\r\nConnection: close\r\n", headers, "\r\n", body);
}

class HttpSink {
 public:
  // What is written in answer; empty: the connection is closed without one. On many threads.
  using Answer = std::function<std::string(const HttpRequest&)>;

  explicit HttpSink(Answer answer) : answer_(std::move(answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    KITH_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    KITH_CHECK(listen(listener_, SOMAXCONN) == 0);
    KITH_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Accept(); });
  }
  ~HttpSink() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    for (std::thread& connection : connections_) connection.join();
  }

  int port() const { return port_; }
  std::string url(absl::string_view path = "/") const {
    return absl::StrCat("http://127.0.0.1:", port_, path);
  }
  // In the order in which they were read whole.
  std::vector<HttpRequest> requests() const {
    MutexLock lock(mutex_);
    return requests_;
  }
  int accepted() const {
    MutexLock lock(mutex_);
    return accepted_;
  }

 private:
  void Accept() {
    while (true) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      MutexLock lock(mutex_);
      ++accepted_;
      connections_.emplace_back([this, connection] { Serve(connection); });
    }
  }

  void Serve(int connection) {
    HttpRequest request;
    if (Read(connection, request)) {
      {
        MutexLock lock(mutex_);
        requests_.push_back(request);
      }
      const std::string answer = answer_(request);
      size_t sent = 0;
      while (sent < answer.size()) {
        const ssize_t piece =
            send(connection, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (piece <= 0) break;
        sent += static_cast<size_t>(piece);
      }
    }
    close(connection);
  }

  static bool Read(int connection, HttpRequest& request) {
    static const std::string kEnd = "\r\n\r\n";
    std::string text;
    size_t whole = 0;
    char buffer[4096];
    while (whole == 0 || text.size() < whole) {
      const ssize_t piece = recv(connection, buffer, sizeof(buffer), 0);
      if (piece <= 0) return false;
      text.append(buffer, static_cast<size_t>(piece));
      const size_t end = text.find(kEnd);
      if (whole != 0 || end == text.npos) continue;
      request.headers = absl::StrSplit(text.substr(0, end), "\r\n");
      request.line = request.headers[0];
      request.headers.erase(request.headers.begin());
      size_t body = 0;
      KITH_CHECK(absl::SimpleAtoi(request.Header("Content-Length"), &body));
      whole = end + kEnd.size() + body;
    }
    request.body = text.substr(text.find(kEnd) + kEnd.size());
    return true;
  }

  const Answer answer_;
  int listener_;
  int port_;
  mutable Mutex mutex_;
  std::vector<HttpRequest> requests_ KITH_GUARDED_BY(mutex_);
  int accepted_ KITH_GUARDED_BY(mutex_) = 0;
  std::list<std::thread> connections_;  // of the accepting thread, until it has ended
  std::thread thread_;
};

}  // namespace kith::testing
