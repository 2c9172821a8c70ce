// SmtpSink: an SMTP server on loopback that takes every mail, and knows to whom. A thread for each
// connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"

namespace kith::testing {

class SmtpSink {
 public:
  SmtpSink() {
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
  // Whoever is connected has gone before.
  ~SmtpSink() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    for (std::thread& connection : connections_) connection.join();
  }

  std::string url() const { return absl::StrCat("smtp://127.0.0.1:", port_); }
  // "RCPT TO:<ada@acme.example>" of each mail, in the order in which they came.
  std::vector<std::string> recipients() const {
    MutexLock lock(mutex_);
    return recipients_;
  }

 private:
  void Accept() {
    while (true) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      connections_.emplace_back([this, connection] { Serve(connection); });
    }
  }

  void Serve(int connection) {
    std::string text;
    Say(connection, "220 sink.example\r\n");
    for (std::string line; ReadTo("\r\n", connection, text, line);) {
      if (absl::StartsWith(line, "DATA")) {
        Say(connection, "354 go on\r\n");
        if (!ReadTo("\r\n.\r\n", connection, text, line)) break;
      } else if (absl::StartsWith(line, "RCPT")) {
        MutexLock lock(mutex_);
        recipients_.push_back(line);
      }
      Say(connection, "250 2.0.0 OK\r\n");
      if (absl::StartsWith(line, "QUIT")) break;
    }
    close(connection);
  }

  static void Say(int connection, const std::string& line) {
    send(connection, line.data(), line.size(), MSG_NOSIGNAL);
  }

  // What comes before `end`, which is read, too; `text` is what was read beyond. False: it is over.
  static bool ReadTo(const std::string& end, int connection, std::string& text, std::string& line) {
    size_t at = 0;
    while ((at = text.find(end)) == text.npos) {
      char buffer[4096];
      const ssize_t piece = recv(connection, buffer, sizeof(buffer), 0);
      if (piece <= 0) return false;
      text.append(buffer, static_cast<size_t>(piece));
    }
    line = text.substr(0, at);
    text.erase(0, at + end.size());
    return true;
  }

  int listener_;
  int port_;
  mutable Mutex mutex_;
  std::vector<std::string> recipients_ KITH_GUARDED_BY(mutex_);
  std::list<std::thread> connections_;  // of the accepting thread, until it has ended
  std::thread thread_;
};

}  // namespace kith::testing
